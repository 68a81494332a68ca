"""The picture of how large the weights of each layer are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tinynet._arrays import check_positive
from tinynet.viz._axes import VERMILION, grid, plural
from tinynet.viz._inputs import as_weights
from tinynet.viz._layers import matrix_layers
from tinynet.viz._scale import DIVERGING, NOT_FINITE, colour_map, not_finite_note, scale_limit
from tinynet.viz._texts import plain, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

    from tinynet._arrays import Array


#: What the axis says where biases are marked.
WITH_BIASES = "weight (bars), bias (lines below)"


class Panel(NamedTuple):
    """The weights of one layer, the biases to show beside them if any, the reach of the scale, and the title."""

    weights: Array
    biases: Array | None
    limit: float
    title: str


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
        Bars in a panel, at least 1.
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
        If no layer has a weight matrix, or `bins` or `limit` is not positive, or `cmap` names no colour map.

    Examples
    --------
    >>> import tinynet as tn
    >>> net = tn.Sequential(tn.Dense(4, 3, name="fc1", rng=0), tn.ReLU(), tn.Dense(3, 2, rng=1))
    >>> figure = tn.viz.plot_weight_histograms(net)
    >>> [ax.get_title().splitlines()[0] for ax in figure.axes]
    ['fc1: 12 weights', '2 (Dense): 6 weights']
    """
    owner = "plot_weight_histograms"
    layers = matrix_layers(network, owner)
    bins = check_positive(bins, f"{owner}: bins")
    colours = colour_map(cmap, owner)
    panels = [_panel(name, layer, bias, limit, owner) for name, layer in layers]

    columns = min(len(panels), 3)
    figure, axes, _, _ = grid(len(panels), (3.4, 2.2), caption=0.95, heading=0.4, columns=columns)
    for place, (ax, panel) in enumerate(zip(axes, panels)):
        _draw(ax, panel, bins, colours)
        if place % columns == 0:
            ax.set_ylabel("number of weights")
    figure.suptitle(f"Weights of {plural(len(panels), 'layer')}")
    return figure


def _panel(name: str, layer: Any, with_bias: bool, limit: float | None, owner: str) -> Panel:
    matrix, biases, _ = as_weights(layer, owner)
    biases = None if biases is None or not with_bias else biases
    values = matrix.ravel() if biases is None else np.concatenate((matrix.ravel(), biases))
    reach = scale_limit(values, owner, limit=limit)
    weights = matrix[np.isfinite(matrix)]
    title = f"{plain(shorten(name, 20))}: {plural(matrix.size, 'weight')}"
    if weights.size:
        title += f"\nmean {weights.mean(dtype=float):.2g}, std {weights.std(dtype=float):.2g}"
    beyond = int((abs(values[np.isfinite(values)]) > reach).sum())
    title += f"\n{beyond:,} beyond the scale" * (beyond > 0) + not_finite_note(values).replace(f" ({NOT_FINITE})", "")
    return Panel(weights, biases, reach, title)


def _draw(ax: Axes, panel: Panel, bins: int, colours: Colormap) -> None:
    """Draw the bars in the colours of the weights that they count, and a line for each bias below them."""
    limit = panel.limit
    counts, edges = np.histogram(panel.weights.astype(float), bins, (-limit, limit))
    middles = (edges[1:] + edges[:-1]) / 2
    shades = colours(Normalize(-limit, limit)(middles))
    ax.bar(middles, counts, width=2 * limit / bins, color=shades, edgecolor="gray", linewidth=0.5)
    ax.axvline(0, color="gray", linewidth=0.8)
    top = 1.05 * max(int(counts.max()), 1)
    floor = 0.0
    if panel.biases is not None:
        floor = -0.14 * top
        ax.plot(panel.biases, np.full(panel.biases.shape, floor / 2), "|", color=VERMILION, markersize=9)
    ax.set(xlim=(-limit, limit), ylim=(floor, top), xlabel="weight" if panel.biases is None else WITH_BIASES)
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set_yticks([tick for tick in ax.get_yticks() if 0 <= tick <= top])
    ax.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
    ax.set_title(panel.title, fontsize="medium")
