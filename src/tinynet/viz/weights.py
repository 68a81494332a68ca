"""Pictures of weight matrices: one of them, or every one of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._arrays import check_flag
from tinynet.viz._axes import add_colour_bar, check_panels, grid, own_axes
from tinynet.viz._heatmap import draw_cells
from tinynet.viz._inputs import as_weights
from tinynet.viz._layers import matrix_layers, shape_in_words
from tinynet.viz._picture import picture
from tinynet.viz._scale import DIVERGING, check_limit, colour_map, not_finite_note, scale_limit, unit_of
from tinynet.viz._texts import LETTER, plain, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: The width of a letter of a title in inches, and for how many of them a figure is made wider.
TITLE_LETTER, MOST_LETTERS = 1.2 * LETTER, 80


@picture
def plot_weights(
    layer_or_array: Any,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    bias: bool = False,
    annotate: bool | None = None,
    limit: float | None = None,
    robust: bool = False,
    cmap: str = DIVERGING,
) -> Axes:
    """Draw a weight matrix as a heat map: row i is neuron i, column j is input j, zero is in the middle.

    Parameters
    ----------
    layer_or_array : Dense, Conv2d, or array_like of shape (out_features, in_features)
        The filters of a convolution are rows of in_channels * kh * kw numbers. NaN and infinity are drawn in lime
        and counted in the title.
    ax : matplotlib Axes, optional
        Where to draw; without it, on one new figure.
    title : str, optional
        Instead of the layer's name and shape; drawn as it is written, without formulas.
    bias : bool
        Show the layer's bias, of shape (out_features,), as a column of its own on the right.
    annotate : bool, optional
        Write the values into the cells; without it, where they fit.
    limit : float, optional
        The colours reach from -limit to limit; without it, to the largest magnitude.
    robust : bool
        Let the colours reach to the 99th percentile of the magnitudes, so that a few large ones do not pale the rest.
    cmap : str
        Name of a diverging colour map.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ShapeError
        If the weights are no matrix, or an empty one.
    TypeError
        If they are no real numbers, or the layer has none, or another argument is of the wrong type.
    ValueError
        If `bias` is asked of what has none, or `limit` is not positive, or `cmap` names no colour map.

    Examples
    --------
    >>> import tinynet as tn
    >>> ax = tn.viz.plot_weights([[0.5, -1.0, 0.0], [0.25, 0.5, 2.0]])
    >>> ax.get_title(), ax.get_xlabel(), ax.get_ylabel()
    ('Weights: 2 neurons × 3 inputs', 'input j', 'neuron i')
    """
    owner = "plot_weights"
    bias = check_flag(bias, f"{owner}: bias")
    if annotate is not None:
        annotate = check_flag(annotate, f"{owner}: annotate")
    weights = as_weights(layer_or_array, owner)
    if bias and weights.bias is None:
        raise ValueError(f"{owner}: {weights.name} has no bias to show; leave out bias=True")
    values = weights.matrix if weights.bias is None or not bias else np.column_stack((weights.matrix, weights.bias))
    limit = scale_limit(values, owner, limit=limit, robust=robust)
    colours = colour_map(cmap, owner)
    if title is None:
        title = f"{shorten(weights.name, 24)}: {shape_in_words(weights.matrix, weights.window)}"
    elif not isinstance(title, str):
        raise TypeError(f"{owner}: title must be a text, got {title!r}")
    alone = ax is None
    width, height = _figure_size(*values.shape)
    ax = own_axes(ax, (max(width, TITLE_LETTER * min(len(title), MOST_LETTERS) + 0.6), height))
    cells = draw_cells(ax, values, limit, colours, last_apart=bias, annotate=annotate, alone=alone)
    words = ("input j", "neuron i") if weights.window is None else ("weight j", "filter i")
    ax.set(xlabel=words[0], ylabel=words[1], title=plain(title) + not_finite_note(values))
    add_colour_bar(cells, "weight, bias" if bias else "weight", values, unit=unit_of(limit))
    return ax


@picture
def plot_network_weights(
    network: Iterable[Any],
    *,
    bias: bool = False,
    limit: float | None = None,
    robust: bool = False,
    cmap: str = DIVERGING,
) -> Figure:
    """Draw every weight matrix of a network, one panel a layer, as `plot_weights` does.

    Parameters
    ----------
    network : Sequential, or another iterable of layers
        Layers without a weight matrix are left out.
    bias : bool
        Show the bias of every layer that has one as a column of its own on the right.
    limit : float, optional
        One scale for all panels, from -limit to limit; without it, each panel has its own.
    robust : bool
        Let the colours reach to the 99th percentile of the magnitudes, so that a few large ones do not pale the rest.
    cmap : str
        Name of a diverging colour map.

    Returns
    -------
    matplotlib Figure
        Each panel is titled with the layer's name, or its place in the network and kind, and its shape.

    Raises
    ------
    TypeError
        If `network` cannot be iterated over, or another argument is of the wrong type.
    ValueError
        If no layer has a weight matrix or more than 40 have, or `limit` is not positive, or `cmap` names no colour
        map.

    Examples
    --------
    >>> import tinynet as tn
    >>> net = tn.Sequential(tn.Dense(4, 3, name="fc1"), tn.ReLU(), tn.Dense(3, 2))
    >>> figure = tn.viz.plot_network_weights(net)
    >>> [ax.get_title() for ax in figure.axes if ax.get_title()]
    ['fc1: 3 neurons × 4 inputs', '2 (Dense): 2 neurons × 3 inputs']
    """
    owner = "plot_network_weights"
    bias, robust = check_flag(bias, f"{owner}: bias"), check_flag(robust, f"{owner}: robust")
    layers = matrix_layers(network, owner)
    check_panels(len(layers), owner)
    panels = [(name, layer, as_weights(layer, owner)) for name, layer in layers]
    if limit is not None:
        check_limit(limit, owner)  # errors, if any, before the figure opens
    colour_map(cmap, owner)
    columns = 1 if len(panels) <= 4 else 2
    panes = grid(len(panels), (8.5, 1.8), caption=0.8, columns=columns)
    for ax, (name, layer, weights) in zip(panes.pictures, panels):
        title = f"{name}: {shape_in_words(weights.matrix, weights.window)}"
        with_bias = bias and weights.bias is not None
        plot_weights(layer, ax=ax, title=title, bias=with_bias, limit=limit, robust=robust, cmap=cmap)
    return panes.figure


def _figure_size(rows: int, columns: int) -> tuple[float, float]:
    """Return width and height in inches: cells that can hold a value while there are few, a square for a square."""
    height = min(5.0, max(2.6, 1.4 + 0.35 * rows))
    width = min(9.0, max(4.5, 2 + 0.55 * columns))
    return (min(width, max(5.8, 5.8 * columns / rows)) if rows > 20 else width), height
