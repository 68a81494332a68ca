"""NumPy's own arrays, from their bytes: element types of plain values only, and shapes that fit."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.checkpoint.brief import brief
from tinynet.checkpoint.limits import MAX_COUNT, MAX_NDIM
from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    from tinynet._arrays import Array

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


def as_stored(dtype: np.dtype[Any]) -> bool:
    """Whether the bytes of the file already are the values of the array."""
    return dtype.isnative and dtype.kind != "b"


def own_array(view: Array) -> Array:
    """Copy a view of the file's bytes: native byte order, C order, and truth values that are 0 or 1."""
    if view.dtype.kind == "b":
        return np.asarray(np.not_equal(view.view(np.uint8), 0, order="C"))
    return view.astype(view.dtype.newbyteorder("="), order="C")
