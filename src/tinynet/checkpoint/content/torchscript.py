"""The state dict of a TorchScript module, whose code is read as text and never run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable

from tinynet.checkpoint.content.modules import Parts, collect_state_dict, pay_for_parts
from tinynet.checkpoint.limits import OBJECT_COST, Budget
from tinynet.checkpoint.pickles.inert import Instance
from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    from tinynet._arrays import Array

# Bytes, which take no more memory than the file says; and no repeated groups, which take a hundred bytes a time.
_CLASS = re.compile(rb"^class ([^\s(]+)\(Module\):\n", re.MULTILINE)
_LIST = re.compile(rb"^  __(parameters|buffers)__ = \[(.*)\]$", re.MULTILINE)
_NAME = re.compile(rb'"([^"]*)"')

#: The names of the parameters and of the buffers of a class.
_Names = tuple[frozenset[str], frozenset[str]]


class ScriptModules:
    """The modules of a TorchScript file; `read_code` returns the bytes of a source file, which is never run.

    The pickle does not tell parameters and buffers from other tensors; the source of the class does. Each
    source file and each class is searched once, however often the pickle names it.
    """

    def __init__(self, read_code: Callable[[str], bytes]) -> None:
        self._read_code = read_code
        self._bodies: dict[str, dict[str, bytes]] = {}
        self._tensor_names: dict[str, _Names | None] = {}

    def state_dict(self, instance: Instance, objects: Budget) -> dict[str, Array] | None:
        """Return the state dict of a TorchScript module, or None if `instance` is something else."""
        if self._names(instance, objects) is None:
            return None
        return collect_state_dict(instance, self._parts, objects)

    def _parts(self, module: Instance, objects: Budget) -> Parts:
        names = self._names(module, objects)
        if names is None or not isinstance(module.state, dict):
            raise CheckpointError(f"the module of the class {module.cls.path!r} is damaged")
        pay_for_parts(objects, module.state)
        own = {name: value for group in names for name, value in module.state.items() if name in group}
        children = {
            name: value
            for name, value in module.state.items()
            if type(value) is Instance and self._names(value, objects) is not None
        }
        return (own, children)

    def _names(self, instance: Instance, objects: Budget) -> _Names | None:
        """Return the names of the tensors of a module's class; None if the class is no module."""
        path = instance.cls.path
        if path not in self._tensor_names:
            module, _, cls = path.rpartition(".")
            if module not in self._bodies:
                self._bodies[module] = _bodies(self._read_code(module.replace(".", "/") + ".py"), objects)
            body = self._bodies[module].get(cls)
            self._tensor_names[path] = None if body is None else _tensor_names(body, objects)
        return self._tensor_names[path]


def _bodies(code: bytes, objects: Budget) -> dict[str, bytes]:
    """Return the text of every module class of a source file, by the name of the class."""
    objects.spend(2 * len(code) + 2 * OBJECT_COST * code.count(b"(Module):"), "the TorchScript classes")
    _, *pieces = _CLASS.split(code)
    names = [name.decode("utf-8", "replace") for name in pieces[::2]]
    return {cls: body.partition(b"\nclass ")[0] for cls, body in zip(names, pieces[1::2])}


def _tensor_names(body: bytes, objects: Budget) -> _Names:
    texts = body.count(b'"') + body.count(b"__ = [")
    objects.spend(len(body) + OBJECT_COST * texts, "the names in TorchScript classes")
    lists = {
        kind: frozenset(name.decode("utf-8", "replace") for name in _NAME.findall(names))
        for kind, names in _LIST.findall(body)
    }
    return lists.get(b"parameters", frozenset()), lists.get(b"buffers", frozenset())
