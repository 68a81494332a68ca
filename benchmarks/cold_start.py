"""A new process that imports, loads ``examples/mnist_model.pth`` and predicts one image: time and peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.report import Line, line
from benchmarks.timing import FEWEST, Samples

WEIGHTS = Path(__file__).resolve().parents[1] / "examples" / "mnist_model.pth"
PROGRAMS = {
    "tinynet": f"""
import numpy as np, tinynet as tn
net = tn.from_torch_state_dict({str(WEIGHTS)!r})
net.predict(np.zeros((1, 784), np.float32))
""",
    "torch": f"""
import torch
from torch import nn
net = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
weights = torch.load({str(WEIGHTS)!r}, weights_only=True)
net.load_state_dict(dict(zip(net.state_dict(), weights.values())))
with torch.inference_mode():
    net(torch.zeros(1, 784)).argmax(1)
""",
    "import numpy": "import numpy",
}
# The peak since exec, in KiB, where /proc tells it. getrusage would count what the parent had when it forked.
REPORT_MEMORY = """
import os
status = open("/proc/self/status").read().split() if os.path.exists("/proc/self/status") else ["VmHWM:", "nan"]
print(status[status.index("VmHWM:") + 1])
"""


def measure(threads: int, seconds: float) -> Iterator[Line]:
    """Yield a line for the time and one for the memory of the programs, which are run in turn."""
    programs = {name: code for name, code in PROGRAMS.items() if name == "tinynet" or run(code, threads) is not None}
    times: Samples = {name: [] for name in programs}
    memory: Samples = {name: [] for name in programs}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times["tinynet"]) < FEWEST:
        for name, code in programs.items():
            result = run(code, threads)
            if result is None:
                raise RuntimeError(f"this program fails: {code}")
            times[name].append(result[0])
            memory[name].append(result[1])
    yield line("time", "ms", times)
    yield line("peak memory", "MiB", memory)


def run(code: str, threads: int) -> tuple[float, float] | None:
    """Return the seconds and the bytes of one new process, None where it fails, as torch does where it is missing."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    start = time.perf_counter()
    process = subprocess.run(
        [sys.executable, "-c", code + REPORT_MEMORY], capture_output=True, text=True, check=False, env=environment
    )
    elapsed = time.perf_counter() - start
    return None if process.returncode else (elapsed, float(process.stdout) * 1024)
