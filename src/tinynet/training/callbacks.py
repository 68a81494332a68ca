"""What may happen between epochs: stopping early, and keeping the best weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinynet._arrays import check_not_negative, check_positive

if TYPE_CHECKING:
    from tinynet._arrays import Array
    from tinynet.layers import Layer
    from tinynet.training.history import History


class Callback:
    """Base of what `fit` calls between epochs; a plain function ``(network, history)`` is called as well.

    Examples
    --------
    >>> class Print(Callback):
    ...     def __call__(self, network, history):
    ...         print(f"{history.loss[-1]:.2f}")
    """

    def start(self, network: Layer, history: History) -> None:
        """Be told that training begins."""

    def __call__(self, network: Layer, history: History) -> bool | None:
        """Be told that an epoch is over, the last one in `history`; only ``True`` ends the training."""
        raise NotImplementedError(f"{type(self).__name__} does not define __call__(network, history)")

    def end(self, network: Layer, history: History) -> None:
        """Be told that training is over, by itself or interrupted, but not by an error."""


#: The columns of a history that have a best number.
MONITORED: tuple[str, ...] = ("loss", "accuracy", "val_loss", "val_accuracy")


class _Monitor(Callback):
    """What both kinds share: a column of the history, and which of its numbers is the best."""

    def __init__(self, monitor: str | None = None) -> None:
        if monitor is not None and not (isinstance(monitor, str) and monitor in MONITORED):
            raise ValueError(f"{type(self).__name__}: monitor must be one of {', '.join(MONITORED)}, got {monitor!r}")
        self.monitor: str | None = monitor
        self._forget()

    def _forget(self) -> None:
        self.best: float | None = None
        self.best_epoch: int | None = None

    def start(self, network: Layer, history: History) -> None:
        """Begin a training: what was best in another one is forgotten."""
        self._forget()

    def _improved(self, history: History, by: float = 0.0) -> bool:
        """Take note of the last epoch if it is the best one, by more than `by`."""
        columns = history.to_dict()
        name = self.monitor or ("val_loss" if "val_loss" in columns else "loss")
        if name not in columns:
            raise ValueError(
                f"{self!r}: there is no {name} in this training, but {', '.join(columns)}"
                + ("; give fit validation_data" if name.startswith("val") else "")
            )
        value = columns[name][-1]
        gain = 0.0 if self.best is None else (self.best - value if name.endswith("loss") else value - self.best)
        better = not np.isnan(value) if self.best is None else gain > by
        if better:
            self.best, self.best_epoch = value, len(history)
        return better

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._arguments())})"

    def _arguments(self) -> list[str]:
        return [] if self.monitor is None else [repr(self.monitor)]


class EarlyStopping(_Monitor):
    """End the training once a figure has stopped improving.

    Parameters
    ----------
    monitor : str, optional
        A column of `History`: losses improve downwards, accuracies upwards. By default ``val_loss``, or ``loss``
        without validation data.
    patience : int
        How many epochs in a row may bring no improvement.
    min_delta : float
        What counts as an improvement is larger than this.

    Attributes
    ----------
    best : float or None
    best_epoch : int or None
        Counted from 1.

    Examples
    --------
    >>> EarlyStopping("val_accuracy", patience=3)
    EarlyStopping('val_accuracy', patience=3)
    """

    def __init__(self, monitor: str | None = None, patience: int = 5, min_delta: float = 0.0) -> None:
        super().__init__(monitor)
        self.patience: int = check_positive(patience, "EarlyStopping: patience")
        self.min_delta: float = check_not_negative(min_delta, "EarlyStopping: min_delta")

    def __call__(self, network: Layer, history: History) -> bool:
        """Return whether to stop."""
        self._improved(history, self.min_delta)
        return len(history) - (self.best_epoch or 0) >= self.patience

    def _arguments(self) -> list[str]:
        delta = [f"min_delta={self.min_delta:g}"] if self.min_delta > 0 else []
        return [*super()._arguments(), f"patience={self.patience}", *delta]


class BestWeights(_Monitor):
    """Put the parameters of the best epoch back into the network when training ends, with its buffers.

    ``history.kept`` then is that epoch.

    Parameters
    ----------
    monitor : str, optional
        As for `EarlyStopping`.

    Attributes
    ----------
    best : float or None
    best_epoch : int or None
        Counted from 1.

    Examples
    --------
    >>> BestWeights("val_accuracy")
    BestWeights('val_accuracy')
    """

    def _forget(self) -> None:
        super()._forget()
        self._kept: list[Array] = []

    def __call__(self, network: Layer, history: History) -> None:
        """Keep a copy if this epoch is the best one so far."""
        if self._improved(history):
            self._kept = [array.copy() for array in network._state().values()]

    def end(self, network: Layer, history: History) -> None:
        """Put the copy back."""
        history.kept = self.best_epoch
        for array, kept in zip(network._state().values(), self._kept):
            array[...] = kept
