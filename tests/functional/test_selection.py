"""Choosing numbers by their bits."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet.functional.selection import keep_where

VALUES = [0.0, -0.0, 1.5, -2.0, np.inf, -np.inf, np.nan, 1e-45]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
def test_it_does_what_where_does(dtype, axes):
    rng = np.random.default_rng(0)
    values = rng.choice(VALUES, (4, 5, 6)).astype(dtype).transpose(axes)
    condition = rng.random(values.shape) < 0.5
    kept = keep_where(condition, values)
    assert kept.dtype == dtype
    assert np.array_equal(kept, np.where(condition, values, 0), equal_nan=True)
    assert np.array_equal(np.signbit(kept), np.signbit(np.where(condition, values, 0)))


def test_the_result_lies_in_memory_as_the_values_do():
    values = np.zeros((2, 3, 4, 5), np.float32).transpose(2, 1, 0, 3)
    assert keep_where(values == 0, values).strides == values.strides


def test_nothing_given_is_changed():
    values, condition = np.arange(6.0), np.arange(6) % 2 == 0
    keep_where(condition, values)
    assert values.tolist() == list(range(6))
    assert condition.tolist() == [True, False] * 3
