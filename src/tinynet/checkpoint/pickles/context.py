"""What the instructions of one pickle may use: its names and tensors, and the two budgets of memory."""

from __future__ import annotations

from collections.abc import Collection, Sized
from sys import getsizeof
from typing import TYPE_CHECKING, Any

from tinynet.checkpoint.limits import DIMENSION_COST, ITEM_COST, MEMBER_COST, OBJECT_COST, Budget
from tinynet.checkpoint.pickles.inert import Name
from tinynet.checkpoint.pickles.keys import KeyRules
from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    from tinynet.checkpoint.tensors.views import Tensors


class CallContext:
    """The state that is shared while one pickle is read; without `tensors` it is a dry run."""

    def __init__(self, tensors: Tensors | None, data: Budget, objects: Budget) -> None:
        self.tensors: Tensors | None = tensors
        self.data: Budget = data
        self.objects: Budget = objects
        self.keys: KeyRules = KeyRules()
        self.numpy_arrays: int = 0
        self._names: dict[tuple[str, str], Name] = {}

    def name(self, module: str, name: str) -> Name:
        """Return the record of a class or function, one for all its mentions."""
        made = self._names.get((module, name))
        if made is None:
            made = Name(module, name)
            self.objects.spend(OBJECT_COST + 4 * len(made.path), "the names")
            self._names[module, name] = made
        return made

    def making_object(self) -> None:
        """Account for an object that takes more memory than the instructions that make it."""
        self.objects.spend(OBJECT_COST, "the objects")

    def making_array(self, ndim: int) -> None:
        """Account for an array, which takes memory for each dimension even where it has no elements."""
        self.objects.spend(OBJECT_COST + DIMENSION_COST * ndim, "the arrays")

    def keeping_text(self, text: str | bytes) -> None:
        """Account for text that may take four times the bytes that it has in the file."""
        self.objects.spend(getsizeof(text), "the texts")

    def copying_items(self, items: Collection[Any]) -> None:
        """Account for a copy of a container: a call can be repeated with it at three bytes each."""
        self.objects.spend(ITEM_COST * len(items), "copies of values")
        if isinstance(items, dict):
            self.keys.count(items)

    def making_members(self, items: Collection[Any]) -> None:
        """Account for members of a set, whose table may be almost empty."""
        self.objects.spend(MEMBER_COST * len(items), "the sets")

    def copying_bytes(self, data: Sized) -> None:
        """Account for a copy of text or bytes."""
        self.objects.spend(len(data), "copies of values")


def damaged(what: str) -> CheckpointError:
    """Make the error for a call whose arguments are not those that PyTorch or Python writes."""
    return CheckpointError(f"{what} is damaged: it is described by other values than PyTorch writes")
