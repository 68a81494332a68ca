"""Checkpoint files of PyTorch, read and written without PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinynet.checkpoint.loading import load_checkpoint

if TYPE_CHECKING:
    from tinynet.checkpoint.writer import save_checkpoint

__all__ = ["load_checkpoint", "save_checkpoint"]


def __getattr__(name: str) -> Any:
    # Most programs only read: the writer is imported when it is first used.
    if name == "save_checkpoint":
        from tinynet.checkpoint.writer import save_checkpoint

        return save_checkpoint
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
