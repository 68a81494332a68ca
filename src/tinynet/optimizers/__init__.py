"""How parameters follow their gradients: gradient descent and Adam."""

from tinynet.optimizers.adam import Adam
from tinynet.optimizers.base import Optimizer
from tinynet.optimizers.sgd import SGD

__all__ = ["SGD", "Adam", "Optimizer"]
