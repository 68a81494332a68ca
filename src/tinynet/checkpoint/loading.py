"""`load_checkpoint`: opens a file, finds out what it is, and hands it to the reader of that format."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Union

from tinynet.checkpoint.brief import brief, printable
from tinynet.checkpoint.containers.formats import describe_format, looks_like_safetensors
from tinynet.checkpoint.limits import Budget
from tinynet.checkpoint.source import Source
from tinynet.errors import CheckpointError

PathOrFile = Union[str, "os.PathLike[str]", BinaryIO]

_MIN_BUDGET = 128 << 20
#: Tied tensors are copied each, and those of bfloat16 take twice their size in the file.
_BUDGET_FACTOR = 8
_ADVICE = "max_bytes allows; if the file can be trusted, pass a larger max_bytes="


def load_checkpoint(
    path_or_file: PathOrFile, *, mmap: bool = False, max_bytes: int | None = None, verify: bool = False
) -> Any:
    """Read a PyTorch checkpoint without PyTorch, and without running anything inside the file.

    Reads what ``torch.save`` writes (the zip format of torch >= 1.6 and the one before it), state dicts,
    whole modules and nested checkpoints alike; TorchScript files; safetensors (through the package of that
    name); and NumPy arrays in pickles and ``.npz`` files.

    Parameters
    ----------
    path_or_file : str, path-like or binary file
        The file. An open file must be seekable and is read from its beginning.
    mmap : bool
        Map the file into memory instead of copying: the arrays are read-only views of it. Takes
        milliseconds for any size, but needs a path, and the process ends if another program shortens the
        file meanwhile. bfloat16, bool, big-endian and compressed tensors, safetensors and pickles of
        NumPy arrays are copied all the same.
    max_bytes : int, optional
        The most bytes of tensor data to take memory for. By default eight times the size of the file, but
        at least 128 MiB: room for a tensor that is tied to several names, which is copied for each, and
        little enough that a small hostile file does no harm.
    verify : bool
        Compare the tensors with the checksums of the zip file, at about 1 s per GB. Files without
        checksums, safetensors and legacy ones among them, are refused then.

    Returns
    -------
    dict of str to ndarray
        For a state dict, and for a module the state dict that it would have: names and arrays in the
        order of the file. The arrays are the caller's own; bfloat16 is widened to float32. A checkpoint
        that nests state dicts or holds other values comes back in the form it was saved, as dicts, lists,
        tuples and plain values; objects of unknown classes are dicts of their attributes, and element
        types, devices and classes are text.

    Raises
    ------
    CheckpointError
        If the file is damaged, unsafe or of another format; the message names the file, the key and the
        cause.
    OSError
        If the file cannot be opened or read.
    TypeError
        If `path_or_file` is neither a path nor an open binary file.
    ValueError
        If `max_bytes` is no number of bytes, or ``mmap=True`` is asked of an open file.

    Examples
    --------
    >>> import io
    >>> import tinynet as tn
    >>> tn.load_checkpoint(io.BytesIO(b"version https://git-lfs.github.com/spec/v1"))
    Traceback (most recent call last):
    tinynet.errors.CheckpointError: <file>: it is not the file but a Git LFS pointer to it: run "git lfs pull"
    """
    return load_with_source(path_or_file, mmap=mmap, max_bytes=max_bytes, verify=verify)[0]


def load_with_source(
    path_or_file: PathOrFile, *, mmap: bool = False, max_bytes: int | None = None, verify: bool = False
) -> tuple[Any, Source]:
    """Do `load_checkpoint`, and return also what was learned about the file."""
    if max_bytes is not None and (type(max_bytes) is not int or max_bytes < 0):
        raise ValueError(f"max_bytes must be a number of bytes, not {max_bytes!r}")
    if isinstance(path_or_file, (str, os.PathLike)):
        # Not Path.open: importing pathlib takes longer than loading a small file.
        with open(path_or_file, "rb") as file:  # noqa: PTH123
            return _load(file, printable(os.fspath(path_or_file)), mmap, max_bytes, verify)
    if not hasattr(path_or_file, "read") or not hasattr(path_or_file, "seek"):
        raise TypeError(f"load_checkpoint needs a path or an open binary file, not {type(path_or_file).__name__}")
    if mmap:
        raise ValueError("mmap=True needs a path, not an open file")
    if not isinstance(path_or_file.read(0), bytes):
        raise TypeError('the file is open in text mode; open it with "rb"')
    return _load(path_or_file, printable(getattr(path_or_file, "name", "<file>")), mmap, max_bytes, verify)


def _load(file: BinaryIO, name: str, mmap: bool, max_bytes: int | None, verify: bool) -> tuple[Any, Source]:
    """Read an open file; whatever is wrong with it becomes one `CheckpointError` that names it."""
    try:
        size = file.seek(0, os.SEEK_END)
        limit = max(_MIN_BUDGET, _BUDGET_FACTOR * size) if max_bytes is None else max_bytes
        source = Source(file, size, Budget(limit, _ADVICE))
        with _collector_paused():
            return _read(source, mmap, verify), source
    except CheckpointError as error:
        raise CheckpointError(f"{name}: {error}") from error.__cause__
    except MemoryError as error:
        raise CheckpointError(f"{name}: there is not enough memory to read it") from error
    except OSError:
        raise
    except Exception as error:
        # No input is known to come here, and the fuzzer of the tests fails if one does.
        raise CheckpointError(f"{name}: it cannot be read: {type(error).__name__}: {brief(str(error))}") from error


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the garbage collector from walking the whole process over and over while a file is read.

    Reading makes many small tuples and no cycles; with torch imported this halves the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read(source: Source, mmap: bool, verify: bool) -> Any:
    head = source.read(0, min(source.size, 512))
    if mmap and head:
        source.map()
    if head.startswith(b"PK\3\4"):
        from tinynet.checkpoint.containers.zip_checkpoint import read_zip

        return read_zip(source, verify)
    if head.startswith(b"\x80"):
        from tinynet.checkpoint.containers.legacy_checkpoint import read_pickles

        return read_pickles(source, verify)
    if looks_like_safetensors(source, head):
        from tinynet.checkpoint.containers.safetensors_files import read_safetensors

        return read_safetensors(source, verify)
    raise CheckpointError(describe_format(source, head))
