"""The errors that tinynet raises, beside Python's own ``TypeError``, ``ValueError`` and ``OSError``."""


class TinynetError(Exception):
    """Base class of every error that is tinynet's own."""


class ShapeError(TinynetError, ValueError):
    """An array has another shape than the layer, loss or picture expects; raised before that computes anything."""


class CheckpointError(TinynetError, ValueError):
    """A checkpoint file is damaged, unsafe or unsupported, or does not fit the network it should fill."""


class BackwardError(TinynetError, RuntimeError):
    """``backward`` was called without a ``forward(..., training=True)`` before it."""


class GradientError(TinynetError, AssertionError):
    """`check_gradients` found a derivative that does not match its central difference."""


class TrainingError(TinynetError, FloatingPointError):
    """The loss of a network in training stopped being finite."""
