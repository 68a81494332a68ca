"""Safetensors files, through the package of that name: its reader checks the header."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

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
    try:
        import safetensors
    except ImportError:
        raise CheckpointError(
            'it is a safetensors file, which needs the package "safetensors": python -m pip install safetensors'
        ) from None
    source.budget.spend(2 * source.size, "a safetensors file with its tensors")
    data = source.read(0, source.size)
    package: Any = safetensors  # which claims to be typed, and is not
    try:
        tensors: dict[str, dict[str, Any]] = dict(package.deserialize(data))
    except package.SafetensorError as error:
        raise CheckpointError(f"the safetensors file is damaged: {str(error)[:200]!r}") from None
    return {name: _array(source, name, tensors[name]) for name in _in_order(data, tensors)}


def _in_order(data: bytes, names: Iterable[str]) -> list[str]:
    """Sort by place in the file, as the package gives the tensors in a different order each time."""
    import json

    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])  # which the package has checked
    return sorted(names, key=lambda name: header[name]["data_offsets"])


def _array(source: Source, name: str, tensor: dict[str, Any]) -> Array:
    if tensor["dtype"] not in _ELEMENTS:
        raise CheckpointError(
            f"{brief(name)}: its element type {tensor['dtype']} is not supported: NumPy has none like it"
        )
    element = ELEMENTS[_ELEMENTS[tensor["dtype"]]]
    data = tensor["data"]
    if type(data) is not bytearray:
        data = bytearray(data)
    array: Array = np.frombuffer(data, element.stored).reshape(tensor["shape"])
    if element.convert is None:
        array = array.astype(element.loaded, copy=False)
    else:
        source.budget.spend(array.size * element.loaded.itemsize, brief(name))
        array = element.convert(array)
        if array.dtype.kind == "f":
            source.widened.append(array)
    array.flags.writeable = not source.mapped
    return array
