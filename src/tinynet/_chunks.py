"""How a large batch is cut into chunks that the processor's cache can hold."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._arrays import FLOAT32, as_real
from tinynet._memory_maps import give_back
from tinynet.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Callable

    from tinynet._arrays import Array

# Smaller chunks make the threads of BLAS meet more often, larger ones leave the cache. Measured: dense layers take
# the same time from 1 to 14 MiB, convolutions the least at 14.
CHUNK_BYTES = 14 << 20
# A multiple of what processors take at once: convolutions lay the same pixel of all images side by side.
SIDE_BY_SIDE = 16


def fewest_rows(x: Array) -> int:
    """Return how many samples are never cut: of images one may fill the cache."""
    return 64 if x.ndim == 2 else 1


def chunk_rows(x: Array, shapes: Iterable[tuple[int, ...] | None], dtype: np.dtype[Any] | None) -> int:
    """Return for how many rows of `x` the widest of `shapes`, each without the batch axis, fills `CHUNK_BYTES`."""
    widest = max([1, *(prod(shape) for shape in (x.shape[1:], *shapes) if shape is not None)])
    itemsize = 8 if dtype is None else dtype.itemsize
    rows = max(fewest_rows(x), CHUNK_BYTES // (itemsize * widest))
    return rows - rows % SIDE_BY_SIDE if rows > SIDE_BY_SIDE else rows


def as_rows(x: Any, owner: str, dtype: np.dtype[Any] | None) -> Array:
    """Return `x` as an array with a batch axis; a memory map stays one, to be read in chunks."""
    rows: Array = x if isinstance(x, np.memmap) else as_real(x, owner, dtype, FLOAT32)
    if rows.ndim == 0:
        raise ShapeError(f"{owner} expects an input of shape (N, ...), got a single number")
    return rows


def gather(x: Array, rows: int, evaluate: Callable[[Array], Array]) -> Array:
    """Return what `evaluate` gives for all of `x`, of which it gets `rows` at a time."""
    first = evaluate(x[:rows])
    result = np.empty((len(x), *first.shape[1:]), dtype=first.dtype)
    result[:rows] = first
    for start in range(rows, len(x), rows):
        result[start : start + rows] = evaluate(x[start : start + rows])
        if isinstance(x, np.memmap):
            give_back(x)
    return result
