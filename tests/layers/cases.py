"""One strategy for each kind of layer: a float64 layer with an input at which it is differentiable.

A new layer adds one strategy to `CASES` and is then checked by every test in ``test_contract.py``.
"""

from __future__ import annotations

import cnn_cases
import hypothesis.extra.numpy as hnp
import image_cases
import numpy as np
from drawn import SEEDS, SIZES, away_from_zero, values, widest_gap
from hypothesis import strategies as st

import tinynet as tn

SHAPES = hnp.array_shapes(min_dims=2, max_dims=4, max_side=4)


@st.composite
def dense(draw):
    layer = tn.Dense(draw(SIZES), draw(SIZES), draw(st.booleans()), rng=draw(SEEDS), dtype=np.float64)
    if "bias" in layer.params:
        layer.params["bias"] = draw(values(layer.out_features))
    return layer, draw(values((draw(SIZES), layer.in_features)))


@st.composite
def relu(draw):
    return tn.ReLU(), away_from_zero(draw(values(draw(SHAPES))))


@st.composite
def leaky_relu(draw):
    slope = draw(st.sampled_from([0.01, 0.0, 1.0, 2.5, -0.5]) | st.floats(-3, 3))
    return tn.LeakyReLU(slope), away_from_zero(draw(values(draw(SHAPES))))


@st.composite
def smooth(draw):
    return draw(st.sampled_from([tn.Sigmoid, tn.Tanh]))(), draw(values(draw(SHAPES)))


@st.composite
def over_classes(draw, kind):
    return kind(), draw(values((draw(SIZES), draw(SIZES))))


@st.composite
def dropout(draw):
    p = draw(st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 0.9))
    return tn.Dropout(p, rng=draw(SEEDS)), draw(values(draw(SHAPES)))


@st.composite
def flatten(draw):
    return tn.Flatten(), draw(values(draw(SHAPES)))


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


CASES = {
    "Dense": dense(),
    "ReLU": relu(),
    "LeakyReLU": leaky_relu(),
    "Sigmoid and Tanh": smooth(),
    "Softmax": over_classes(tn.Softmax),
    "LogSoftmax": over_classes(tn.LogSoftmax),
    "Dropout": dropout(),
    "Flatten": flatten(),
    "Sequential": network(),
    "Conv2d": image_cases.conv2d(),
    "MaxPool2d": image_cases.max_pool2d(),
    "AvgPool2d": image_cases.avg_pool2d(),
    "BatchNorm": image_cases.batch_norm(),
    "CNN": cnn_cases.network(),
}
#: Whose training forward is meant to give something else than inference.
TRAINS_OTHERWISE = {"Dropout", "BatchNorm", "CNN"}
#: Where each training forward draws anew.
DRAWS = {"Dropout"}
