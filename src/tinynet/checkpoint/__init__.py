"""Checkpoint files of PyTorch, read and written without PyTorch.

A file is read from the outside to the inside, and each step is a room of its own that knows only those below it:

========================  ========================================================================================
`loading`, `inspection`   the front doors: `load_checkpoint`, and the report of ``python -m tinynet inspect``
`containers`              kinds of files, and where in each the pickle and the bytes of the tensors lie
`content`                 what the caller gets: plain values, and the state dicts of whole modules
`pickles`                 an interpreter that moves inert values, and the table of the calls that it knows
`tensors`                 from bytes to arrays, every bound proven before
`source`, `limits`        the bytes of the file, and how much of everything one file may ask for
`brief`                   values of a file in a few words, for errors
========================  ========================================================================================

`writing` is the way back, `save_checkpoint`. The docs page "Checkpoint files" tells the format and the threats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinynet.checkpoint.loading import load_checkpoint

if TYPE_CHECKING:
    from tinynet.checkpoint.writing.saving import save_checkpoint

__all__ = ["load_checkpoint", "save_checkpoint"]


def __getattr__(name: str) -> Any:
    # Most programs only read: the writer is imported when it is first used.
    if name == "save_checkpoint":
        from tinynet.checkpoint.writing.saving import save_checkpoint

        return save_checkpoint
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
