"""The element-wise activations: special values, tails, steep slopes, numbers without dimensions, order in memory."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet import functional as fn

FUNCTIONS = [fn.relu, fn.leaky_relu, fn.sigmoid, fn.tanh]
BACKWARDS = [fn.relu_backward, fn.leaky_relu_backward, fn.sigmoid_backward, fn.tanh_backward]
EDGES = [-np.inf, -1e300, -2.0, -1e-300, -0.0, 0.0, 1e-300, 2.0, 1e300, np.inf, np.nan]
few_and_many = pytest.mark.parametrize("repeats", [1, 1000])
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def edges(dtype, repeats):
    with np.errstate(over="ignore"):
        return np.array([EDGES] * repeats).astype(dtype)


@few_and_many
@both_dtypes
def test_relu(dtype, repeats):
    x = edges(dtype, repeats)
    assert np.array_equal(fn.relu(x), np.where(x < 0, 0, x), equal_nan=True)


@few_and_many
@both_dtypes
@pytest.mark.parametrize("slope", [0, 0.01, 1, 2.5, -0.5, -1, -3, 1e-320, 1e300, -1e300])
def test_leaky_relu(dtype, repeats, slope):
    x = edges(dtype, repeats)
    with np.errstate(over="ignore", invalid="ignore"):
        line = x * np.clip(slope, -np.finfo(dtype).max, np.finfo(dtype).max).astype(dtype)
    expected = np.where(x > 0, x, np.where(np.isneginf(x) & np.isnan(line), 0, line))
    assert np.array_equal(fn.leaky_relu(x, negative_slope=slope), expected, equal_nan=True)


def test_leaky_relu_is_a_hundredth_below_zero():
    assert fn.leaky_relu([-2.0]).tolist() == fn.leaky_relu_backward([-2.0], [-1.0]).tolist() == [-0.02]


@both_dtypes
def test_leaky_relu_backward_at_the_edges(dtype):
    x, grad = edges(dtype, 1)[0], np.full(len(EDGES), np.inf, dtype)
    positive = x > 0
    for slope, otherwise in [(0, 0), (0.5, np.inf), (-0.5, -np.inf)]:
        expected = np.where(positive, np.inf, otherwise)
        assert np.array_equal(fn.leaky_relu_backward(grad, x, negative_slope=slope), expected)
    assert fn.leaky_relu_backward([3.0], [0.0], negative_slope=2).tolist() == [6]


@both_dtypes
def test_where_the_slope_is_not_negative_the_output_tells_the_sign(dtype):
    x = edges(dtype, 1)
    grad = np.linspace(-1, 1, x.size, dtype=dtype).reshape(x.shape)
    for slope in (0, 1e-320, 0.01, 1, 3):
        by_output = fn.leaky_relu_backward(grad, fn.leaky_relu(x, negative_slope=slope), negative_slope=slope)
        assert np.array_equal(by_output, fn.leaky_relu_backward(grad, x, negative_slope=slope))


@pytest.mark.parametrize("slope", [np.nan, np.inf])
def test_a_slope_must_be_finite(slope):
    for call in (fn.leaky_relu, lambda x, **slope: fn.leaky_relu_backward(x, x, **slope)):
        with pytest.raises(ValueError, match="negative_slope must be finite"):
            call([1.0], negative_slope=slope)
    with pytest.raises(TypeError, match="leaky_relu: negative_slope must be a number"):
        fn.leaky_relu([1.0], negative_slope="0.1")


@both_dtypes
def test_both_tails_of_the_sigmoid_keep_their_digits(dtype):
    x = np.linspace(-85, 85, 341)
    exact = np.exp(-np.logaddexp(0, -x))  # in float64
    y = fn.sigmoid(x.astype(dtype))
    np.testing.assert_allclose(y, exact, rtol=200 * np.finfo(dtype).eps)
    assert fn.sigmoid(np.array(-100, dtype)) == pytest.approx(3.72e-44, rel=0.02)
    assert (np.diff(fn.sigmoid(np.linspace(-200, 200, 4001, dtype=dtype))) >= -np.finfo(dtype).eps).all()
    assert fn.sigmoid(np.array([-np.inf, 0, 50, np.inf], dtype)).tolist() == [0, 0.5, 1, 1]


@few_and_many
@both_dtypes
def test_sigmoid_and_tanh_stay_within_their_bounds(dtype, repeats):
    x = edges(dtype, repeats)
    for f, least in ((fn.sigmoid, 0), (fn.tanh, -1)):
        y = f(x)
        assert np.array_equal(np.isnan(y), np.isnan(x))
        assert (y[:, 0] == least).all()
        assert (y[:, -2] == 1).all()
        assert ((y[:, :-1] >= least) & (y[:, :-1] <= 1)).all()


@both_dtypes
def test_the_gradients_of_tiny_sigmoids_keep_their_digits(dtype):
    y = fn.sigmoid(np.array([-80], dtype))
    np.testing.assert_allclose(fn.sigmoid_backward(np.ones(1, dtype), y), np.exp(-80.0), rtol=1e-5)


def test_an_infinite_gradient_at_a_saturated_unit_is_nan_without_a_warning():
    infinite = np.array([np.inf, np.inf, np.inf])
    assert np.isnan(fn.sigmoid_backward(infinite, [0.0, 0.5, 1.0])).tolist() == [True, False, True]
    assert np.isnan(fn.tanh_backward(infinite, [-1.0, 0.5, 1.0])).tolist() == [True, False, True]


@pytest.mark.parametrize("f", FUNCTIONS)
def test_a_single_number(f):
    y = f(0.5)
    assert isinstance(y, np.ndarray)
    assert y.shape == ()
    assert y == f([0.5])[0]


@pytest.mark.parametrize("f", BACKWARDS)
def test_a_single_gradient(f):
    assert f(3.0, 0.5).shape == ()
    assert f(3.0, 0.5) == f([3.0], [0.5])[0]


@pytest.mark.parametrize("side", [3, 40])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 1, 3, 0), (3, 2, 1, 0)])
def test_the_order_in_memory_is_kept(side, order):
    x = np.random.default_rng(0).standard_normal((side, 2, side, 20), np.float32).transpose(order)
    for f in FUNCTIONS:
        y = f(x)
        assert y.strides == x.strides, f.__name__
        np.testing.assert_array_equal(y, f(x.copy()))
    for f in BACKWARDS:
        assert f(x, x).strides == x.strides, f.__name__
        np.testing.assert_array_equal(f(x, x), f(x.copy(), x.copy()))


@pytest.mark.parametrize("axes", [(0, 1, 2, 3), (3, 1, 0, 2), (1, 3, 2, 0)])
def test_relu_backward_of_many_numbers_in_any_order_in_memory(axes):
    rng = np.random.default_rng(0)
    grad, y = rng.standard_normal((2, 24, 6, 31, 37))[:, :23]  # more than are worth a thread
    grad, y = grad.transpose(axes), y.transpose(axes)
    y[0, 0, 0, :3] = 0, np.nan, -np.inf
    grad[0, 0, 0, :3] = np.inf
    expected = np.where(y <= 0, 0, grad)
    found = fn.relu_backward(grad, y)
    assert np.array_equal(found, expected)
    assert found.strides == np.empty_like(grad).strides
    assert np.array_equal(
        fn.relu_backward(np.broadcast_to(grad[:, :1], y.shape), y), np.where(y <= 0, 0, grad[:, :1])
    )
    with pytest.raises(ValueError, match="shape"):
        fn.relu_backward(grad, y[:-1])
