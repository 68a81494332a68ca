"""A small problem that a small network learns in a second."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn


@pytest.fixture
def data():
    """Points in four quadrants, two classes: no single dense layer can tell them apart."""
    x = np.random.default_rng(0).normal(size=(203, 2)).astype(np.float32)
    return x, (x[:, 0] * x[:, 1] > 0).astype(np.int64)


@pytest.fixture
def make():
    def make(*last, dtype="float32", dropout=None):
        middle = [tn.ReLU()] if dropout is None else [tn.ReLU(), tn.Dropout(dropout, rng=5)]
        layers = [tn.Dense(2, 16, rng=0, dtype=dtype), *middle, tn.Dense(16, 2, rng=1, dtype=dtype)]
        return tn.Sequential(*layers, *(last or [tn.Softmax()]))

    return make
