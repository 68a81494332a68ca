"""The checker must fail: every usual mistake, built in on purpose, is found."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn


def dense(cls=tn.Dense):
    return cls(3, 3, rng=0, dtype=np.float64)


X = np.random.default_rng(0).standard_normal((4, 3))


def wrong(change):
    """Return a Dense whose gradients went through `change(grad_x, grads, x, grad)`."""

    class WrongDense(tn.Dense):
        def _backward(self, context, grad):
            grad_x, grads = super()._backward(context, grad)
            return change(grad_x, grads, context, grad)

    return dense(WrongDense)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda gx, g, x, dy: (-gx, g), r"x\[\d, \d\]"),
        (lambda gx, g, x, dy: (gx, {**g, "weight": -g["weight"]}), r"weight\["),
        (lambda gx, g, x, dy: (gx, {**g, "weight": g["weight"].T}), r"weight\["),
        (lambda gx, g, x, dy: (gx, {**g, "bias": dy.sum(axis=1)[:3]}), r"bias\["),
        (lambda gx, g, x, dy: (gx, {**g, "bias": g["bias"] / len(x)}), r"bias\["),
        (lambda gx, g, x, dy: (gx * (1 + 2e-6), g), r"x\["),
        (lambda gx, g, x, dy: (gx + 1e-6 * (np.arange(gx.size) == 5).reshape(gx.shape), g), r"x\["),
        (lambda gx, g, x, dy: (gx, {**g, "weight": g["weight"] * np.nan}), r"weight\["),
        (lambda gx, g, x, dy: (gx, {**g, "bias": g["bias"] * 0}), r"bias\["),
        (lambda gx, g, x, dy: (gx, {**g, "bias": np.full(3, 999.0)}), r"bias\["),
        (lambda gx, g, x, dy: (gx, {**g, "bias": dy}), r"'bias' must have shape \(3,\), got \(4, 3\)"),
        (lambda gx, g, x, dy: (gx[:, :2], g), r"gradient of shape \(4, 3\), got \(4, 2\)"),
        (lambda gx, g, x, dy: (gx, {"weight": g["weight"]}), r"gradients for \['weight', 'bias'\], got \['weight'\]"),
    ],
    ids=[
        "sign of x", "sign of weight", "transpose", "bias over the wrong axis", "bias as a mean", "2e-6 too large",
        "one entry", "nan", "zero", "999", "bias not summed", "x cut", "bias missing",
    ],
)  # fmt: skip
def test_a_wrong_gradient_is_found_and_named(change, named):
    with pytest.raises((tn.GradientError, ValueError), match=named):
        tn.check_gradients(wrong(change), X)


def test_the_right_gradient_passes_with_room_to_spare():
    errors = tn.check_gradients(dense(), X)
    assert list(errors) == ["x", "weight", "bias"]
    assert max(errors.values()) < 1e-8


class MissingMean(tn.CrossEntropy):
    def backward(self):
        return super().backward() * 4


class SoftmaxLikeSigmoid(tn.Softmax):
    def _backward(self, context, grad):
        return grad * context * (1 - context), {}


def test_a_loss_without_its_1_over_n_is_found():
    with pytest.raises(tn.GradientError):
        tn.check_gradients(MissingMean(from_logits=True), X, [0, 1, 2, 0])
    with pytest.raises(tn.GradientError):
        tn.check_gradients(dense(), X, [0, 1, 2, 0], loss=MissingMean(from_logits=True))


def test_a_diagonal_softmax_jacobian_is_found():
    with pytest.raises(tn.GradientError):
        tn.check_gradients(SoftmaxLikeSigmoid(), X)


class NoGradient(tn.Softmax):
    def _backward(self, context, grad):
        return grad * 0, {}


def test_a_gradient_that_is_always_zero_is_found():
    with pytest.raises(tn.GradientError):
        tn.check_gradients(NoGradient(), X)


def test_an_infinite_gradient_is_found_without_a_warning():
    with pytest.raises(tn.GradientError, match="inf"):
        tn.check_gradients(wrong(lambda gx, g, x, dy: (gx + np.inf, g)), X)


@pytest.mark.parametrize("change", [lambda gx, g, x, dy: (gx, g), lambda gx, g, x, dy: (-gx, g)])
def test_outputs_too_large_to_tell_are_refused(change):
    layer = wrong(change)
    layer.params["bias"] = np.full(3, 1e11)
    with pytest.raises(tn.GradientError, match="scale them down"):
        tn.check_gradients(layer, X)


def test_large_inputs_are_stepped_in_proportion():
    tn.check_gradients(dense(), X * 1e6)


def test_a_kink_is_found():
    with pytest.raises(tn.GradientError, match="kink"):
        tn.check_gradients(tn.ReLU(), [[0.0]])


def test_a_mistake_deep_in_a_network_is_found():
    net = tn.Sequential(wrong(lambda gx, g, x, dy: (gx, {**g, "bias": -g["bias"]})), dense(), tn.Softmax())
    with pytest.raises(tn.GradientError, match=r"0\.bias\["):
        tn.check_gradients(net, X, [0, 1, 2, 0], loss=tn.CrossEntropy())


def test_a_trained_network_that_is_sure_passes(root):
    net = tn.from_torch_state_dict(root / "examples" / "mnist_model.pth", dtype="float64")
    images, labels = tn.datasets.synthetic_digits(2, rng=0)
    hidden = net[:4](tn.datasets.normalize(images, dtype="float64"))
    loss = tn.CrossEntropy(from_logits=True)
    assert loss(net[4:5](hidden), labels) < 1e-2  # and so its gradients are tiny
    tn.check_gradients(net[4:5], hidden, labels, loss=loss)


def test_the_layer_is_left_as_it_was():
    layer = dense()
    before = layer.params["weight"].copy()
    x = X.copy()
    tn.check_gradients(layer, x)
    assert np.array_equal(layer.params["weight"], before)
    assert np.array_equal(x, X)
    assert layer.grads == {}


def test_an_empty_batch_has_nothing_to_check():
    assert tn.check_gradients(tn.ReLU(), np.zeros((0, 3))) == {"x": 0.0}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tn.check_gradients(tn.Dense(3, 3), X), TypeError, "float64"),
        (lambda: tn.check_gradients(dense(), X, [0] * 4), ValueError, "together"),
        (lambda: tn.check_gradients(dense(), X, loss=tn.CrossEntropy()), ValueError, "together"),
        (lambda: tn.check_gradients(tn.CrossEntropy(), X), ValueError, "needs targets"),
        (lambda: tn.check_gradients("layer", X), TypeError, "checks a Layer"),
        (lambda: tn.check_gradients(dense(), X, [0] * 4, loss=tn.CrossEntropy), TypeError, "loss must be"),
        (lambda: tn.check_gradients(tn.Layer(params={"x": np.zeros(1)}), X), ValueError, "another name"),
    ],
)
def test_bad_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
