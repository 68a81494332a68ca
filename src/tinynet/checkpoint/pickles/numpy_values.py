"""NumPy's scalars and arrays inside pickles, rebuilt from their bytes by this module alone.

NumPy pickles an array in two steps: a call makes an empty one, and BUILD fills it. The records here
stand for the object between the two.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.checkpoint.brief import brief
from tinynet.checkpoint.limits import MAX_COUNT, MAX_NDIM
from tinynet.checkpoint.pickles.inert import is_text
from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    from tinynet._arrays import Array
    from tinynet.checkpoint.pickles.context import CallContext

#: Numbers and truth values; "O" would hold pickled objects, "V" structures, "S" and "U" text.
_PLAIN_DTYPES = frozenset(["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"])


def plain_dtype(text: Any) -> np.dtype[Any]:
    """Return the dtype of a code such as ``<f4``, if it is one of plain values."""
    if type(text) is not str or text[text[:1] in ("<", ">", "|", "=") :] not in _PLAIN_DTYPES:
        raise CheckpointError(f"a NumPy array has the element type {brief(text)}, which is not read")
    return np.dtype(text)


def view_array(dtype: np.dtype[Any], shape: Any, fortran: bool, data: Any) -> Array:
    """View bytes as an array of this dtype and shape, which have to fit them exactly."""
    if type(shape) is not tuple or len(shape) > MAX_NDIM or any(type(n) is not int or n < 0 for n in shape):
        raise CheckpointError(f"a NumPy array has the shape {brief(shape)}")
    if prod(shape) * dtype.itemsize != len(data) or prod(n or 1 for n in shape) >= MAX_COUNT:
        raise CheckpointError(
            f"a NumPy array of shape {brief(shape)} and type {dtype} has {len(data):,} bytes of data"
        )
    return np.ndarray(shape, dtype, data if len(data) else None, order="F" if fortran else "C")


def own_array(view: Array) -> Array:
    """Copy a view of the file's bytes: native byte order, C order, and truth values that are 0 or 1."""
    if view.dtype.kind == "b":
        return np.asarray(np.not_equal(view.view(np.uint8), 0, order="C"))
    return view.astype(view.dtype.newbyteorder("="), order="C")


def _array(context: CallContext, record: DtypeRecord, shape: Any, fortran: Any, data: Any) -> Array:
    if type(data) not in (bytes, bytearray) or type(fortran) is not bool:
        raise CheckpointError("a NumPy array is damaged: its data are not bytes")
    context.data.spend(len(data), "a NumPy array")
    array = own_array(view_array(record.dtype, shape, fortran, data))
    context.making_array(array.ndim)
    return array


class NumpyRecord:
    """Something of NumPy's that BUILD may complete."""

    __slots__ = ()

    def build(self, state: Any, context: CallContext) -> None:
        """Complete the record with the state that the file gives it."""
        raise NotImplementedError


class DtypeRecord(NumpyRecord):
    """A `numpy.dtype`: its code, such as ``f4``, and from BUILD its byte order."""

    __slots__ = ("dtype",)

    def __init__(self, arguments: tuple[Any, ...]) -> None:
        if not arguments or len(arguments) > 3:
            raise CheckpointError("a NumPy element type is damaged")
        self.dtype = plain_dtype(arguments[0])

    def build(self, state: Any, context: CallContext) -> None:
        """Take the byte order from the second item of the state; the others describe structures."""
        if type(state) is not tuple or len(state) < 2 or not is_text(state[1], "<", ">", "|", "="):
            raise CheckpointError("a NumPy element type is damaged")
        if any(part is not None for part in state[2:5]):
            raise CheckpointError("a NumPy array has structured elements, which are not read")
        self.dtype = self.dtype.newbyteorder(state[1])


class ArrayRecord(NumpyRecord):
    """A `numpy.ndarray`, empty until BUILD."""

    __slots__ = ("array",)

    def __init__(self) -> None:
        self.array: Array | None = None

    def build(self, state: Any, context: CallContext) -> None:
        """Fill the array from (version, shape, dtype, Fortran order, bytes)."""
        if type(state) is not tuple or len(state) != 5 or type(state[2]) is not DtypeRecord:
            raise CheckpointError("a NumPy array is damaged")
        if type(state[4]) is list:
            raise CheckpointError("a NumPy array holds Python objects, which are not read")
        _, shape, record, fortran, data = state
        if type(data) is str:  # written by Python 2, and by chance readable as text
            data = data.encode("utf-8")
        self.array = _array(context, record, shape, fortran, data)


def reconstruct(context: CallContext, arguments: tuple[Any, ...]) -> ArrayRecord:
    """Stand for ``numpy.core.multiarray._reconstruct(ndarray, (0,), b'b')``."""
    context.numpy_arrays += 1
    return ArrayRecord()


def scalar(context: CallContext, arguments: tuple[Any, ...]) -> Any:
    """Read ``numpy.core.multiarray.scalar(dtype, bytes)`` as the Python value of the scalar."""
    if len(arguments) != 2 or type(arguments[0]) is not DtypeRecord:
        raise CheckpointError("a NumPy scalar is damaged")
    return _array(context, arguments[0], (), False, arguments[1]).item()


def from_buffer(context: CallContext, arguments: tuple[Any, ...]) -> Array:
    """Read ``numpy.core.numeric._frombuffer(bytes, dtype, shape, order)``, of protocol 5."""
    if len(arguments) != 4 or type(arguments[1]) is not DtypeRecord or not is_text(arguments[3], "C", "F"):
        raise CheckpointError("a NumPy array is damaged")
    data, record, shape, order = arguments
    context.numpy_arrays += 1
    return _array(context, record, shape, order == "F", data)


def dtype(context: CallContext, arguments: tuple[Any, ...]) -> DtypeRecord:
    """Read ``numpy.dtype('f4', False, True)``."""
    return DtypeRecord(arguments)
