"""Conv2d: the formula by loops, how its weights lie in memory, its first weights and its errors."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import tinynet as tn

RULE = r"; a batch of images needs a channel axis, as x\[:, None\], and one image a batch axis, as x\[None\]"


def conv(*args, **kwargs):
    return tn.Conv2d(*args, rng=0, **kwargs)


def test_a_worked_example():
    layer = conv(1, 1, 2)
    layer.params.update(weight=[[[[1, 2], [3, 4]]]], bias=[10])
    assert layer([[[[1, 0, 0], [0, 0, 1]]]]).tolist() == [[[[11, 14]]]]  # not turned around: 1 at its upper left


def test_channels_are_added_and_filters_kept_apart():
    layer = conv(2, 3, 1, bias=False)
    layer.params["weight"] = np.reshape([[1, 2], [3, 4], [5, 6]], (3, 2, 1, 1))
    assert layer(np.reshape([1, 10], (1, 2, 1, 1))).ravel().tolist() == [21, 43, 65]


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "expected"),
    [
        ((5, 7), 3, 1, 0, (3, 5)),
        ((5, 7), 3, 2, 0, (2, 3)),
        ((6, 8), 3, 2, 0, (2, 3)),  # a row and a column that fill no window
        ((5, 7), (3, 1), (1, 3), (1, 0), (5, 3)),
        ((1, 1), 3, 1, 1, (1, 1)),
        ((3, 3), 2, 5, 0, (1, 1)),
    ],
)
def test_how_many_windows_fit(size, kernel, stride, padding, expected):
    layer = conv(2, 4, kernel, stride, padding)
    assert layer(np.zeros((3, 2, *size))).shape == (3, 4, *expected)
    assert layer._output_shape((2, *size)) == (4, *expected)


def test_the_frame_counts_as_zero():
    layer = conv(1, 1, 3, padding=1)
    layer.params.update(weight=np.ones((1, 1, 3, 3)), bias=[0])
    assert layer(np.ones((1, 1, 2, 3)))[0, 0].tolist() == [[4, 6, 4], [4, 6, 4]]


def test_weights_keep_their_shape_and_lie_in_memory_with_the_channels_last():
    layer = conv(3, 4, (2, 5))
    layer.params["weight"] = np.arange(120.0).reshape(4, 3, 2, 5)
    for weight in (layer.params["weight"], pickle.loads(pickle.dumps(layer)).params["weight"]):
        assert weight.shape == (4, 3, 2, 5)
        assert np.array_equal(weight, np.arange(120.0).reshape(4, 3, 2, 5))
    assert layer.params["weight"].transpose(0, 2, 3, 1).flags.c_contiguous


def test_first_weights_are_he_normal_over_the_window_and_biases_zero():
    layer = conv(40, 30, 5)
    assert layer.params["weight"].var() * 40 * 25 == pytest.approx(2, rel=0.05)
    assert not layer.params["bias"].any()
    expected = tn.initializers.he_normal((30, 40, 5, 5), rng=0)
    assert np.array_equal(layer.params["weight"], expected)


def test_same_seed_same_bits():
    a, b, c = (tn.Conv2d(2, 3, 3, rng=seed) for seed in (1, 1, 2))
    assert np.array_equal(a.params["weight"], b.params["weight"])
    assert not np.array_equal(a.params["weight"], c.params["weight"])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_dtype_of_the_parameters_stays(dtype):
    layer, x = conv(2, 3, 3, padding=1, dtype=dtype), np.ones((2, 2, 4, 4))
    y = layer.forward(x, training=True)
    grad_x = layer.backward(y)
    assert {a.dtype for a in (layer(x), y, grad_x, *layer.grads.values())} == {np.dtype(dtype)}


def test_a_pickle_gives_the_same_results():
    layer, x = conv(2, 3, 3, padding=1), np.random.default_rng(0).standard_normal((5, 2, 6, 7))
    other = pickle.loads(pickle.dumps(layer))
    np.testing.assert_allclose(other(x), layer(x), rtol=1e-5, atol=1e-6)
    for each in (layer, other):
        each.backward(each.forward(x, training=True))
    np.testing.assert_allclose(other.grads["weight"], layer.grads["weight"], rtol=1e-4, atol=1e-5)


def test_the_parameters_of_a_pickle_know_their_layer():
    layer = pickle.loads(pickle.dumps(tn.Conv2d(2, 1, 2, name="conv")))
    with pytest.raises(KeyError, match="Conv2d 'conv' has no parameter 'w'"):
        layer.params["w"] = 0


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 1, 3, 0), (2, 1, 0, 3), (3, 2, 1, 0)])
def test_how_the_images_lie_in_memory_does_not_matter(order):
    layer, x = conv(2, 3, 3, dtype="float64"), np.random.default_rng(0).standard_normal((4, 2, 5, 6))
    moved = np.ascontiguousarray(x.transpose(order)).transpose(np.argsort(order))
    np.testing.assert_allclose(layer(moved), layer(x), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(layer(x[:, :, ::-1]), layer(x[:, :, ::-1].copy()), rtol=1e-12, atol=1e-12)


def test_infinities_and_nan_stay_in_the_windows_that_see_them():
    layer, x = conv(1, 1, 1, bias=False), np.zeros((1, 1, 2, 2))
    layer.params["weight"] = np.full((1, 1, 1, 1), 2)
    x[0, 0] = [[np.inf, 1], [np.nan, -np.inf]]
    assert np.array_equal(layer(x)[0, 0], [[np.inf, 2], [np.nan, -np.inf]], equal_nan=True)
    big = conv(1, 1, 3)
    big.params["weight"] = np.full((1, 1, 3, 3), 3e38)
    assert np.isinf(big(np.full((1, 1, 3, 3), 3e38))).all()  # an overflow without a warning


@pytest.mark.parametrize(
    ("shape", "got"),
    [
        ((5, 28, 28), r"\(5, 28, 28\)" + RULE),
        ((5, 784), r"\(5, 784\); rows of pixels become images by x.reshape\(-1, channels, height, width\)"),
        ((5, 1, 28, 28), r"\(N, 1, 28, 28\)"),
        ((5, 28, 28, 3), r"\(N, 28, 28, 3\)"),
        ((3,), r"\(3,\)"),
    ],
)
def test_a_wrong_shape_is_named(shape, got):
    layer = tn.Conv2d(3, 2, 3, name="conv1")
    message = r"^Conv2d 'conv1' expects an input of shape \(N, 3, H, W\), got " + got + "$"
    for call in (layer, lambda x: layer.forward(x, training=True)):
        with pytest.raises(tn.ShapeError, match=message):
            call(np.zeros(shape))


def test_a_window_larger_than_the_image_is_named():
    with pytest.raises(tn.ShapeError, match=r"^Conv2d: a window of \(5, 3\) does not fit into an image of \(4, 4\)$"):
        conv(1, 1, (5, 3))(np.zeros((1, 1, 4, 4)))
    with pytest.raises(tn.ShapeError, match=r"image of \(1, 4\), padded to \(3, 6\),$"):
        conv(1, 1, 5, padding=1)(np.zeros((1, 1, 1, 4)))


def test_a_network_names_the_layer_that_cannot_take_what_comes():
    with pytest.raises(tn.ShapeError, match=r"^layer 1: Dense expects an input of shape \(N, 8\), got .*Flatten"):
        tn.Sequential(conv(1, 2, 3), tn.Dense(8, 2))(np.zeros((1, 1, 4, 4)))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0, 1, 3), ValueError, "Conv2d: in_channels must be at least 1"),
        ((1, 0, 3), ValueError, "Conv2d: out_channels must be at least 1"),
        ((1, 1.0, 3), TypeError, "Conv2d: out_channels must be an integer"),
        ((1, 1, 0), ValueError, "Conv2d: kernel_size must be at least 1"),
        ((1, 1, (3, 3, 3)), ValueError, "Conv2d: kernel_size must be one integer or a pair"),
        ((1, 1, "3"), TypeError, "Conv2d: kernel_size must be an integer"),
        ((1, 1, 3, 0), ValueError, "Conv2d: stride must be at least 1"),
        ((1, 1, 3, 1, -1), ValueError, "Conv2d: padding must be at least 0"),
        ((1, 1, 3, 1, "same"), TypeError, "Conv2d: padding must be an integer"),
        ((1, 1, 3, 1, 0, "yes"), TypeError, "Conv2d: bias must be True or False"),
    ],
)
def test_bad_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        tn.Conv2d(*arguments)


@pytest.mark.parametrize(
    "text",
    [
        "Conv2d(1, 8, 3)",
        "Conv2d(1, 8, (3, 5), stride=2, padding=(1, 2), bias=False, name='conv1')",
        "Conv2d(2, 3, 1, stride=(1, 2), padding=1)",
    ],
)
def test_repr_rebuilds_the_layer(text):
    layer = eval(text, {"Conv2d": tn.Conv2d})
    assert repr(layer) == text
    assert layer.kernel_size in ((3, 3), (3, 5), (1, 1))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_weights_lie_in_copies_as_they_do_in_the_original(copied):
    net = tn.Sequential(tn.Conv2d(2, 3, (2, 5), rng=0, name="conv"), tn.ReLU())
    other = copied(net)
    assert other["conv"].params["weight"].strides == net["conv"].params["weight"].strides
    assert other.params["conv.weight"] is other["conv"].params["weight"]
    assert np.array_equal(other.params["conv.weight"], net.params["conv.weight"])


def test_the_gradients_of_the_parameters_alone_are_those_of_backward():
    rng = np.random.default_rng(0)
    layer, x = tn.Conv2d(2, 3, 3, padding=1, rng=0, dtype="float64"), rng.normal(size=(4, 2, 5, 6))
    y = layer.forward(x, training=True)
    grad = rng.normal(size=y.shape)
    alone = layer._parameter_gradients(layer._pending[0], grad)
    layer.backward(grad)
    assert list(alone) == list(layer.grads)
    assert all(np.array_equal(alone[key], layer.grads[key]) for key in alone)
