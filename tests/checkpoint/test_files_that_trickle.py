"""Files that give less than is asked for, become shorter, or fail are read to the end or refused."""

from __future__ import annotations

import io
import mmap

import numpy as np
import pytest
from builders import one_legacy_tensor, one_tensor
from loading_helpers import WEIGHT, assert_same, load

import tinynet as tn


class Trickle(io.BytesIO):
    """A file that gives seven bytes at most, and as many as `end` in all."""

    end = 1 << 20

    def read(self, count=-1):
        return super().read(min(count, 7, max(self.end - self.tell(), 0)) if count >= 0 else count)

    def readinto(self, block):
        return super().readinto(memoryview(block)[: min(7, max(self.end - self.tell(), 0))])


class Reader:
    """A file that has no `readinto`, as some streams of other packages."""

    def __init__(self, data):
        self._file = io.BytesIO(data)
        self.read, self.seek, self.tell = self._file.read, self._file.seek, self._file.tell


@pytest.mark.parametrize("kind", [Trickle, Reader])
@pytest.mark.parametrize("data", [one_tensor(), one_legacy_tensor()], ids=["zip", "legacy"])
def test_little_by_little(kind, data, monkeypatch):
    monkeypatch.setattr(np, "empty", np.zeros)  # which may hold the numbers of the file before
    assert_same(dict(tn.load_checkpoint(kind(data))), WEIGHT)


@pytest.mark.parametrize("data", [one_tensor(), one_legacy_tensor()], ids=["zip", "legacy"])
def test_wherever_a_file_ends_too_early(data):
    for end in range(0, len(data), 9):
        file = Trickle(data)
        file.end = end
        with pytest.raises(tn.CheckpointError):
            tn.load_checkpoint(file)


@pytest.mark.parametrize(
    ("error", "expected", "message"),
    [
        (MemoryError(), tn.CheckpointError, "<file>: there is not enough memory to read it"),
        (OSError(5, "Input/output error"), OSError, "Input/output error"),
        (ZeroDivisionError("of a stream"), tn.CheckpointError, "it cannot be read: ZeroDivisionError: 'of a stream'"),
    ],
)
def test_a_read_that_fails(error, expected, message):
    class Broken(io.BytesIO):
        def read(self, count=-1):
            if count == 0:  # which asks whether it is a file of bytes
                return b""
            raise error

    with pytest.raises(expected, match=message):
        tn.load_checkpoint(Broken(one_tensor()))


def test_a_file_that_cannot_be_mapped(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise OSError(12, "Cannot allocate memory")

    path = tmp_path / "x.pth"
    path.write_bytes(one_tensor())
    monkeypatch.setattr(mmap, "mmap", refuse)
    with pytest.raises(tn.CheckpointError, match=r"cannot be mapped into memory: .*Cannot allocate memory"):
        tn.load_checkpoint(path, mmap=True)
    assert_same(load(path.read_bytes()), WEIGHT)
