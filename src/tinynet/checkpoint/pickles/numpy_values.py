"""NumPy's scalars and arrays inside pickles, rebuilt from their bytes by this module alone.

NumPy pickles an array in two steps: a call makes an empty one, and BUILD fills it. The records here
stand for the object between the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from tinynet.checkpoint.pickles.inert import Record, is_text
from tinynet.checkpoint.tensors.numpy_arrays import own_array, plain_dtype, view_array
from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    import numpy as np

    from tinynet._arrays import Array
    from tinynet.checkpoint.pickles.context import CallContext


def _array(context: CallContext, record: DtypeRecord, shape: Any, fortran: Any, data: Any) -> Array:
    if type(data) is str:  # written by Python 2, and by chance readable as text
        context.copying_bytes(data)
        data = data.encode("utf-8")
    if type(data) not in (bytes, bytearray) or type(fortran) is not bool:
        raise CheckpointError("a NumPy array is damaged: its data are not bytes")
    context.data.spend(len(data), "a NumPy array")
    array = own_array(view_array(record.dtype, shape, fortran, data))
    context.making_array(array.ndim)
    return array


class DtypeRecord(Record):
    """A `numpy.dtype`: its code, such as ``f4``, and from BUILD its byte order."""

    __slots__ = ("dtype",)

    def __init__(self, arguments: tuple[Any, ...]) -> None:
        if not arguments or len(arguments) > 3:
            raise CheckpointError("a NumPy element type is damaged")
        self.dtype: np.dtype[Any] = plain_dtype(arguments[0])

    def build(self, state: Any, context: CallContext) -> None:
        """Take the byte order from the second item of the state; the others describe structures."""
        if type(state) is not tuple or len(state) < 2 or not is_text(state[1], "<", ">", "|", "="):
            raise CheckpointError("a NumPy element type is damaged")
        if any(part is not None for part in state[2:5]):
            raise CheckpointError("a NumPy array has structured elements, which are not read")
        self.dtype = self.dtype.newbyteorder(state[1])

    def plain(self) -> str:
        """Return the name of the element type."""
        return str(self.dtype)


class ArrayRecord(Record):
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
        self.array = _array(context, record, shape, fortran, data)

    def plain(self) -> Array:
        """Return the array, once it is filled."""
        if self.array is None:
            raise CheckpointError("a NumPy array is damaged: it is never filled")
        return self.array


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


#: What REDUCE may call of NumPy.
CALLS: dict[str, Callable[[CallContext, tuple[Any, ...]], Any]] = {"numpy.dtype": dtype}
for _module in ("numpy.core", "numpy._core"):
    CALLS[f"{_module}.multiarray._reconstruct"] = reconstruct
    CALLS[f"{_module}.multiarray.scalar"] = scalar
    CALLS[f"{_module}.numeric._frombuffer"] = from_buffer
