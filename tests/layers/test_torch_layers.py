"""Equality with torch, where it is installed: outputs, gradients and running statistics of every layer."""

from __future__ import annotations

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from drawn import SEEDS, SIZES, separated, values, windows
from hypothesis import given
from hypothesis import strategies as st

import tinynet as tn

torch = pytest.importorskip("torch")
nn = torch.nn
CLOSE = {"rtol": 1e-9, "atol": 1e-11}
SHAPES = hnp.array_shapes(min_dims=2, max_dims=4, max_side=4)
FEW = st.integers(1, 3)


def assert_equal_to(module, layer, x, seed=0):
    """Compare training forward, backward, gradients and state with those of `module`, then inference."""
    module.train()
    tx = torch.tensor(x, requires_grad=True)
    ty = module(tx)
    y = layer.forward(x, training=True)
    assert y.shape == tuple(ty.shape)
    np.testing.assert_allclose(y, ty.detach().numpy(), **CLOSE)
    grad = np.random.default_rng(seed).standard_normal(y.shape)
    module.zero_grad()
    ty.backward(torch.from_numpy(grad))
    np.testing.assert_allclose(layer.backward(grad), tx.grad.numpy(), **CLOSE)
    for key, parameter in module.named_parameters():
        np.testing.assert_allclose(layer.grads[key], parameter.grad.numpy(), err_msg=key, **CLOSE)
    assert_equal_in_inference(module, layer, x)


def assert_equal_in_inference(module, layer, x):
    for key, array in module.state_dict().items():
        np.testing.assert_allclose(layer._state()[key], array.numpy(), err_msg=key, **CLOSE)
    module.eval()
    with torch.no_grad():
        np.testing.assert_allclose(layer(x), module(torch.tensor(x)).numpy(), **CLOSE)


def fill(module, layer):
    """Give `module` the parameters and buffers of `layer`."""
    module.double().load_state_dict({key: torch.tensor(array) for key, array in layer._state().items()})
    return module


ELEMENTWISE = {
    "ReLU": (nn.ReLU(), tn.ReLU()),
    "Sigmoid": (nn.Sigmoid(), tn.Sigmoid()),
    "Tanh": (nn.Tanh(), tn.Tanh()),
    **{f"LeakyReLU({a})": (nn.LeakyReLU(a), tn.LeakyReLU(a)) for a in (0.01, 0.0, 1.0, 2.5, -0.5)},
    "Dropout(0)": (nn.Dropout(0), tn.Dropout(0)),
    "Dropout(1)": (nn.Dropout(1), tn.Dropout(1)),
    "Flatten": (nn.Flatten(), tn.Flatten()),
}


@pytest.mark.parametrize(("module", "layer"), ELEMENTWISE.values(), ids=ELEMENTWISE)
@given(data=st.data())
def test_element_by_element_kinks_included(module, layer, data):
    x = data.draw(values(data.draw(SHAPES)))
    x[x < -2] = 0
    assert_equal_to(module, layer, x)


@pytest.mark.parametrize("name", ["ReLU", "Sigmoid", "Tanh", "LeakyReLU(0.01)", "LeakyReLU(2.5)", "LeakyReLU(-0.5)"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_special_values(name, dtype):
    module, layer = ELEMENTWISE[name]
    x = np.array([[-np.inf, -1e30, -100, -90, -20, -1e-30, 0, 1e-30, 20, 90, 100, 1e30, np.inf, np.nan]], dtype)
    y = layer(x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, module(torch.tensor(x)).numpy(), rtol=1e-6, atol=np.finfo(dtype).tiny)


@pytest.mark.parametrize(("module", "layer"), [(nn.Softmax(1), tn.Softmax()), (nn.LogSoftmax(1), tn.LogSoftmax())])
@given(data=st.data())
def test_rows_of_classes(module, layer, data):
    x = data.draw(values((data.draw(SIZES), data.draw(SIZES))))
    assert_equal_to(module, layer, x * 10)


@given(st.data())
def test_dense(data):
    sizes = data.draw(SIZES), data.draw(SIZES), data.draw(st.booleans())
    layer = tn.Dense(*sizes, rng=data.draw(SEEDS), dtype=np.float64)
    module = fill(nn.Linear(*sizes), layer)
    assert_equal_to(module, layer, data.draw(values((data.draw(SIZES), layer.in_features))))


@given(st.data())
def test_convolution(data):
    (kernel, stride, padding), image = data.draw(windows(largest_padding=lambda k: 3))
    sizes = data.draw(FEW), data.draw(FEW), kernel, stride, padding
    layer = tn.Conv2d(*sizes, data.draw(st.booleans()), rng=data.draw(SEEDS), dtype=np.float64)
    if "bias" in layer.params:
        layer.params["bias"] = data.draw(values(layer.out_channels))
    module = fill(nn.Conv2d(*sizes, bias="bias" in layer.params), layer)
    assert_equal_to(module, layer, data.draw(values((data.draw(FEW), layer.in_channels, *image))))


@pytest.mark.parametrize("size", [(8, 7), (7, 8)])
def test_convolution_of_many_channels(size):
    """Whose windows are computed in pairs."""
    layer = tn.Conv2d(32, 40, 3, padding=1, rng=0, dtype=np.float64)
    assert layer._columns(np.ones((32, 32, *size))).paired
    module = fill(nn.Conv2d(32, 40, 3, padding=1), layer)
    assert_equal_to(module, layer, np.random.default_rng(0).normal(size=(32, 32, *size)))


@given(st.data())
def test_max_pooling_takes_the_first_of_equal_numbers(data):
    (kernel, stride, padding), image = data.draw(windows())
    shape = data.draw(FEW), data.draw(FEW), *image
    few = st.sampled_from([-np.inf, -1.0, 0.0, 2.0, np.inf])
    x = data.draw(separated(shape) | hnp.arrays(np.float64, shape, elements=few))
    assert_equal_to(nn.MaxPool2d(kernel, stride, padding), tn.MaxPool2d(kernel, stride, padding), x)


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_max_pooling_passes_nan_on(place):
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    x[0, 0, place // 2, place % 2] = np.nan
    assert_equal_in_inference(nn.MaxPool2d(2), tn.MaxPool2d(2), x)


@given(st.data())
def test_average_pooling(data):
    (kernel, stride, padding), image = data.draw(windows())
    counted = data.draw(st.booleans())
    module = nn.AvgPool2d(kernel, stride, padding, count_include_pad=counted)
    x = data.draw(values((data.draw(FEW), data.draw(FEW), *image)))
    assert_equal_to(module, tn.AvgPool2d(kernel, stride, padding, counted), x)


@given(st.data())
def test_batch_normalization_in_training_then_inference(data):
    image = data.draw(st.sampled_from([(), (2, 3), (1, 2)]))
    features, eps = data.draw(FEW), data.draw(st.sampled_from([1e-5, 0.1]))
    momentum, affine = data.draw(st.sampled_from([0.1, 0.0, 1.0, None])), data.draw(st.booleans())
    layer = tn.BatchNorm(features, eps, momentum, affine, dtype=np.float64)
    for key in layer.params:
        layer.params[key] = data.draw(values(features))
    module = fill((nn.BatchNorm2d if image else nn.BatchNorm1d)(features, eps, momentum, affine), layer)
    for step in range(3):
        n = data.draw(st.integers(1 if image else 2, 4))
        x = 3 + data.draw(separated((n, features, *image)))
        assert_equal_to(module, layer, x, seed=step)
    assert layer.buffers["num_batches_tracked"] == 3


@pytest.mark.parametrize("seed", range(3))
def test_a_small_convolutional_network(seed):
    ours = [
        tn.Conv2d(1, 3, 3, padding=1, rng=seed, dtype=np.float64),
        tn.BatchNorm(3, dtype=np.float64),
        tn.LeakyReLU(0.1),
        tn.MaxPool2d(2),
        tn.Conv2d(3, 2, 2, bias=False, rng=seed, dtype=np.float64),
        tn.Tanh(),
        tn.AvgPool2d(2, 1),
        tn.Flatten(),
        tn.Dense(4, 3, rng=seed, dtype=np.float64),
        tn.LogSoftmax(),
    ]
    theirs = [
        nn.Conv2d(1, 3, 3, padding=1),
        nn.BatchNorm2d(3),
        nn.LeakyReLU(0.1),
        nn.MaxPool2d(2),
        nn.Conv2d(3, 2, 2, bias=False),
        nn.Tanh(),
        nn.AvgPool2d(2, 1),
        nn.Flatten(),
        nn.Linear(4, 3),
        nn.LogSoftmax(1),
    ]
    net = tn.Sequential(*ours)
    module = fill(nn.Sequential(*theirs), net)
    for step in range(2):
        x = np.random.default_rng(seed + step).standard_normal((2 + step, 1, 8, 6))
        assert_equal_to(module, net, x, seed=step)
