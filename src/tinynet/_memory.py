"""Memory for large passing arrays that is used again, not given back to the operating system and asked for anew.

The pages of a fresh large array may come one by one from the operating system, which takes longer than to fill them.
Where the C library gives memory back at once, a convolution spends most of its time on that; elsewhere it depends on
what else the program does. So every thread keeps some blocks, and a new array is laid into one that no other array
uses any more. Python's reference count tells: a view holds a reference to the block that it lies in.
"""

from __future__ import annotations

import sys
import threading
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tinynet._arrays import Array

    Block = tuple[Array, int]  # memory, and how far in it a line of the cache begins

#: Smaller arrays come out of memory that the C library keeps; larger ones are rare and would stay reserved for long.
SMALLEST, LARGEST = 1 << 17, 1 << 26
#: What a thread keeps altogether, until it ends.
KEPT = 1 << 27
#: Arrays begin where a line of the cache does: BLAS reads short rows sooner.
LINE = 64
#: Where threads run without a common lock, references of another one may not be counted yet.
_COUNTS = getattr(sys, "_is_gil_enabled", lambda: True)()


class _Blocks(threading.local):
    """The blocks of one thread, the longest unused first."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.busy = False


_own = _Blocks()


def empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return an uninitialized array, as `np.empty` does, in memory that is free."""
    nbytes = prod(shape) * dtype.itemsize
    # Busy is what a signal handler or a finalizer interrupts: two at once could take the same block.
    if not (SMALLEST <= nbytes <= LARGEST and _COUNTS) or _own.busy:
        return np.empty(shape, dtype)
    _own.busy = True
    try:
        return np.ndarray(shape, dtype, *_free_block(_own.blocks, nbytes + LINE))
    finally:
        _own.busy = False


def _free_block(blocks: list[Block], size: int) -> Block:
    """Return a block of at least `size` bytes that no array lies in, and put it last."""
    fresh = [(np.empty(0, np.uint8), 0)]
    unused = sys.getrefcount(fresh[0][0])  # whatever Python and a debugger count beside the users
    for i in range(len(blocks) - 1, -1, -1):  # what was used last may still be in the cache
        if size <= blocks[i][0].nbytes <= 2 * size and sys.getrefcount(blocks[i][0]) <= unused:
            blocks.append(blocks.pop(i))
            return blocks[-1]
    while blocks and sum(block.nbytes for block, _ in blocks) + size > KEPT:
        del blocks[0]  # where arrays lie in it, it lives as long as they do
    blocks.append(_block(size))
    return blocks[-1]


def _block(size: int) -> Block:
    """Return new memory of `size` bytes."""
    memory = np.empty(size, np.uint8)
    return memory, -memory.__array_interface__["data"][0] % LINE


def zeros(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return an array of zeros, as `np.zeros` does, in memory that is free."""
    array = empty(shape, dtype)
    array.fill(0)
    return array


def empty_like(x: Array) -> Array:
    """Return an uninitialized array whose axes lie in memory in the order of those of `x`, in memory that is free."""
    if not SMALLEST <= x.nbytes <= LARGEST:
        return np.empty_like(x)
    order = memory_order(x)
    result = empty(tuple(x.shape[axis] for axis in order), x.dtype)
    return result.transpose(np.argsort(order))


def memory_order(x: Array) -> list[int]:
    """Return the axes of `x` in the order in which they lie in memory, that of the farthest steps first."""
    return sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]))
