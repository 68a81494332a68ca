"""The layers: each a pair of pure functions, ``_forward`` and ``_backward``, under one base class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinynet._lazy import lazily
from tinynet.layers.activations import LeakyReLU, ReLU, Sigmoid, Tanh
from tinynet.layers.base import Layer
from tinynet.layers.dense import Dense
from tinynet.layers.shape import Flatten
from tinynet.layers.softmax import LogSoftmax, Softmax

if TYPE_CHECKING:
    from collections.abc import Callable

    from tinynet.layers.convolution import Conv2d
    from tinynet.layers.normalization import BatchNorm
    from tinynet.layers.pooling import AvgPool2d, MaxPool2d
    from tinynet.layers.regularization import Dropout

__all__ = [
    "AvgPool2d",
    "BatchNorm",
    "Conv2d",
    "Dense",
    "Dropout",
    "Flatten",
    "Layer",
    "LeakyReLU",
    "LogSoftmax",
    "MaxPool2d",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
]

LAZY = {
    "AvgPool2d": "tinynet.layers.pooling",
    "BatchNorm": "tinynet.layers.normalization",
    "Conv2d": "tinynet.layers.convolution",
    "Dropout": "tinynet.layers.regularization",
    "MaxPool2d": "tinynet.layers.pooling",
}
__getattr__: Callable[[str], Any] = lazily(__name__, LAZY)


def __dir__() -> list[str]:
    return __all__
