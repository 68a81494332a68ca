"""The state dict of a whole pickled `torch.nn.Module`, none of whose code is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from tinynet.checkpoint.brief import brief
from tinynet.checkpoint.limits import MAX_DEPTH, OBJECT_COST, Budget
from tinynet.checkpoint.pickles.inert import Instance
from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    from tinynet._arrays import Array

_MAX_NAME = 1024

#: What one module contributes: its own tensors and its submodules, in order, by name.
Parts = tuple[dict[str, Any], dict[str, Any]]


def pickled_module(instance: Instance, objects: Budget) -> dict[str, Array] | None:
    """Return the state dict of a pickled module, or None if `instance` is something else."""
    if not _is_pickled_module(instance):
        return None
    return collect_state_dict(instance, _pickled_parts, objects)


def pay_for_parts(objects: Budget, names: Any, prefix: str = "") -> None:
    """Account for parts of modules: one shared many times, at each of many levels, has more than memory holds.

    The names are checked to be text, which hashes in no time, before they become keys of new dicts.
    """
    length = 0
    for name in names:
        if type(name) is not str or len(prefix) + len(name) > _MAX_NAME:
            raise CheckpointError(f"{brief(prefix[:-1])}: a part of it has the name {brief(name)}")
        length += len(prefix) + len(name)
    cost = OBJECT_COST * (1 + len(names)) + 4 * length  # a character takes up to four bytes
    objects.spend(cost, "the parts of modules, counting shared ones each time,")


def _is_pickled_module(instance: Instance) -> bool:
    state = instance.state
    return isinstance(state, dict) and "_parameters" in state and "_modules" in state


def _pickled_parts(module: Instance, objects: Budget) -> Parts:
    """Return what `torch.nn.Module._save_to_state_dict` saves: parameters, then the buffers that persist."""
    if not _is_pickled_module(module):
        raise CheckpointError(f"the object of the class {module.cls.path!r} among the modules is no module")
    state = module.state
    transient = state.get("_non_persistent_buffers_set", set())
    tables = [state["_parameters"], state.get("_buffers", {}), state["_modules"]]
    if type(transient) is not set or not all(isinstance(table, dict) for table in tables):
        raise CheckpointError(f"the module of the class {module.cls.path!r} is damaged")
    for table in tables:
        pay_for_parts(objects, table)
    parameters, buffers, children = tables
    own = {name: value for name, value in parameters.items() if value is not None}
    own.update((name, value) for name, value in buffers.items() if name not in transient)
    return own, children


def collect_state_dict(
    root: Instance, parts_of: Callable[[Instance, Budget], Parts], objects: Budget
) -> dict[str, Array]:
    """Return names and tensors in the order of `torch.nn.Module.state_dict`: own ones first, then each submodule's.

    `parts_of` pays for the parts of one module, before it makes anything of them.
    """
    result: dict[str, Array] = {}
    waiting: list[tuple[str, Any, int]] = [("", root, 0)]
    while waiting:
        prefix, module, depth = waiting.pop()
        if module is None:
            continue
        if type(module) is not Instance or depth > MAX_DEPTH:
            raise CheckpointError(f"{brief(prefix[:-1])}: it is no module, or modules are nested too deep")
        tensors, children = parts_of(module, objects)
        pay_for_parts(objects, tensors, prefix)
        pay_for_parts(objects, children, prefix)
        for name, value in tensors.items():
            if value is None:
                continue
            key = prefix + name
            if not isinstance(value, np.ndarray):
                raise CheckpointError(f"{brief(key)}: it is not a tensor but a value of type {type(value).__name__}")
            if key in result:
                raise CheckpointError(f"{brief(key)}: two tensors of the module have this name")
            result[key] = value
        waiting.extend((f"{prefix}{name}.", child, depth + 1) for name, child in reversed(list(children.items())))
    return result
