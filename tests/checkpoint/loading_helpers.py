"""Helpers of the tests that see files loaded."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from builders import FOUR

import tinynet as tn

SIX = np.arange(6, dtype="<f4")


def load(data: bytes, **options: Any) -> Any:
    return tn.load_checkpoint(io.BytesIO(data), **options)


def assert_same(loaded: Any, expected: Any) -> None:
    """Same keys in the same order, same types, shapes, dtypes and bits."""
    assert type(loaded) is type(expected)
    if isinstance(expected, dict):
        assert list(loaded) == list(expected)
        for key in expected:
            assert_same(loaded[key], expected[key])
    elif isinstance(expected, np.ndarray):
        assert (loaded.dtype, loaded.shape) == (expected.dtype, expected.shape)
        assert loaded.tobytes() == expected.tobytes()
        assert loaded.flags.c_contiguous
        assert loaded.flags.writeable
    else:
        assert loaded == expected


WEIGHT = {"weight": FOUR.astype("f4")}

CHILD = """
import resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
import tinynet as tn
def peak():  # ru_maxrss would be that of the parent, if it is higher
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
before, started = peak(), time.perf_counter()
try:
    exec(sys.argv[2], {"tn": tn, "path": sys.argv[1]})
    outcome = "loaded"
except tn.CheckpointError:
    outcome = "refused"
print(outcome, (peak() - before) >> 10, time.perf_counter() - started)
"""


class Outcome(NamedTuple):
    what: str
    mib: int
    seconds: float


def load_in_child(path: Path, code: str = "tn.load_checkpoint(path)") -> Outcome:
    """The outcome in a process of its own with 3 GiB of address space, with the memory and time that it took."""
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc to tell the memory that a process took")
    done = subprocess.run(
        [sys.executable, "-B", "-c", CHILD, str(path), code],
        env={"PYTHONPATH": ":".join(sys.path), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    what, mib, seconds = done.stdout.split()
    return Outcome(what, int(mib), float(seconds))
