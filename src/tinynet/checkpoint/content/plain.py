"""From the inert values of a pickle to plain Python values and arrays, without recursion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Callable

import numpy as np

from tinynet.checkpoint.brief import brief
from tinynet.checkpoint.limits import ITEM_COST, MAX_DEPTH, OBJECT_COST, Budget
from tinynet.checkpoint.pickles.inert import SAVE_ALONE, CalledDict, Instance, Name, Ordered, Record, unknown_call
from tinynet.checkpoint.pickles.keys import KeyRules
from tinynet.checkpoint.tensors.views import Storage
from tinynet.errors import CheckpointError

_LEAVES = frozenset({np.ndarray, str, int, float, bool, type(None), bytes, bytearray, complex, set, range})
_CONTAINERS = frozenset({dict, Ordered, CalledDict, list, tuple})
#: Looking through so few items again is cheaper than to remember that there is nothing to replace.
_FEW = 8
#: In place of a tuple that is not made yet.
_OPEN = object()

#: Makes the state dict of a module, within the budget; None if the object is no module.
ConvertModule = Callable[[Instance, Budget], Any]


def to_plain(root: Any, convert_module: ConvertModule, objects: Budget) -> Any:
    """Return `root` with everything inert replaced, in new containers; those of plain values alone stay as they are.

    Modules become what `convert_module` makes of them (None: it is no module); other objects become the
    dict of their attributes, classes and element types their names, NumPy's records their arrays. What the
    pickle holds twice is made once. Every copy is paid from `objects` before it is made.
    """
    return _Walk(convert_module, objects).run(root)


class _Frame:
    """A new container, in which the items of an old one are being replaced; of a tuple, the list of its items."""

    __slots__ = ("items", "key", "made", "original")

    def __init__(self, made: Any, items: Iterable[tuple[Any, Any]], original: Any = None) -> None:
        self.made = made
        self.items: Iterator[tuple[Any, Any]] = iter(items)
        self.key: Any = None
        self.original = original


class _Walk:
    def __init__(self, convert_module: ConvertModule, objects: Budget) -> None:
        self._convert_module = convert_module
        self._objects = objects
        self._keys = KeyRules()
        self._frames: list[_Frame] = []
        # By id, with the original beside, so that it lives on and its id is not given to another object.
        self._finished: dict[int, tuple[Any, Any]] = {}

    def run(self, root: Any) -> Any:
        result = [root]
        self._frames.append(_Frame(result, enumerate([root])))
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
                frame.made[key] = plain
                if inner is not None:
                    self._frames.append(inner)
                    if len(self._frames) > MAX_DEPTH:
                        raise CheckpointError(f"values are nested deeper than {MAX_DEPTH} levels")
                    return
        self._frames.pop()
        if frame.original is not None:
            outer = self._frames[-1]
            outer.made[outer.key] = self._finish(frame.original, tuple(frame.made))

    def _replace(self, value: Any) -> tuple[Any, _Frame | None]:
        """Return the plain form of a value, and a frame if its items are still to be replaced."""
        if id(value) in self._finished:
            plain = self._finished[id(value)][1]
            if plain is _OPEN:
                raise CheckpointError("a tuple contains itself")
            return plain, None
        if type(value) in _CONTAINERS:
            return self._open(value)
        if type(value) is not Instance:
            return self._finish(value, _single(value, len(self._frames) == 1)), None
        state_dict = self._convert_module(value, self._objects)
        if state_dict is not None:
            return self._finish(value, state_dict), None
        state = _state(value, len(self._frames) == 1)
        self._copying(state)
        self._copying(value.items)
        # A dict with attributes is a dict first: they are to it what `_metadata` is to a state dict.
        attributes = self._finish(value, dict(value.items or state))
        return attributes, _Frame(attributes, list(attributes.items()))

    def _open(self, value: Any) -> tuple[Any, _Frame | None]:
        if type(value) is CalledDict and not value:
            raise unknown_call(value.cls)
        is_dict = isinstance(value, dict)
        only_leaves = _LEAVES.issuperset(map(type, value.values() if is_dict else value))
        if only_leaves and type(value) in (dict, list, tuple):
            return value if len(value) <= _FEW else self._finish(value, value), None
        self._copying(value)
        if type(value) is tuple:
            self._finish(value, _OPEN)
            return None, _Frame(list(value), enumerate(value), value)
        made = self._finish(value, dict(value) if is_dict else list(value))
        if only_leaves:
            return made, None
        return made, _Frame(made, value.items() if is_dict else enumerate(value))

    def _finish(self, original: Any, plain: Any) -> Any:
        """Remember what became of a value, for its other mentions."""
        self._objects.spend(OBJECT_COST, "the objects")
        self._finished[id(original)] = (original, plain)
        return plain

    def _copying(self, container: Any) -> None:
        self._objects.spend(ITEM_COST * len(container), "copies of values")
        if isinstance(container, dict):
            self._keys.count(container)

    def _where(self) -> str:
        """Return the keys that lead to the current value, for the beginning of an error."""
        keys = [frame.key for frame in self._frames[1:9]]
        texts = [key if type(key) is str and len(key) < 200 else brief(key) for key in keys]
        return f"{'/'.join(texts)!r}: " if texts else ""


def _state(instance: Instance, is_root: bool) -> dict[Any, Any]:
    """Return what the file says about an object of an unknown class; it has to say something."""
    state = instance.state if instance.state is not None else {}
    if not isinstance(state, dict) or not (instance.items or (state and not is_root)):
        what = f"an object of the class {brief(instance.cls.path)}"
        raise CheckpointError(f"it is {what}, which is neither tensor nor module; {SAVE_ALONE}")
    return state


def _single(value: Any, is_root: bool) -> Any:
    if type(value) is Name and not is_root:
        return value.path
    if isinstance(value, Record):
        return value.plain()
    if type(value) is Storage:
        raise CheckpointError("it is a storage without a tensor, which is not supported")
    what = value.path if type(value) is Name else type(value).__name__
    raise CheckpointError(f"it is {brief(what)}, which is neither tensor nor plain value")
