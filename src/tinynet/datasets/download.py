"""Download of a published file: mirrors, resume, a check of the content, and no half-written result."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from tinynet.datasets.progress import ProgressBar
from tinynet.datasets.transfer import TransferError, request

if TYPE_CHECKING:
    from pathlib import Path

# How often one mirror is asked for the rest of a file that it cuts off.
ATTEMPTS = 5
# After this long without a write, the part that a killed process has left is removed.
ABANDONED_SECONDS = 24 * 3600


class RemoteFile(NamedTuple):
    """A published file: its name on every mirror, and what its content is."""

    name: str
    size: int
    md5: str


class DownloadError(OSError):
    """No mirror delivered the file; the message has a line for each, with the cause."""


def download(remote: RemoteFile, mirrors: Sequence[str], folder: Path) -> Path:
    """Fetch `remote` from the first of the `mirrors` that delivers it into `folder`; return its path.

    The file gets its own name only when it is whole and its md5 is right. Until then it grows under a name
    with the process id and a random number in it, so that processes that download at once never meet: the
    last to rename wins, with the same bytes. An interrupted download is left as ``<name>.part``. A later one
    takes that over by renaming it, which succeeds for one process only, and resumes it from any mirror.

    Raises
    ------
    DownloadError
        No mirror delivered.
    OSError
        The folder cannot be written to.
    """
    new_folders = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(remote, folder)
    target = folder / remote.name
    parked = folder / f"{remote.name}.part"
    own = folder / f"{remote.name}.{os.getpid()}-{os.urandom(4).hex()}.part"
    with suppress(FileNotFoundError):
        parked.rename(own)
    try:
        with own.open("ab+") as part:
            _fetch(remote, mirrors, part)
            os.fsync(part.fileno())
        _publish(own, target)
    finally:
        if own.exists():  # an error or Ctrl-C
            if own.stat().st_size:
                own.replace(parked)
            else:
                own.unlink()
                for place in new_folders:  # offline, nothing is left behind
                    with suppress(OSError):
                        place.rmdir()
    return target


def _remove_abandoned(remote: RemoteFile, folder: Path) -> None:
    for part in folder.glob(f"{remote.name}.*-*.part"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > ABANDONED_SECONDS:
                part.unlink()


def _fetch(remote: RemoteFile, mirrors: Sequence[str], part: BinaryIO) -> None:
    """Complete `part` from the first mirror that can, going on where the one before has stopped."""
    causes = []
    with ProgressBar(remote.name, remote.size) as progress:
        for mirror in mirrors:
            url = mirror.rstrip("/") + "/" + remote.name
            for _ in range(ATTEMPTS):
                try:
                    resumed = part.seek(0, os.SEEK_END) > 0
                    _append(remote, url, part, progress)
                    _check_content(remote, part, resumed)
                    return
                except TransferError as error:
                    failure = error
                if not failure.again:
                    break
            causes.append(f"  {url}: {failure}")
    raise DownloadError("\n".join(causes) or "no mirrors")


def _append(remote: RemoteFile, url: str, part: BinaryIO, progress: ProgressBar) -> None:
    """Ask `url` for the bytes that `part` lacks, and write them to it as they come."""
    done = part.seek(0, os.SEEK_END)
    if done >= remote.size:
        return
    done, pieces = request(url, done, remote.size)
    part.truncate(done)
    for piece in pieces:
        part.write(piece)
        done += len(piece)
        progress.show(done)


def _check_content(remote: RemoteFile, part: BinaryIO, resumed: bool) -> None:
    import hashlib

    part.seek(0)
    # md5 is what is published. It is here to find damage, not forgery.
    found = hashlib.md5(part.read(), usedforsecurity=False).hexdigest()
    if found != remote.md5:
        part.truncate(0)
        # Where the wrong bytes may be older than this request, the mirror gets another, from the start.
        raise TransferError(f"the content is wrong: md5 {found} instead of {remote.md5}", again=resumed)


def _publish(own: Path, target: Path) -> None:
    try:
        own.replace(target)
    except PermissionError:
        # Windows replaces no file that is open elsewhere; if it is, another process has just published it.
        if not target.exists():
            raise
        own.unlink()
