"""Keeps these tests away from the network and from the user's own files, and gives them mirrors and small files."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Callable

import numpy as np
import pytest
from loopback_mirror import Mirror, remote_file

from tinynet.datasets import mnist, transfer

IDX_CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


@pytest.fixture(scope="session")
def to_idx() -> Callable[[np.ndarray], bytes]:
    """The idx file of an array."""

    def write(array: np.ndarray) -> bytes:
        header = bytes([0, 0, IDX_CODES[array.dtype.str[1:]], array.ndim])
        return header + np.array(array.shape, ">u4").tobytes() + array.astype(array.dtype.newbyteorder(">")).tobytes()

    return write


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No user's cache, no TINYNET_DATA, no proxy, no mirror."""
    monkeypatch.delenv("TINYNET_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    home = tmp_path / "home"
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(home / "cache"))
    monkeypatch.setattr(mnist, "MIRRORS", ())


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Where MNIST is kept when nothing else is said, by `isolated`."""
    return tmp_path / "home" / "cache" / "tinynet" / "mnist"


@pytest.fixture
def small_mnist(monkeypatch: pytest.MonkeyPatch, to_idx: Callable[[np.ndarray], bytes]) -> dict[str, bytes]:
    """Twelve images for training and five for testing in MNIST's place: the gzip files by their names."""
    rng = np.random.default_rng(0)
    contents = {}
    for split, count in (("train", 12), ("test", 5)):
        arrays = rng.integers(0, 256, (count, 28, 28), np.uint8), (np.arange(count) % 10).astype(np.uint8)
        remotes = []
        for remote, array in zip(mnist.FILES[split], arrays):
            content = gzip.compress(to_idx(array), mtime=0)
            contents[remote.name] = content
            remotes.append(remote_file(remote.name, content))
        monkeypatch.setitem(mnist.FILES, split, tuple(remotes))
    return contents


@pytest.fixture
def start_mirror() -> Iterator[Callable[[dict[str, bytes]], Mirror]]:
    """Starts mirrors, and stops them at the end of the test."""
    with ExitStack() as stack:

        def start(files: dict[str, bytes]) -> Mirror:
            mirror = Mirror(files)
            stack.callback(mirror.close)
            return mirror

        yield start


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time-outs that a test can wait for."""
    monkeypatch.setattr(transfer, "CONNECT_SECONDS", 1.0)
    monkeypatch.setattr(transfer, "STALL_SECONDS", 0.3)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Terminal]:
    """Puts a terminal in the place of standard error; called by the test, as pytest resets it before."""

    def replace() -> Terminal:
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        return terminal

    return replace


@contextmanager
def peak_memory(at_most: int) -> Iterator[None]:
    """Check that the block never holds more than so many bytes more than before."""
    import tracemalloc

    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= at_most


@pytest.fixture(name="peak_memory")
def peak_memory_fixture() -> Callable[[int], object]:
    return peak_memory
