"""What happened in training, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass, field

COLUMNS = ("loss", "accuracy", "val_loss", "val_accuracy", "first_learning_rate", "learning_rate", "seconds")


@dataclass(repr=False)
class History:
    """A record of training: lists with one number for each epoch.

    Attributes
    ----------
    loss, accuracy : list of float
        Means over the samples of the epoch, each measured in its batch, before the step that the batch led to.
        `accuracy`, 0..1, is empty where targets are no classes.
    val_loss, val_accuracy : list of float
        Of the validation data, in inference, after the epoch; empty without such data.
    first_learning_rate, learning_rate : list of float
        Those of the epoch's first and last step: a warm-up may be over within an epoch.
    seconds : list of float
        How long the epoch took, with its validation and without callbacks.
    stopped : str
        Why training ended before its last epoch; empty if it did not.
    kept : int or None
        The epoch, counted from 1, whose weights `BestWeights` has put back; None if it has not.

    Examples
    --------
    >>> history = History(loss=[0.7, 0.4], val_loss=[0.6, 0.5])
    >>> history
    epoch    loss  val_loss
        1  0.7000    0.6000
        2  0.4000    0.5000
    >>> len(history), history.to_dict()
    (2, {'loss': [0.7, 0.4], 'val_loss': [0.6, 0.5]})
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    stopped: str = ""
    first_learning_rate: list[float] = field(default_factory=list)
    kept: int | None = None

    def __len__(self) -> int:
        return len(self.loss)

    def __bool__(self) -> bool:
        return True  # also before the first epoch: it is a record, not a list

    def to_dict(self) -> dict[str, list[float]]:
        """Return the columns that are not empty, as copies; ``pandas.DataFrame`` takes them."""
        columns = {name: list(getattr(self, name)) for name in COLUMNS}
        return {name: values for name, values in columns.items() if values}

    def to_table(self) -> str:
        """Return the epochs as lines of text under a header; of the learning rates, that of the last step."""
        shown = {name: values for name, values in self.to_dict().items() if name != "first_learning_rate"}
        columns = [("epoch", [str(epoch + 1) for epoch in range(len(self))])]
        columns += [(name, [_text(name, value) for value in values]) for name, values in shown.items()]
        widths = [max(map(len, [name, *cells])) for name, cells in columns]
        rows = [[name for name, _ in columns], *zip(*(cells for _, cells in columns))]
        lines = ["  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths)) for row in rows]
        lines += [f"stopped: {self.stopped}"] * bool(self.stopped)
        lines += [f"kept: the weights of epoch {self.kept}"] * (self.kept is not None)
        return "\n".join(lines)

    __repr__ = to_table

    def _append(self, **figures: float | None) -> None:
        """Add the figures of one epoch; None leaves a column as it is."""
        for name, figure in figures.items():
            if figure is not None:
                getattr(self, name).append(float(figure))


def _text(name: str, value: float) -> str:
    if name == "seconds":
        return f"{value:.1f}"
    return f"{value:.3g}" if name == "learning_rate" else loss_in_digits(value)


def loss_in_digits(value: float) -> str:
    """Return a loss, or what is like one, with four decimals, or with a power of ten where it would be long.

    Examples
    --------
    >>> loss_in_digits(0.25), loss_in_digits(1.40927e30)
    ('0.2500', '1.409e+30')
    """
    return f"{value:.4f}" if abs(value) < 1e4 else f"{value:.4g}"
