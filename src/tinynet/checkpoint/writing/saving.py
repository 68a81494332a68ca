"""`save_checkpoint`: a zip file that `torch.load` reads, the same bytes for the same arrays."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from tinynet._arrays import as_array
from tinynet.checkpoint.writing import pickle_writer
from tinynet.checkpoint.writing.zip_writer import ZipWriter

if TYPE_CHECKING:
    from tinynet._arrays import Array

_ROOT = "archive"


def save_checkpoint(state_dict: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write arrays to a checkpoint file that PyTorch reads.

    ``torch.load(path, weights_only=True)`` of torch >= 1.13 gives an ``OrderedDict`` of tensors with the
    same names, shapes, element types and bits (unsigned integers of more than 8 bits need torch >= 2.3).
    Nothing but the arrays decides about the bytes of the file, and they are written beside it and renamed:
    if the process or the disk fails, an older file of that name stays whole. Its permissions are kept.

    Parameters
    ----------
    state_dict : mapping of str to array
        Names and arrays of numbers or truth values, in the order of the file. They are not changed.
    path : str or path-like
        The file to write.

    Raises
    ------
    TypeError
        If `state_dict` is no mapping, a name is not text, or a value does not make an array: ragged lists,
        masked arrays, tensors that require gradients.
    ValueError
        If an array holds something that a tensor cannot, such as text or objects, or a name holds what
        UTF-8 cannot.
    OSError
        If the file cannot be written.

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
    target = os.fspath(path)
    # Beside the target, as only a rename within one file system replaces it at once.
    temporary = f"{target}.{os.urandom(6).hex()}.part"
    try:
        with open(temporary, "xb") as file:  # noqa: PTH123 (importing pathlib takes longer)
            _write(file, arrays)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            os.chmod(temporary, os.stat(target).st_mode & 0o7777)  # noqa: PTH101, PTH116
        os.replace(temporary, target)  # noqa: PTH105
    except BaseException:
        with suppress(OSError):  # it was never made, or is renamed already
            os.unlink(temporary)  # noqa: PTH108
        raise


def _prepare(state_dict: Mapping[str, Any]) -> Iterator[tuple[str, Array]]:
    """Check names and arrays before anything is written; yield arrays in C order and little-endian."""
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"save_checkpoint needs a mapping of names to arrays, not {type(state_dict).__name__}")
    for name, value in state_dict.items():
        if not isinstance(name, str):
            raise TypeError(f"save_checkpoint needs names that are text, not {name!r}")
        try:
            name.encode("utf-8")
        except UnicodeEncodeError:
            raise ValueError(f"the name {name!r} cannot be written as UTF-8") from None
        array = as_array(value, f"save_checkpoint: {name!r}")
        if not pickle_writer.can_hold(array.dtype):
            raise ValueError(f"{name!r} holds {array.dtype}, which no PyTorch tensor can hold")
        yield name, np.asarray(array, array.dtype.newbyteorder("<"), order="C")


def _write(file: BinaryIO, arrays: dict[str, Array]) -> None:
    archive = ZipWriter(file)
    archive.add(f"{_ROOT}/data.pkl", pickle_writer.pickle_state_dict(arrays))
    archive.add(f"{_ROOT}/byteorder", b"little")
    for key, array in enumerate(arrays.values()):
        archive.add(f"{_ROOT}/data/{key}", array.reshape(-1).view(np.uint8))
    archive.add(f"{_ROOT}/version", b"3\n")
    archive.close()
