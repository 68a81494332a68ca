"""Memory for large passing arrays that is used again, not given back to the operating system and asked for anew.

The pages of a fresh large array come one by one from the operating system, which takes longer than to fill them: a
convolution of a hundred images spends half of its time on that. So every thread keeps a few blocks, and a new array
is laid into one that no other array uses any more. Python's reference count tells: a view holds a reference to the
block that it lies in.
"""

from __future__ import annotations

import sys
import threading
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tinynet._arrays import Array

#: Smaller arrays come out of memory that the C library keeps; larger ones are rare and would stay reserved for long.
SMALLEST, LARGEST = 1 << 17, 1 << 26
#: What a thread keeps altogether.
KEPT = 1 << 28


class _Blocks(threading.local):
    def __init__(self) -> None:
        self.blocks: list[Array] = []


_own = _Blocks()


def empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return an uninitialized array, as `np.empty` does, in memory that is free."""
    nbytes = prod(shape) * dtype.itemsize
    if not SMALLEST <= nbytes <= LARGEST:
        return np.empty(shape, dtype)
    blocks = _own.blocks
    for block in blocks:
        if block.nbytes == nbytes and sys.getrefcount(block) == _UNUSED:
            return np.ndarray(shape, dtype, block)
    while blocks and sum(block.nbytes for block in blocks) + nbytes > KEPT:
        blocks.pop(0)  # where arrays lie in it, it lives as long as they do
    blocks.append(np.empty(nbytes, np.uint8))
    return np.ndarray(shape, dtype, blocks[-1])


def zeros(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return an array of zeros, as `np.zeros` does, in memory that is free."""
    array = empty(shape, dtype)
    array.fill(0)
    return array


def empty_like(x: Array) -> Array:
    """Return an uninitialized array whose axes lie in memory in the order of those of `x`, in memory that is free."""
    if not SMALLEST <= x.nbytes <= LARGEST:
        return np.empty_like(x)
    order = sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]))
    result = empty(tuple(x.shape[axis] for axis in order), x.dtype)
    return result.transpose(np.argsort(order))


def _references(blocks: list[Array]) -> int:
    """Count the references to a block in the same way as `empty` does, where nothing else uses it."""
    for block in blocks:
        return sys.getrefcount(block)
    return 0


_UNUSED = _references([np.empty(1, np.uint8)])
