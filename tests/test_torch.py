"""Equality with torch, where it is installed: outputs, losses, gradients, predictions."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn

torch = pytest.importorskip("torch")
CLOSE = {"rtol": 1e-6, "atol": 1e-12}


def pair(widths, seed):
    """Return a tinynet network and the torch module with the same weights, both float64."""
    rng = np.random.default_rng(seed)
    ours, theirs = [], []
    for fan_in, fan_out in zip(widths, widths[1:]):
        theirs += [torch.nn.Linear(fan_in, fan_out, dtype=torch.float64), torch.nn.ReLU()]
        with torch.no_grad():
            theirs[-2].weight.copy_(torch.from_numpy(rng.standard_normal((fan_out, fan_in))))
        ours += [tn.Dense(fan_in, fan_out, dtype=np.float64), tn.ReLU()]
    module = torch.nn.Sequential(*theirs[:-1])
    return tn.from_torch_state_dict(module.state_dict(), tn.Sequential(*ours[:-1])), module


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("widths", [(4, 3), (5, 7, 3), (3, 6, 6, 4)])
def test_outputs_losses_and_gradients(widths, soft):
    net, module = pair(widths, seed=sum(widths))
    rng = np.random.default_rng(0)
    x = rng.standard_normal((8, widths[0]))
    targets = rng.dirichlet(np.ones(widths[-1]), 8) if soft else rng.integers(0, widths[-1], 8)

    tx = torch.from_numpy(x).requires_grad_()
    logits = module(tx)
    expected = torch.nn.functional.cross_entropy(logits, torch.from_numpy(targets))
    expected.backward()

    loss = tn.CrossEntropy(from_logits=True)
    value = loss.forward(net.forward(x, training=True), targets)
    grad_x = net.backward(loss.backward())
    np.testing.assert_allclose(net(x), logits.detach().numpy(), **CLOSE)
    np.testing.assert_allclose(value, expected.item(), **CLOSE)
    np.testing.assert_allclose(grad_x, tx.grad.numpy(), **CLOSE)
    for key, parameter in module.named_parameters():
        np.testing.assert_allclose(net.grads[key], parameter.grad.numpy(), **CLOSE)


@pytest.mark.parametrize("name", ["relu", "softmax", "log_softmax", "logsumexp"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_functions_at_ordinary_and_special_values(name, dtype):
    big = np.finfo(dtype).max
    x = np.array([[1, 2, 3], [-1000, 0, 1000], [big, 0, -big], [-np.inf, 0, 1], [np.nan, 0, 1]], dtype)
    options = () if name == "relu" else (-1,)
    expected = getattr(torch, name)(torch.from_numpy(x), *options).numpy()
    y = getattr(tn.functional, name)(x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, expected, rtol=1e-6, atol=1e-37)


def test_infinite_scores_are_nan_as_in_torch():
    x = np.array([[np.inf, 0], [-np.inf, -np.inf], [np.inf, np.inf]])
    for name in ("softmax", "log_softmax"):
        expected = getattr(torch, name)(torch.from_numpy(x), -1).numpy()
        for rows in (x, x[:1], x[1:2]):
            y = getattr(tn.functional, name)(rows)
            assert np.array_equal(np.isnan(y).any(axis=1), np.isnan(expected[: len(rows)]).any(axis=1))


def test_a_state_dict_of_tensors_of_any_kind():
    layer = torch.nn.Linear(3, 2).to(torch.bfloat16)
    net = tn.from_torch_state_dict(layer.state_dict(), softmax=False)
    assert np.array_equal(net.params["0.weight"], layer.weight.detach().float().numpy())
    with pytest.raises(TypeError, match="state_dict"):
        tn.from_torch_state_dict(layer)


def test_all_mnist_test_images_are_predicted_as_torch_does(mnist_dir, root):
    path = root / "examples" / "mnist_model.pth"
    weights = torch.load(path, weights_only=True)
    images, labels = tn.datasets.load_mnist("test", root=mnist_dir, download=False)
    x = tn.datasets.normalize(images)
    t = torch.from_numpy(x)
    for i, name in enumerate(("fc1", "fc2", "fc3")):
        t = torch.nn.functional.linear(t if i == 0 else t.relu(), weights[f"{name}.weight"], weights[f"{name}.bias"])
    expected = torch.softmax(t, 1).numpy()
    p = tn.from_torch_state_dict(path).predict_proba(x)
    assert np.array_equal(p.argmax(axis=1), expected.argmax(axis=1))
    np.testing.assert_allclose(p, expected, atol=1e-5)
    assert (p.argmax(axis=1) == labels).mean() >= 0.985
