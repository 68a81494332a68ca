"""How a pickle refers to the storages that lie beside it, and the functions by which it rebuilds tensors of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.checkpoint.brief import brief
from tinynet.checkpoint.limits import MAX_COUNT
from tinynet.checkpoint.pickles.context import CallContext, damaged
from tinynet.checkpoint.pickles.inert import Name, is_text
from tinynet.checkpoint.tensors.elements import element_of_dtype, element_of_storage
from tinynet.checkpoint.tensors.views import Storage
from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    from tinynet._arrays import Array

_MAX_KEY = 200
#: What replaces a tensor's values where it is set.
_VALUES = frozenset({"data", "real", "imag"})
#: In place of every tensor in a dry run.
_NO_TENSOR: Array = np.empty(0, np.uint8)


class StorageTable:
    """The storages that one pickle refers to: one key, one element type, one length."""

    def __init__(self, fields: int) -> None:
        self._fields = fields
        self.by_key: dict[str, Storage] = {}
        self._views: dict[str, tuple[str, int, int]] = {}

    def resolve(self, persistent_id: Any) -> Storage | Name:
        """Return what a persistent id refers to: a storage, or (legacy only) the class of a module."""
        if type(persistent_id) is not tuple or not persistent_id:
            raise _unknown()
        is_module = self._fields == 6 and is_text(persistent_id[0], "module") and len(persistent_id) == 4
        if is_module and type(persistent_id[1]) is Name:
            return persistent_id[1]
        if not is_text(persistent_id[0], "storage") or len(persistent_id) != self._fields:
            raise _unknown()
        cls, key, _, numel = persistent_id[1:5]
        if type(cls) is not Name or type(numel) is not int:
            raise _unknown()
        _check_key(key)
        element = element_of_storage(cls.path)
        storage = self.by_key.get(key)
        if storage is None:
            if not 0 <= numel < MAX_COUNT:
                raise CheckpointError(f"storage {brief(key)} is said to have {brief(numel)} elements")
            if key in self._views:
                raise _two_parts(key)
            storage = self.by_key[key] = Storage(key, element, numel)
        elif storage.numel != numel or storage.element != element:
            raise CheckpointError(
                f"storage {brief(key)} is said to have {storage.numel} elements of {storage.element} "
                f"and also {brief(numel)} of {element}"
            )
        if self._fields == 5 or persistent_id[5] is None:
            return storage
        return self._part(storage, persistent_id[5])

    def _part(self, root: Storage, view: Any) -> Storage:
        """Make a part of a storage, which torch < 1.0 saved as a storage of its own: (key, offset, elements)."""
        if type(view) is not tuple or len(view) != 3 or any(type(n) is not int for n in view[1:]):
            raise CheckpointError(f"the part of storage {brief(root.key)} is described in an unknown way")
        key, offset, numel = view
        _check_key(key)
        if offset < 0 or numel < 0 or offset + numel > root.numel:
            raise CheckpointError(f"a part of storage {brief(root.key)} reaches beyond its {root.numel} elements")
        # PyTorch looks parts up by their keys, among the storages: whatever comes first is taken for all.
        same = self._views.setdefault(key, (root.key, offset, numel)) == (root.key, offset, numel)
        if not same or key in self.by_key:
            raise _two_parts(key)
        return Storage(root.key, root.element, root.numel, offset, numel)


def _check_key(key: Any) -> None:
    if type(key) is not str:
        raise _unknown()
    if len(key) > _MAX_KEY:
        raise CheckpointError(f"a storage has the key {brief(key)}")


def _two_parts(key: str) -> CheckpointError:
    return CheckpointError(f"two different parts of storages have the key {brief(key)}")


def _unknown() -> CheckpointError:
    return CheckpointError("the pickle refers to a storage in an unknown way")


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
    if len(arguments) == 4:
        check_attributes(arguments[3])
    return arguments[0]


def check_attributes(state: Any) -> None:
    """Refuse attributes of a tensor that PyTorch would take for its values; the others are left out."""
    for part in state if type(state) is tuple else (state,):
        if isinstance(part, dict) and not _VALUES.isdisjoint(part):
            raise CheckpointError("the attributes of a tensor replace its values, which is refused")
