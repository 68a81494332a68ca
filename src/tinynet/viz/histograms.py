"""The picture of how large the weights of each layer are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tinynet._arrays import check_flag, check_positive
from tinynet.viz._axes import VERMILION, check_panels, grid
from tinynet.viz._inputs import as_weights
from tinynet.viz._layers import matrix_layers
from tinynet.viz._picture import picture
from tinynet.viz._scale import DIVERGING, Scaled, colour_map, count_not_finite, scale_limit, scaled
from tinynet.viz._texts import plain, plural, shorten
from tinynet.viz._ticks import keep_numbers_apart, name_units

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

    from tinynet._arrays import Array

#: What the axis says where biases are marked.
WITH_BIASES = "weight (bars), bias (lines below)"
#: Letters of a layer's name and its weights that fit above a panel in one line.
LINE = 27
#: Fewer different values stand apart in bars of any width; where a bar counts more, one more or less is not seen.
FEW_VALUES, MANY_VALUES = 8, 20


class Panel(NamedTuple):
    """The finite weights of one layer with their scale, the biases beside them if there are any, and the title."""

    weights: Scaled
    biases: Array | None
    title: str


@picture
def plot_weight_histograms(
    network: Iterable[Any],
    *,
    bias: bool = False,
    bins: int = 50,
    limit: float | None = None,
    cmap: str = DIVERGING,
) -> Figure:
    """Draw how the weights of every layer are distributed, one panel a layer, zero in the middle.

    The bars have the colours that `plot_weights` gives to the weights. The titles tell mean and standard deviation
    (std).

    Parameters
    ----------
    network : Sequential, or another iterable of layers
        Layers without a weight matrix or filters are left out.
    bias : bool
        Mark every bias with a line across the axis below the bars.
    bins : int
        Bars in a panel, at least 1. Weights that are multiples of a step, as quantised ones are, have fewer or more,
        so that each bar counts equally many of the possible values.
    limit : float, optional
        One scale for all panels, from -limit to limit; without it each panel reaches to its largest magnitude.
        Weights beyond it are left out, and counted in the title.
    cmap : str
        Name of a diverging colour map.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    TypeError
        If `network` cannot be iterated over, or an argument is of the wrong type.
    ValueError
        If no layer has a weight matrix or more than 40 have, or `bins` or `limit` is not positive, or `cmap` names no
        colour map.

    Examples
    --------
    >>> import tinynet as tn
    >>> net = tn.Sequential(tn.Dense(4, 3, name="fc1", rng=0), tn.ReLU(), tn.Dense(3, 2, rng=1))
    >>> figure = tn.viz.plot_weight_histograms(net)
    >>> [ax.get_title().splitlines()[0] for ax in figure.axes]
    ['fc1: 12 weights', '2 (Dense): 6 weights']
    """
    owner = "plot_weight_histograms"
    bias = check_flag(bias, f"{owner}: bias")
    layers = matrix_layers(network, owner)
    check_panels(len(layers), owner)
    bins = check_positive(bins, f"{owner}: bins")
    colours = colour_map(cmap, owner)
    panels = [_panel(name, layer, bias, limit, owner) for name, layer in layers]

    columns = min(len(panels), 3)
    panes = grid(len(panels), (3.4, 2.2), caption=0.95, heading=0.4, columns=columns)
    for place, (ax, panel) in enumerate(zip(panes.pictures, panels)):
        _draw(ax, panel, bins, colours)
        if place % columns == 0:
            ax.set_ylabel("number of weights")
    panes.figure.suptitle(f"Weights of {plural(len(panels), 'layer')}")
    return panes.figure


def _panel(name: str, layer: Any, with_bias: bool, limit: float | None, owner: str) -> Panel:
    found = as_weights(layer, owner)
    matrix, biases = found.matrix, found.bias if with_bias else None
    values = matrix.ravel() if biases is None else np.concatenate((matrix.ravel(), biases))
    reach = scale_limit(values, owner, limit=limit)
    weights = scaled(matrix[np.isfinite(matrix)], reach)
    name, count = plain(shorten(name, 20)), plural(matrix.size, "weight")
    space = " " if len(name) + len(count) <= LINE else "\n"
    title = f"{name}:{space}{count}"
    if weights.cells.size:
        title += "\nmean {:.2g}, std {:.2g}".format(*_moments(matrix[np.isfinite(matrix)].astype(float)))
    beyond = int((abs(values[np.isfinite(values)].astype(float)) > reach).sum())
    missing = count_not_finite(values)
    title += f"\n{beyond:,} beyond the scale" * (beyond > 0) + f"\n{missing:,} not finite" * (missing > 0)
    return Panel(weights, None if biases is None else scaled(biases, reach).cells, title)


def _moments(weights: Array) -> tuple[float, float]:
    """Return mean and standard deviation of finite weights, which may be so large that their sum is not."""
    largest = float(abs(weights).max()) or 1.0
    shares = weights / largest
    return largest * float(shares.mean()), largest * float(shares.std())


def _draw(ax: Axes, panel: Panel, bins: int, colours: Colormap) -> None:
    """Draw the bars in the colours of the weights that they count, and a line for each bias below them."""
    weights, limit, unit = panel.weights
    weights = weights[abs(weights) <= limit]
    edges = _edges(weights, limit, bins)
    counts, _ = np.histogram(weights, edges)
    middles = (edges[1:] + edges[:-1]) / 2
    shades = colours(Normalize(-limit, limit)(middles))
    ax.bar(middles, counts, width=edges[1] - edges[0], color=shades, edgecolor="gray", linewidth=0.5)
    ax.axvline(0, color="gray", linewidth=0.8)
    top = 1.05 * max(int(counts.max()), 1)
    floor = 0.0
    if panel.biases is not None:
        floor = -0.14 * top
        ax.plot(panel.biases, np.full(panel.biases.shape, floor / 2), "|", color=VERMILION, markersize=9)
    side = max(limit, -edges[0], edges[-1])
    ax.set(xlim=(-side, side), ylim=(floor, top), xlabel="weight" if panel.biases is None else WITH_BIASES)
    keep_numbers_apart(ax.xaxis)
    name_units(ax.xaxis, unit)
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set_yticks([tick for tick in ax.get_yticks() if 0 <= tick <= top])
    ax.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
    ax.set_title(panel.title, fontsize="medium")


def _edges(weights: Array, limit: float, bins: int) -> Array:
    """Return the edges of the bars: all of one width, and between the multiples of a step if there is one."""
    edges: Array = np.linspace(-limit, limit, bins + 1)
    values = np.unique(weights)
    if values.size < FEW_VALUES:
        return edges
    span, smallest = float(values[-1] - values[0]), float(np.diff(values).min())
    if smallest * MANY_VALUES < 2 * limit / bins:
        return edges
    step = span / round(span / smallest)  # the mean, for multiples of it have been rounded
    steps = (values - values[0]) / step
    if abs(steps - steps.round()).max() > 0.01:
        return edges
    in_a_bar = 1 + 2 * max(0, round(limit / bins / step - 0.5))  # an odd number, for a bar around zero
    width = in_a_bar * step
    nearest_zero = values[0] - step * round(values[0] / step)
    middle = nearest_zero - (0.5 + in_a_bar // 2) * step  # the edge of the bar in the middle
    first, last = (values[0] - step / 2 - middle) / width, (values[-1] + step / 2 - middle) / width
    places = np.arange(math.floor(first + 0.01), math.ceil(last - 0.01) + 1)
    return np.asarray(middle + width * places)
