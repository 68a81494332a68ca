"""NumPy's own `.npz` files: arrays of plain values in a zip file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tinynet.checkpoint.brief import brief
from tinynet.checkpoint.containers.zip_members import ZipMembers
from tinynet.checkpoint.limits import Budget
from tinynet.checkpoint.pickles.numpy_values import own_array, plain_dtype, view_array
from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    from tinynet._arrays import Array

# The header is a Python literal, which `numpy.load` evaluates; NumPy writes it in this form alone.
_SHAPE = rb"(?:\d{1,19}, ?)*(?:\d{1,19})?"
_HEADER = re.compile(
    rb"\{'descr': '([^'\n]{1,40})', 'fortran_order': (True|False), 'shape': \((" + _SHAPE + rb")\), \} *\n"
)


def read_npz(members: ZipMembers, budget: Budget, mapped: bool) -> dict[str, Array]:
    """Return the arrays of a `.npz` file by name, in the order of the file."""
    arrays: dict[str, Array] = {}
    for name in members.directory:
        key = name[: -len(".npy")]
        try:
            arrays[key] = _read_npy(members, name, budget, mapped)
        except CheckpointError as error:
            raise CheckpointError(f"{brief(key)}: {error}") from None
    return arrays


def _read_npy(members: ZipMembers, name: str, budget: Budget, mapped: bool) -> Array:
    data = members.array(name)
    start = data[:12].tobytes()
    if not start.startswith((b"\x93NUMPY\x01\x00", b"\x93NUMPY\x02\x00", b"\x93NUMPY\x03\x00")):
        raise CheckpointError("a member of the .npz file is not a NumPy array")
    begin, length = (10, start[8:10]) if start[6] == 1 else (12, start[8:12])
    end = begin + int.from_bytes(length, "little")
    header = data[begin : min(end, begin + 4096)].tobytes()
    match = _HEADER.fullmatch(header)
    if match is None:
        raise CheckpointError("the .npz file holds an array of structures, or its header is damaged")
    if match[1] == b"|O":
        raise CheckpointError("the .npz file holds Python objects, which are not read")
    shape = tuple(int(n) for n in match[3].replace(b" ", b"").split(b",") if n)
    return _view(data[end:], match[1].decode("latin-1"), shape, match[2] == b"True", budget, mapped)


def _view(data: Any, dtype: str, shape: tuple[int, ...], fortran: bool, budget: Budget, mapped: bool) -> Array:
    view = view_array(plain_dtype(dtype), shape, fortran, data)
    array = view
    if not (mapped and view.dtype.isnative and view.dtype.kind != "b"):
        budget.spend(view.nbytes, "an array")
        array = own_array(view)
    array.flags.writeable = not mapped
    return array
