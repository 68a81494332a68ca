"""The layers: each a pair of pure functions, ``_forward`` and ``_backward``, under one base class."""

from tinynet.layers.activations import ReLU, Softmax
from tinynet.layers.base import Layer
from tinynet.layers.dense import Dense
from tinynet.layers.shape import Flatten

__all__ = ["Dense", "Flatten", "Layer", "ReLU", "Softmax"]
