"""The pickle of a state dict: the few instructions that `torch.load(weights_only=True)` knows."""

from __future__ import annotations

import struct
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.checkpoint.tensors.elements import STORAGE_ELEMENTS

if TYPE_CHECKING:
    from tinynet._arrays import Array


#: The class of storages of each element type; bfloat16 is not NumPy's, so no array asks for it.
_STORAGES = {element: cls for cls, element in STORAGE_ELEMENTS.items() if "Untyped" not in cls}
#: Newer than the classes of storages: their storages are bytes, and the tensor says what they are.
_UNTYPED = frozenset({"uint16", "uint32", "uint64"})


def can_hold(dtype: np.dtype[Any]) -> bool:
    """Whether PyTorch has tensors of this element type."""
    return dtype.name in _STORAGES or dtype.name in _UNTYPED


def pickle_state_dict(arrays: dict[str, Array]) -> list[bytes]:
    """Pickle an OrderedDict of tensors, the n-th with the storage ``data/n``; return its instructions."""
    pickle = [b"\x80\x02", *_ORDERED_DICT, b"("]
    for key, (name, array) in enumerate(arrays.items()):
        pickle += _text(name)
        pickle += _tensor(key, array)
    return _remembered([*pickle, b"u", b"."])


def _tensor(key: int, array: Array) -> list[bytes]:
    """Call ``_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)``."""
    size = _tuple(*map(_integer, array.shape))
    stride = _tuple(*[_integer(step // array.itemsize) for step in _strides(array)])
    if array.dtype.name in _UNTYPED:
        storage = _storage(_name("torch.storage", "UntypedStorage"), key, array.nbytes)
        more = [_name("torch", array.dtype.name)]
        function = _name("torch._utils", "_rebuild_tensor_v3")
    else:
        storage = _storage(_name("torch", _STORAGES[array.dtype.name]), key, array.size)
        more = []
        function = _name("torch._utils", "_rebuild_tensor_v2")
    return [*function, *_tuple(storage, _integer(0), size, stride, [b"\x89"], _ORDERED_DICT, *more), b"R"]


def _strides(array: Array) -> list[int]:
    """Return the strides in bytes of C order; NumPy's own are arbitrary where a dimension is 0 or 1."""
    strides = []
    step = array.itemsize
    for length in reversed(array.shape):
        strides.append(step)
        step *= max(length, 1)
    return strides[::-1]


def _storage(cls: list[bytes], key: int, numel: int) -> list[bytes]:
    return [*_tuple(_text("storage"), cls, _text(str(key)), _text("cpu"), _integer(numel)), b"Q"]


def _name(module: str, name: str) -> list[bytes]:
    return [f"c{module}\n{name}\n".encode("ascii")]


def _remembered(pickle: list[bytes]) -> list[bytes]:
    """Let every name that occurs again be taken from the memo, which halves the pickle."""
    places: dict[bytes, int] = {}
    shorter = []
    for instruction in pickle:
        if not instruction.startswith(b"c"):
            shorter.append(instruction)
        elif instruction in places:
            shorter.append(bytes([ord("h"), places[instruction]]))
        else:
            places[instruction] = len(places)
            shorter += [instruction, bytes([ord("q"), places[instruction]])]
    return shorter


def _tuple(*items: list[bytes]) -> list[bytes]:
    if 1 <= len(items) <= 3:
        return [*chain.from_iterable(items), bytes([0x84 + len(items)])]
    return [b"(", *chain.from_iterable(items), b"t"]


def _text(text: str) -> list[bytes]:
    raw = text.encode("utf-8")
    return [b"X" + struct.pack("<I", len(raw)) + raw]


def _integer(value: int) -> list[bytes]:
    if value < 1 << 8:
        return [b"K" + struct.pack("<B", value)]
    if value < 1 << 31:
        return [b"J" + struct.pack("<i", value)]
    return [b"\x8a\x08" + struct.pack("<q", value)]


_ORDERED_DICT = [*_name("collections", "OrderedDict"), b")", b"R"]
