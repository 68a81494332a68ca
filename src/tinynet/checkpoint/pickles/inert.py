"""What a pickle names, as plain records: nothing here can be called, imported or compared by the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinynet.checkpoint.brief import brief
from tinynet.errors import CheckpointError

#: Modules that no checkpoint has a use for. Nothing of them could run here; naming them is refused so
#: that a person who opens a malicious file is told.
_HOSTILE_MODULES = frozenset({
    "builtins", "os", "posix", "nt", "sys", "subprocess", "shutil", "socket", "pty", "runpy", "importlib", "pickle",
    "_pickle", "marshal", "ctypes", "webbrowser", "operator", "_operator",
})  # fmt: skip
#: The names of `builtins` that data may use; a defaultdict, for one, names the type of its defaults.
_SAFE_BUILTINS = frozenset({
    "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "set", "str",
    "tuple",
})  # fmt: skip
_MAX_PATH = 500
# Python 2 names, used by protocol 2.
_RENAMED_MODULES = {"__builtin__": "builtins", "copy_reg": "copyreg"}
_RENAMED_TYPES = {"long": "int", "unicode": "str"}


class Name:
    """A class or function that the file names, never looked up."""

    __slots__ = ("path",)

    def __init__(self, module: str, name: str) -> None:
        if len(module) + len(name) > _MAX_PATH:
            raise CheckpointError(f"{brief(module)} with {brief(name)} is not the name of a class: it is too long")
        module = _RENAMED_MODULES.get(module, module)
        if module == "builtins":
            name = _RENAMED_TYPES.get(name, name)
        self.path = f"{module}.{name}"
        # Control characters would reach the terminal through errors, and there is no honest name with one.
        if not name or "." in name or not self.path.isprintable():
            raise CheckpointError(f"{brief(self.path)} is not the name of a class or function of a module")
        root = module.partition(".")[0]
        if root in _HOSTILE_MODULES and not (module == "builtins" and name in _SAFE_BUILTINS):
            raise CheckpointError(f"the file names {self.path!r}, which no checkpoint needs: it may be an attack")


class Ordered(dict):  # type: ignore[type-arg]
    """A `collections.OrderedDict` of the file: unlike a plain dict it may be followed by BUILD."""

    __slots__ = ()


class Instance:
    """An object of a class that is not known: what the file says about it, and no behaviour."""

    __slots__ = ("cls", "items", "state")

    def __init__(self, cls: Name) -> None:
        self.cls = cls
        self.state: Any = None
        self.items: dict[Any, Any] = {}


_SCALARS = (str, int, float, bool, bytes, type(None))
_MAX_TUPLE_KEY = 8


class KeyRules:
    """Which objects may be keys of a dict or members of a set, checked before they are hashed.

    CPython hashes tuples recursively, and the hashes of numbers are public: without these rules a
    small file ends the process or keeps it busy for hours.
    """

    def __init__(self) -> None:
        self._tuples_left = 4096

    def check(self, key: Any) -> None:
        """Raise `CheckpointError` unless `key` is a scalar or one short flat tuple of scalars."""
        if type(key) is tuple:
            self._tuples_left -= 1
            if len(key) > _MAX_TUPLE_KEY or self._tuples_left < 0:
                raise CheckpointError("a dict has too long or too many tuples as keys")
            for part in key:
                self._check_scalar(part)
        else:
            self._check_scalar(key)

    def fill(self, target: dict[Any, Any], items: Sequence[Any]) -> None:
        """Add the alternating keys and values of `items` to a dict that has none of the keys yet."""
        pairs = iter(items)
        for key, value in zip(pairs, pairs):
            if type(key) is not str:
                self.check(key)
            if key in target:
                raise CheckpointError(f"a dict has the key {brief(key)} twice")
            target[key] = value

    @staticmethod
    def _check_scalar(key: Any) -> None:
        kind = type(key)
        if kind not in _SCALARS:
            raise CheckpointError(f"a dict has a key of type {describe(key)}, which cannot be a key here")
        # Beyond 2**61 - 1 different ints share one hash; NaN is unequal to itself.
        if (kind is int and abs(key) >= 1 << 60) or key != key:
            raise CheckpointError(f"a dict has the key {brief(key)}, which cannot be a key here")


def is_text(value: Any, *texts: str) -> bool:
    """Whether `value` is one of `texts`; the type comes first, as comparing an array gives an array."""
    return type(value) is str and value in texts


def describe(value: Any) -> str:
    """Return the type of a value of the file in words, for an error."""
    if isinstance(value, Name):
        return f"{value.path!r} (a class or function)"
    if isinstance(value, Instance):
        return f"{value.cls.path!r} (an object)"
    return type(value).__name__
