from __future__ import annotations

import gzip
import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tinynet.datasets import read_idx

DTYPES = ["u1", "i1", "i2", "i4", "f4", "f8"]


class Pipe:
    """A source that cannot seek, and hands over a byte at first and then a few at a time."""

    name = "pipe"

    def __init__(self, content: bytes) -> None:
        self._file = io.BytesIO(content)
        self._most = 1

    def read(self, size: int) -> bytes:
        piece = self._file.read(min(size, self._most))
        self._most = 7
        return piece


def header(code: int, *shape: int) -> bytes:
    return bytes([0, 0, code, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)


@given(
    array=st.sampled_from(DTYPES).flatmap(
        lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=1, max_dims=5, min_side=0, max_side=4))
    ),
    zipped=st.booleans(),
    wrap=st.sampled_from([io.BytesIO, Pipe]),
)
def test_gives_back_what_was_written(to_idx, array, zipped, wrap):
    content = to_idx(array)
    result = read_idx(wrap(gzip.compress(content) if zipped else content))
    assert result.dtype == array.dtype
    assert result.dtype.isnative
    assert result.flags.writeable
    np.testing.assert_array_equal(result, array)
    assert result.shape == array.shape


@pytest.mark.parametrize("dtype", DTYPES)
def test_values_are_big_endian(dtype):
    code = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}[dtype]
    form = {"u1": "B", "i1": "b", "i2": "h", "i4": "i", "f4": "f", "f8": "d"}[dtype]
    result = read_idx(io.BytesIO(header(code, 2) + struct.pack(">2" + form, 1, 100)))
    assert result.tolist() == [1, 100]


@pytest.mark.parametrize("name", ["digits.idx", "digits.gz"])
@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    "as_type", [str, lambda path: path, lambda path: path.open("rb")], ids=["str", "Path", "file"]
)
def test_gzip_is_told_by_content_not_by_name(tmp_path, name, zipped, as_type):
    content = header(0x08, 3) + b"abc"
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if zipped else content)
    source = as_type(path)
    assert read_idx(source).tobytes() == b"abc"
    if hasattr(source, "close"):
        assert not source.closed, "the caller's file is the caller's to close"
        source.close()


def test_a_file_is_read_from_where_it_stands():
    file = io.BytesIO(b"skipped" + header(0x08, 1) + b"x")
    file.seek(len(b"skipped"))
    assert read_idx(file).tobytes() == b"x"


def test_gzip_of_several_members():
    content = header(0x08, 6) + b"abcdef"
    assert read_idx(io.BytesIO(gzip.compress(content[:9]) + gzip.compress(content[9:]))).tobytes() == b"abcdef"


WHOLE = header(0x08, 2, 3) + b"abcdef"
BAD = {
    "empty": (b"", "not an idx file"),
    "short magic": (b"\0\0\x08", "not an idx file"),
    "html": (b"<html></html>", r"not an idx file.*b'<htm'"),
    "second byte": (b"\0\x01" + WHOLE[2:], "not an idx file"),
    "unknown type": (header(0x0A, 1) + b"x", "unknown idx type 0x0A"),
    "no dimensions": (header(0x08) + b"x", "0 dimensions"),
    "too many dimensions": (header(0x08, *[1] * 33) + b"x", "33 dimensions"),
    "cut in the shape": (WHOLE[:7], "truncated inside the header"),
    "no values": (WHOLE[:12], r"truncated.*\(2, 3\) of uint8, 6 bytes, but only 0 follow"),
    "one value short": (WHOLE[:-1], "but only 5 follow"),
    "half a value": (header(0x0B, 2) + b"abc", r"\(2,\) of int16, 4 bytes, but only 3 follow"),
    "one byte too many": (WHOLE + b"x", "trailing bytes"),
    "a zero length and bytes": (header(0x08, 0, 3) + b"x", "trailing bytes"),
}


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD.keys())
def test_bad_content_is_refused_by_name(tmp_path, content, message, zipped):
    path = tmp_path / "broken-file"
    path.write_bytes(gzip.compress(content) if zipped else content)
    with pytest.raises(ValueError, match=f"(?s)broken-file.*{message}"):
        read_idx(path)


def flipped(content: bytes, position: int) -> bytes:
    changed = bytearray(content)
    changed[position] ^= 0xFF
    return bytes(changed)


ZIPPED = gzip.compress(header(0x08, 100) + bytes(range(100)))


DAMAGED = {
    "magic only": ZIPPED[:2],
    "cut header": ZIPPED[:9],
    "cut middle": ZIPPED[:40],
    "no checksum": ZIPPED[:-8],
    "cut checksum": ZIPPED[:-1],
    "not deflate": flipped(ZIPPED, 10),
    "other values": flipped(ZIPPED, 40),
    "other checksum": flipped(ZIPPED, -6),
    "garbage after": ZIPPED + b"x",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_gzip_is_refused_by_name(tmp_path, content):
    path = tmp_path / "broken.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"broken\.gz: the gzip data is damaged"):
        read_idx(path)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("shape", [(0xFFFFFFFF,), (0xFFFFFFFF,) * 4, (60000, 28, 28000)])
def test_a_declared_size_allocates_nothing(peak_memory, shape, zipped):
    content = header(0x0E, *shape) + b"abc"
    content = gzip.compress(content) if zipped else content
    with peak_memory(4_000_000), pytest.raises(ValueError, match="only 3 follow"):
        read_idx(io.BytesIO(content))


def test_a_gzip_bomb_inflates_no_further_than_declared(peak_memory):
    bomb = gzip.compress(header(0x08, 10) + bytes(100_000_000), compresslevel=1)
    with peak_memory(4_000_000), pytest.raises(ValueError, match="trailing bytes"):
        read_idx(io.BytesIO(bomb))


def test_zero_lengths_give_an_empty_array():
    assert read_idx(io.BytesIO(header(0x08, 0, 28, 28))).shape == (0, 28, 28)


def test_an_empty_shape_that_numpy_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="idx data"):
        read_idx(io.BytesIO(header(0x08, 0, *[0xFFFFFFFF] * 4)))


def test_other_sources_are_refused(tmp_path):
    with pytest.raises(TypeError, match="a path or an open binary file, not int"):
        read_idx(3)
    path = tmp_path / "digits"
    path.write_bytes(WHOLE)
    with path.open() as text, pytest.raises(TypeError, match=r"digits: opened as text.*'rb'"):
        read_idx(text)
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "absent")
