"""Steps of training, 784-128-64-10 with SGD and Adam: tinynet, torch, scikit-learn.

An epoch of some batches by what a user calls: `tinynet.fit`, the usual loop of torch's, and `MLPClassifier.fit`; in
random order in all of them. A loop of one's own over `forward`, `backward` and `step` is measured, too.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial

import numpy as np

import tinynet as tn
from benchmarks.inference import mlp
from benchmarks.peers import torch_module
from benchmarks.report import Line, line
from benchmarks.timing import Functions, interleave

WIDTHS = (784, 128, 64, 10)
BATCHES = (32, 64, 128, 512)
STEPS = 16
RATES = {"SGD": 0.01, "Adam": 0.001}


def measure(threads: int, seconds: float) -> Iterator[Line]:
    """Yield a line for each optimizer and batch size."""
    rng = np.random.default_rng(0)
    for optimizer, rate in RATES.items():
        for rows in BATCHES:
            x = rng.random((rows * STEPS, WIDTHS[0]), dtype=np.float32)
            labels = rng.integers(0, WIDTHS[-1], len(x))
            functions: Functions = {"tinynet": fit_epoch(optimizer, rate, x, labels, rows)}
            for name, make in (("torch", torch_epoch), ("sklearn", sklearn_epoch)):
                function = make(optimizer, rate, x, labels, rows, threads)
                if function is not None:
                    functions[name] = function
            yield line(f"{optimizer}, batch of {rows}, fit", "µs", interleave(functions, seconds, STEPS))
            functions = {**functions, "tinynet": own_epoch(optimizer, rate, x, labels, rows)}
            functions.pop("sklearn", None)
            yield line(f"{optimizer}, batch of {rows}, own loop", "µs", interleave(functions, seconds, STEPS))


def fit_epoch(optimizer: str, rate: float, x: np.ndarray, labels: np.ndarray, rows: int):
    """Return a call that trains for one epoch by `tinynet.fit`."""
    net, stepper = tn.Sequential(*mlp(WIDTHS)), getattr(tn, optimizer)(rate)
    rng = np.random.default_rng(0)
    return partial(tn.fit, net, x, labels, epochs=1, optimizer=stepper, batch_size=rows, rng=rng, progress=False)


def own_epoch(optimizer: str, rate: float, x: np.ndarray, labels: np.ndarray, rows: int):
    """Return a call that trains for one epoch by a loop over the public pieces."""
    net, stepper, loss = tn.Sequential(*mlp(WIDTHS)), getattr(tn, optimizer)(rate), tn.CrossEntropy(from_logits=True)
    rng = np.random.default_rng(0)

    def epoch() -> None:
        order = rng.permutation(len(x))
        for start in range(0, len(x), rows):
            batch = order[start : start + rows]
            loss.forward(net.forward(x[batch], training=True), labels[batch])
            net.backward(loss.backward(), input_gradient=False)
            stepper.step(net)

    return epoch


def torch_epoch(optimizer: str, rate: float, x: np.ndarray, labels: np.ndarray, rows: int, threads: int):
    """Return the same of torch's, None without torch."""
    module = torch_module(tn.Sequential(*mlp(WIDTHS)), threads)
    if module is None:
        return None
    import torch

    stepper = getattr(torch.optim, optimizer)(module.parameters(), rate)
    x, labels = torch.from_numpy(x), torch.from_numpy(labels)

    def epoch() -> None:
        order = torch.randperm(len(x))
        for start in range(0, len(x), rows):
            batch = order[start : start + rows]
            stepper.zero_grad()
            torch.nn.functional.cross_entropy(module(x[batch]), labels[batch]).backward()
            stepper.step()

    return epoch


def sklearn_epoch(optimizer: str, rate: float, x: np.ndarray, labels: np.ndarray, rows: int, threads: int):
    """Return the same of scikit-learn's, None without it; it uses NumPy's threads."""
    try:
        from sklearn.neural_network import MLPClassifier
    except ImportError:
        return None
    model = MLPClassifier(
        WIDTHS[1:-1],
        solver=optimizer.lower(),
        alpha=0,
        batch_size=rows,
        learning_rate_init=rate,
        momentum=0,
        nesterovs_momentum=False,
        max_iter=1,
        warm_start=True,
        random_state=0,
    )

    def epoch() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one epoch does not converge
            model.fit(x, labels)

    return epoch
