"""The picture of which class is taken for which."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import PowerNorm

from tinynet._arrays import as_array, as_real, check_flag
from tinynet.errors import ShapeError
from tinynet.viz._axes import keep_beside, own_axes, room, text_scale
from tinynet.viz._inputs import as_class_names, as_labels, as_names
from tinynet.viz._picture import picture
from tinynet.viz._scale import are_light, colour_map
from tinynet.viz._texts import LETTER, accuracy_in_words, plain, shorten_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

    from tinynet._arrays import Array

#: The width of a digit in a cell, in inches.
DIGIT = 0.085
#: Of more classes only the colours are legible, and only so many names.
MOST_TEXTS = 40
#: A picture shows no more classes, and a thousand times as many would not fit into memory.
MOST_CLASSES = 1000
#: The longest name that is drawn as it is, and what one may take of axes that are given.
MOST_LETTERS, NAME = 28, 0.35


@picture
def plot_confusion_matrix(
    labels: Any,
    predictions: Any,
    *,
    ax: Axes | None = None,
    class_names: Sequence[Any] | None = None,
    normalize: bool = False,
    cmap: str = "Blues",
) -> Axes:
    """Draw how often each class (row) is taken for each class (column).

    The colour is the share of the row, on a scale that spreads small shares, so that an error of 0.1 % can be
    seen beside a diagonal of 99 %. The text is the count; a cell without a text is 0. Beyond 40 classes only the
    colours are drawn.

    Parameters
    ----------
    labels : array_like of int, shape (N,)
        The true classes, of at most 1,000.
    predictions : array_like of int, shape (N,), or of float, shape (N, classes)
        The predicted classes, or the probabilities, of which the largest counts.
    ax : matplotlib Axes, optional
        Where to draw; without it, on one new figure.
    class_names : sequence of length classes, optional
        Instead of 0, 1, 2, ...; without it and without probabilities, the largest index occurring sets `classes`.
        Long names are shortened.
    normalize : bool
        Write the share of the row in percent instead of the count.
    cmap : str
        Name of a sequential colour map.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ShapeError
        If the arrays have other shapes, or not the same N, or N is 0.
    TypeError
        If labels or one-dimensional predictions are no integers, probabilities no real numbers, or `cmap` no string.
    ValueError
        If an index is no class, or there are more than 1,000 classes, a probability is NaN, or `cmap` no colour map.

    Examples
    --------
    >>> import tinynet as tn
    >>> ax = tn.viz.plot_confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1], class_names=["cat", "dog"])
    >>> ax.get_title().splitlines()
    ['Accuracy 75.00 %: 3 of 4 samples right', 'in the cells: samples, if any']
    >>> [text.get_text() for text in ax.texts]
    ['1', '1', '2']
    """
    owner = "plot_confusion_matrix"
    normalize = check_flag(normalize, f"{owner}: normalize")
    class_names = None if class_names is None else as_names(class_names, owner)
    classes = None if class_names is None else len(class_names)
    predictions = as_array(predictions, owner)
    if predictions.ndim == 2:
        scores = as_real(predictions, owner)
        if scores.size == 0:
            raise ShapeError(
                f"{owner} expects probabilities of shape (N, classes), neither of them 0, got {scores.shape}"
            )
        if (unknown := np.isnan(scores).any(axis=1)).any():
            raise ValueError(f"{owner} expects probabilities, got NaN in row {int(unknown.argmax())}")
        classes = scores.shape[1]
        predictions = scores.argmax(axis=1)
    predicted = as_labels(predictions, classes, owner, "predictions")
    truth = as_labels(labels, classes, owner)
    if len(truth) != len(predicted):
        raise ShapeError(f"{owner} got {len(truth)} labels but {len(predicted)} predictions")
    if classes is None:
        classes = 1 + max(int(np.max(labels)), int(predictions.max()))  # as given, for int64 may not hold them
    if classes > MOST_CLASSES:
        raise ValueError(
            f"{owner} draws up to {MOST_CLASSES:,} classes, got {classes:,}; "
            f"class indices are 0, 1, 2, ... and the largest sets their number"
        )
    names = as_class_names(class_names, classes, owner)
    colours = colour_map(cmap, owner)

    counts = np.bincount(truth * classes + predicted, minlength=classes**2).reshape(classes, classes)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    words = np.char.mod("%.1f", 100 * shares) if normalize else counts.astype(str)
    longest = int(np.char.str_len(words).max())
    few = classes <= MOST_TEXTS
    cell = max(2.4 / classes, DIGIT * (1 + longest), 0.34) if few else 10 / classes
    if ax is None:
        names = shorten_all(names, MOST_LETTERS)
        side = cell * classes + LETTER * max(map(len, names))
    else:  # beside what is there already, and a colour bar
        width, height = room(ax)
        side = min(0.8 * width, height)
        names = shorten_all(names, min(MOST_LETTERS, max(8, int(NAME * side / LETTER))))
        cell = side / classes
    ax = own_axes(ax, (side + 1.9, side + 0.9))
    mesh = _draw_shares(ax, shares, colours)
    _name_cells(ax, names, upright=max(map(len, names)) * LETTER > cell)
    if few:
        points = text_scale() * min(9.0, 72 * cell / (0.65 * longest + 0.7))
        _write(ax, np.where(counts > 0, words, ""), mesh.cmap(mesh.norm(shares)), points)
    title = accuracy_in_words(int((truth == predicted).sum()), len(truth))
    if few:
        title += f"\nin the cells: {'% of the true class' if normalize else 'samples'}, if any"
    ax.set(xlabel="predicted class", ylabel="true class")
    ax.set_title(title, fontsize="medium", pad=10 * text_scale())  # above the number at the end of the colour bar
    return ax


def _draw_shares(ax: Axes, shares: Array, cmap: Colormap) -> Any:
    """Draw the share of each row in each of its cells, row 0 on top, and the key of the colours."""
    # The cube root puts 0.1 % at a tenth of the scale and 1 % at a fifth.
    norm = PowerNorm(1 / 3, vmin=0, vmax=1)
    mesh = ax.pcolormesh(shares, norm=norm, cmap=cmap, edgecolors="lightgray", linewidth=0.5)
    ax.set(ylim=(len(shares), 0), aspect="equal")
    bar = ax.figure.colorbar(mesh, ax=ax, label="share of the true class (row)", aspect=20)
    keep_beside(bar.ax, ax)
    ticks = [0, 0.001, 0.01, 0.1, 0.5, 1]
    bar.set_ticks(ticks)
    bar.set_ticklabels([f"{100 * tick:g} %" for tick in ticks])
    return mesh


def _name_cells(ax: Axes, names: list[str], *, upright: bool) -> None:
    shown = range(0, len(names), math.ceil(len(names) / MOST_TEXTS))
    places, words = [k + 0.5 for k in shown], [plain(names[k]) for k in shown]
    ax.set_xticks(places)
    ax.set_xticklabels(words, rotation=90 if upright else 0)
    ax.set_yticks(places)
    ax.set_yticklabels(words)


def _write(ax: Axes, words: Array, colours: Array, points: float) -> None:
    """Write `words` into the cells, dark on light `colours` and light on dark ones."""
    is_light = are_light(colours)
    for row, column in np.argwhere(words != ""):
        colour = "black" if is_light[row, column] else "white"
        place = column + 0.5, row + 0.5
        ax.text(*place, words[row, column], ha="center", va="center", color=colour, fontsize=points)
