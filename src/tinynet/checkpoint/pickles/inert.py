"""What a pickle names, as plain records: nothing here can be called, imported or compared by the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinynet.checkpoint.brief import brief
from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    from tinynet.checkpoint.pickles.context import CallContext

#: Modules that no checkpoint has a use for, and whose names are what attacks are made of. Nothing of them could run
#: here; naming them is refused so that a person who opens a malicious file is told.
_HOSTILE_MODULES = frozenset({
    "os", "posix", "nt", "sys", "subprocess", "shutil", "socket", "pty", "runpy", "importlib", "pickle", "_pickle",
    "marshal", "ctypes", "webbrowser",
})  # fmt: skip
_HOSTILE_BUILTINS = frozenset({"eval", "exec", "execfile", "compile", "open", "__import__", "breakpoint", "input"})
_MAX_PATH = 500
# Python 2 names, used by protocol 2.
_RENAMED_MODULES = {"__builtin__": "builtins", "copy_reg": "copyreg"}
_RENAMED_TYPES = {"long": "int", "unicode": "str", "xrange": "range"}
#: What the reader of an error can do where a file holds more than is read.
SAVE_ALONE = "if the file is yours, save model.state_dict() alone in PyTorch"


class Name:
    """A class or function that the file names, never looked up."""

    __slots__ = ("path",)

    def __init__(self, module: str, name: str) -> None:
        if len(module) + len(name) > _MAX_PATH:
            raise CheckpointError(f"{brief(module)} with {brief(name)} is not the name of a class: it is too long")
        module = _RENAMED_MODULES.get(module, module)
        if module == "builtins":
            name = _RENAMED_TYPES.get(name, name)
        self.path: str = f"{module}.{name}"
        # Control characters would reach the terminal through errors, and there is no honest name with one.
        if not name or "." in name or not self.path.isprintable():
            raise CheckpointError(f"{brief(self.path)} is not the name of a class or function of a module")
        is_hostile_builtin = module == "builtins" and name in _HOSTILE_BUILTINS
        if is_hostile_builtin or module.partition(".")[0] in _HOSTILE_MODULES:
            raise CheckpointError(f"the file names {self.path!r}, which no checkpoint needs: it may be an attack")


class Ordered(dict[Any, Any]):
    """A `collections.OrderedDict` of the file: unlike a plain dict it may be followed by BUILD."""

    __slots__ = ()


class CalledDict(Ordered):
    """What a call of an unknown class without arguments makes: a dict of its own, if items follow, or nothing known.

    So pickles hold objects of classes that build on `collections.OrderedDict`.
    """

    __slots__ = ("cls",)

    def __init__(self, cls: Name) -> None:
        super().__init__()
        self.cls: Name = cls


class Record:
    """Something that is known and has no behaviour here: BUILD may complete it, and it has a plain form."""

    __slots__ = ()

    def build(self, state: Any, context: CallContext) -> None:
        """Complete the record with the state that the file gives it."""
        raise CheckpointError(f"the pickle sets the state of a value of type {describe(self)}")

    def plain(self) -> Any:
        """Return the array, number or text that it stands for."""
        raise NotImplementedError


class Instance:
    """An object of a class that is not known: what the file says about it, and no behaviour."""

    __slots__ = ("cls", "items", "state")

    def __init__(self, cls: Name) -> None:
        self.cls: Name = cls
        self.state: Any = None
        self.items: dict[Any, Any] = {}


def unknown_call(function: Name) -> CheckpointError:
    """Make the error for a call of something that is not known."""
    return CheckpointError(
        f"the pickle asks to call {function.path!r}, which is refused: nothing of a file is run; {SAVE_ALONE}"
    )


def is_text(value: Any, *texts: str) -> bool:
    """Whether `value` is one of `texts`; the type comes first, as comparing an array gives an array."""
    return type(value) is str and value in texts


def describe(value: Any) -> str:
    """Return the type of a value of the file in words, for an error."""
    if isinstance(value, Name):
        return f"{value.path!r} (a class or function)"
    if isinstance(value, Instance):
        return f"{value.cls.path!r} (an object)"
    if isinstance(value, dict):
        return "dict"
    return type(value).__name__
