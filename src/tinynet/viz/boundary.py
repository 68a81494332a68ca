"""The picture of which points of a plane a network takes for which class."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import PathCollection

from tinynet._arrays import as_real, check_integer
from tinynet.errors import ShapeError
from tinynet.viz._axes import own_axes, text_scale
from tinynet.viz._evaluation import as_network, quiet, to_probabilities
from tinynet.viz._inputs import as_class_names, as_labels, as_names
from tinynet.viz._picture import picture
from tinynet.viz._regions import COLOURS, choose_colours, draw_regions, middles_of_cells, name_regions
from tinynet.viz._scale import HUGE
from tinynet.viz._texts import SMALL_LETTER, accuracy_in_words, plain, shorten, shorten_all
from tinynet.viz._ticks import keep_numbers_apart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from tinynet._arrays import Array
    from tinynet.network import Sequential
    from tinynet.viz._regions import Extent

#: With the seven colours of regions, classes have looks of their own up to 56.
MARKS = ("o", "^", "s", "D", "v", "P", "X", "*")
#: More classes do not fit into a legend; of more samples, each is a dot of an image in an SVG.
MOST_CLASSES, MOST_SAMPLES = 56, 3000
#: In the legend, the rows of a column and the longest name; and the longest that is written into a region.
ROWS, MOST_LETTERS, FEW_LETTERS = 14, 20, 3


@picture
def plot_decision_boundary(
    network: Any,
    x: Any,
    labels: Any,
    *,
    ax: Axes | None = None,
    class_names: Sequence[Any] | None = None,
    feature_names: Sequence[Any] | None = None,
    resolution: int = 200,
) -> Axes:
    """Draw which points of the plane a network takes for which class, and samples whose classes are known.

    A region is the paler the less probable its class is there; lines are where two classes are equally probable. Each
    class has a look of its own, a mark in a colour. There are seven colours: up to seven classes, a mark in a region
    of another colour is a sample that the network gets wrong. Of more classes, some share a colour, which are chosen
    so that regions side by side hardly ever do. Then each part of a region has its class written in it where there
    is room: a name of up to three letters, else the number in the legend.

    Parameters
    ----------
    network : Sequential
        From two features to two classes or more. Outputs that no `Softmax` or `LogSoftmax` made are taken to be
        scores, whose softmax is drawn.
    x : array_like of shape (N, 2)
        The samples, N of at least 1, scaled as in training.
    labels : array_like of int, shape (N,)
        Their classes.
    ax : matplotlib Axes, optional
        Where to draw; without it, on one new figure.
    class_names : sequence of length classes, optional
        Instead of 0, 1, 2, ...; long ones are shortened.
    feature_names : sequence of length 2, optional
        What the axes say instead of feature 0 and feature 1.
    resolution : int
        Points on each side of the grid on which the network is evaluated, at least 2.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ShapeError
        If `x` is not (N, 2), or has not as many samples as labels, or the network does not go from two features to
        two classes or more.
    TypeError
        If `network` is no `Sequential`, `x` holds no real numbers, or `labels` or `resolution` are no integers.
    ValueError
        If a number in `x` is not finite or too large for the network's dtype, a label is no class, `resolution` is
        below 2, there are not two `feature_names` and as many `class_names` as classes, or there are more than 56
        classes, or the network gives NaN or infinity.

    Examples
    --------
    >>> import tinynet as tn
    >>> net = tn.Sequential(tn.Dense(2, 2, rng=0), tn.Softmax())
    >>> net[0].params.update(weight=[[1, 0], [0, 1]])
    >>> ax = tn.viz.plot_decision_boundary(net, [[0.0, 1.0], [1.0, 0.0], [2.0, 3.0]], [1, 0, 0])
    >>> ax.get_title().splitlines()[0]
    'Accuracy 66.67 %: 2 of 3 samples right'
    """
    owner = "plot_decision_boundary"
    network = as_network(network, owner)
    x = as_real(x, owner)
    if x.ndim != 2 or x.shape[1] != 2 or not len(x):
        raise ShapeError(f"{owner} expects samples of shape (N, 2), N of at least 1, got {x.shape}")
    _check_numbers(x, network, owner)
    resolution = check_integer(resolution, f"{owner}: resolution", 2)
    with quiet():  # what is not finite is refused below
        scores = network(x)
    if scores.ndim != 2 or scores.shape[1] < 2:
        raise ShapeError(
            f"{owner} needs a network that gives scores of shape (N, classes), two or more, got {scores.shape}"
        )
    classes = scores.shape[1]
    if classes > MOST_CLASSES:
        raise ValueError(f"{owner} draws up to {MOST_CLASSES} classes, got {classes:,}")
    truth = as_labels(labels, classes, owner)
    if len(truth) != len(x):
        raise ShapeError(f"{owner} got {len(truth)} labels but {len(x)} samples")
    names = [plain(name) for name in shorten_all(as_class_names(class_names, classes, owner), MOST_LETTERS)]
    inside = names if classes > len(COLOURS) else []
    if inside and max(map(len, names)) > FEW_LETTERS:
        inside, names = [str(k) for k in range(classes)], [f"{k}: {name}" for k, name in enumerate(names)]
    words = ["feature 0", "feature 1"] if feature_names is None else as_names(feature_names, owner, "feature")
    if len(words) != 2:
        raise ValueError(f"{owner} got {len(words)} feature_names for 2 features")

    extent = _extent(x)
    probabilities = _probabilities(network, extent, resolution)
    if not np.isfinite(probabilities).all():
        raise ValueError(f"{owner}: the network gives NaN or infinity for points between the samples")
    columns = math.ceil(classes / ROWS)
    ax = own_axes(ax, (5.4 + columns * (0.5 + SMALL_LETTER * max(map(len, names))), 4.8))
    winner = probabilities.argmax(axis=2)
    colours = choose_colours(winner, classes, len(MARKS))
    draw_regions(ax, probabilities, extent, colours)
    if inside:
        name_regions(ax, winner, extent, inside)
    for k, colour in enumerate(colours):
        _draw_samples(ax, x[truth == k], names[k], {"color": colour, "marker": MARKS[k % len(MARKS)]})
    ax.set(xlim=extent[:2], ylim=extent[2:], xlabel=plain(shorten(words[0], 40)), ylabel=plain(shorten(words[1], 40)))
    keep_numbers_apart(ax.xaxis)
    accuracy = accuracy_in_words(int((scores.argmax(axis=1) == truth).sum()), len(x))
    key = "marks: samples and their true classes\nregions: predicted class, paler where less sure"
    ax.set_title(f"{accuracy}\n{key}", fontsize="medium")
    beside: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1), "borderaxespad": 0}
    legend = ax.legend(title="class", fontsize="small", ncol=columns, **beside)
    for mark in legend.findobj(PathCollection):
        mark.set_edgecolor(plt.rcParams["text.color"])  # black marks would be lost on black
    return ax


def _check_numbers(x: Array, network: Sequential, owner: str) -> None:
    """Raise a ValueError that names the first sample that is not finite, or with too large a number to draw."""
    largest = min(float(np.finfo(network.dtype or x.dtype).max) / 10, HUGE)  # there is a margin around the samples
    with np.errstate(invalid="ignore"):
        wrong = np.argwhere(~(abs(x) <= largest))
    if not len(wrong):
        return
    row, value = int(wrong[0, 0]), float(x[tuple(wrong[0])])
    reason = f", and here {network.dtype} reaches to {largest:.0e}" if np.isfinite(value) else ""
    raise ValueError(f"{owner} expects finite numbers, got {value:g} in row {row} of x{reason}")


def _extent(x: Array) -> Extent:
    """Return left, right, bottom and top of a picture of all samples, with a margin of a tenth."""
    low, high = x.min(axis=0).astype(float), x.max(axis=0).astype(float)
    margin = np.where(high > low, 0.1 * (high - low), 1.0)
    (left, bottom), (right, top) = low - margin, high + margin
    return float(left), float(right), float(bottom), float(top)


def _probabilities(network: Sequential, extent: Extent, resolution: int) -> Array:
    """Return the probabilities (resolution, resolution, classes) in the middles of the cells of a grid."""
    across, up = np.meshgrid(*middles_of_cells(extent, resolution))
    with quiet():
        outputs = network(np.stack([across.ravel(), up.ravel()], axis=1))
    return to_probabilities(network, outputs).reshape(resolution, resolution, -1)


def _draw_samples(ax: Axes, x: Array, name: str, look: dict[str, Any]) -> None:
    """Draw the samples of one class, which may be none: the legend names it all the same."""
    size = (6 if len(x) <= 300 else 4) * text_scale()
    many = len(x) > MOST_SAMPLES
    shown = name if name and not name.startswith("_") else f" {name}"  # which legends would leave out
    ax.scatter(x[:, 0], x[:, 1], s=size**2, edgecolors="black", linewidths=0.6, label=shown, rasterized=many, **look)
