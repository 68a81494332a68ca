"""Batch normalization as functions: without weight and bias, at variance 0, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn
from tinynet import functional as fn

X = np.array([[1.0, 10.0], [3.0, 30.0]])
MEAN, VARIANCE = np.array([2.0, 20.0]), np.array([1.0, 100.0])


@pytest.mark.parametrize("images", [False, True])
def test_weight_and_bias_may_be_left_out(images):
    x = X[:, :, None, None] if images else X
    plain = fn.batch_norm(x, MEAN, VARIANCE, eps=0)
    assert plain.shape == x.shape
    assert plain.reshape(2, 2).tolist() == [[-1, -1], [1, 1]]
    assert fn.batch_norm(x, MEAN, VARIANCE, [2, 4], eps=0).reshape(2, 2).tolist() == [[-2, -4], [2, 4]]
    assert fn.batch_norm(x, MEAN, VARIANCE, bias=[1, 5], eps=0).reshape(2, 2).tolist() == [[0, 4], [2, 6]]
    for weight, factor in ((None, [1, 0.1]), ([2, 4], [2, 0.4])):
        grad, of_weight, of_bias = fn.batch_norm_backward(x, plain, VARIANCE, weight, eps=0)
        assert grad.shape == x.shape
        assert (of_weight.tolist(), of_bias.tolist()) == ([2, 20], [4, 40])
        assert not grad.any()  # of which neither the mean nor the part along x is left
        up = np.where(x == x[:1], 0.0, 1.0) * np.arange(1, 5).reshape(x.shape)
        centred = up - up.mean(axis=0) - plain * (up * plain).mean(axis=0)
        found = fn.batch_norm_backward(up, plain, VARIANCE, weight, eps=0)[0]
        np.testing.assert_allclose(found.reshape(2, 2), centred.reshape(2, 2) * factor)


def test_a_hundred_thousandth_is_added_to_the_variance():
    assert fn.batch_norm([[2.0]], [0.0], [1 - 1e-5]).tolist() == [[2]]
    grad, normalized = np.array([[1.0], [0.0], [0.0]]), np.zeros((3, 1))
    np.testing.assert_allclose(fn.batch_norm_backward(grad, normalized, [1 - 1e-5])[0], grad - 1 / 3)


def test_small_numbers_count_beside_large_ones_in_float32():
    mean, _ = fn.batch_statistics(np.array([[1e8], [1], [-1e8], [1]], np.float32))
    assert mean.tolist() == [0.5]


def test_one_number_alone_has_no_gradient():
    assert fn.batch_norm_backward([[3.0]], [[0.0]], [1.0])[0].tolist() == [[0]]


def test_a_channel_without_variance_has_no_scale():
    for weight, expected in ((None, np.inf), ([0.0], np.nan)):
        assert np.array_equal(fn.batch_norm([[1.0]], [0.0], [0.0], weight, eps=0), [[expected]], equal_nan=True)
    assert fn.batch_norm([[1.0]], [0.0], [1e-300], [1e200], eps=0).tolist() == [[np.inf]]


def test_the_dtype_of_the_input_stays():
    x = X.astype(np.float32)
    assert fn.batch_norm(x, MEAN, VARIANCE, MEAN, MEAN).dtype == np.float32
    assert [part.dtype for part in fn.batch_norm_backward(x, x, VARIANCE, MEAN)] == [np.float32] * 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fn.batch_norm(X, [0], VARIANCE), r"batch_norm expects mean of shape \(2,\)"),
        (lambda: fn.batch_norm(X, MEAN, [1]), r"batch_norm expects variance of shape \(2,\)"),
        (lambda: fn.batch_norm(X, MEAN, VARIANCE, [1]), r"batch_norm expects weight of shape \(2,\)"),
        (lambda: fn.batch_norm(X, MEAN, VARIANCE, bias=[1]), r"batch_norm expects bias of shape \(2,\)"),
        (lambda: fn.batch_norm_backward(X, X, [1]), r"batch_norm_backward expects variance of shape \(2,\)"),
    ],
)
def test_wrong_shapes_are_named(call, message):
    with pytest.raises(tn.ShapeError, match=f"^{message}"):
        call()


@pytest.mark.parametrize(("variance", "eps"), [(VARIANCE, -1e-9), (-VARIANCE, 200)])
def test_neither_a_variance_nor_eps_may_be_below_zero(variance, eps):
    with pytest.raises(ValueError, match=r"^batch_norm: neither a variance nor eps may be below 0"):
        fn.batch_norm(X, MEAN, variance, eps=eps)
    with pytest.raises(ValueError, match=r"^batch_norm_backward: eps must be finite"):
        fn.batch_norm_backward(X, X, VARIANCE, eps=np.nan)
