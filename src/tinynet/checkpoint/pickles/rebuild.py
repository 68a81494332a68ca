"""The functions by which a pickle rebuilds tensors and parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.checkpoint.pickles.context import CallContext, damaged
from tinynet.checkpoint.pickles.inert import Name
from tinynet.checkpoint.tensors.elements import element_of_dtype

if TYPE_CHECKING:
    from tinynet._arrays import Array

#: In place of every tensor in a dry run.
_NO_TENSOR: Array = np.empty(0, np.uint8)


def tensor(context: CallContext, arguments: tuple[Any, ...]) -> Array:
    """Do `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, metadata=None)`."""
    if not 4 <= len(arguments) <= 7:
        raise damaged("a tensor")
    return _build(context, arguments, arguments[6] if len(arguments) == 7 else None)


def tensor_v3(context: CallContext, arguments: tuple[Any, ...]) -> Array:
    """Do `_rebuild_tensor_v3(storage, offset, size, stride, requires_grad, hooks, dtype, metadata=None)`."""
    if not 7 <= len(arguments) <= 8 or type(arguments[6]) is not Name:
        raise damaged("a tensor")
    dtype = element_of_dtype(arguments[6].path)
    return _build(context, arguments, arguments[7] if len(arguments) == 8 else None, dtype)


def _build(context: CallContext, arguments: tuple[Any, ...], metadata: Any, dtype: str | None = None) -> Array:
    if context.tensors is None:
        return _NO_TENSOR
    array = context.tensors.build(arguments[0], arguments[1], arguments[2], arguments[3], metadata, dtype)
    context.making_array(array.ndim)
    return array


def parameter(context: CallContext, arguments: tuple[Any, ...]) -> Any:
    """Do `_rebuild_parameter(data, requires_grad, hooks)`, or with the parameter's attributes as a fourth."""
    if not 1 <= len(arguments) <= 4 or type(arguments[0]) is not np.ndarray:
        raise damaged("a parameter")
    return arguments[0]
