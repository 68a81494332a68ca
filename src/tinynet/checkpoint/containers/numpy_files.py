"""NumPy's own `.npz` files: arrays of plain values in a zip file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.checkpoint.brief import brief
from tinynet.checkpoint.containers.zip_members import ZipMembers
from tinynet.checkpoint.source import Source
from tinynet.checkpoint.tensors.numpy_arrays import as_stored, own_array, plain_dtype, view_array
from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    from tinynet._arrays import Array

# The header is a Python literal, which `numpy.load` evaluates; NumPy writes it in this form alone.
_SHAPE = rb"(?:\d{1,19}, ?)*(?:\d{1,19})?"
_HEADER = re.compile(
    rb"\{'descr': '([^'\n]{1,40})', 'fortran_order': (True|False), 'shape': \((" + _SHAPE + rb")\), \} *\n"
)


#: Longer headers than this are not read; those of plain arrays have some hundred bytes.
_MAX_HEADER = 4096


def read_npz(members: ZipMembers, source: Source) -> dict[str, Array]:
    """Return the arrays of a `.npz` file by name, in the order of the file."""
    arrays: dict[str, Array] = {}
    for name in members.directory:
        key = name[: -len(".npy")]
        try:
            arrays[key] = _read_npy(members, name, source)
        except CheckpointError as error:
            raise CheckpointError(f"{brief(key)}: {error}") from None
    return arrays


def _read_npy(members: ZipMembers, name: str, source: Source) -> Array:
    stored = not members.directory[name].deflated
    # Of a mapped file, the header is read all the same: the map is not touched here.
    data = None if stored else members.array(name)
    head = members.head(name, _MAX_HEADER) if data is None else data[:_MAX_HEADER].tobytes()
    dtype, shape, fortran, begin = _parse_header(head)
    viewed = stored and source.mapped and as_stored(dtype)
    if data is None:
        data = members.array(name, viewed)
    array = view_array(dtype, shape, fortran, data[begin:])
    if not (source.mapped and as_stored(dtype)):
        source.budget.spend(array.nbytes, "an array")
        array = own_array(array)
    array.flags.writeable = not source.mapped
    return array


def _parse_header(head: bytes) -> tuple[np.dtype[Any], tuple[int, ...], bool, int]:
    """Return the element type, the shape, whether the order is Fortran's, and where the numbers begin."""
    if not head.startswith((b"\x93NUMPY\x01\x00", b"\x93NUMPY\x02\x00", b"\x93NUMPY\x03\x00")):
        raise CheckpointError("a member of the .npz file is not a NumPy array")
    begin, length = (10, head[8:10]) if head[6] == 1 else (12, head[8:12])
    end = begin + int.from_bytes(length, "little")
    match = _HEADER.fullmatch(head[begin:end])
    if match is None:
        raise CheckpointError("the .npz file holds an array of structures, or its header is damaged")
    if match[1] == b"|O":
        raise CheckpointError("the .npz file holds Python objects, which are not read")
    shape = tuple(int(n) for n in match[3].replace(b" ", b"").split(b",") if n)
    return plain_dtype(match[1].decode("latin-1")), shape, match[2] == b"True", end
