"""Loading checkpoints: tinynet and torch, which is asked to load weights only, as one should of a stranger's file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

import tinynet as tn
from benchmarks.cold_start import WEIGHTS
from benchmarks.report import Line, line
from benchmarks.timing import Functions, interleave

TENSORS = 5_000


def measure(threads: int, seconds: float) -> Iterator[Line]:
    """Yield a line for each file."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        many, one = Path(folder, "many.pth"), Path(folder, "one.pth")
        _save({f"layer{i}.weight": rng.random((16, 16), dtype=np.float32) for i in range(TENSORS)}, many)
        _save({"weight": rng.random((8192, 8192), dtype=np.float32)}, one)
        yield line("the MNIST network, 0.4 MB", "ms", interleave(_loaders(WEIGHTS, threads, {}), seconds))
        yield line(f"{TENSORS:,} tensors, 5 MB", "ms", interleave(_loaders(many, threads, {}), seconds))
        mapped = _loaders(one, threads, {"mmap": True})
        yield line("1 tensor of 256 MiB, mapped", "ms", interleave(mapped, seconds))


def _save(arrays: dict[str, np.ndarray], path: Path) -> None:
    """Write a file as torch does, by torch where it is installed."""
    try:
        import torch
    except ImportError:
        tn.save_checkpoint(arrays, path)
    else:
        torch.save({name: torch.from_numpy(array) for name, array in arrays.items()}, path)


def _loaders(path: Path, threads: int, options: dict[str, bool]) -> Functions:
    functions: Functions = {"tinynet": partial(tn.load_checkpoint, path, **options)}
    try:
        import torch
    except ImportError:
        return functions
    torch.set_num_threads(threads)
    functions["torch"] = partial(torch.load, path, weights_only=True, **options)
    return functions
