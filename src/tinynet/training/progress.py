"""What training prints: one line for each epoch, and in a terminal a bar while the epoch runs."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from tinynet.training.history import loss_in_digits

if TYPE_CHECKING:
    from tinynet.training.history import History


class Progress:
    """Prints nothing at all, unless it is `shown`.

    Parameters
    ----------
    shown : bool
    epochs, samples : int
        How many there are, and how many samples each of them has.
    """

    def __init__(self, shown: bool, epochs: int, samples: int) -> None:
        self._shown, self._epochs, self._samples = shown, epochs, samples
        self._tqdm = _tqdm() if shown else None
        self._bar: Any = None

    def start_epoch(self, epoch: int) -> None:
        """Show an empty bar, where there are bars."""
        if self._tqdm is not None:
            label = f"epoch {epoch}/{self._epochs}"
            self._bar = self._tqdm(total=self._samples, desc=label, unit=" samples", leave=False)

    def advance(self, samples: int) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(samples)

    def end_epoch(self, history: History, training_seconds: float) -> None:
        """Print the line of the last epoch in `history`."""
        self.close()
        if self._shown:
            print(epoch_line(history, self._epochs, self._samples / max(training_seconds, 1e-9)), flush=True)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def epoch_line(history: History, epochs: int, speed: float) -> str:
    """Return number and figures of the last epoch, samples a second, and how long the rest will take.

    Examples
    --------
    >>> from tinynet.training import History
    >>> epoch_line(History(loss=[0.25], accuracy=[0.9], seconds=[3.0]), 5, 20000.0)
    'epoch 1/5  loss 0.2500  accuracy 90.00 %  20,000 samples/s  12 s left'
    """
    done = len(history)
    parts = [f"epoch {done:>{len(str(epochs))}}/{epochs}"]
    for name, values in history.to_dict().items():
        if name.endswith("loss"):
            parts.append(f"{name} {loss_in_digits(values[-1])}")
        elif name.endswith("accuracy"):
            parts.append(f"{name} {100 * values[-1]:.2f} %")
    parts.append(f"{speed:,.0f} samples/s")
    total = sum(history.seconds)
    left = total / done * (epochs - done)
    parts.append(f"{duration(left)} left" if done < epochs else f"{duration(total)} in all")
    return "  ".join(parts)


def duration(seconds: float) -> str:
    """Return a time as people say it.

    Examples
    --------
    >>> duration(0.04), duration(59.6), duration(3725)
    ('0 s', '1 min 0 s', '62 min 5 s')
    """
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def _tqdm() -> Any:
    """Return tqdm's bar if it is installed and there is a terminal to draw it in, else None."""
    if sys.stderr is None or not sys.stderr.isatty():  # None in programs without a console
        return None
    try:
        return importlib.import_module("tqdm").tqdm
    except ImportError:
        return None
