"""From the inert values of a pickle to plain Python values and arrays, without recursion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Callable

import numpy as np

from tinynet.checkpoint.brief import brief
from tinynet.checkpoint.limits import ITEM_COST, MAX_DEPTH, OBJECT_COST, Budget
from tinynet.checkpoint.pickles.inert import Instance, Name, Ordered
from tinynet.checkpoint.pickles.numpy_values import ArrayRecord, DtypeRecord
from tinynet.checkpoint.tensors.views import Storage
from tinynet.errors import CheckpointError

_LEAVES = frozenset({np.ndarray, str, int, float, bool, type(None), bytes, bytearray, complex, set})


#: Makes the state dict of a module, within the budget; None if the object is no module.
ConvertModule = Callable[[Instance, Budget], Any]


def to_plain(root: Any, convert_module: ConvertModule, objects: Budget) -> Any:
    """Return `root` with everything inert replaced, inside lists and dicts in place.

    Modules become what `convert_module` makes of them (None: it is no module); other objects become the
    dict of their attributes, classes and element types their names, NumPy's records their arrays. Every
    copy is paid from `objects` before it is made.
    """
    return _Walk(convert_module, objects).run(root)


class _Frame:
    """A container of which the items are being replaced; `original` is the tuple that it is to become."""

    __slots__ = ("container", "items", "key", "original")

    def __init__(self, container: Any, items: Iterable[tuple[Any, Any]], original: Any = None) -> None:
        self.container = container
        self.items: Iterator[tuple[Any, Any]] = iter(items)
        self.key: Any = None
        self.original = original


class _Walk:
    def __init__(self, convert_module: ConvertModule, objects: Budget) -> None:
        self._convert_module = convert_module
        self._objects = objects
        self._frames: list[_Frame] = []
        # Lists and dicts that were entered, by id: they live on in the result. The others by id with the
        # original beside, so that it lives on too and its id is not given to another object.
        self._entered: set[int] = set()
        self._finished: dict[int, tuple[Any, Any]] = {}
        self._open_tuples: set[int] = set()

    def run(self, root: Any) -> Any:
        result = [root]
        self._frames.append(_Frame(result, enumerate(result)))
        try:
            while self._frames:
                self._advance(self._frames[-1])
        except CheckpointError as error:
            raise CheckpointError(f"{self._where()}{error}") from None
        return result[0]

    def _advance(self, frame: _Frame) -> None:
        """Replace the items of a container up to one that has to be entered first, or close it."""
        for key, value in frame.items:
            if type(value) not in _LEAVES:
                frame.key = key
                plain, inner = self._replace(value)
                frame.container[key] = plain
                if inner is not None:
                    self._frames.append(inner)
                    if len(self._frames) > MAX_DEPTH:
                        raise CheckpointError(f"values are nested deeper than {MAX_DEPTH} levels")
                    return
        self._frames.pop()
        if frame.original is not None:
            self._open_tuples.discard(id(frame.original))
            made = tuple(frame.container)
            self._finished[id(frame.original)] = (frame.original, made)
            outer = self._frames[-1]
            outer.container[outer.key] = made

    def _replace(self, value: Any) -> tuple[Any, _Frame | None]:
        """Return the plain form of a value, and a frame if its items are still to be replaced."""
        kind = type(value)
        if kind is list or kind is dict:
            if id(value) in self._entered or not value:
                return value, None
            self._entered.add(id(value))
            return value, _Frame(value, enumerate(value) if kind is list else value.items())
        if id(value) in self._finished:
            return self._finished[id(value)][1], None
        if kind is tuple:
            return self._open(value)
        plain, inner = self._replace_inert(value)
        self._finished[id(value)] = (value, plain)
        return plain, inner

    def _open(self, value: tuple[Any, ...]) -> tuple[Any, _Frame | None]:
        if id(value) in self._open_tuples:
            raise CheckpointError("a tuple contains itself")
        if all(type(part) in _LEAVES for part in value):
            self._finished[id(value)] = (value, value)
            return value, None
        self._open_tuples.add(id(value))
        self._copying(len(value))
        return None, _Frame(list(value), enumerate(value), value)

    def _replace_inert(self, value: Any) -> tuple[Any, _Frame | None]:
        if type(value) is Ordered:
            self._copying(len(value))
            made = dict(value)
            return made, _Frame(made, made.items())
        if type(value) is Instance:
            state_dict = self._convert_module(value, self._objects)
            if state_dict is not None:
                return state_dict, None
            state = _state(value, len(self._frames) == 1)
            self._copying(len(state) + len(value.items))
            attributes = {**state, **value.items}
            return attributes, _Frame(attributes, attributes.items())
        return _single(value, len(self._frames) == 1), None

    def _copying(self, items: int) -> None:
        self._objects.spend(OBJECT_COST + ITEM_COST * items, "copies of values")

    def _where(self) -> str:
        """Return the keys that lead to the current value, for the beginning of an error."""
        keys = [frame.key for frame in self._frames[1:9]]
        texts = [key if type(key) is str and len(key) < 200 else repr(key)[:80] for key in keys]
        return f"{'/'.join(texts)!r}: " if texts else ""


def _state(instance: Instance, is_root: bool) -> dict[Any, Any]:
    """Return what the file says about an object of an unknown class; it has to say something."""
    state = instance.state if instance.state is not None else {}
    if is_root or not isinstance(state, dict) or not (state or instance.items):
        raise CheckpointError(
            f"it is an object of the class {brief(instance.cls.path)}, which is neither tensor nor module"
        )
    return state


def _single(value: Any, is_root: bool) -> Any:
    if type(value) is Name and not is_root:
        return value.path
    if type(value) is ArrayRecord and value.array is not None:
        return value.array
    if type(value) is DtypeRecord:
        return str(value.dtype)
    if type(value) is Storage:
        raise CheckpointError("it is a storage without a tensor, which is not supported")
    what = value.path if type(value) is Name else type(value).__name__
    raise CheckpointError(f"it is {brief(what)}, which is neither tensor nor plain value")
