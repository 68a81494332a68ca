"""The pure functions: shapes, axes, dtypes, purity and errors."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn
from tinynet import functional as fn
from tinynet.functional.entropy import check_loss_arguments
from tinynet.functional.log_sum_exp import log_softmax_kernel
from tinynet.functional.rows import row_sum
from tinynet.functional.softmax import softmax_kernel

X = np.random.default_rng(0).standard_normal((4, 3))


def image(x):
    return x[None, None]


CALLS = {
    "avg_pool2d": lambda x: fn.avg_pool2d(image(x), 2),
    "avg_pool2d_backward": lambda x: fn.avg_pool2d_backward(image(x), (1, 1, 8, 6), 2),
    "batch_norm": lambda x: fn.batch_norm(x, x[0], x[0] ** 2, x[1], x[2]),
    "batch_norm_backward": lambda x: fn.batch_norm_backward(x, x, x[0] ** 2, x[1]),
    "batch_statistics": lambda x: fn.batch_statistics(x),
    "conv2d": lambda x: fn.conv2d(image(x), image(x[:2, :2]), x[0, :1]),
    "conv2d_backward": lambda x: fn.conv2d_backward(image(x[:3, :2]), image(x), image(x[:2, :2])),
    "dropout": lambda x: fn.dropout(x, np.ones(x.shape, bool), 0.5),
    "leaky_relu": lambda x: fn.leaky_relu(x),
    "leaky_relu_backward": lambda x: fn.leaky_relu_backward(x, x),
    "max_pool2d": lambda x: fn.max_pool2d(image(x), 1),
    "max_pool2d_backward": lambda x: fn.max_pool2d_backward(image(x), image(x), image(x), 1),
    "sigmoid": lambda x: fn.sigmoid(x),
    "sigmoid_backward": lambda x: fn.sigmoid_backward(x, x),
    "tanh": lambda x: fn.tanh(x),
    "tanh_backward": lambda x: fn.tanh_backward(x, x),
    "relu": lambda x: fn.relu(x),
    "relu_backward": lambda x: fn.relu_backward(x, x),
    "softmax": lambda x: fn.softmax(x),
    "softmax_backward": lambda x: fn.softmax_backward(x, x),
    "logsumexp": lambda x: fn.logsumexp(x),
    "log_softmax": lambda x: fn.log_softmax(x),
    "log_softmax_backward": lambda x: fn.log_softmax_backward(x, x),
    "dense": lambda x: fn.dense(x, x, x[:, 0]),
    "dense_backward": lambda x: fn.dense_backward(x[:, :2], x, x[:2]),
    "cross_entropy": lambda x: fn.cross_entropy(x, np.zeros(len(x), int), from_logits=True),
    "cross_entropy_backward": lambda x: fn.cross_entropy_backward(x, np.zeros(len(x), int), from_logits=True),
}
every_function = pytest.mark.parametrize("name", CALLS)


def test_every_public_function_is_tested_here():
    assert {*CALLS, "one_hot", "dropout_mask"} == set(fn.__all__)


@every_function
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_stays_and_nothing_is_written_to_or_shared(name, dtype):
    x = X.astype(dtype)
    kept = x.copy()
    x.flags.writeable = False
    result = CALLS[name](x)
    assert np.array_equal(x, kept)
    for y in result if isinstance(result, tuple) else [result]:
        if not isinstance(y, float):
            assert y.dtype == dtype
            assert not np.shares_memory(x, y)


def test_sums_of_rows_keep_the_dtype():
    for dtype in (np.float32, np.float64):
        assert row_sum(X.astype(dtype)).dtype == dtype


@every_function
def test_integers_become_float64(name):
    result = CALLS[name](np.ones((4, 3), int))
    for y in result if isinstance(result, tuple) else [result]:
        assert np.asarray(y).dtype == np.float64


@every_function
def test_complex_numbers_are_refused_by_name(name):
    with pytest.raises(TypeError, match=name):
        CALLS[name](X + 1j)


@pytest.mark.parametrize("f", [fn.softmax, fn.log_softmax])
def test_any_axis(f):
    x = np.random.default_rng(0).standard_normal((2, 3, 4))
    for axis in (0, 1, 2, -1, -2, -3):
        expected = np.moveaxis(f(np.moveaxis(x, axis, -1)), -1, axis)
        np.testing.assert_allclose(f(x, axis=axis), expected, rtol=1e-12)
    assert f(x[0, 0]).shape == (4,)


def test_logsumexp_axis_and_keepdims():
    x = np.random.default_rng(0).standard_normal((2, 3))
    np.testing.assert_allclose(fn.logsumexp(x, axis=0), np.log(np.exp(x).sum(axis=0)))
    assert fn.logsumexp(x, keepdims=True).shape == (2, 1)
    assert fn.logsumexp([[-np.inf, -np.inf], [np.inf, 0], [-np.inf, 1]]).tolist() == [-np.inf, np.inf, 1]


def test_logsumexp_drops_only_the_axis_it_sums_over():
    assert fn.logsumexp([[0.0, 0.0]]).tolist() == [np.log(2)]


def test_log_softmax_keeps_the_digits_of_tiny_probabilities():
    assert fn.log_softmax([[0.0, 800.0]]).tolist() == [[-800.0, 0.0]]


@pytest.mark.parametrize("f", [fn.relu, fn.leaky_relu, fn.sigmoid, fn.tanh, fn.softmax])
def test_out_may_be_the_input(f):
    x = X.copy()
    expected = f(x)
    assert f(x, out=x) is x
    assert np.array_equal(x, expected)


@pytest.mark.parametrize("kernel", [softmax_kernel, log_softmax_kernel])
@pytest.mark.parametrize("rows", [1, 4])
def test_kernels_write_where_they_are_told(kernel, rows):
    out = np.empty((rows, 3))
    assert kernel(X[:rows], out) is out
    assert np.array_equal(out, kernel(X[:rows], None))


INF, NAN = np.inf, np.nan


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: fn.dense([[1e200, 1e200]], [[1e200, 0], [1e200, -1e200]], [0, INF]), [[INF, NAN]]),
        (lambda: fn.leaky_relu([-1.7e308], negative_slope=1.5), [-INF]),
        (lambda: fn.leaky_relu([1.7e308], negative_slope=-1.5), [1.7e308]),
        (lambda: fn.leaky_relu_backward([1e300], [-1.0], negative_slope=1e10), [INF]),
        (lambda: fn.dense([[1e300]], [[1.0]], [-1.0]), [[1e300]]),
        (lambda: fn.dense_backward([[1e200]], [[1e200]], [[1e200]])[0], [[INF]]),
        (lambda: fn.batch_norm([[1e308]], [-1e308], [1.0]), [[INF]]),
        (lambda: fn.softmax_backward([[INF, -INF]], [[0.5, 0.5]]), [[NAN, NAN]]),
        (lambda: fn.softmax_backward([[1e308, -1e308]], [[0.5, 0.5]]), [[5e307, -5e307]]),
        (lambda: fn.logsumexp([[INF, 800.0], [1e308, -1e308]]), [INF, 1e308]),
        (lambda: fn.cross_entropy_backward([[1.0, 0.0]], [1]), [[0, -INF]]),
        (lambda: fn.cross_entropy_backward([[1.0, 5e-324]], [1]), [[0, -INF]]),
        (lambda: fn.cross_entropy_backward([[1.0, 0.0]], [[0.5, 0.5]]), [[-0.5, -INF]]),
    ],
)
def test_what_is_too_large_or_has_no_limit_gives_no_warning(call, expected):
    assert np.array_equal(call(), expected, equal_nan=True)


def test_a_slope_of_zero_writes_where_it_is_told():
    x = X.copy()
    assert fn.leaky_relu(x, negative_slope=0, out=x) is x
    assert np.array_equal(x, fn.relu(X))


@pytest.mark.parametrize("f", [fn.softmax, fn.log_softmax, fn.logsumexp])
@pytest.mark.parametrize(("shape", "axis"), [((), -1), ((2, 0), -1), ((2, 3), 2)])
def test_no_classes_is_an_error(f, shape, axis):
    with pytest.raises(tn.ShapeError, match=f"{f.__name__} needs at least one class along axis {axis}"):
        f(np.zeros(shape), axis=axis)


PAIRS = [
    fn.relu_backward,
    fn.leaky_relu_backward,
    fn.sigmoid_backward,
    fn.tanh_backward,
    fn.softmax_backward,
    fn.log_softmax_backward,
]


@pytest.mark.parametrize("f", PAIRS)
def test_the_dtype_of_the_gradient_decides(f):
    assert f(X.astype(np.float32), X).dtype == np.float32
    assert f(X, X.astype(np.float32)).dtype == np.float64


@pytest.mark.parametrize("f", PAIRS)
def test_two_shapes_are_an_error(f):
    with pytest.raises(tn.ShapeError, match=f"{f.__name__} expects two arrays of one shape"):
        f(np.zeros((1, 3)), np.zeros((2, 3)))


def test_dense_shapes_must_fit():
    for x, weight, bias in [(X, X.T, None), (X[0], X, None), (X, X[0], None), (X, X, X[0])]:
        with pytest.raises(tn.ShapeError, match="dense expects"):
            fn.dense(x, weight, bias)
    for grad, x, weight in [(X, X, X), (X[0], X, X), (X[:, :2], X, X.T), (X[:3, :2], X, X[:2])]:
        with pytest.raises(tn.ShapeError, match="dense_backward expects"):
            fn.dense_backward(grad, x, weight)


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_gradient_of_dense_lies_in_memory_as_the_input(order):
    grad_x, _, _ = fn.dense_backward(X[:, :2], np.array(X, order=order), X[:2])
    assert grad_x.flags[f"{order}_CONTIGUOUS"]


def test_dense_adds_the_bias():
    assert fn.dense([[1.0, 2.0]], [[3.0, 4.0]], [0.5]).tolist() == [[11.5]]


def test_cross_entropy_takes_probabilities_unless_it_is_told():
    assert fn.cross_entropy([[0.25, 0.75]], [0]) == -np.log(0.25)
    assert fn.cross_entropy_backward([[0.25, 0.75]], [0]).tolist() == [[-4, 0]]


def test_soft_labels_take_the_dtype_of_the_predictions():
    for dtype in (np.float32, np.float64):
        rows = np.full((2, 2), 0.5)
        assert [array.dtype for array in check_loss_arguments(rows.astype(dtype), rows, False, "x")] == [dtype] * 2


def test_rows_whose_sum_overflows_are_no_probabilities():
    with pytest.raises(ValueError, match=r"^cross_entropy: predictions must be rows .*but row 0 has the sum inf"):
        fn.cross_entropy([[1e308, 1e308]], [0])


def test_soft_labels_that_are_none_are_told_without_a_word_on_logits():
    with pytest.raises(ValueError, match=r"^cross_entropy: soft labels .* the smallest value 0\.5$"):
        fn.cross_entropy([[0.5, 0.5]], [[0.5, 0.625]])


def test_one_hot():
    assert fn.one_hot([1, 0], 2).tolist() == [[0, 1], [1, 0]]
    assert fn.one_hot(np.array([1], np.uint8), 2, dtype=np.float64).dtype == np.float64
    assert fn.one_hot([], 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("labels", "error"), [([2], ValueError), ([-1], ValueError), ([0.0], TypeError), ([[0]], tn.ShapeError)]
)
def test_one_hot_refuses_bad_labels(labels, error):
    with pytest.raises(error, match="one_hot"):
        fn.one_hot(labels, 2)
