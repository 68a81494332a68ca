"""Safetensors files, through the package of that name: its reader checks the header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.checkpoint.brief import brief
from tinynet.checkpoint.elements import ELEMENTS
from tinynet.checkpoint.source import Source
from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    from tinynet._arrays import Array

_ELEMENTS = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "C64": "complex64",
    "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U64": "uint64", "U32": "uint32",
    "U16": "uint16", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip


def read_safetensors(source: Source) -> dict[str, Array]:
    """Return the tensors of a safetensors file by name, in the order of their bytes."""
    try:
        from safetensors import SafetensorError, deserialize  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise CheckpointError(
            'it is a safetensors file, which needs the package "safetensors": python -m pip install safetensors'
        ) from None
    source.container = "safetensors file"
    source.budget.spend(2 * source.size, "a safetensors file and its tensors")
    try:
        tensors: list[tuple[str, dict[str, Any]]] = deserialize(source.read(0, source.size))
    except SafetensorError as error:
        raise CheckpointError(f"the safetensors file is damaged: {error}") from None
    return {name: _array(name, tensor) for name, tensor in tensors}


def _array(name: str, tensor: dict[str, Any]) -> Array:
    if tensor["dtype"] not in _ELEMENTS:
        raise CheckpointError(
            f"{brief(name)}: its element type {tensor['dtype']} is not supported: NumPy has none like it"
        )
    element = ELEMENTS[_ELEMENTS[tensor["dtype"]]]
    stored: Array = np.frombuffer(bytearray(tensor["data"]), element.stored).reshape(tensor["shape"])
    if element.convert is not None:
        return element.convert(stored)
    return stored.astype(element.loaded, copy=False)
