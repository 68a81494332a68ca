"""From a storage and the description of a view into it to a NumPy array, within proven bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from tinynet.checkpoint.brief import brief
from tinynet.checkpoint.limits import MAX_COUNT, MAX_NDIM
from tinynet.checkpoint.source import Source
from tinynet.checkpoint.tensors.elements import ELEMENTS, Element
from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    from tinynet._arrays import Array
    from tinynet.checkpoint.source import Bytes


class Storage:
    """A reference to the bytes of tensors: which, of what element type, and which part of them."""

    __slots__ = ("element", "key", "numel", "offset", "view_numel")

    def __init__(self, key: str, element: str, numel: int, offset: int = 0, view_numel: int | None = None) -> None:
        self.key: str = key
        self.element: str = element
        self.numel: int = numel
        self.offset: int = offset
        self.view_numel: int = numel if view_numel is None else view_numel

    @property
    def nbytes(self) -> int:
        """The size of the whole storage in bytes."""
        return self.numel * ELEMENTS[self.element].stored.itemsize


class Tensors:
    """Makes arrays of the storages of one file.

    `load` returns the bytes of a storage, in memory or (True) as a view of the map. Every array is a copy of
    its own, or a read-only view of the map; the first array that covers a whole storage in memory takes over
    its bytes instead.
    """

    def __init__(self, load: Callable[[Storage, bool], Bytes], source: Source, big_endian: bool = False) -> None:
        self._load = load
        self._source = source
        self._mapped = source.mapped
        self._big_endian = big_endian
        self._loaded: dict[tuple[str, bool], Bytes] = {}
        self._taken: set[str] = set()

    def build(
        self,
        storage: Any,
        offset: Any,
        size: Any,
        stride: Any,
        metadata: Any = None,
        dtype: str | None = None,
    ) -> Array:
        """Make the array of shape `size` whose elements lie `stride` apart, from element `offset` of `storage` on."""
        if type(storage) is not Storage:
            raise CheckpointError("a tensor has something else where its storage should be")
        element = ELEMENTS[dtype or storage.element]
        numel, last, packed = _survey(offset, size, stride)
        conj, neg = _check_metadata(metadata, element)
        if not numel:
            empty = np.empty(size, element.loaded)
            empty.flags.writeable = not self._mapped
            return empty

        itemsize = element.stored.itemsize
        unit = ELEMENTS[storage.element].stored.itemsize
        if (last + 1) * itemsize > storage.view_numel * unit:
            raise CheckpointError(
                f"a tensor of shape {brief(size)} and stride {brief(stride)} from element {offset} on reaches "
                f"beyond the end of its storage {brief(storage.key)} ({storage.view_numel * unit:,} bytes)"
            )
        as_stored = element.convert is None and not (conj or neg or self._big_endian)
        viewed = self._mapped and as_stored
        # What has to be converted is read from the file: the map is touched by the caller alone, who asked for it.
        data = self._loaded.get((storage.key, viewed))
        if data is None:
            data = self._loaded[storage.key, viewed] = self._load(storage, viewed)
        nbytes = numel * itemsize
        begin = storage.offset * unit + offset * itemsize
        if as_stored and packed and nbytes == len(data) and storage.key not in self._taken:
            self._taken.add(storage.key)  # it was paid with the storage
            if not self._mapped:
                return np.ndarray(size, element.loaded, data)
        else:
            budget = self._source.views if viewed else self._source.budget
            budget.spend(numel * element.loaded.itemsize, f"a tensor of shape {brief(size)}")
        stored = element.stored.newbyteorder(">") if self._big_endian else element.stored
        steps = tuple([step * itemsize for step in stride])
        array: Array = np.ndarray(size, stored, data, begin, steps)
        if element.convert is not None:
            array = element.convert(array)
            if array.dtype.kind == "f":
                self._source.widened.append(array)
        elif not viewed:
            array = array.astype(element.loaded, order="C")
        if conj:
            np.conjugate(array, out=array)
        if neg:
            np.negative(array, out=array)
        if self._mapped:
            array.flags.writeable = False
        return array


def _survey(offset: Any, size: Any, stride: Any) -> tuple[int, int, bool]:
    """Return how many elements there are, where the last one lies, and whether they lie packed and in order.

    Every number is a Python int, which does not overflow, until it is known that NumPy can count so far.
    """
    if type(size) is not tuple or type(stride) is not tuple or len(size) != len(stride):
        raise CheckpointError(f"a tensor has the size {brief(size)} and the stride {brief(stride)}")
    if len(size) > MAX_NDIM:
        raise CheckpointError(f"a tensor has {len(size)} dimensions; NumPy has {MAX_NDIM}")
    sound = type(offset) is int and 0 <= offset < MAX_COUNT
    last, reach, packed, empty = offset, 1, True, False
    for n, step in zip(reversed(size), reversed(stride)):
        if not (sound and type(n) is int and type(step) is int and n >= 0 and 0 <= step < MAX_COUNT):
            sound = False
            break
        if n > 1:
            packed = packed and step == reach
            last += (n - 1) * step
            reach *= n  # NumPy multiplies the other dimensions even if one is 0
        elif n == 0:
            empty = True
    if not sound or reach >= MAX_COUNT:
        raise CheckpointError(
            f"a tensor has the size {brief(size)}, the stride {brief(stride)} and the offset {brief(offset)}: "
            "these are not whole numbers that can be"
        )
    return (0 if empty else reach), last, packed


def _check_metadata(metadata: Any, element: Element) -> tuple[bool, bool]:
    """Whether the values are to be conjugated and negated: lazy views that PyTorch saves as flags."""
    if metadata is None:
        return False, False
    if type(metadata) is not dict or not metadata.keys() <= {"conj", "neg"}:
        raise CheckpointError(f"a tensor has unknown metadata: {brief(metadata)}")
    conj, neg = "conj" in metadata, "neg" in metadata
    kind = element.loaded.kind
    # PyTorch writes True or no entry, and reads an entry as True whatever it says.
    if any(flag is not True for flag in metadata.values()) or (conj and kind != "c") or (neg and kind not in "fc"):
        raise CheckpointError(f"a tensor of {element.loaded} has the metadata {brief(metadata)}")
    return conj, neg
