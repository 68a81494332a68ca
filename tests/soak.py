"""Many threads predict from one network: ``python soak.py CHECKPOINT SECONDS THREADS`` prints what came of it."""

from __future__ import annotations

import hashlib
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import tinynet as tn

IMAGES = np.random.default_rng(0).integers(0, 256, (130, 28, 28), np.uint8)


def network(seed: int | None = None) -> tn.Sequential:
    """A network of all kinds of layers; its arrays are so large that threads lay them out in memory of their own."""
    return tn.Sequential(
        *(tn.Conv2d(1, 8, 3, rng=seed, name="conv"), tn.BatchNorm(8, name="norm"), tn.ReLU(), tn.MaxPool2d(2)),
        *(tn.Flatten(), tn.Dropout(0.5, rng=0), tn.Dense(1352, 32, rng=seed, name="hidden"), tn.Sigmoid()),
        *(tn.Dense(32, 10, rng=seed, name="out"), tn.Softmax()),
    )


def predict_everything(net: tn.Sequential, first: int) -> str:
    """Predict from one image, a few and many, starting with another each time; return a digest of all bits."""
    calls = [
        lambda: net.predict_proba(IMAGES[0]),
        lambda: net.predict_proba(IMAGES[:5]),
        lambda: net.predict_proba(IMAGES),
        lambda: net(IMAGES[:40, None] / np.float32(255)),
        lambda: net.forward(IMAGES[:7, None] / np.float32(255)),
        lambda: net.predict(IMAGES, batch_size=17),
    ]
    order = [(first + i) % len(calls) for i in range(len(calls))]
    found = {i: calls[i]().tobytes() for i in order}
    return hashlib.sha256(b"".join(found[i] for i in range(len(calls)))).hexdigest()


def predict_in_threads(net: tn.Sequential, seconds: float, threads: int) -> tuple[set[str], int]:
    """Return the different digests of what all threads predicted until the time was up, and how often they did."""
    end = time.monotonic() + seconds

    def work(first: int) -> tuple[set[str], int]:
        found, rounds = {predict_everything(net, first)}, 1
        while time.monotonic() < end:
            found.add(predict_everything(net, first + rounds))
            rounds += 1
        return found, rounds

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads change in the middle of everything
    try:
        with ThreadPoolExecutor(threads) as pool:
            results = list(pool.map(work, range(threads)))
    finally:
        sys.setswitchinterval(interval)
    return set().union(*(found for found, _ in results)), sum(rounds for _, rounds in results)


if __name__ == "__main__":
    path, duration, count = sys.argv[1:]
    loaded = tn.from_torch_state_dict(tn.load_checkpoint(path, mmap=True), network())
    digests, done = predict_in_threads(loaded, float(duration), int(count))
    print(*sorted(digests), done)
