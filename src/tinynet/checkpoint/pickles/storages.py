"""Persistent ids: how a pickle refers to the storages that lie beside it."""

from __future__ import annotations

from typing import Any

from tinynet.checkpoint.brief import brief
from tinynet.checkpoint.limits import MAX_COUNT
from tinynet.checkpoint.pickles.inert import Name, Storage, is_text
from tinynet.checkpoint.tensors.elements import ELEMENTS, element_of_storage
from tinynet.errors import CheckpointError

_MAX_KEY = 200


class StorageTable:
    """The storages that one pickle refers to: one key, one element type, one length."""

    def __init__(self, fields: int) -> None:
        self._fields = fields
        self.by_key: dict[str, Storage] = {}

    def resolve(self, persistent_id: Any) -> Storage | Name:
        """Return what a persistent id refers to: a storage, or (legacy only) the class of a module."""
        if type(persistent_id) is not tuple or not persistent_id:
            raise CheckpointError("the pickle refers to a storage in an unknown way")
        is_module = self._fields == 6 and is_text(persistent_id[0], "module") and len(persistent_id) == 4
        if is_module and type(persistent_id[1]) is Name:
            return persistent_id[1]
        if not is_text(persistent_id[0], "storage") or len(persistent_id) != self._fields:
            raise CheckpointError("the pickle refers to a storage in an unknown way")
        cls, key, _, numel = persistent_id[1:5]
        if type(cls) is not Name or type(key) is not str or type(numel) is not int:
            raise CheckpointError("the pickle refers to a storage in an unknown way")
        if len(key) > _MAX_KEY:
            raise CheckpointError(f"a storage has the key {brief(key)}")
        element = element_of_storage(cls.path)
        storage = self.by_key.get(key)
        if storage is None:
            if not 0 <= numel < MAX_COUNT:
                raise CheckpointError(f"storage {brief(key)} is said to have {brief(numel)} elements")
            storage = self.by_key[key] = Storage(key, element, numel)
        elif storage.numel != numel or storage.element != element:
            raise CheckpointError(
                f"storage {brief(key)} is said to have {storage.numel} elements of {storage.element} "
                f"and also {brief(numel)} of {element}"
            )
        if self._fields == 5 or persistent_id[5] is None:
            return storage
        return _view(storage, persistent_id[5])


def nbytes(storage: Storage) -> int:
    """Return the size of a whole storage in bytes."""
    return storage.numel * ELEMENTS[storage.element].stored.itemsize


def _view(root: Storage, view: Any) -> Storage:
    """Make a part of a storage, which torch < 1.0 saved as a storage of its own: (key, offset, elements)."""
    if type(view) is not tuple or len(view) != 3 or any(type(n) is not int for n in view[1:]):
        raise CheckpointError(f"the part of storage {brief(root.key)} is described in an unknown way")
    _, offset, numel = view
    if offset < 0 or numel < 0 or offset + numel > root.numel:
        raise CheckpointError(f"a part of storage {brief(root.key)} reaches beyond its {root.numel} elements")
    return Storage(root.key, root.element, root.numel, offset, numel)
