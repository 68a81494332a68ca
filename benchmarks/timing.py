"""Interleaved timing: one repetition of each library in turn, so that a busy machine slows all of them."""

from __future__ import annotations

import time
from typing import Callable

Functions = dict[str, Callable[[], object]]
Samples = dict[str, list[float]]

FEWEST = 5  # repetitions, however long they take


def interleave(functions: Functions, seconds: float, steps: int = 1) -> Samples:
    """Return the seconds for one of the `steps` in a call of each function, measured for about `seconds` in all."""
    calls = {}
    for name, function in functions.items():
        function()  # whatever is done once: caches, pages, thread pools
        start = time.perf_counter()
        function()
        calls[name] = max(1, int(0.01 / (time.perf_counter() - start)))
    samples: Samples = {name: [] for name in functions}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or min(map(len, samples.values())) < FEWEST:
        for name, function in functions.items():
            time.sleep(0.01)  # the threads of the one before still spin for a while and would slow this one down
            function()
            start = time.perf_counter()
            for _ in range(calls[name]):
                function()
            samples[name].append((time.perf_counter() - start) / (calls[name] * steps))
    return samples
