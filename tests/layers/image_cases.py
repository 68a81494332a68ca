"""Strategies for the layers of images: each a float64 layer and an input at which it is differentiable."""

from __future__ import annotations

import numpy as np
from drawn import SEEDS, separated, values, windows
from hypothesis import strategies as st

import tinynet as tn

FEW = st.integers(1, 3)


@st.composite
def conv2d(draw):
    (kernel, stride, padding), image = draw(windows(largest_padding=lambda k: 2))
    sizes = draw(FEW), draw(FEW), kernel, stride, padding, draw(st.booleans())
    layer = tn.Conv2d(*sizes, rng=draw(SEEDS), dtype=np.float64)
    if "bias" in layer.params:
        layer.params["bias"] = draw(values(layer.out_channels))
    return layer, draw(separated((draw(FEW), layer.in_channels, *image)))


@st.composite
def max_pool2d(draw):
    sizes, image = draw(windows())
    return tn.MaxPool2d(*sizes), draw(separated((draw(FEW), draw(FEW), *image)))


@st.composite
def avg_pool2d(draw):
    sizes, image = draw(windows())
    return tn.AvgPool2d(*sizes, draw(st.booleans())), draw(separated((draw(FEW), draw(FEW), *image)))


@st.composite
def batch_norm(draw):
    layer = tn.BatchNorm(
        draw(FEW),
        draw(st.sampled_from([1e-5, 0.1])),
        draw(st.sampled_from([0.1, 0.0, 1.0, None])),
        draw(st.booleans()),
        dtype=np.float64,
    )
    vary(layer, draw(SEEDS))
    image = draw(st.sampled_from([(), (1, 2), (3, 1), (2, 3)]))
    least = 1 if image else 2  # in training each channel needs two numbers
    return layer, draw(separated((draw(st.integers(least, 4)), layer.num_features, *image)))


def vary(layer, seed):
    """Give a `BatchNorm` weights, biases and running statistics that are none of the first ones."""
    rng = np.random.default_rng(seed)
    for arrays in (layer.params, layer.buffers):
        for key, array in arrays.items():
            if key == "num_batches_tracked":
                arrays[key] = rng.integers(0, 5)
            else:
                arrays[key] = rng.uniform(0.5, 2, array.shape) * (1 if "var" in key else rng.choice([-1, 1]))
