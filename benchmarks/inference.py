"""One image to 60,000 through dense networks: tinynet, torch, ONNX Runtime."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import tinynet as tn
from benchmarks.peers import predictors
from benchmarks.report import Line, line
from benchmarks.timing import interleave

ROWS = (1, 64, 1_000, 10_000, 60_000)
NETWORKS = ((784, 128, 64, 10), (784, 512, 512, 10))


def measure(threads: int, seconds: float) -> Iterator[Line]:
    """Yield a line for each network and batch size."""
    rng = np.random.default_rng(0)
    for widths in NETWORKS:
        net = tn.Sequential(*mlp(widths), tn.Softmax())
        for rows in ROWS:
            x = rng.random((rows, widths[0]), dtype=np.float32)
            samples = interleave(predictors(net, x, threads), seconds)
            name = f"{'-'.join(map(str, widths))}, {rows:,} row{'s' * (rows > 1)}"
            yield line(name, "µs" if rows < 1000 else "ms", samples)


def mlp(widths: tuple[int, ...]) -> list[tn.Layer]:
    """Return dense layers with ReLU in between."""
    layers: list[tn.Layer] = []
    for i, (fan_in, fan_out) in enumerate(zip(widths, widths[1:])):
        layers += [tn.Dense(fan_in, fan_out, rng=i), tn.ReLU()]
    return layers[:-1]
