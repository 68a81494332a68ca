"""Memory maps stay out of memory and lose nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinynet as tn
from tinynet import _memory_maps

NET = tn.Sequential(tn.Dense(4, 5, rng=0), tn.ReLU(), tn.Dense(5, 3, rng=1), tn.Softmax())
PEAK = """
import sys, numpy as np, tinynet as tn
x = np.memmap(sys.argv[1], np.uint8, "r", shape=(200_000, 784))
net = tn.Sequential(tn.Dense(784, 10, rng=0))
net.predict(x[:10_000])  # what is needed for any number of rows: the threads of BLAS, buffers
def resident():
    return sum(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
before = resident()
assert net.predict(x).shape == (200_000,)
print((resident() - before) * 1024)
"""


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_a_memory_map_keeps_what_was_written_to_it(tmp_path, monkeypatch, mode):
    monkeypatch.setattr(_memory_maps, "MAPPED_BYTES", 0)
    values = np.random.default_rng(0).random((5000, 4), dtype=np.float32)
    values.tofile(tmp_path / "x")
    x = np.memmap(tmp_path / "x", np.float32, mode, shape=values.shape)
    if mode != "r":
        x[7] = values[7] = 5
    for _ in range(2):
        np.testing.assert_array_equal(
            NET.predict_proba(x, batch_size=1000), NET.predict_proba(values, batch_size=1000)
        )
        np.testing.assert_array_equal(NET.predict(x, batch_size=1000), NET.predict(values, batch_size=1000))
    assert np.array_equal(x, values)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
def test_predicting_from_a_map_takes_no_memory_for_what_was_read(tmp_path):
    with (tmp_path / "x").open("wb") as file:
        file.truncate(200_000 * 784)  # 150 MiB of zeros, and none of them on the disk
    run = [sys.executable, "-c", PEAK, str(tmp_path / "x")]
    grown = int(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    assert grown < 40 << 20
