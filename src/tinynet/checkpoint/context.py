"""What the calls of one pickle may use: its tensors, and the two budgets of memory."""

from __future__ import annotations

from collections.abc import Sized

from tinynet.checkpoint.inert import KeyRules
from tinynet.checkpoint.source import Budget
from tinynet.checkpoint.tensors import Tensors
from tinynet.errors import CheckpointError

_OBJECT_COST = 256
_REFERENCE_COST = 64


class CallContext:
    """The state that is shared while one pickle is read; without `tensors` it is a dry run."""

    def __init__(self, tensors: Tensors | None, data: Budget) -> None:
        self.tensors = tensors
        self.data = data
        self.objects = Budget(256 << 20, "the objects of one pickle may take")
        self.keys = KeyRules()
        self.numpy_arrays = 0

    def making_object(self) -> None:
        """Account for an object that takes more memory than the instructions that make it."""
        self.objects.spend(_OBJECT_COST, "the number of objects")

    def copying_items(self, items: Sized) -> None:
        """Account for a copy of a container: a call can be repeated with it at three bytes each."""
        self.objects.spend(_REFERENCE_COST * len(items), "copies of values")

    def copying_bytes(self, data: Sized) -> None:
        """Account for a copy of text or bytes."""
        self.objects.spend(len(data), "copies of values")


def damaged(what: str) -> CheckpointError:
    """Make the error for a call whose arguments are not those that PyTorch or Python writes."""
    return CheckpointError(f"{what} is damaged: it is described by other values than PyTorch writes")
