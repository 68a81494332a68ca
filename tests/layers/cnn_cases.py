"""A strategy for a small convolutional network, away from the kinks and ties of all its layers."""

from __future__ import annotations

import numpy as np
from drawn import SEEDS, widest_gap
from hypothesis import assume
from hypothesis import strategies as st
from image_cases import vary

import tinynet as tn

CHANNELS = 2


@st.composite
def network(draw):
    rng = np.random.default_rng(draw(SEEDS))
    x = rng.standard_normal((draw(st.integers(1, 3)), draw(st.integers(1, 2)), 5, 4))
    # No bias: the normalization takes it out again, and of its gradient, 0, rounding is all that one sees.
    conv = tn.Conv2d(x.shape[1], CHANNELS, 3, padding=1, bias=False, rng=rng, dtype=np.float64)
    norm = tn.BatchNorm(CHANNELS, dtype=np.float64)
    vary(norm, draw(SEEDS))
    z = normalized(conv, norm, x)
    # Two numbers in one window that come nearer than a step of the check moves them would be a tie.
    assume(np.diff(np.sort(z)).min() > 3e-4)
    norm.params["bias"] = norm.params["bias"] + [widest_gap(channel, 0.01) for channel in z]
    activation = draw(st.sampled_from([tn.ReLU, tn.LeakyReLU]))()
    pool = tn.MaxPool2d(2, draw(st.integers(1, 2)))
    features = CHANNELS * int(np.prod(pool._output_shape((CHANNELS, 5, 4))[1:]))
    head = tn.Dense(features, 2, rng=rng, dtype=np.float64)
    return tn.Sequential(conv, norm, activation, pool, tn.Flatten(), head), x


def normalized(conv, norm, x):
    """Return what goes into the activation in training, one row for each channel."""
    y, _ = tn.Sequential(conv, norm)._evaluate(x, True)
    return y.transpose(1, 0, 2, 3).reshape(CHANNELS, -1)
