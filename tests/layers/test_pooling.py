"""MaxPool2d and AvgPool2d: worked examples, which windows count, special values and errors."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import tinynet as tn

IMAGE = np.arange(20.0).reshape(1, 1, 4, 5)
both = pytest.mark.parametrize("kind", [tn.MaxPool2d, tn.AvgPool2d])


def test_the_largest_and_the_mean():
    assert tn.MaxPool2d(2)(IMAGE)[0, 0].tolist() == [[6, 8], [16, 18]]
    assert tn.AvgPool2d(2)(IMAGE)[0, 0].tolist() == [[3, 5], [13, 15]]


@both
@pytest.mark.parametrize(
    ("size", "sizes", "expected"),
    [
        ((4, 5), (2,), (2, 2)),  # the last column fills no window
        ((5, 5), (3, 2), (2, 2)),
        ((5, 5), (3, 1, 1), (5, 5)),
        ((4, 6), ((2, 3), (1, 2)), (3, 2)),
        ((4, 4), (3, 2, (0, 1)), (1, 2)),
        ((1, 1), (2, 2, 1), (1, 1)),
    ],
)
def test_how_many_windows_fit(kind, size, sizes, expected):
    layer = kind(*sizes)
    assert layer(np.zeros((3, 2, *size))).shape == (3, 2, *expected)
    assert layer._output_shape((2, *size)) == (2, *expected)


def test_padding_is_never_the_largest():
    y = tn.MaxPool2d(2, padding=1)(-1 - IMAGE)
    assert y[0, 0].tolist() == [[-1, -2, -4], [-6, -7, -9], [-16, -17, -19]]
    assert np.isneginf(tn.MaxPool2d(2, padding=1)(np.full((1, 1, 2, 2), -np.inf))).all()


def test_padding_counts_in_the_mean_or_not():
    ones = np.ones((1, 1, 2, 2))
    assert tn.AvgPool2d(2, padding=1)(ones)[0, 0].tolist() == [[0.25, 0.25], [0.25, 0.25]]
    assert tn.AvgPool2d(2, padding=1, count_include_pad=False)(ones)[0, 0].tolist() == [[1, 1], [1, 1]]


def test_the_first_of_equal_numbers_takes_the_gradient():
    layer = tn.MaxPool2d(2)
    layer.forward(np.ones((1, 1, 2, 4)), training=True)
    assert layer.backward([[[[5, 7]]]])[0, 0].tolist() == [[5, 0, 7, 0], [0, 0, 0, 0]]


def test_the_gradients_of_overlapping_windows_add_up():
    layer = tn.MaxPool2d(2, 1)
    layer.forward(-np.abs(np.arange(9.0).reshape(1, 1, 3, 3) - 4), training=True)  # the largest is in the middle
    assert layer.backward(np.ones((1, 1, 2, 2)))[0, 0].tolist() == [[0, 0, 0], [0, 4, 0], [0, 0, 0]]
    mean = tn.AvgPool2d(2, 1)
    mean.forward(np.zeros((1, 1, 3, 3)), training=True)
    assert mean.backward(np.full((1, 1, 2, 2), 4))[0, 0].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]


@both
def test_nan_stays_in_the_windows_that_see_it(kind):
    x = IMAGE.copy()
    x[0, 0, 1, 1] = np.nan
    y = kind(2)(x)[0, 0]
    assert np.isnan(y).tolist() == [[True, False], [False, False]]


def test_infinities():
    x = IMAGE.copy()
    x[0, 0, 0, 0], x[0, 0, 0, 2] = np.inf, -np.inf
    assert tn.MaxPool2d(2)(x)[0, 0].tolist() == [[np.inf, 8], [16, 18]]
    assert tn.AvgPool2d(2)(x)[0, 0].tolist() == [[np.inf, -np.inf], [13, 15]]
    x[0, 0, 0, 1] = -np.inf
    assert np.isnan(tn.AvgPool2d(2)(x)[0, 0, 0, 0])  # and no warning


def test_a_mean_of_large_numbers_does_not_overflow():
    big = np.full((1, 1, 2, 2), np.finfo(np.float32).max)
    assert tn.AvgPool2d(2)(big.astype(np.float32)).ravel().tolist() == [np.finfo(np.float32).max]


def test_an_infinite_gradient_goes_to_one_place_only():
    layer = tn.MaxPool2d(2)
    layer.forward(IMAGE, training=True)
    grad = layer.backward([[[[np.inf, 1], [1, 1]]]])
    assert np.isinf(grad).sum() == 1
    assert not np.isnan(grad).any()


@both
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays_and_a_pickle_does_the_same(kind, dtype):
    layer, x = kind(2, 1, 1), IMAGE.astype(dtype)
    y = layer.forward(x, training=True)
    assert y.dtype == layer(x).dtype == layer.backward(y).dtype == dtype
    assert np.array_equal(pickle.loads(pickle.dumps(layer))(x), layer(x))


@both
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 1, 3, 0), (2, 1, 0, 3), (3, 2, 1, 0)])
def test_how_the_images_lie_in_memory_does_not_matter(kind, order):
    layer, x = kind(3, 2, 1), np.random.default_rng(0).standard_normal((4, 2, 5, 6))
    moved = np.ascontiguousarray(x.transpose(order)).transpose(np.argsort(order))
    np.testing.assert_allclose(layer(moved), layer(x), rtol=1e-12)


@both
@pytest.mark.parametrize("shape", [(5, 28, 28), (5, 784), (3,), (1, 1, 1, 4, 4)])
def test_a_wrong_shape_is_named(kind, shape):
    layer = kind(2, name="pool")
    got = ", ".join(map(str, shape))
    message = rf"^{kind.__name__} 'pool' expects an input of shape \(N, C, H, W\), got \({got},?\)$"
    for call in (layer, lambda x: layer.forward(x, training=True)):
        with pytest.raises(tn.ShapeError, match=message):
            call(np.zeros(shape))


@both
def test_a_window_larger_than_the_image_is_named(kind):
    message = rf"^{kind.__name__}: a window of \(5, 5\) does not fit into an image of \(4, 6\)$"
    with pytest.raises(tn.ShapeError, match=message):
        kind(5)(np.zeros((1, 1, 4, 6)))


def test_a_network_that_pools_before_relu_has_the_gradients_of_one_that_does_not():
    """Bit for bit, with equal numbers, zeros and NaN in the windows."""
    rng = np.random.default_rng(0)
    x = rng.integers(-2, 3, (9, 2, 6, 6)).astype(float)
    x[0, 0, 0, 0], x[1, 0, 0, 0] = np.nan, -0.0
    relu, pool = tn.ReLU(), tn.MaxPool2d(3, 2)
    net = tn.Sequential(relu, pool)
    grad = rng.standard_normal((9, 2, 2, 2))
    expected_y = pool.forward(relu.forward(x, training=True), training=True)
    expected = relu.backward(pool.backward(grad))
    assert np.array_equal(net.forward(x, training=True), expected_y, equal_nan=True)
    assert np.array_equal(net.backward(grad), expected)
    assert net[:1](x).shape == x.shape  # the layers themselves stay in their places


@both
@pytest.mark.parametrize(
    ("sizes", "error", "message"),
    [
        ((0,), ValueError, "kernel_size must be at least 1"),
        ((2.0,), TypeError, "kernel_size must be an integer"),
        (((2, 2, 2),), ValueError, "kernel_size must be one integer or a pair"),
        ((2, 0), ValueError, "stride must be at least 1"),
        ((2, 1, -1), ValueError, "padding must be at least 0"),
        ((3, 1, (2, 0)), ValueError, r"padding must be at most half the window \(3, 3\), got \(2, 0\)"),
        ((3, 1, (0, 2)), ValueError, r"padding must be at most half the window \(3, 3\), got \(0, 2\)"),
    ],
)
def test_bad_sizes_are_refused(kind, sizes, error, message):
    with pytest.raises(error, match=f"^{kind.__name__}: {message}"):
        kind(*sizes)


@pytest.mark.parametrize(
    "text",
    [
        "MaxPool2d(2)",
        "MaxPool2d((2, 3), stride=1, padding=1, name='pool1')",
        "AvgPool2d(3, stride=(1, 2), count_include_pad=False)",
        "AvgPool2d(2, padding=(0, 1))",
    ],
)
def test_repr_rebuilds_the_layer(text):
    assert repr(eval(text, vars(tn))) == text


def test_padding_takes_no_gradient_from_minus_infinity():
    layer = tn.MaxPool2d(2, padding=1)
    layer.forward(np.full((1, 1, 2, 2), -np.inf), training=True)
    assert layer.backward(np.ones((1, 1, 2, 2))).tolist() == [[[[1, 1], [1, 1]]]]


@pytest.mark.parametrize("layer", [tn.MaxPool2d(2), tn.AvgPool2d(2), tn.Conv2d(1, 1, 2, rng=0)])
def test_inference_makes_a_new_array(layer):
    y, fresh = layer._infer(np.ones((1, 1, 4, 4), np.float32), False)
    assert fresh
    assert y.flags.writeable
