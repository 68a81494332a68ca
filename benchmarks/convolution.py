"""A convolutional network, 32-64 filters of 3x3, max-pool, 9216-128-10: tinynet, torch, ONNX Runtime."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import tinynet as tn
from benchmarks.peers import predictors, torch_module
from benchmarks.report import Line, line
from benchmarks.timing import Functions, interleave

BATCHES = (1, 256)
TRAINING_BATCH = 64


def measure(threads: int, seconds: float) -> Iterator[Line]:
    """Yield a line for each batch in inference, and one for the gradients of a batch."""
    rng = np.random.default_rng(0)
    net = build()
    for rows in BATCHES:
        x = rng.random((rows, 1, 28, 28), dtype=np.float32)
        samples = interleave(predictors(net, x, threads), seconds)
        yield line(f"32-64 CNN, {rows} image{'s' * (rows > 1)}", "ms", samples)
    x = rng.random((TRAINING_BATCH, 1, 28, 28), dtype=np.float32)
    functions = gradients(net, x, rng.integers(0, 10, TRAINING_BATCH), threads)
    yield line(f"32-64 CNN, gradients of {TRAINING_BATCH}", "ms", interleave(functions, seconds))


def build() -> tn.Sequential:
    """Return the network; it gives logits."""
    rng = np.random.default_rng(0)
    return tn.Sequential(
        tn.Conv2d(1, 32, 3, rng=rng),
        tn.ReLU(),
        tn.Conv2d(32, 64, 3, rng=rng),
        tn.ReLU(),
        tn.MaxPool2d(2),
        tn.Flatten(),
        tn.Dense(9216, 128, rng=rng),
        tn.ReLU(),
        tn.Dense(128, 10, rng=rng),
    )


def gradients(net: tn.Sequential, x: np.ndarray, labels: np.ndarray, threads: int) -> Functions:
    """Return calls that compute the gradients of one batch."""
    loss = tn.CrossEntropy(from_logits=True)

    def differentiate() -> None:
        loss.forward(net.forward(x, training=True), labels)
        net.backward(loss.backward(), input_gradient=False)

    module = torch_module(net, threads)
    if module is None:
        return {"tinynet": differentiate}
    import torch

    tensor, targets = torch.from_numpy(x), torch.from_numpy(labels)

    def torch_differentiate() -> None:
        module.zero_grad()
        torch.nn.functional.cross_entropy(module(tensor), targets).backward()

    return {"tinynet": differentiate, "torch": torch_differentiate}
