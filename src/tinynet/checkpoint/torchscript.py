"""The state dict of a TorchScript module, whose code is read as text and never run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable

from tinynet.checkpoint.inert import Instance
from tinynet.checkpoint.modules import Parts, collect_state_dict
from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    from tinynet._arrays import Array


class ScriptModules:
    """The modules of a TorchScript file; `read_code` returns the text of a source file, which is never run.

    The pickle does not tell parameters and buffers from other tensors; the source of the class does.
    """

    _LIST = re.compile(r'^  __(parameters|buffers)__ = \[((?:"[^"\n]*", ?)*)\]$', re.MULTILINE)

    def __init__(self, read_code: Callable[[str], str]) -> None:
        self._read_code = read_code
        self._codes: dict[str, str] = {}
        self._tensor_names: dict[str, tuple[list[str], list[str]]] = {}

    def state_dict(self, instance: Instance) -> dict[str, Array] | None:
        """Return the state dict of a TorchScript module, or None if `instance` is something else."""
        if self._names(instance) is None:
            return None
        return collect_state_dict(instance, self._parts)

    def _parts(self, module: Instance) -> Parts:
        names = self._names(module)
        if names is None or not isinstance(module.state, dict):
            raise CheckpointError(f"the module of the class {module.cls.path!r} is damaged")
        own = {name: value for group in names for name, value in module.state.items() if name in group}
        children = {
            name: value
            for name, value in module.state.items()
            if type(value) is Instance and self._names(value) is not None
        }
        return (own, children)

    def _code(self, path: str) -> str:
        if path not in self._codes:
            self._codes[path] = self._read_code(path)
        return self._codes[path]

    def _names(self, instance: Instance) -> tuple[list[str], list[str]] | None:
        """Return the names of the parameters and of the buffers of a module's class; None if it is no module."""
        path = instance.cls.path
        if path not in self._tensor_names:
            module, _, cls = path.rpartition(".")
            code = self._code(module.replace(".", "/") + ".py")
            _, found, body = code.partition(f"class {cls}(Module):\n")
            if not found:
                return None
            body = body.partition("\nclass ")[0]
            lists = {kind: re.findall(r'"([^"]*)"', names) for kind, names in self._LIST.findall(body)}
            self._tensor_names[path] = (lists.get("parameters", []), lists.get("buffers", []))
        return self._tensor_names[path]
