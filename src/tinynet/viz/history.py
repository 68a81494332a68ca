"""The picture of how training went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.ticker import MaxNLocator

from tinynet._arrays import as_real
from tinynet.errors import ShapeError
from tinynet.viz._axes import BLUE, VERMILION, grid, plural, scale_by_logarithms
from tinynet.viz._texts import plain, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tinynet._arrays import Array

#: The curves are told apart by marks and by a broken line, without their colours as well.
TRAINING: dict[str, Any] = {"color": BLUE, "marker": "o", "linestyle": "-"}
VALIDATION: dict[str, Any] = {"color": VERMILION, "marker": "s", "linestyle": "--"}
#: Of more epochs each mark would cover the next.
MOST_MARKS = 40
#: The scale is one of logarithms where the largest loss is so many times the smallest.
SPREAD = 10


class Panel(NamedTuple):
    """What one panel shows: the word on its axis, the columns of the record, and which number is the best."""

    label: str
    training: str
    validation: str = ""
    words: str = "training, during each epoch"
    best: Any = None
    unit: str = ""


PANELS = (
    Panel("loss", "loss", "val_loss", best=np.nanargmin),
    Panel("accuracy in %", "accuracy", "val_accuracy", best=np.nanargmax, unit=" %"),
    Panel("learning rate", "learning_rate", words="in the last step of each epoch"),
)


def plot_history(history: Any, *, learning_rate: bool | None = None) -> Figure:
    """Draw loss and accuracy over the epochs of training, and the learning rate where it changes.

    A ring marks the best epoch of the validation data. Losses that differ by more than a factor of ten have a scale
    of logarithms.

    Parameters
    ----------
    history : History, or mapping of str to list of float
        As `tinynet.fit` returns it, or its `to_dict()`. What is not finite is left out and counted.
    learning_rate : bool, optional
        Show its panel; without it, where the rate changes.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    ShapeError
        If a column is no list of numbers.
    TypeError
        If `history` is no record of training, or a column holds no real numbers.
    ValueError
        If it holds no epoch.

    Examples
    --------
    >>> import tinynet as tn
    >>> history = tn.History(loss=[0.7, 0.4, 0.3], val_loss=[0.6, 0.5, 0.55])
    >>> (ax,) = tn.viz.plot_history(history).axes
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['training, during each epoch', 'validation, after each epoch', 'best validation: 0.5 in epoch 2']
    """
    owner = "plot_history"
    columns = _as_columns(history, owner)
    rates = columns.get("learning_rate", np.zeros(0))
    if learning_rate is None:
        learning_rate = bool(rates.size) and bool((rates != rates[0]).any())
    shown = [panel for panel in PANELS if panel.training in columns or panel.validation in columns]
    shown = [panel for panel in shown if learning_rate or panel.training != "learning_rate"]
    if not shown:
        raise ValueError(f"{owner}: there is no epoch to draw; train with fit first")
    epochs = max(map(len, columns.values()))
    stopped = shorten(getattr(history, "stopped", ""), 36 * len(shown))

    heading = 0.55 if stopped else 0.35
    figure, axes, _, _ = grid(len(shown), (4.2, 2.9), caption=0.6, heading=heading, columns=len(shown))
    for ax, panel in zip(axes, shown):
        _draw_panel(ax, panel, columns)
        ax.set(xlabel="epoch", ylabel=panel.label, xlim=(1 - 0.03 * epochs, 1.03 * epochs))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        ax.grid(alpha=0.3)
        ax.legend(loc="lower left", bbox_to_anchor=(-0.02, 1), frameon=False, fontsize="small", borderaxespad=0.2)
    figure.suptitle(f"Training: {plural(epochs, 'epoch')}" + (stopped and f"\nstopped: {plain(stopped)}"))
    return figure


def _as_columns(history: Any, owner: str) -> dict[str, Array]:
    """Return the columns that pictures show and that are not empty, accuracies in percent."""
    record = history.to_dict() if callable(getattr(history, "to_dict", None)) else history
    if not isinstance(record, Mapping):
        raise TypeError(f"{owner} expects a History, as fit returns it, got {type(history).__name__}")
    columns = {}
    for name in (name for panel in PANELS for name in (panel.training, panel.validation)):
        values = as_real(record.get(name, ()), f"{owner}: {name}")
        if values.ndim != 1:
            raise ShapeError(f"{owner} expects {name} to be a list with a number for each epoch, got {values.shape}")
        if values.size:
            columns[name] = 100 * values if name.endswith("accuracy") else values
    return columns


def _draw_panel(ax: Axes, panel: Panel, columns: dict[str, Array]) -> None:
    """Draw the curves of one panel, and a ring around the best number of the validation data."""
    drawn = np.concatenate([columns.get(name, np.zeros(0)) for name in (panel.training, panel.validation)])
    finite = drawn[np.isfinite(drawn)]
    if panel.training == "loss" and finite.size and finite.min() > 0 and finite.max() > SPREAD * finite.min():
        scale_by_logarithms(ax, finite)
    _draw_curve(ax, columns.get(panel.training), TRAINING, panel.words)
    values = columns.get(panel.validation)
    _draw_curve(ax, values, VALIDATION, "validation, after each epoch")
    if values is not None and np.isfinite(values).any():
        best = int(panel.best(np.where(np.isfinite(values), values, np.nan)))
        label = f"best validation: {values[best]:.4g}{panel.unit} in epoch {best + 1}"
        ring: dict[str, Any] = {"marker": "o", "markersize": 12, "markerfacecolor": "none", "linestyle": "none"}
        ax.plot(best + 1, values[best], color=VERMILION, label=label, **ring)


def _draw_curve(ax: Axes, values: Array | None, look: dict[str, Any], label: str) -> None:
    if values is None:
        return
    missing = int(values.size - np.isfinite(values).sum())
    label += f" ({missing} not finite)" if missing else ""
    marks = look["marker"] if values.size <= MOST_MARKS else ""
    epochs = np.arange(1, values.size + 1)
    ax.plot(
        epochs, np.where(np.isfinite(values), values, np.nan), label=label, markersize=4, **{**look, "marker": marks}
    )
