"""The bytes of a file, read piece by piece, every size checked before memory is taken for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from tinynet.checkpoint import limits
from tinynet.checkpoint.limits import Budget
from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

_ADVICE = "max_bytes allows; if the file can be trusted, pass a larger max_bytes="


class Source:
    """A seekable binary file, read through budgets or mapped into memory.

    Attributes
    ----------
    size : int
        Of the file, in bytes.
    views : Budget
        What tensors may span, whether they take memory or are views of the map.
    budget : Budget
        What tensors may take memory for.
    objects : Budget
        What Python's objects may take: those of the pickles, and those that they are converted to.
    mapped : bool
        Whether `view` may be called.
    container : str
        What the file turned out to be, for reports.
    widened : list of ndarray
        The arrays that were widened from bfloat16, for reports.
    """

    def __init__(self, file: BinaryIO, max_bytes: int | None) -> None:
        file.seek(0, os.SEEK_END)
        self.size: int = file.tell()  # not what `seek` returns, which is nothing for some files of older Pythons
        fair = max(limits.MIN_DATA, limits.DATA_FACTOR * self.size)
        # A map takes no memory, and yet a view of it must not span more than a copy might: who handles it later would
        # be the victim. So without max_bytes a file is accepted or refused alike, mapped or not.
        self.views: Budget = Budget(fair, "the arrays of a mapped file of its size may span")
        self.budget: Budget = Budget(fair if max_bytes is None else max_bytes, _ADVICE)
        self.objects: Budget = Budget(limits.MAX_OBJECTS, "the objects of one file may take")
        self.mapped: bool = False
        self.container: str = ""
        self.widened: list[NDArray[Any]] = []
        self._file = file
        self._map: Bytes | None = None

    def map(self) -> None:
        """Map the file; the map lives as long as the views of it."""
        from mmap import ACCESS_READ, mmap

        try:
            self._map = np.frombuffer(mmap(self._file.fileno(), self.size, access=ACCESS_READ), np.uint8)
        except (OSError, ValueError, OverflowError) as error:
            raise CheckpointError(f"the file cannot be mapped into memory: {error}") from None
        self.mapped = True
        self.budget = Budget(self.budget.limit, _ADVICE, outer=self.views)

    def read(self, start: int, count: int) -> bytes:
        """Exactly `count` bytes of metadata from byte `start`."""
        self._check(start, count)
        self._file.seek(start)
        data = self._file.read(count)
        while len(data) < count and (more := self._file.read(count - len(data))):
            data += more
        if len(data) != count:
            raise CheckpointError("the file became shorter while it was read")
        return data

    def array(self, start: int, count: int, what: str) -> Bytes:
        """Exactly `count` bytes of tensor data from byte `start`, in an array of our own."""
        self._check(start, count)
        self.budget.spend(count, what)
        block = np.empty(count, np.uint8)
        self._file.seek(start)
        readinto: Any = getattr(self._file, "readinto", None)
        done = readinto(block) if readinto is not None else 0
        if done != count:
            self._fill(block[done or 0 :])
        return block

    def view(self, start: int, count: int, what: str) -> Bytes:
        """View `count` bytes of the map. None of them is touched, so that a file cut meanwhile does no harm yet."""
        self._check(start, count)
        self.views.spend(count, what)
        assert self._map is not None
        return self._map[start : start + count]

    def _check(self, start: int, count: int) -> None:
        if start < 0 or count < 0 or start + count > self.size:
            raise CheckpointError(
                f"the file ends at byte {self.size:,}, where bytes up to {start + count:,} should be: "
                "it is damaged or its download was cut short"
            )

    def _fill(self, view: Bytes) -> None:
        """Read the rest, from files that give less than is asked for or have no `readinto`."""
        while len(view):
            data = self._file.read(len(view))
            if not data:
                raise CheckpointError("the file became shorter while it was read")
            view[: len(data)] = np.frombuffer(data, np.uint8)
            view = view[len(data) :]
