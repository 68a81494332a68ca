"""The picture of how training went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.ticker import MaxNLocator

from tinynet._arrays import as_real, check_flag
from tinynet.errors import ShapeError
from tinynet.viz._axes import BLUE, VERMILION, grid, scale_by_logarithms
from tinynet.viz._picture import picture
from tinynet.viz._scale import count_not_finite, finite_or_nan
from tinynet.viz._texts import plain, plural, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tinynet._arrays import Array

#: The curves are told apart without their colours: by a broken line and, where there are few epochs, by marks.
TRAINING: dict[str, Any] = {"color": BLUE, "marker": "o", "linestyle": "-"}
VALIDATION: dict[str, Any] = {"color": VERMILION, "marker": "s", "linestyle": "--"}
#: More epochs are a line without a mark for each.
MOST_MARKS = 10
#: The scale is one of logarithms where the largest loss is so many times the smallest.
SPREAD = 10


class Panel(NamedTuple):
    """What one panel shows: the word on its axis, the columns of the record, and which number is the best."""

    label: str
    training: str
    validation: str
    best: Any
    superlative: str
    unit: str = ""


PANELS = (
    Panel("loss", "loss", "val_loss", np.nanargmin, "lowest"),
    Panel("accuracy in %", "accuracy", "val_accuracy", np.nanargmax, "highest", " %"),
)
RATES = ("first_learning_rate", "learning_rate")


@picture
def plot_history(history: Any, *, learning_rate: bool | None = None) -> Figure:
    """Draw loss and accuracy over the epochs of training, and the learning rate where it changes.

    A ring marks the best epoch of the validation data, and the title of its panel names it. A dotted line marks the
    epoch whose weights `BestWeights` has put back. Losses that differ by more than a factor of ten have a scale of
    logarithms. Of the learning rate, points are those of the first step of each epoch (hollow) and of its last
    (filled); between them it may have been any other, so no line joins them.

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
        If `history` is no record of training, or a column holds no real numbers, or `learning_rate` is no bool.
    ValueError
        If it holds no epoch.

    Examples
    --------
    >>> import tinynet as tn
    >>> history = tn.History(loss=[0.7, 0.4, 0.3], val_loss=[0.6, 0.5, 0.55])
    >>> (ax,) = tn.viz.plot_history(history).axes
    >>> ax.get_title(loc="left")
    'ring: lowest of validation, 0.5 in epoch 2'
    """
    owner = "plot_history"
    if learning_rate is not None:
        learning_rate = check_flag(learning_rate, f"{owner}: learning_rate")
    columns = _as_columns(history, owner)
    rates = np.concatenate([columns.get(name, np.zeros(0)) for name in RATES])
    if learning_rate is None:
        learning_rate = bool(rates.size) and bool((rates != rates[0]).any())
    shown = [panel for panel in PANELS if panel.training in columns or panel.validation in columns]
    count = len(shown) + (learning_rate and "learning_rate" in columns)
    if not count:
        raise ValueError(f"{owner}: there is no epoch to draw; train with fit first")
    epochs = max(map(len, columns.values()))
    stopped = shorten(getattr(history, "stopped", ""), 36 * count)
    kept = getattr(history, "kept", None)

    heading = 0.55 if stopped else 0.35
    panes = grid(count, (4.2, 2.7), caption=0.6, heading=heading, columns=count)
    for ax, panel in zip(panes.pictures, shown):
        _draw_panel(ax, panel, columns)
        if kept is not None:
            ax.axvline(kept, color="gray", linestyle=":", label=f"the weights of epoch {kept} were kept")
    from_start = len(shown) < count and _draw_rates(panes.pictures[-1], columns)
    first = 0 if from_start else 1
    for ax in panes.pictures:
        ax.set(xlabel="epoch", xlim=(first - 0.03 * epochs, 1.03 * epochs))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
        ax.grid(axis="y", alpha=0.3)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
    if shown:
        panes.pictures[0].legend(fontsize="small", framealpha=0.8)
    kept_words = "" if kept is None else f", weights of epoch {kept} kept"
    title = f"Training: {plural(epochs, 'epoch')}{kept_words}"
    panes.figure.suptitle(title + (stopped and f"\nstopped: {plain(stopped)}"))
    return panes.figure


def _as_columns(history: Any, owner: str) -> dict[str, Array]:
    """Return the columns that pictures show and that are not empty, accuracies in percent."""
    record = history.to_dict() if callable(getattr(history, "to_dict", None)) else history
    if not isinstance(record, Mapping):
        raise TypeError(f"{owner} expects a History, as fit returns it, got {type(history).__name__}")
    columns = {}
    for name in [*(name for panel in PANELS for name in (panel.training, panel.validation)), *RATES]:
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
    ax.set_ylabel(panel.label)
    _draw_curve(ax, columns.get(panel.training), TRAINING, "training, during each epoch")
    values = columns.get(panel.validation)
    _draw_curve(ax, values, VALIDATION, "validation, after each epoch")
    if values is not None and np.isfinite(values).any():
        best = int(panel.best(finite_or_nan(values)))
        ax.plot(best + 1, values[best], "o", color=VERMILION, markersize=10, markerfacecolor="none")
        title = f"ring: {panel.superlative} of validation, {values[best]:.4g}{panel.unit} in epoch {best + 1}"
        ax.set_title(title, loc="left", fontsize="small")


def _draw_curve(ax: Axes, values: Array | None, look: dict[str, Any], label: str) -> None:
    if values is None:
        return
    missing = count_not_finite(values)
    label += f" ({missing:,} not finite)" if missing else ""
    marks = look["marker"] if values.size <= MOST_MARKS else ""
    epochs = np.arange(1, values.size + 1)
    ax.plot(epochs, finite_or_nan(values), label=label, markersize=4, **{**look, "marker": marks})


def _draw_rates(ax: Axes, columns: dict[str, Array]) -> bool:
    """Draw the learning rate in the last step of each epoch and, where it is known, in the first.

    Return whether it is, for then the points begin at 0, where the first epoch does. No line joins them: a warm-up,
    say, may have gone up and down again between two.
    """
    first, last = columns.get(RATES[0]), columns[RATES[1]]
    epochs = np.arange(1, len(last) + 1)
    look: dict[str, Any] = {"color": BLUE, "linestyle": "", "markersize": 5 if last.size <= MOST_MARKS else 3}
    ax.plot(epochs, finite_or_nan(last), marker="o", **look)
    words = "in the last step of each epoch"
    both = first is not None and len(first) == len(last)
    if first is not None and both:
        ax.plot(epochs - 1, finite_or_nan(first), marker="o", markerfacecolor="none", **look)
        words = "in the first step (hollow) and the last (filled)\nof each epoch; between them not recorded"
    ax.set_ylabel("learning rate")
    ax.set_title(words, loc="left", fontsize="small")
    return both
