"""Closed, full and strangely named folders, and a killed process, while MNIST is looked for and downloaded."""

from __future__ import annotations

import errno
import gzip
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import tinynet as tn
from tinynet.datasets import load_mnist, mnist

posix = pytest.mark.skipif(os.name != "posix", reason="needs permissions, limits and signals of a POSIX system")
NOBODY = 65534
#: Downloads the file from the mirror until it is killed.
DOWNLOAD = """
import sys
from pathlib import Path
from tinynet.datasets.download import RemoteFile, download
name, size, md5, url, folder = sys.argv[1:]
download(RemoteFile(name, int(size), md5), [url], Path(folder))
"""


@pytest.fixture
def names() -> list[str]:
    return sorted(remote.name for remote in mnist.FILES["test"])


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter, as those of pytest are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def without_privileges() -> Iterator[None]:
    """Be a user who may not write anywhere, for a while, if now one who may."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def put(contents: dict[str, bytes], folder: Path, zipped: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in (remote.name for remote in mnist.FILES["test"]):
        path = folder / (name if zipped else name[: -len(".gz")])
        path.write_bytes(contents[name] if zipped else gzip.decompress(contents[name]))
    return folder


@posix
@pytest.mark.parametrize("zipped", [True, False])
def test_a_read_only_cache_that_has_the_files_is_enough(small_mnist, folder, zipped) -> None:
    put(small_mnist, folder / "cache", zipped)
    for path in (*(folder / "cache").iterdir(), folder / "cache"):
        path.chmod(0o444 if path.is_file() else 0o555)
    before = {path.name: path.stat().st_mtime_ns for path in (folder / "cache").iterdir()}
    with without_privileges():
        images, labels = load_mnist("test", folder / "cache")
    assert (images.shape, labels.tolist()) == ((5, 28, 28), [0, 1, 2, 3, 4])
    assert images.flags.writeable
    assert {path.name: path.stat().st_mtime_ns for path in (folder / "cache").iterdir()} == before


@posix
@pytest.mark.parametrize("mode", [0o555, 0o000], ids=["read-only", "closed"])
def test_a_cache_that_cannot_be_written_to_is_named_before_the_network_is_asked(
    small_mnist, start_mirror, folder, monkeypatch, mode
) -> None:
    mirror = start_mirror(small_mnist)
    monkeypatch.setattr(mnist, "MIRRORS", (mirror.url,))
    (folder / "cache").mkdir()
    (folder / "cache").chmod(mode)
    for place in (folder / "cache", folder / "cache" / "below"):
        with (
            without_privileges(),
            pytest.raises(PermissionError, match=r"cannot be saved in .*cache.*root= or TINYNET"),
        ):
            load_mnist("test", place)
    (folder / "cache").chmod(0o755)
    assert list((folder / "cache").iterdir()) == []
    assert mirror.requests == []


@posix
def test_a_closed_place_is_passed_by_where_another_has_the_files(small_mnist, folder, monkeypatch) -> None:
    (folder / "closed").mkdir(mode=0)
    monkeypatch.setenv("TINYNET_DATA", str(put(small_mnist, folder / "open")))
    with without_privileges():
        assert load_mnist("test", folder / "closed", download=False)[1].tolist() == [0, 1, 2, 3, 4]


@posix
@pytest.mark.parametrize("room", [0, 100, 2000])
def test_a_disk_that_fills_up_leaves_no_file_that_looks_whole(
    small_mnist, start_mirror, tmp_path, monkeypatch, names, room
) -> None:
    import resource

    mirror = start_mirror(small_mnist)
    monkeypatch.setattr(mnist, "MIRRORS", (mirror.url,))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        with pytest.raises(OSError, match=r"MNIST cannot be saved in .*root= or TINYNET_DATA") as caught:
            load_mnist("test", tmp_path / "cache")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.errno == errno.EFBIG
    assert not [path for path in (tmp_path / "cache").glob("*") if path.name in names and path.stat().st_size > room]

    assert load_mnist("test", tmp_path / "cache")[1].tolist() == [0, 1, 2, 3, 4]
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == names


@posix
def test_a_process_killed_while_it_downloads_leaves_no_file_that_looks_whole(
    small_mnist, start_mirror, tmp_path, monkeypatch, names
) -> None:
    mirror = start_mirror(small_mnist)
    mirror.script = ["silent"]
    cache, remote = tmp_path / "cache", mnist.FILES["test"][0]
    run = [sys.executable, "-c", DOWNLOAD, *map(str, remote), mirror.url, str(cache)]
    child = subprocess.Popen(run, env={**os.environ, "PYTHONPATH": str(Path(tn.__file__).parents[1])})
    wait_for(lambda: bool(mirror.requests) and any(cache.iterdir()))
    child.kill()
    assert child.wait() == -signal.SIGKILL
    assert not set(names) & {path.name for path in cache.iterdir()}

    monkeypatch.setattr(mnist, "MIRRORS", (mirror.url,))
    assert load_mnist("test", cache)[1].tolist() == [0, 1, 2, 3, 4]
    assert set(names) <= {path.name for path in cache.iterdir()}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("данные", id="Cyrillic"),
        pytest.param("数据", id="Chinese"),
        pytest.param("\N{CARD FILE BOX} data", id="emoji"),
        pytest.param("n" * 200, id="long"),
        pytest.param("C:\\Users\\Anna\\data", id="drive", marks=posix),
        pytest.param("\\\\server\\share", id="share", marks=posix),
        pytest.param(os.fsdecode(b"\xff\xfe"), id="no text", marks=posix),
    ],
)
@pytest.mark.parametrize("given", ["root", "variable"])
def test_folders_of_any_name_are_downloaded_to_and_read_from(
    small_mnist, start_mirror, tmp_path, monkeypatch, names, name, given
) -> None:
    mirror = start_mirror(small_mnist)
    monkeypatch.setattr(mnist, "MIRRORS", (mirror.url,))
    monkeypatch.chdir(tmp_path)
    if given == "variable":
        monkeypatch.setenv("TINYNET_DATA", name)
    for _ in range(2):
        assert load_mnist("test", name if given == "root" else None)[1].tolist() == [0, 1, 2, 3, 4]
    assert os.listdir(tmp_path) == [name]  # noqa: PTH208 - as the system has it
    assert sorted(os.listdir(tmp_path / name)) == names  # noqa: PTH208
    assert len(mirror.requests) == 2

    labels = tmp_path / name / names[1]
    labels.write_bytes(gzip.compress(b"damaged"))
    with pytest.raises(ValueError, match="not an idx file") as caught:
        load_mnist("test", tmp_path / name)
    assert names[1] in str(caught.value)


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_file_of_any_name_is_read(tmp_path, to_idx) -> None:
    for name in ("данные.idx", "数据", "C:\\data.idx" if os.name == "posix" else "data.idx"):
        (tmp_path / name).write_bytes(to_idx(np.arange(3, dtype=np.uint8)))
        assert tn.datasets.read_idx(tmp_path / name).tolist() == [0, 1, 2]
        assert tn.datasets.read_idx(str(tmp_path / name)).tolist() == [0, 1, 2]
