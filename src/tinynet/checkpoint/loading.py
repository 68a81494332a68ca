"""`load_checkpoint`: opens a file, finds out what it is, and hands it to the reader of that format."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from stat import S_ISBLK, S_ISDIR, S_ISREG
from typing import Any, BinaryIO, Union

from tinynet.checkpoint.brief import brief, printable
from tinynet.checkpoint.source import Source
from tinynet.errors import CheckpointError

PathOrFile = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]", BinaryIO]


def load_checkpoint(
    path_or_file: PathOrFile, *, mmap: bool = False, max_bytes: int | None = None, verify: bool = False
) -> Any:
    """Read a PyTorch checkpoint without PyTorch, and without running anything inside the file.

    Reads what ``torch.save`` writes (the zip format of torch >= 1.6 and the one before it), state dicts,
    whole modules and nested checkpoints alike; TorchScript files; safetensors (through the package of that
    name); and NumPy arrays in pickles and ``.npz`` files.

    Parameters
    ----------
    path_or_file : str, bytes, path-like or binary file
        The file. An open file must be seekable and is read from its beginning.
    mmap : bool
        Map the file into memory instead of copying: the arrays are read-only views of it. Takes
        milliseconds for any size, but needs a path, and the process ends if the arrays are used after another
        program has shortened the file. bfloat16, bool, big-endian, conjugated and compressed tensors,
        safetensors and pickles of NumPy arrays are copied all the same.
    max_bytes : int, optional
        The most bytes of tensor data to take memory for. By default eight times the size of the file, but
        at least 128 MiB: room for a tensor that is tied to several names, which is copied for each, and
        little enough that a small hostile file does no harm. With ``mmap=True`` all arrays, copied or not,
        may besides span this default together: a view can pretend to be much larger than its file.
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
        types, devices, classes, paths, dates and times are text.

    Raises
    ------
    CheckpointError
        If the file is damaged, unsafe, of another format or not seekable; the message names the file, the
        key and the cause.
    OSError
        If the file is missing, is a directory, or cannot be opened or read.
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
    path_or_file: PathOrFile, *, mmap: bool, max_bytes: int | None = None, verify: bool = False
) -> tuple[Any, Source]:
    """Do `load_checkpoint`, and return also what was learned about the file."""
    if max_bytes is not None and (type(max_bytes) is not int or max_bytes < 0):
        raise ValueError(f"max_bytes must be a number of bytes, not {max_bytes!r}")
    if isinstance(path_or_file, (str, bytes, os.PathLike)):
        path = os.fsdecode(path_or_file)
        _check_kind(path)
        # Not Path.open: importing pathlib takes longer than loading a small file.
        with open(path, "rb") as file:  # noqa: PTH123
            return _load(file, printable(path), mmap, max_bytes, verify)
    if not hasattr(path_or_file, "read") or not hasattr(path_or_file, "seek"):
        raise TypeError(f"load_checkpoint needs a path or an open binary file, not {type(path_or_file).__name__}")
    if mmap:
        raise ValueError("mmap=True needs a path, not an open file")
    if not isinstance(path_or_file.read(0), bytes):
        raise TypeError('the file is open in text mode; open it with "rb"')
    name = printable(getattr(path_or_file, "name", "<file>"))
    if hasattr(path_or_file, "seekable") and not path_or_file.seekable():
        raise CheckpointError(f"{name}: it is a stream that is not seekable: read all of it into an io.BytesIO first")
    return _load(path_or_file, name, mmap, max_bytes, verify)


def _check_kind(path: str) -> None:
    """Refuse pipes and terminals before they are opened, which would wait for somebody to write into them."""
    mode = os.stat(path).st_mode  # noqa: PTH116
    # Opening a directory gives the error of the system that everybody knows.
    if not (S_ISREG(mode) or S_ISBLK(mode) or S_ISDIR(mode)):
        raise CheckpointError(
            f"{printable(path)}: it is no regular file but a pipe, a socket or a device, so it is not seekable: "
            "write what comes from it to a file first"
        )


def _load(file: BinaryIO, name: str, mmap: bool, max_bytes: int | None, verify: bool) -> tuple[Any, Source]:
    """Read an open file; whatever is wrong with it becomes one `CheckpointError` that names it."""
    try:
        return _read(file, mmap, max_bytes, verify)
    except CheckpointError as error:
        cause = str(error)
    except MemoryError:
        cause = "there is not enough memory to read it"
    except OSError:
        raise
    except Exception as error:
        # No input is known to come here, and the fuzzer of the tests fails if one does.
        raise CheckpointError(f"{name}: it cannot be read: {type(error).__name__}: {brief(str(error))}") from error
    # Raised here, the error has no context: who keeps it does not keep the reader's frames, and with them the file.
    raise CheckpointError(f"{name}: {cause}")


def _read(file: BinaryIO, mmap: bool, max_bytes: int | None, verify: bool) -> tuple[Any, Source]:
    source = Source(file, max_bytes)
    if mmap and source.size:
        source.map()
    with _collector_paused():
        return _read_kind(source, verify), source


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


def _read_kind(source: Source, verify: bool) -> Any:
    head = source.read(0, min(source.size, 512))
    if head.startswith(b"PK\3\4"):
        from tinynet.checkpoint.containers.zip_checkpoint import read_zip

        return read_zip(source, verify)
    # Before the pickles: the length of a header may begin with the byte that begins a pickle.
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= source.size - 8:
        from tinynet.checkpoint.containers.safetensors_files import read_safetensors

        return read_safetensors(source, verify)
    if head.startswith(b"\x80"):
        from tinynet.checkpoint.containers.legacy_checkpoint import read_pickles

        return read_pickles(source, verify)
    from tinynet.checkpoint.containers.formats import describe_format

    raise CheckpointError(describe_format(source, head))
