"""Numbers and shapes for the strategies: away from kinks and ties by construction."""

from __future__ import annotations

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

SIZES = st.integers(1, 5)
SEEDS = st.integers(0, 2**32 - 1)


def values(shape):
    return hnp.arrays(np.float64, shape, elements=st.floats(-3, 3, width=32))


def away_from_zero(x, margin=0.05):
    """Push every number at least `margin` away from 0, where ReLU has its kink."""
    return x + np.where(x >= 0, margin, -margin)


@st.composite
def separated(draw, shape, gap=0.1):
    """Draw an array of numbers around 0 in any order, no two of which are nearer than half of `gap`."""
    rng = np.random.default_rng(draw(SEEDS))
    ranks = rng.permutation(int(np.prod(shape))) - np.prod(shape) // 2
    return (gap * (ranks + rng.uniform(-0.25, 0.25, ranks.shape))).reshape(shape)


def widest_gap(z, margin=0.05):
    """Return the shift that puts 0 into the middle of the widest gap between the numbers `z`, or beside them all."""
    z = np.sort(z)
    gaps = np.diff(z)
    if gaps.size and gaps.max() > 2 * margin:
        i = gaps.argmax()
        return -(z[i] + z[i + 1]) / 2
    return margin - z[0]


@st.composite
def windows(draw, largest_padding=lambda k: k // 2, largest=3):
    """Draw a window, how it moves, and an image that it fits into: (kernel, stride, padding), (H, W)."""
    sizes = [draw(one_direction(largest_padding, largest)) for _ in range(2)]
    kernel, stride, padding, image = zip(*sizes)
    return [_as_argument(draw, pair) for pair in (kernel, stride, padding)], image


@st.composite
def one_direction(draw, largest_padding, largest):
    kernel, stride = draw(st.integers(1, largest)), draw(st.integers(1, 3))
    padding = draw(st.integers(0, largest_padding(kernel)))
    return kernel, stride, padding, draw(st.integers(max(1, kernel - 2 * padding), 5))


def _as_argument(draw, pair):
    """Write a size as a user may: one number where both are equal."""
    return pair[0] if pair[0] == pair[1] and draw(st.booleans()) else pair
