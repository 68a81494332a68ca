"""Reader of the idx format, in which MNIST is published: a magic number, the shape, then the values.

The format, after the description that accompanies MNIST: two zero bytes, one byte that names the type, one
byte with the number of dimensions, a big-endian 32-bit length for each, and the values in C order, big-endian.
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MAX_DIMENSIONS = 32  # what NumPy 1 can hold
_CHUNK = 1 << 20


def read_idx(source: str | os.PathLike[str] | BinaryIO) -> NDArray[Any]:
    """Read one array from an idx file, plain or gzipped.

    Whether it is gzipped is told by its first bytes, not by its name. Memory grows with the bytes that are
    really there and never beyond the size that the header declares, so neither a header that lies nor a
    gzip file that inflates without end can exhaust it.

    Parameters
    ----------
    source : path or binary file
        A file object is read to its end from where it stands, and left open.

    Returns
    -------
    ndarray of the declared shape
        Writable, in the machine's own byte order: uint8, int8, int16, int32, float32 or float64. A
        length of zero gives an empty array.

    Raises
    ------
    ValueError
        The magic number is wrong, the type is unknown, values are missing or left over, or the gzip
        wrapper is damaged. The message names the file.

    Examples
    --------
    >>> import io
    >>> from tinynet.datasets import read_idx
    >>> two_shorts = bytes([0, 0, 0x0B, 1]) + bytes([0, 0, 0, 2]) + bytes([0, 7, 1, 0])
    >>> read_idx(io.BytesIO(two_shorts)).tolist()
    [7, 256]
    """
    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as file:  # noqa: PTH123 - pathlib would be imported for this alone
            return _read(file, name=os.fspath(source))
    if not callable(getattr(source, "read", None)):
        raise TypeError(f"read_idx takes a path or an open binary file, not {type(source).__name__}")
    return _read(source, name=str(getattr(source, "name", "idx data")))


def _read(file: BinaryIO, name: str) -> NDArray[Any]:
    start = file.read(2)
    if not isinstance(start, bytes):
        raise TypeError(f"{name}: opened as text; open it in binary mode, open(..., 'rb')")
    if len(start) == 1:  # an unbuffered pipe may hand over less than was asked for
        start += file.read(1)
    rejoined = _Rejoined(start, file)
    if start != b"\x1f\x8b":
        return _parse(rejoined, name)

    import gzip
    import zlib

    try:
        with gzip.GzipFile(fileobj=rejoined, mode="rb") as unzipped:  # type: ignore[call-overload]
            return _parse(unzipped, name)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{name}: the gzip data is damaged or cut off ({error})") from error


def _parse(file: Any, name: str) -> NDArray[Any]:
    magic = _read_up_to(file, 4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise ValueError(
            f"{name}: not an idx file: it should start with two zero bytes, a type and the number of "
            f"dimensions, but starts with {bytes(magic)!r}"
        )
    code, dimensions = magic[2], magic[3]
    if code not in _TYPES:
        known = ", ".join(f"0x{number:02X}" for number in _TYPES)
        raise ValueError(f"{name}: unknown idx type 0x{code:02X}; the format has {known}")
    if not 1 <= dimensions <= _MAX_DIMENSIONS:
        raise ValueError(f"{name}: the header declares {dimensions} dimensions; 1 to {_MAX_DIMENSIONS} can be read")

    header = _read_up_to(file, 4 * dimensions)
    if len(header) < 4 * dimensions:
        raise ValueError(f"{name}: truncated inside the header, which declares {dimensions} dimensions")
    shape = tuple(np.frombuffer(header, ">u4").tolist())
    dtype = np.dtype(_TYPES[code])
    size = math.prod(shape) * dtype.itemsize

    values = _read_up_to(file, size)
    declared = f"the header declares shape {shape} of {dtype.name}, {size} bytes"
    if len(values) < size:
        raise ValueError(f"{name}: truncated: {declared}, but only {len(values)} follow")
    if file.read(1):
        raise ValueError(f"{name}: trailing bytes: {declared}, but more follow")
    try:
        array = np.frombuffer(values, dtype).reshape(shape)
    except ValueError as error:  # empty, but with other lengths that NumPy cannot hold
        raise ValueError(f"{name}: {declared}: {error}") from error
    # The buffer is ours and writable, so a one-byte type needs no copy.
    return array.astype(dtype.newbyteorder("="), copy=False)


def _read_up_to(file: Any, size: int) -> bytearray:
    """Read `size` bytes, or as many as there are, in pieces: `size` comes from the file and may lie."""
    data = bytearray()
    while len(data) < size:
        piece = file.read(min(_CHUNK, size - len(data)))
        if not piece:
            break
        data += piece
    return data


class _Rejoined:
    """A file with the bytes put back that were read to look at them, for files that cannot seek."""

    def __init__(self, start: bytes, file: BinaryIO) -> None:
        self._start = start
        self._file = file

    def read(self, size: int) -> bytes:
        if not self._start:
            return self._file.read(size)
        piece, self._start = self._start[:size], self._start[size:]
        return piece
