"""Safetensors files, through the package of that name: its reader checks the header."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.checkpoint import limits
from tinynet.checkpoint.brief import brief
from tinynet.checkpoint.source import Source
from tinynet.checkpoint.tensors.elements import ELEMENTS
from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    from tinynet._arrays import Array

_ELEMENTS = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "C64": "complex64",
    "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U64": "uint64", "U32": "uint32",
    "U16": "uint16", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip


def read_safetensors(source: Source, verify: bool) -> dict[str, Array]:
    """Return the tensors of a safetensors file by name, in the order of their bytes.

    The package needs the whole file in memory and copies each tensor out of it.
    """
    source.container = "safetensors file"
    if verify:
        raise CheckpointError("safetensors files hold no checksums, so verify=True cannot be done")
    length = int.from_bytes(source.read(0, 8), "little")
    if length > limits.MAX_HEADER:
        raise CheckpointError(f"the header takes {length:,} bytes, more than {limits.MAX_HEADER:,}")
    try:
        import safetensors
    except ImportError:
        raise CheckpointError(
            'it is a safetensors file, which needs the package "safetensors": python -m pip install safetensors'
        ) from None
    names = _names_in_order(source.read(8, length))
    source.budget.spend(2 * source.size, "a safetensors file with its tensors")
    package: Any = safetensors  # which claims to be typed, and is not
    try:
        tensors: dict[str, dict[str, Any]] = dict(package.deserialize(source.read(0, source.size)))
    except package.SafetensorError as error:
        raise CheckpointError(f"the safetensors file is damaged: {str(error)[:200]!r}") from None
    if tensors.keys() != set(names):
        raise CheckpointError("the safetensors file is damaged: its header can be read in two ways")
    return {name: _array(source, name, tensors.pop(name)) for name in names}


def _names_in_order(header: bytes) -> list[str]:
    """Sort the names by place in the file, those of no bytes as the header lists them.

    The package gives the tensors in a different order each time, and of two with one name it drops one.
    """
    import json

    try:
        entries = json.loads(header, object_pairs_hook=_once, parse_int=_short_int)
        places = {name: entry["data_offsets"] for name, entry in entries.items() if name != "__metadata__"}
        return sorted(places, key=places.__getitem__)
    except CheckpointError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise CheckpointError("the safetensors file is damaged: its header is not one of tensors") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise CheckpointError("the safetensors file is damaged: its header has a key twice")
    return made


def _short_int(digits: str) -> int:
    """Make an int of digits, but not of a million of them, which takes Python minutes."""
    if len(digits) > 20:
        raise ValueError
    return int(digits)


def _array(source: Source, name: str, tensor: dict[str, Any]) -> Array:
    if tensor["dtype"] not in _ELEMENTS:
        raise CheckpointError(
            f"{brief(name)}: its element type {tensor['dtype']} is not supported: NumPy has none like it"
        )
    shape = tensor["shape"]
    if len(shape) > limits.MAX_NDIM or prod(n or 1 for n in shape) >= limits.MAX_COUNT:
        raise CheckpointError(f"{brief(name)}: it has the shape {brief(shape)}, which NumPy cannot have")
    element = ELEMENTS[_ELEMENTS[tensor["dtype"]]]
    data = tensor["data"]
    if type(data) is not bytearray:
        data = bytearray(data)
    array: Array = np.frombuffer(data, element.stored).reshape(shape)
    if element.convert is None:
        array = array.astype(element.loaded, copy=False)
    else:
        source.budget.spend(array.size * element.loaded.itemsize, brief(name))
        array = element.convert(array)
        if array.dtype.kind == "f":
            source.widened.append(array)
    array.flags.writeable = not source.mapped
    return array
