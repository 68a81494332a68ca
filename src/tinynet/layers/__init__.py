"""The layers: each a pair of pure functions, ``_forward`` and ``_backward``, under one base class."""

from tinynet.layers.activations import LeakyReLU, ReLU, Sigmoid, Tanh
from tinynet.layers.base import Layer
from tinynet.layers.convolution import Conv2d
from tinynet.layers.dense import Dense
from tinynet.layers.normalization import BatchNorm
from tinynet.layers.pooling import AvgPool2d, MaxPool2d
from tinynet.layers.regularization import Dropout
from tinynet.layers.shape import Flatten
from tinynet.layers.softmax import LogSoftmax, Softmax

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
