"""The bytes of a file, read piece by piece, every size checked before memory is taken for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from tinynet.checkpoint import limits
from tinynet.checkpoint.limits import Budget
from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]


class Source:
    """A seekable binary file of known size, read through a `Budget` or mapped into memory."""

    def __init__(self, file: BinaryIO, size: int, budget: Budget) -> None:
        self.size = size
        self.budget = budget
        #: What Python's objects may take: those of the pickles, and those that they are converted to.
        self.objects = Budget(limits.MAX_OBJECTS, "the objects of one file may take")
        #: What the file turned out to be, and which arrays were widened from bfloat16: for reports.
        self.container = ""
        self.widened: list[NDArray[Any]] = []
        self._file = file
        self._map: Bytes | None = None

    @property
    def mapped(self) -> bool:
        """Whether `array` returns read-only views of a memory map."""
        return self._map is not None

    def map(self) -> None:
        """Map the file; `array` then returns views of the map, which lives as long as they do."""
        from mmap import ACCESS_READ, mmap

        try:
            self._map = np.frombuffer(mmap(self._file.fileno(), self.size, access=ACCESS_READ), np.uint8)
        except (OSError, ValueError, OverflowError) as error:
            raise CheckpointError(f"the file cannot be mapped into memory: {error}") from None

    def read(self, start: int, count: int) -> bytes:
        """Exactly `count` bytes of metadata from byte `start`."""
        self._check(start, count)
        self._file.seek(start)
        data = self._file.read(count)
        while 0 < len(data) < count and (more := self._file.read(count - len(data))):
            data += more
        if len(data) != count:
            raise CheckpointError("the file became shorter while it was read")
        return data

    def array(self, start: int, count: int, what: str) -> Bytes:
        """Exactly `count` bytes of tensor data from byte `start`: an array of our own, or a view of the map."""
        self._check(start, count)
        if self._map is not None:
            return self._map[start : start + count]
        self.budget.spend(count, what)
        block = np.empty(count, np.uint8)
        self._file.seek(start)
        readinto: Any = getattr(self._file, "readinto", None)
        done = readinto(block) if readinto is not None else 0
        if done != count:
            self._fill(block[done or 0 :])
        return block

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
