"""Writes a file beside another one, and puts it in its place when it is whole."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from stat import S_IMODE, S_ISDIR, S_ISREG
from typing import BinaryIO


@contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
    """Give a file to write; at the end it replaces `path`, or what `path` is a link to, and keeps its permissions.

    If anything goes wrong before, an older file stays as it is, and nothing else stays.
    """
    # Renaming replaces a link itself, so it is followed first.
    target = os.path.realpath(path)
    mode = _mode(target)
    folder = os.path.dirname(target)  # noqa: PTH120
    if not os.path.isdir(folder):  # noqa: PTH112
        raise FileNotFoundError(errno.ENOENT, "There is no such folder to write it to", path)
    # In the same folder, as only a rename within one file system replaces a file at once.
    temporary = os.path.join(folder, f".{os.urandom(8).hex()}.part")  # noqa: PTH118
    try:
        with open(temporary, "xb") as file:  # noqa: PTH123 (importing pathlib takes longer)
            yield file
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(temporary, mode)  # noqa: PTH101
        os.replace(temporary, target)  # noqa: PTH105
    except BaseException:
        with suppress(OSError):  # it was never made, or is renamed already
            os.unlink(temporary)  # noqa: PTH108
        raise


def _mode(target: str) -> int | None:
    """Return the permissions of the file that is to be replaced, or None; refuse what is no file."""
    try:
        mode = os.stat(target).st_mode  # noqa: PTH116
    except FileNotFoundError:
        return None
    if S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), target)
    if not S_ISREG(mode):
        raise OSError(errno.EINVAL, "It is no regular file but a device, a pipe or a socket", target)
    return S_IMODE(mode)
