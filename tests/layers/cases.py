"""One strategy for each kind of layer: a float64 layer with an input at which it is differentiable.

A new layer adds one strategy to `CASES` and is then checked by every test in ``test_contract.py``.
"""

from __future__ import annotations

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

import tinynet as tn

SIZES = st.integers(1, 5)
SEEDS = st.integers(0, 2**32 - 1)


def values(shape):
    return hnp.arrays(np.float64, shape, elements=st.floats(-3, 3, width=32))


def away_from_zero(x, margin=0.05):
    """Push every number at least `margin` away from 0, where ReLU has its kink."""
    return x + np.where(x >= 0, margin, -margin)


@st.composite
def dense(draw):
    layer = tn.Dense(draw(SIZES), draw(SIZES), draw(st.booleans()), rng=draw(SEEDS), dtype=np.float64)
    if "bias" in layer.params:
        layer.params["bias"] = draw(values(layer.out_features))
    return layer, draw(values((draw(SIZES), layer.in_features)))


@st.composite
def relu(draw):
    return tn.ReLU(), away_from_zero(draw(values(draw(hnp.array_shapes(min_dims=2, max_dims=4, max_side=4)))))


@st.composite
def softmax(draw):
    return tn.Softmax(), draw(values((draw(SIZES), draw(SIZES))))


@st.composite
def flatten(draw):
    return tn.Flatten(), draw(values(draw(hnp.array_shapes(min_dims=2, max_dims=4, max_side=4))))


@st.composite
def network(draw):
    widths = draw(st.lists(SIZES, min_size=2, max_size=4))
    x = draw(values((draw(SIZES), widths[0])))
    return chain(widths, x, draw(SEEDS)), x


def chain(widths, x, seed):
    """Build Dense, ReLU, ..., Dense with biases that keep every pre-activation of `x` away from ReLU's kink."""
    layers = []
    rng = np.random.default_rng(seed)
    for i, (fan_in, fan_out) in enumerate(zip(widths, widths[1:])):
        layer = tn.Dense(fan_in, fan_out, rng=rng, dtype=np.float64)
        layer.params["bias"] = [widest_gap(column) for column in layer(x).T]
        layers += [layer] if i == len(widths) - 2 else [layer, tn.ReLU()]
        x = np.maximum(layer(x), 0)
    return tn.Sequential(*layers)


def widest_gap(z, margin=0.05):
    """Return the shift that puts 0 into the middle of the widest gap between the numbers `z`, or beside them all."""
    z = np.sort(z)
    gaps = np.diff(z)
    if gaps.size and gaps.max() > 2 * margin:
        i = gaps.argmax()
        return -(z[i] + z[i + 1]) / 2
    return margin - z[0]


CASES = {"Dense": dense(), "ReLU": relu(), "Softmax": softmax(), "Flatten": flatten(), "Sequential": network()}
