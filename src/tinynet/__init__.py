"""Neural networks in plain NumPy that load PyTorch checkpoints, predict, draw and explain themselves."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tinynet import functional, initializers
from tinynet._lazy import lazily
from tinynet.checkpoint import load_checkpoint
from tinynet.errors import BackwardError, CheckpointError, GradientError, ShapeError, TinynetError, TrainingError
from tinynet.layers import LAZY as _LAZY_LAYERS
from tinynet.layers import Dense, Flatten, Layer, LeakyReLU, LogSoftmax, ReLU, Sigmoid, Softmax, Tanh
from tinynet.losses import CrossEntropy
from tinynet.network import Sequential
from tinynet.torch_import import from_torch_state_dict, to_torch_state_dict

if TYPE_CHECKING:
    from tinynet import datasets, schedules, viz  # noqa: F401 - for type checkers; see __getattr__
    from tinynet.checkpoint import save_checkpoint
    from tinynet.gradcheck import check_gradients
    from tinynet.layers import AvgPool2d, BatchNorm, Conv2d, Dropout, MaxPool2d
    from tinynet.optimizers import SGD, Adam
    from tinynet.training import BestWeights, Callback, EarlyStopping, History, fit

__version__ = "0.1.0"

__all__ = [
    "SGD",
    "Adam",
    "AvgPool2d",
    "BackwardError",
    "BatchNorm",
    "BestWeights",
    "Callback",
    "CheckpointError",
    "Conv2d",
    "CrossEntropy",
    "Dense",
    "Dropout",
    "EarlyStopping",
    "Flatten",
    "GradientError",
    "History",
    "Layer",
    "LeakyReLU",
    "LogSoftmax",
    "MaxPool2d",
    "ReLU",
    "Sequential",
    "ShapeError",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "TinynetError",
    "TrainingError",
    "__version__",
    "check_gradients",
    "datasets",
    "fit",
    "from_torch_state_dict",
    "functional",
    "initializers",
    "load_checkpoint",
    "save_checkpoint",
    "schedules",
    "to_torch_state_dict",
]  # without viz: "from tinynet import *" need not wait for matplotlib


# Only who draws waits for matplotlib, which takes longer to import than the rest together; and a process that loads a
# network and predicts, which takes little longer than NumPy's import, waits for nothing that it can miss.
_get = lazily(
    __name__,
    {
        "check_gradients": "tinynet.gradcheck",
        "save_checkpoint": "tinynet.checkpoint",
        **_LAZY_LAYERS,
        **dict.fromkeys(["SGD", "Adam"], "tinynet.optimizers"),
        **dict.fromkeys(["BestWeights", "Callback", "EarlyStopping", "History", "fit"], "tinynet.training"),
    },
)


def __getattr__(name: str) -> Any:
    if name in ("datasets", "schedules", "viz"):
        return importlib.import_module(f"tinynet.{name}")
    return _get(name)


def __dir__() -> list[str]:
    return sorted([*__all__, "viz"])
