"""`save_checkpoint`: a zip file that `torch.load` reads, the same bytes for the same arrays."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from math import prod
from sys import getsizeof
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._arrays import as_array
from tinynet.checkpoint import limits
from tinynet.checkpoint.writing import pickle_writer
from tinynet.checkpoint.writing.replacing import replacing
from tinynet.checkpoint.writing.zip_writer import ZipWriter

if TYPE_CHECKING:
    from tinynet._arrays import Array

_ROOT = "archive"
_OTHER_MEMBERS = 3
#: Of the dict of the tensors, and of the names of classes and functions that they share.
_OTHER_COST = 1 << 16


def save_checkpoint(state_dict: Mapping[str, Any], path: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> None:
    """Write arrays to a checkpoint file that PyTorch reads.

    ``torch.load(path, weights_only=True)`` of torch >= 1.13 gives an ``OrderedDict`` of tensors with the
    same names, shapes, element types and bits (unsigned integers of more than 8 bits need torch >= 2.3).
    Nothing but the arrays decides about the bytes of the file, and they are written beside it and renamed:
    if the process or the disk fails, an older file of that name stays whole. Its permissions are kept, and
    a symbolic link goes on pointing at the file, which is replaced where it lies. What `load_checkpoint`
    would refuse, as beyond its limits, is not written.

    Parameters
    ----------
    state_dict : mapping of str to array
        Names and arrays of numbers or truth values, in the order of the file. They are not changed.
    path : str, bytes or path-like
        The file to write; an existing one must be a regular file.

    Raises
    ------
    TypeError
        If `state_dict` is no mapping, a name is not text, or a value does not make an array: ragged lists,
        masked arrays, tensors that require gradients.
    ValueError
        If an array holds something that a tensor cannot, such as text or objects, a name holds what UTF-8
        cannot, or `load_checkpoint` would refuse the file: above all, more than 32 dimensions, or more than
        some 60,000 arrays.
    OSError
        If the file cannot be written, or `path` is a directory, a device or a pipe.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> import tinynet as tn
    >>> from tinynet.checkpoint import save_checkpoint
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.pth")
    ...     save_checkpoint({"fc.weight": np.eye(2, dtype=np.float32)}, path)
    ...     tn.load_checkpoint(path)["fc.weight"].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    arrays = dict(_prepare(state_dict))
    pickle = _pickle(arrays)
    with replacing(os.fsdecode(path)) as file:
        archive = ZipWriter(file)
        archive.add(f"{_ROOT}/data.pkl", pickle)
        archive.add(f"{_ROOT}/byteorder", b"little")
        for key, array in enumerate(arrays.values()):
            archive.add(f"{_ROOT}/data/{key}", array.reshape(-1).view(np.uint8))
        archive.add(f"{_ROOT}/version", b"3\n")
        archive.close()


def _prepare(state_dict: Mapping[str, Any]) -> Iterator[tuple[str, Array]]:
    """Check names and arrays before anything is written; yield arrays in C order and little-endian."""
    if not isinstance(state_dict, Mapping):
        hint = "; write to_torch_state_dict(network) for a network" if hasattr(state_dict, "params") else ""
        raise TypeError(f"save_checkpoint needs a mapping of names to arrays, not {type(state_dict).__name__}{hint}")
    for name, value in state_dict.items():
        if not isinstance(name, str):
            raise TypeError(f"save_checkpoint needs names that are text, not {name!r}")
        try:
            name.encode("utf-8")
        except UnicodeEncodeError:
            raise ValueError(f"save_checkpoint: the name {name!r} cannot be written as UTF-8") from None
        array = as_array(value, f"save_checkpoint: {name!r}")
        if not pickle_writer.can_hold(array.dtype):
            raise ValueError(f"save_checkpoint: {name!r} holds {array.dtype}, which no PyTorch tensor can hold")
        yield name, np.asarray(array, array.dtype.newbyteorder("<"), order="C")


def _pickle(arrays: dict[str, Array]) -> bytes:
    """Return the pickle of the arrays, if it stays within what `load_checkpoint` reads."""
    for name, array in arrays.items():
        if array.ndim > limits.MAX_NDIM:
            raise ValueError(
                f"save_checkpoint: {name!r} has {array.ndim} dimensions; load_checkpoint reads up to "
                f"{limits.MAX_NDIM}"
            )
        if prod(n or 1 for n in array.shape) >= limits.MAX_COUNT:
            raise ValueError(
                f"save_checkpoint: {name!r} has the shape {array.shape}, which load_checkpoint takes for damaged"
            )
    instructions = pickle_writer.pickle_state_dict(arrays)
    length = sum(map(len, instructions))
    for what, needed, allowed in (
        ("members of a zip file", len(arrays) + _OTHER_MEMBERS, limits.MAX_MEMBERS),
        ("instructions of a pickle", len(instructions), limits.MAX_INSTRUCTIONS),
        ("bytes of a pickle", length, limits.MAX_METADATA),
        ("bytes of objects", sum(map(_cost, arrays, arrays.values())) + _OTHER_COST, limits.MAX_OBJECTS),
    ):
        if needed > allowed:
            raise ValueError(
                f"save_checkpoint: {len(arrays):,} arrays with names of {sum(map(len, arrays)):,} characters are too "
                f"much for one file: they would need {needed:,} {what}, and load_checkpoint reads up to {allowed:,}"
            )
    return b"".join(instructions)


def _cost(name: str, array: Array) -> int:
    """Return what `load_checkpoint` accounts for a tensor: two calls, an array, an item, and its name."""
    text = 0 if name.isascii() else getsizeof(name)
    return 3 * limits.OBJECT_COST + limits.DIMENSION_COST * array.ndim + limits.ITEM_COST + text
