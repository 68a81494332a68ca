"""What `Source` gives of a file, and what it refuses."""

from __future__ import annotations

import io

import pytest

import tinynet as tn
from tinynet.checkpoint.source import Source


@pytest.mark.parametrize(("start", "count"), [(5, 6), (10, 1), (-1, 1), (5, -1)])
def test_bytes_that_the_file_does_not_have(start: int, count: int) -> None:
    source = Source(io.BytesIO(bytes(10)), None)
    cause = f"the file ends at byte 10, where bytes up to {start + count} should be: it is damaged or its download"
    with pytest.raises(tn.CheckpointError, match=cause):
        source.read(start, count)
    with pytest.raises(tn.CheckpointError, match=cause):
        source.array(start, count, "it")


def test_numbers_are_read_straight_into_their_array() -> None:
    class File(io.BytesIO):
        def read(self, count: int | None = -1) -> bytes:
            raise AssertionError("the numbers take memory twice")

    assert Source(File(b"0123456789"), None).array(3, 4, "it").tobytes() == b"3456"
