"""Interleaved timing, and how it is printed."""

from __future__ import annotations

import importlib
import os
import platform
import statistics
import time
from typing import Callable

Samples = dict[str, list[float]]


def interleave(functions: dict[str, Callable[[], object]], seconds: float) -> Samples:
    """Return the seconds that one call of each function takes, measured in turn for about `seconds` altogether."""
    calls = {}
    for name, function in functions.items():
        function()  # whatever is done once: caches, pages, thread pools
        start = time.perf_counter()
        function()
        calls[name] = max(1, int(0.01 / (time.perf_counter() - start)))
    samples: Samples = {name: [] for name in functions}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or min(map(len, samples.values())) < 5:
        for name, function in functions.items():
            time.sleep(0.01)  # the threads of the one before still spin for a while and would slow this one down
            function()
            start = time.perf_counter()
            for _ in range(calls[name]):
                function()
            samples[name].append((time.perf_counter() - start) / calls[name])
    return samples


def print_row(name: str, samples: Samples, unit: float) -> None:
    """Print each library: median in `unit`, spread (half the middle 50 %), and how many times tinynet's it is."""
    ours = statistics.median(samples["tinynet"])
    cells = []
    for library, values in samples.items():
        low, median, high = statistics.quantiles(values, n=4)
        ratio = "" if library == "tinynet" else f" = {statistics.median(values) / ours:5.2f}x"
        cells.append(f"{library} {median / unit:10,.1f} ±{50 * (high - low) / median:3.0f} %{ratio}")
    print(f"{name:32s} " + "   ".join(cells))


def describe_machine(threads: int) -> str:
    """Return the versions, the processor and the threads that the figures below belong to."""
    versions = [f"Python {platform.python_version()}"]
    for library in ("tinynet", "numpy", "torch", "onnxruntime"):
        try:
            versions.append(f"{library} {importlib.import_module(library).__version__}")
        except ImportError:
            versions.append(f"{library} not installed")
    return f"{', '.join(versions)}; {platform.machine()}, {os.cpu_count()} cores, {threads} threads each"
