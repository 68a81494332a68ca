"""A convolution and the max-pooling and ReLU after it are one step, with the bits of three."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from drawn import SEEDS
from hypothesis import given
from hypothesis import strategies as st

import tinynet as tn
from tinynet.functional import windows
from tinynet.layers.convolution_block import ConvolutionBlock

PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))


def steps(net):
    return [type(step).__name__ for step in net._steps]


def alone(layers, x, grad):
    """Return what layers give that no network joins: the output, and all gradients from the input's on."""
    for layer in layers:
        x = layer.forward(x, training=True)
    for layer in reversed(layers):
        grad = layer.backward(grad)
    return [x, grad, *layers[0].grads.values()]


def joined(layers, x, grad, input_gradient):
    net = tn.Sequential(*layers)
    y = net.forward(x, training=True)
    assert np.array_equal(net(x), y)
    grad_x = net.backward(grad, input_gradient=input_gradient)
    return [y, grad_x, *layers[0].grads.values()]


@given(
    kernel=PAIRS,
    stride=PAIRS,
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    window=PAIRS,
    moved=st.sampled_from([None, (1, 1), (2, 1)]),
    framed=st.booleans(),
    middle=st.sampled_from(["pool", "relu pool", "pool relu", "relu"]),
    extra=st.tuples(st.integers(0, 7), st.integers(0, 7)),
    bias=st.booleans(),
    dtype=st.sampled_from([np.float32, np.float64]),
    group=st.sampled_from([1, 2000, windows.GROUP_BYTES]),
    input_gradient=st.booleans(),
    seed=SEEDS,
)
def test_one_step_gives_the_bits_of_all(
    kernel, stride, padding, window, moved, framed, middle, extra, bias, dtype, group, input_gradient, seed
):
    rng = np.random.default_rng(seed)
    convolution = tn.Conv2d(2, 3, kernel, stride, padding, bias, rng=rng, dtype=dtype)
    if bias:
        convolution.params["bias"] = rng.normal(size=3)
    pooling = tn.MaxPool2d(window, moved, tuple(size // 2 for size in window) if framed else 0)
    layers = [convolution, *({"pool": pooling, "relu": tn.ReLU()}[name] for name in middle.split())]
    size = [k + s * (w - 1) + e for k, s, w, e in zip(kernel, stride, window, extra)]
    # Whole numbers, so that ties and zeros occur, and are equal in whatever order they are added.
    x = rng.integers(-2, 3, (rng.integers(1, 5), 2, *size)).astype(dtype)
    for param in convolution.params.values():
        param[...] = rng.integers(-1, 2, param.shape)
    assert steps(tn.Sequential(*layers)) == ["ConvolutionBlock"]
    grad = rng.integers(-3, 4, tn.Sequential(*layers)(x).shape).astype(dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "GROUP_BYTES", group)
        found = joined(layers, x, grad, input_gradient)
    expected = alone(layers, x, grad)
    if not input_gradient:
        assert found[1] is None
        found[1] = expected[1]
    for a, b in zip(found, expected):
        assert a.dtype == dtype
        assert np.array_equal(a, b)


@pytest.mark.parametrize("window", [(2, 2), (16, 16)])
def test_windows_that_relu_closes_or_that_hold_nan_pass_no_gradient(window):
    convolution = tn.Conv2d(1, 1, 1)
    convolution.params["weight"][...] = 1
    x = np.full((1, 1, *window), -1.0)
    net = tn.Sequential(convolution, tn.ReLU(), tn.MaxPool2d(window))
    for largest in (-0.5, 0.0, np.nan):
        x[0, 0, 1, 1] = largest
        assert np.array_equal(net.forward(x, training=True).item(), np.maximum(largest, 0), equal_nan=True)
        assert not net.backward([[[[1.0]]]]).any()
    x[0, 0, 1, 1] = 3.0
    assert net.forward(x, training=True).item() == 3
    assert np.argwhere(net.backward([[[[2.0]]]])).tolist() == [[0, 0, 1, 1]]
    assert convolution.grads["weight"].item() == 6
    assert convolution.grads["bias"].item() == 2


def test_nan_and_infinity_come_through():
    convolution = tn.Conv2d(1, 1, 1)
    convolution.params["weight"][...] = 1
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    x[0, 0, 0, 0], x[0, 0, 3, 3] = np.nan, np.inf
    assert np.array_equal(
        tn.Sequential(convolution, tn.MaxPool2d(2))(x)[0, 0], [[np.nan, 7], [13, np.inf]], equal_nan=True
    )


class _Conv2d(tn.Conv2d):
    pass


class _MaxPool2d(tn.MaxPool2d):
    pass


class _ReLU(tn.ReLU):
    pass


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ("conv relu", "ConvolutionBlock"),
        ("conv relu relu", "ConvolutionBlock ReLU"),
        ("conv pool pool relu", "ConvolutionBlock MaxPool2d ReLU"),
        ("conv conv relu conv", "Conv2d ConvolutionBlock Conv2d"),
        ("conv relu pool relu conv pool", "ConvolutionBlock ReLU ConvolutionBlock"),
        ("relu pool conv", "MaxPool2d ReLU Conv2d"),
    ],
)
def test_what_becomes_one_step(layers, expected):
    make = {"conv": lambda: tn.Conv2d(1, 1, 1), "relu": tn.ReLU, "pool": lambda: tn.MaxPool2d(2)}
    assert steps(tn.Sequential(*(make[name]() for name in layers.split()))) == expected.split()


@pytest.mark.parametrize(
    "layers",
    [
        (_Conv2d(1, 1, 3), tn.MaxPool2d(2)),
        (tn.Conv2d(1, 1, 3), _MaxPool2d(2)),
        (tn.Conv2d(1, 1, 3), tn.AvgPool2d(2)),
        (tn.Conv2d(1, 1, 3), tn.Tanh(), tn.MaxPool2d(2)),
        (tn.MaxPool2d(2), tn.Conv2d(1, 1, 3)),
        (tn.ReLU(), tn.Conv2d(1, 1, 3)),
        (tn.Conv2d(1, 1, 3), tn.LeakyReLU()),
        (tn.Conv2d(1, 1, 3), _ReLU()),
        (tn.Conv2d(1, 1, 3), tn.Dropout(), tn.ReLU(), tn.Dropout()),
    ],
)
def test_others_stay_steps_of_their_own(layers):
    assert steps(tn.Sequential(*layers)) == [type(layer).__name__ for layer in layers]


@pytest.mark.parametrize("sizes", [{"stride": (1, 1)}, {"padding": (1, 1)}, {"kernel_size": (3, 3)}])
def test_windows_may_become_others(sizes):
    net, x = tn.Sequential(tn.Conv2d(1, 1, 1, rng=0), tn.MaxPool2d(2)), np.arange(36.0).reshape(1, 1, 6, 6)
    for name, value in sizes.items():
        setattr(net[1], name, value)
    for _ in range(2):
        expected = net[1](net[0](x))
        assert np.array_equal(net(x), expected)
        assert np.array_equal(net.forward(x, training=True), expected)
        net[1].stride = (2, 2)


def test_a_shallow_copy_shares_all_parameters():
    layer = tn.Conv2d(1, 2, 3, rng=0)
    shared = copy.copy(layer)
    assert all(np.shares_memory(shared.params[key], layer.params[key]) for key in layer.params)


def test_the_layer_that_cannot_take_what_comes_is_named():
    net = tn.Sequential(tn.ReLU(), tn.Conv2d(1, 2, 3), tn.ReLU(), tn.MaxPool2d(2))
    with pytest.raises(
        tn.ShapeError, match=r"^layer 1: Conv2d expects an input of shape \(N, 1, H, W\), got \(1, 784\)"
    ):
        net(np.zeros((1, 784)))
    with pytest.raises(tn.ShapeError, match=r"^layer 3: MaxPool2d: a window of \(2, 2\) does not fit"):
        net(np.zeros((1, 1, 3, 3)))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net)), lambda net: net[:]])
def test_a_copy_takes_one_step_with_its_own_weights(copied):
    net = copied(tn.Sequential(tn.Conv2d(1, 2, 3, rng=0), tn.MaxPool2d(2)))
    assert isinstance(net._steps[0], ConvolutionBlock)
    assert net._steps[0].convolution is net.layers[0]
    net.params["0.weight"][...] = 0
    x = np.ones((1, 1, 6, 6))
    assert not net(x).any()
    net.backward(net.forward(x, training=True))
    assert net.grads["0.weight"].shape == net[0].grads["weight"].shape == (2, 1, 3, 3)


def test_the_result_is_a_new_array():
    (step,) = tn.Sequential(tn.Conv2d(1, 2, 3, rng=0), tn.MaxPool2d(2))._steps
    assert step._infer(np.ones((1, 1, 6, 6), np.float32), False)[1]
