"""Memory maps: what was read of one need not stay in memory."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

# A memory map of no more bytes may well stay in memory: it takes time to read it anew.
MAPPED_BYTES = 1 << 26


def give_back(x: np.memmap[Any, Any]) -> None:
    """Take what was read of a large memory map out of this process's memory, which would fill with it; files stay."""
    unchanged = x.mode in ("r", "r+", "w+")  # "c" keeps what was written to it nowhere else
    if unchanged and x.nbytes > MAPPED_BYTES and hasattr(mmap, "MADV_DONTNEED"):
        x._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]
