"""ReLU and Softmax at the edges of the number range."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn


@pytest.mark.parametrize("rows", [1, 40])
def test_relu_at_special_values(rows):
    x = np.array([[-np.inf, -1, -0.0, 0, 1, np.inf, np.nan]] * rows, np.float32)
    y = tn.ReLU()(x)
    assert np.array_equal(y[-1], np.array([0, 0, 0, 0, 1, np.inf, np.nan], np.float32), equal_nan=True)


def test_relu_passes_no_gradient_at_zero():
    relu = tn.ReLU()
    relu.forward([[-1.0, 0.0, 1.0]], training=True)
    assert relu.backward([[5.0, 5.0, 5.0]]).tolist() == [[0, 0, 5]]


@pytest.mark.parametrize("rows", [1, 2, 40])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_neither_overflows_nor_mixes_rows(rows, dtype):
    big = np.finfo(dtype).max
    x = np.zeros((rows, 3), dtype)
    x[0] = [big, 0, -big]
    s = tn.Softmax()(x)
    assert s.dtype == dtype
    assert s[0].tolist() == [1, 0, 0]
    np.testing.assert_allclose(s[1:], 1 / 3, rtol=1e-6)


def test_softmax_gives_minus_infinity_the_probability_zero():
    for rows in (1, 40):
        assert tn.Softmax()([[-np.inf, 0.0, 0.0]] * rows)[0].tolist() == [0, 0.5, 0.5]


@pytest.mark.parametrize("shape", [(3,), (2, 0), (2, 3, 1)])
def test_softmax_refuses_what_has_no_rows_of_classes(shape):
    with pytest.raises(tn.ShapeError, match=r"Softmax expects an input of shape \(N, C\)"):
        tn.Softmax()(np.zeros(shape))


@pytest.mark.parametrize("shape", [(), (3,)])
def test_flatten_needs_a_batch_axis(shape):
    with pytest.raises(tn.ShapeError, match="batch axis"):
        tn.Flatten()(np.zeros(shape))


def test_flatten_keeps_the_order_of_c():
    x = np.arange(24.0).reshape(2, 3, 4)
    assert np.array_equal(tn.Flatten()(np.asfortranarray(x)), x.reshape(2, 12))
