"""The element types of tensors: PyTorch's names for them, how a file stores each, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    from tinynet._arrays import Array


class Element:
    """One element type; `convert` is None where the stored bytes already are the NumPy values."""

    __slots__ = ("convert", "loaded", "stored")

    def __init__(
        self, stored: np.dtype[Any], loaded: np.dtype[Any], convert: Callable[[Array], Array] | None = None
    ) -> None:
        self.stored: np.dtype[Any] = stored
        self.loaded: np.dtype[Any] = loaded
        self.convert: Callable[[Array], Array] | None = convert


def _widen(raw: Array) -> Array:
    """Bfloat16 is the upper half of a float32."""
    wide = raw.astype(np.uint32, order="C")
    wide <<= np.uint32(16)
    return wide.view(np.float32)


def _truth(raw: Array) -> Array:
    """Make truth values; the byte 2, taken as one, would be neither True nor False."""
    return np.asarray(np.not_equal(raw, 0, order="C"))  # of no dimension, NumPy would give a scalar


def _plain(name: str) -> Element:
    return Element(np.dtype(name).newbyteorder("<"), np.dtype(name))


_PLAIN = "uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64 complex64 complex128"
ELEMENTS: dict[str, Element] = {name: _plain(name) for name in _PLAIN.split()}
ELEMENTS["bfloat16"] = Element(np.dtype("<u2"), np.dtype(np.float32), _widen)
ELEMENTS["bool"] = Element(np.dtype("u1"), np.dtype(np.bool_), _truth)

#: The element type of each class of storages.
STORAGE_ELEMENTS = {
    "DoubleStorage": "float64", "FloatStorage": "float32", "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16", "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16",
    "CharStorage": "int8", "ByteStorage": "uint8", "BoolStorage": "bool", "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128", "UntypedStorage": "uint8", "_UntypedStorage": "uint8",
}  # fmt: skip
#: The same by the names under which pickles refer to the classes.
_STORAGE_PATHS = {
    f"{module}.{name}": element
    for name, element in STORAGE_ELEMENTS.items()
    for module in ("torch", "torch.storage", "torch.cuda")
}
_QUANTIZED = ("QInt8Storage", "QUInt8Storage", "QInt32Storage", "QUInt4x2Storage", "QUInt2x4Storage")
#: The names under which tensors refer to the element types that are read.
_DTYPE_NAMES = {f"torch.{name}" for name in ELEMENTS}


def element_of_storage(path: str) -> str:
    """Return the element type of a storage class such as ``torch.FloatStorage``."""
    if path in _STORAGE_PATHS:
        return _STORAGE_PATHS[path]
    if path.rpartition(".")[2] in _QUANTIZED:
        raise CheckpointError(f"it is quantized ({path!r}); dequantize it in PyTorch before saving")
    raise CheckpointError(f"its storage is of the unknown class {path!r}")


def element_of_dtype(path: str) -> str:
    """Return the element type that ``torch.uint16`` and its like name."""
    if path in _DTYPE_NAMES:
        return path.partition(".")[2]
    raise CheckpointError(f"its element type {path!r} is not supported: NumPy has none like it")
