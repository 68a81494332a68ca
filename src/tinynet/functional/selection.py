"""Choosing numbers by a condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinynet._memory import empty

if TYPE_CHECKING:
    from tinynet._arrays import Array


def keep_where(condition: Array, values: Array) -> Array:
    """Return `values` where `condition` holds and 0 elsewhere, whatever the values: ``inf * 0`` would be NaN.

    What ``np.where(condition, values, 0)`` returns, ten times sooner where the condition changes at random: the bits
    of a number and all ones are the number, and all zeros are the number 0.
    """
    integers = np.dtype(f"i{values.itemsize}")
    bits = _empty_like(values).view(integers)
    np.negative(condition.view(np.int8), out=bits, casting="unsafe")  # -1 is all ones
    np.bitwise_and(bits, values.view(integers), out=bits)
    return bits.view(values.dtype)


def _empty_like(x: Array) -> Array:
    """Return an uninitialized array whose axes lie in memory in the order of those of `x`."""
    order = sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]))
    result = empty(tuple(x.shape[axis] for axis in order), x.dtype)
    return result.transpose(np.argsort(order))
