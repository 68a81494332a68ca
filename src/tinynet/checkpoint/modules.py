"""The state dict of a whole pickled `torch.nn.Module`, none of whose code is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from tinynet.checkpoint.brief import brief
from tinynet.checkpoint.inert import Instance
from tinynet.checkpoint.plain import MAX_DEPTH
from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    from tinynet._arrays import Array

#: A module that is shared many times over, at each of many levels, would have more parts than memory holds.
_MAX_ENTRIES = 1 << 18
_MAX_NAME = 1024


#: What one module contributes: its own tensors and its submodules, in order, by name.
Parts = tuple[dict[str, Any], dict[str, Any]]


def pickled_module(instance: Instance) -> dict[str, Array] | None:
    """Return the state dict of a pickled module, or None if `instance` is something else."""
    if not _is_pickled_module(instance):
        return None
    return collect_state_dict(instance, _pickled_parts)


def _is_pickled_module(instance: Instance) -> bool:
    state = instance.state
    return isinstance(state, dict) and "_parameters" in state and "_modules" in state


def _pickled_parts(module: Instance) -> Parts:
    """As `torch.nn.Module._save_to_state_dict`: parameters, then the buffers that persist."""
    if not _is_pickled_module(module):
        raise CheckpointError(f"the object of the class {module.cls.path!r} among the modules is no module")
    state = module.state
    transient = state.get("_non_persistent_buffers_set", set())
    tables = [state["_parameters"], state.get("_buffers", {}), state["_modules"]]
    if type(transient) is not set or not all(isinstance(table, dict) for table in tables):
        raise CheckpointError(f"the module of the class {module.cls.path!r} is damaged")
    parameters, buffers, children = tables
    kept = {name: value for name, value in buffers.items() if name not in transient}
    return ({**parameters, **kept}, children)


def collect_state_dict(root: Instance, parts_of: Callable[[Instance], Parts]) -> dict[str, Array]:
    """Names and tensors in the order of `torch.nn.Module.state_dict`: own ones first, then each submodule's."""
    result: dict[str, Array] = {}
    waiting: list[tuple[str, Any, int]] = [("", root, 0)]
    left = _MAX_ENTRIES
    while waiting:
        prefix, module, depth = waiting.pop()
        if module is None:
            continue
        if type(module) is not Instance or depth > MAX_DEPTH:
            raise CheckpointError(f"{prefix[:-1]!r}: it is no module, or modules are nested too deep")
        tensors, children = parts_of(module)
        left -= 1 + len(tensors) + len(children)
        if left < 0:
            raise CheckpointError(f"the module has more than {_MAX_ENTRIES:,} parts, counting shared ones each time")
        for name, value in tensors.items():
            if value is None:
                continue
            key = _join(prefix, name)
            if not isinstance(value, np.ndarray):
                raise CheckpointError(f"{brief(key)}: it is not a tensor but a value of type {type(value).__name__}")
            if key in result:
                raise CheckpointError(f"{brief(key)}: two tensors of the module have this name")
            result[key] = value
        waiting.extend(
            (_join(prefix, name) + ".", child, depth + 1) for name, child in reversed(list(children.items()))
        )
    return result


def _join(prefix: str, name: Any) -> str:
    if type(name) is not str or len(prefix) + len(name) > _MAX_NAME:
        raise CheckpointError(f"{prefix[:-1]!r}: a part of it has the name {brief(name)}")
    return prefix + name
