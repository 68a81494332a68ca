"""How containers and objects take what follows them in a pickle: APPEND, SETITEM, ADDITEMS and BUILD."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinynet.checkpoint.pickles.context import CallContext
from tinynet.checkpoint.pickles.inert import CalledDict, Instance, Ordered, Record, describe
from tinynet.errors import CheckpointError

_DICTS = (dict, Ordered, CalledDict)


def extend(target: Any, items: Sequence[Any]) -> None:
    """Add items to the end of a list."""
    if type(target) is not list:
        raise CheckpointError(f"the pickle appends to a value of type {describe(target)}")
    target.extend(items)


def set_items(context: CallContext, target: Any, items: Sequence[Any]) -> None:
    """Add alternating keys and values to a dict, or to an object of a class that is one."""
    if type(target) is Instance:
        target = target.items
    if type(target) not in _DICTS:
        raise CheckpointError(f"the pickle sets items of a value of type {describe(target)}")
    if len(items) % 2:
        raise CheckpointError("the pickle sets a key without a value")
    context.keys.fill(target, items)


def add_items(context: CallContext, target: Any, items: Sequence[Any]) -> None:
    """Add members to a set."""
    if type(target) is not set:
        raise CheckpointError(f"the pickle adds items to a value of type {describe(target)}")
    context.making_members(items)
    target.update(context.keys.each(items))


def build(context: CallContext, target: Any, state: Any) -> None:
    """Give an object its attributes. Those of a dict, such as `_metadata` of a state dict, are none of its items."""
    if type(target) is Instance:
        if isinstance(target.state, dict) and isinstance(state, dict):  # as Python does, later ones are added
            context.copying_items(target.state)
            state = {**target.state, **state}
        target.state = state
    elif isinstance(target, Record):
        target.build(state, context)
    elif not isinstance(target, Ordered) or type(state) is not dict:
        raise CheckpointError(f"the pickle sets the state of a value of type {describe(target)}")
