"""Training: from data, a loss and an optimizer to a network that has learned."""

from tinynet.training.callbacks import BestWeights, Callback, EarlyStopping
from tinynet.training.fitting import fit
from tinynet.training.history import History

__all__ = ["BestWeights", "Callback", "EarlyStopping", "History", "fit"]
