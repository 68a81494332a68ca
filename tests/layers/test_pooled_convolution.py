"""A convolution and the max-pooling after it are one step of inference, with the bits of two."""

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
from tinynet.layers.pooled_convolution import PooledConvolution

PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))


def steps(net):
    return [type(step).__name__ for step in net._steps]


@given(
    kernel=PAIRS,
    stride=PAIRS,
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    window=PAIRS,
    extra=st.tuples(st.integers(0, 7), st.integers(0, 7)),
    bias=st.booleans(),
    dtype=st.sampled_from([np.float32, np.float64]),
    group=st.sampled_from([1, 2000, windows.GROUP_BYTES]),
    seed=SEEDS,
)
def test_one_step_gives_the_bits_of_two(kernel, stride, padding, window, extra, bias, dtype, group, seed):
    rng = np.random.default_rng(seed)
    convolution = tn.Conv2d(2, 3, kernel, stride, padding, bias, rng=rng, dtype=dtype)
    if bias:
        convolution.params["bias"] = rng.normal(size=3)
    pooling = tn.MaxPool2d(window)
    size = [k + s * (w - 1) + e for k, s, w, e in zip(kernel, stride, window, extra)]
    x = rng.normal(size=(rng.integers(1, 5), 2, *size)).astype(dtype)
    net = tn.Sequential(convolution, tn.ReLU(), pooling)
    assert steps(net) == ["PooledConvolution", "ReLU"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "GROUP_BYTES", group)
        y = net(x)
        expected = pooling(tn.ReLU()(convolution(x)))
    assert y.dtype == dtype
    assert np.array_equal(y, expected)
    assert np.array_equal(net.forward(x, training=True), expected)


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


@pytest.mark.parametrize(
    "layers",
    [
        (_Conv2d(1, 1, 3), tn.MaxPool2d(2)),
        (tn.Conv2d(1, 1, 3), _MaxPool2d(2)),
        (tn.Conv2d(1, 1, 3), tn.AvgPool2d(2)),
        (tn.Conv2d(1, 1, 3), tn.Tanh(), tn.MaxPool2d(2)),
        (tn.MaxPool2d(2), tn.Conv2d(1, 1, 3)),
    ],
)
def test_other_pairs_stay_two_steps(layers):
    assert steps(tn.Sequential(*layers)) == [type(layer).__name__ for layer in layers]


@pytest.mark.parametrize("sizes", [{"stride": (1, 1)}, {"padding": (1, 1)}, {"kernel_size": (3, 3)}])
def test_windows_may_become_others(sizes):
    net, x = tn.Sequential(tn.Conv2d(1, 1, 1, rng=0), tn.MaxPool2d(2)), np.arange(36.0).reshape(1, 1, 6, 6)
    for name, value in sizes.items():
        setattr(net[1], name, value)
    assert np.array_equal(net(x), net.forward(x, training=True))
    net[1].stride = (2, 2)
    assert np.array_equal(net(x), net.forward(x, training=True))


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
    assert isinstance(net._steps[0], PooledConvolution)
    assert net._steps[0].convolution is net.layers[0]
    net.params["0.weight"][...] = 0
    assert not net(np.ones((1, 1, 6, 6))).any()


def test_the_result_is_a_new_array():
    (step,) = tn.Sequential(tn.Conv2d(1, 2, 3, rng=0), tn.MaxPool2d(2))._steps
    assert step._infer(np.ones((1, 1, 6, 6), np.float32), False)[1]
