"""Disks that fill up and processes that are killed while `save_checkpoint` writes: the old file stays as it is."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import tinynet as tn

resource = pytest.importorskip("resource", reason="needs the limits and signals of a POSIX system")

OLD = {"weight": np.arange(1000.0), "bias": np.arange(3, dtype=np.float32)}
#: Written by the children: 16 MB, which take a while.
NEW = 'import numpy as np, tinynet as tn; new = {str(i): np.full(500_000, i, "f4") for i in range(8)}\n'
FOREVER = """
import sys
print(flush=True)
while True:
    tn.save_checkpoint(new, sys.argv[1])
"""
#: Stops the process itself where it is about to call the function of that name.
STOPPED = """
import os, signal, sys
real = getattr(os, sys.argv[2])
def stop(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)
    real(*arguments)
setattr(os, sys.argv[2], stop)
tn.save_checkpoint(new, sys.argv[1])
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    tn.save_checkpoint(OLD, tmp_path / "model.pth")
    return tmp_path / "model.pth"


def command(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", NEW + code, *map(str, arguments)]


def environment() -> dict[str, str]:
    source = str(Path(tn.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))}


def assert_old(path: Path, before: bytes) -> None:
    assert path.read_bytes() == before
    loaded = tn.load_checkpoint(path, verify=True)
    assert {name: array.tobytes() for name, array in loaded.items()} == {
        name: array.tobytes() for name, array in OLD.items()
    }


@pytest.mark.parametrize("room", [0, 1, 4096, 799_999])
def test_a_disk_that_fills_up_leaves_the_old_file_and_nothing_else(path: Path, room: int) -> None:
    before = path.read_bytes()
    new = {"weight": np.zeros(100_000)}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No file may become larger. Python ignores the signal, so that writing fails as it does on a full disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        with pytest.raises(OSError) as caught:  # noqa: PT011
            tn.save_checkpoint(new, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.errno == errno.EFBIG
    assert_old(path, before)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("moment", ["fsync", "chmod", "replace"])
def test_a_process_killed_at_any_step_leaves_the_old_file(path: Path, moment: str) -> None:
    before = path.read_bytes()
    assert subprocess.run(command(STOPPED, path, moment), env=environment()).returncode == -signal.SIGKILL
    assert_old(path, before)
    (left,) = [entry.name for entry in path.parent.iterdir() if entry != path]
    assert left.startswith(".")
    assert left.endswith(".part")
    tn.save_checkpoint(OLD, path)  # what is left is in nobody's way
    assert_old(path, before)


@pytest.mark.parametrize("seconds", [0.0, 0.03])
def test_a_process_killed_at_any_moment_leaves_a_whole_file(path: Path, seconds: float) -> None:
    before = path.read_bytes()
    child = subprocess.Popen(command(FOREVER, path), stdout=subprocess.PIPE, env=environment())
    assert child.stdout is not None
    with child.stdout:
        child.stdout.readline()
        time.sleep(seconds)
        child.kill()
        child.wait()
    if path.read_bytes() == before:
        assert_old(path, before)
    else:
        loaded = tn.load_checkpoint(path, verify=True)
        assert list(loaded) == [str(i) for i in range(8)]
        assert all((array == int(name)).all() and array.size == 500_000 for name, array in loaded.items())
