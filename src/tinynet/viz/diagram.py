"""The picture of a network as neurons and the weights between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize

from tinynet._arrays import check_positive
from tinynet.viz._axes import hide_axis, own_axes
from tinynet.viz._columns import Column, Link, columns_of, strongest
from tinynet.viz._inputs import as_class_names, as_sides
from tinynet.viz._layers import matrix_layers
from tinynet.viz._picture import picture
from tinynet.viz._scale import DIVERGING, NOT_FINITE, are_light, colour_map
from tinynet.viz._texts import LETTER, plain, plural, shorten, shorten_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

    from tinynet._arrays import Array

#: In inches: from one column of neurons to the next, and from neuron to neuron.
STEP, NODE = 1.7, 0.36
#: Widths of the lines of the smallest and the largest weight, in points, and the size of a neuron, in square points.
THIN, THICK, CIRCLE = 0.2, 3.0, 330
#: The opacity of the smallest weight; the largest covers what is below it.
FAINT = 0.15
#: The longest names of layers and classes; more columns are drawn in parts.
MOST_LETTERS, MOST_COLUMNS = 18, 20


@picture
def draw_network(
    network: Iterable[Any],
    *,
    ax: Axes | None = None,
    nodes: int = 12,
    class_names: Sequence[Any] | None = None,
    image_shape: tuple[int, int] | None = None,
    cmap: str = DIVERGING,
) -> Axes:
    r"""Draw a network from left to right: neurons as circles, weights as lines, both coloured around zero.

    A line is the thicker the larger the weight. Circles have the colours of their biases; white ones have none. Each
    layer has a scale of its own, to its largest magnitude. Of a layer with more than `nodes` neurons, those are
    drawn, under their numbers, whose weights to both sides are the largest taken together: a single large weight of
    another may be missing. Layers without weights are named below.

    A `Conv2d` gives maps, which are squares, with their sizes above them where these are known. A line from a map is
    the sum of all weights that look at it: those of the window of another `Conv2d`, or those of a `Dense` layer for
    its pixels.

    Parameters
    ----------
    network : Sequential, or another iterable of layers
    ax : matplotlib Axes, optional
        Where to draw; without it, on one new figure.
    nodes : int
        Neurons in a column.
    class_names : sequence of length classes, optional
        Names beside the neurons of the last column; long ones are shortened.
    image_shape : tuple of int (height, width), optional
        Of the images that a convolutional network takes, for the sizes of its maps; without it, that of the square
        ones that fit, if all of these give maps of one size.
    cmap : str
        Name of a diverging colour map.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ShapeError
        If the network takes no images of `image_shape`.
    TypeError
        If `network` cannot be iterated over, or another argument is of the wrong type.
    ValueError
        If no layer has a weight matrix or filters, `nodes` is not positive, `class_names` are not as many as the
        neurons of the last column, or `cmap` names no colour map, or if there are more than 20 columns.

    Examples
    --------
    >>> import tinynet as tn
    >>> net = tn.Sequential(tn.Dense(784, 16, rng=0, name="fc1"), tn.ReLU(), tn.Dense(16, 10, rng=1, name="fc2"))
    >>> ax = tn.viz.draw_network(net)
    >>> [text.get_text() for text in ax.texts if "\n" in text.get_text()]
    ['input\n12 of 784 inputs', 'fc1\n12 of 16 neurons', 'fc2\n10 neurons']
    """
    owner = "draw_network"
    if isinstance(network, Iterator):
        network = list(network)  # it is gone through twice
    matrix_layers(network, owner)  # errors, if any, before anything is drawn
    nodes = check_positive(nodes, f"{owner}: nodes")
    colours = colour_map(cmap, owner)
    shape = None if image_shape is None else as_sides(image_shape, owner)
    columns, links, note = columns_of(network, shape, owner)
    if len(columns) > MOST_COLUMNS:
        raise ValueError(
            f"{owner} draws up to {MOST_COLUMNS} columns, got {len(columns)}; draw parts, as network[:9]"
        )
    names = None
    if class_names is not None:
        names = shorten_all(as_class_names(class_names, columns[-1].size, owner), MOST_LETTERS)
    shown = [strongest(k, columns, links, nodes) for k in range(len(columns))]

    highest = max(map(len, shown))
    room = 0.0 if names is None else LETTER * max(map(len, names))
    ax = own_axes(ax, (STEP * len(columns) + room + 0.9, max(3.4, NODE * highest + 2.2)))
    for link in links:
        _draw_lines(ax, link, shown, colours)
    for k, column in enumerate(columns):
        _draw_column(ax, k, column, shown[k], highest, colours)
    if names is not None:
        for node, y in zip(shown[-1], _heights(len(shown[-1]))):
            ax.text(len(columns) - 1 + 0.17, y, plain(names[node]), va="center", fontsize="small")
    ax.set(xlim=(-0.5, len(columns) - 0.5 + room / STEP), ylim=(-highest / 2 - 1.2, highest / 2 + 1.8))
    ax.set_frame_on(False)
    hide_axis(ax)
    title = f"Network with {plural(len(links), 'layer')} of weights\nlines: weights, circles: biases"
    if any(column.has_maps for column in columns):
        title = title.replace("circles", "circles and squares")
        title += "\nsquares: maps, with lines that are sums of weights"
    if any(len(some) < column.size for some, column in zip(shown, columns)):
        title += "\ndrawn: only those with the largest weights"
    ax.set_title(title + note, fontsize="medium")
    key = ScalarMappable(Normalize(-1, 1), colours)
    ax.figure.colorbar(key, ax=ax, label="share of the layer's largest", aspect=30)
    return ax


def _heights(count: int) -> Array:
    """Return where so many neurons stand, the first on top, around the middle of the column."""
    return (count - 1) / 2 - np.arange(count)


def _draw_lines(ax: Axes, link: Link, shown: list[Array], colours: Colormap) -> None:
    """Draw the weights between two columns, the largest last and on top."""
    left, right = shown[link.left], shown[link.left + 1]
    shares = link.shares[np.ix_(right, left)]
    y_right, y_left = np.meshgrid(_heights(len(right)), _heights(len(left)), indexing="ij")
    x = np.full(shares.size, float(link.left))
    ends = np.stack([np.stack([x, y_left.ravel()], axis=1), np.stack([x + 1, y_right.ravel()], axis=1)], axis=1)
    flat = shares.ravel()
    finite = np.isfinite(flat)
    sizes = np.where(finite, abs(np.where(finite, flat, 0.0)), 1.0)
    order = np.argsort(sizes, kind="stable")
    paint = colours.with_extremes(bad=NOT_FINITE)(np.ma.masked_invalid((flat + 1) / 2))
    paint[:, 3] = FAINT + (1 - FAINT) * sizes  # near zero the colours are light, which would shine on black
    widths = THIN + (THICK - THIN) * sizes
    ax.add_collection(LineCollection(list(ends[order]), colors=paint[order], linewidths=widths[order], zorder=1))


def _draw_column(ax: Axes, k: int, column: Column, shown: Array, highest: int, colours: Colormap) -> None:
    """Draw the neurons of a column with their numbers, what it is above them and what follows below."""
    heights = _heights(len(shown))
    paint = np.ones((len(shown), 4))
    if column.biases is not None:
        shares = np.ma.masked_invalid((column.biases[shown] + 1) / 2)
        paint = colours.with_extremes(bad=NOT_FINITE)(shares)
    look: dict[str, Any] = {"marker": "s" if column.has_maps else "o", "edgecolors": "gray", "linewidths": 1}
    ax.scatter(np.full(len(shown), k), heights, s=CIRCLE, c=paint, zorder=2, **look)
    for node, y, light in zip(shown, heights, are_light(paint)):
        written: dict[str, Any] = {"color": "black" if light else "white", "zorder": 3}
        ax.text(k, y, str(node), ha="center", va="center_baseline", fontsize=7, **written)
    some = "" if len(shown) == column.size else f"{len(shown)} of "
    above = f"{plain(shorten(column.name, MOST_LETTERS))}\n{some}{plural(column.size, column.noun)}"
    above += f"\nof {column.sides}" * bool(column.sides)
    ax.text(k, highest / 2 + 0.2, above, ha="center", va="bottom", fontsize="small")
    kinds = column.after if len(column.after) <= 3 else [*column.after[:2], "…"]
    below = "\n".join(plain(shorten(kind, MOST_LETTERS)) for kind in kinds)
    ax.text(k, -highest / 2 - 0.2, below, ha="center", va="top", fontsize="small")
