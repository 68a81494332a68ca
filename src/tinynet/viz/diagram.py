"""The picture of a network as neurons and the weights between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize

from tinynet._arrays import as_real, check_positive
from tinynet.viz._axes import hide_axis, own_axes, plural
from tinynet.viz._inputs import as_class_names
from tinynet.viz._layers import layer_name, leaf_layers, matrix_layers
from tinynet.viz._scale import DIVERGING, NOT_FINITE, are_light, colour_map, natural_limit, not_finite_note
from tinynet.viz._texts import plain, shorten, shorten_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

    from tinynet._arrays import Array

#: In inches: from one column of neurons to the next, from neuron to neuron, and a letter of a class name.
STEP, NODE, LETTER = 1.7, 0.36, 0.075
#: Widths of the lines of the smallest and the largest weight, in points, and the size of a neuron, in square points.
THIN, THICK, CIRCLE = 0.2, 3.0, 330
#: The opacity of the smallest weight; the largest covers what is below it.
FAINT = 0.15
#: The longest names of layers and classes; more columns are drawn in parts.
MOST_LETTERS, MOST_COLUMNS = 18, 20


class Column(NamedTuple):
    """A column of neurons or inputs: what to call it, how many there are, and what happens to them next."""

    name: str
    size: int
    noun: str
    biases: Array | None  # as shares of the layer's largest number
    after: list[str]


class Link(NamedTuple):
    """The weights between the columns `left` and ``left + 1``, (right, left), as shares of the layer's largest."""

    left: int
    shares: Array


def draw_network(
    network: Iterable[Any],
    *,
    ax: Axes | None = None,
    nodes: int = 12,
    class_names: Sequence[Any] | None = None,
    cmap: str = DIVERGING,
) -> Axes:
    r"""Draw a network from left to right: neurons as circles, weights as lines, both coloured around zero.

    A line is the thicker the larger the weight. Circles have the colours of their biases; white ones have none. Each
    layer has a scale of its own, to its largest magnitude. Of a layer with more than `nodes` neurons, those are
    drawn, under their numbers, whose weights to both sides are the largest taken together: a single large weight of
    another may be missing. The neurons of a `Conv2d` are its channels, and a
    line between two of them is the sum of the weights of the window. Layers without weights are named below.

    Parameters
    ----------
    network : Sequential, or another iterable of layers
    ax : matplotlib Axes, optional
        Where to draw; without it, on one new figure.
    nodes : int
        Neurons in a column.
    class_names : sequence of length classes, optional
        Names beside the neurons of the last column; long ones are shortened.
    cmap : str
        Name of a diverging colour map.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
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
    columns, links, note = _columns(network, owner)
    if len(columns) > MOST_COLUMNS:
        raise ValueError(
            f"{owner} draws up to {MOST_COLUMNS} columns, got {len(columns)}; draw parts, as network[:9]"
        )
    names = None
    if class_names is not None:
        names = shorten_all(as_class_names(class_names, columns[-1].size, owner), MOST_LETTERS)
    shown = [_strongest(k, columns, links, nodes) for k in range(len(columns))]

    highest = max(map(len, shown))
    room = 0.0 if names is None else LETTER * max(map(len, names))
    ax = own_axes(ax, (STEP * len(columns) + room + 0.9, max(3.4, NODE * highest + 2.0)))
    for link in links:
        _draw_lines(ax, link, shown, colours)
    for k, column in enumerate(columns):
        _draw_column(ax, k, column, shown[k], highest, colours)
    if names is not None:
        for node, y in zip(shown[-1], _heights(len(shown[-1]))):
            ax.text(len(columns) - 1 + 0.17, y, plain(names[node]), va="center", fontsize="small")
    ax.set(xlim=(-0.5, len(columns) - 0.5 + room / STEP), ylim=(-highest / 2 - 1.2, highest / 2 + 1.4))
    ax.set_frame_on(False)
    hide_axis(ax)
    title = f"Network with {plural(len(links), 'layer')} of weights\nlines: weights, circles: biases"
    if any(len(some) < column.size for some, column in zip(shown, columns)):
        title += "\nneurons with the largest weights in sum"
    ax.set_title(title + note, fontsize="medium")
    key = ScalarMappable(Normalize(-1, 1), colours)
    ax.figure.colorbar(key, ax=ax, label="share of the layer's largest", aspect=30)
    return ax


def _columns(network: Iterable[Any], owner: str) -> tuple[list[Column], list[Link], str]:
    """Return the columns, the weights between them, and a note about what is not finite."""
    columns: list[Column] = []
    links: list[Link] = []
    numbers = [np.zeros(0)]
    before: list[str] = []
    for place, layer in leaf_layers(network):
        weight = getattr(layer, "params", {}).get("weight")
        if np.ndim(0.0 if weight is None else weight) not in (2, 4):
            (columns[-1].after if columns else before).append(type(layer).__name__)
            continue
        name = f"{owner}({layer_name(place, layer)})"
        matrix, bias = as_real(weight, name), layer.params.get("bias")
        noun = "neuron"
        if matrix.ndim == 4:
            matrix, noun = matrix.sum(axis=(2, 3)), "channel"
        values = matrix.ravel() if bias is None else np.concatenate((matrix.ravel(), bias))
        numbers.append(values)
        limit = natural_limit(values)
        size = matrix.shape[1]
        if not columns or columns[-1].size != size:
            word = "channel" if noun == "channel" else "input"
            columns.append(Column("input" if not columns else "as a row", size, word, None, list(before)))
        links.append(Link(len(columns) - 1, matrix / limit))
        biases = None if bias is None else bias / limit
        columns.append(Column(layer_name(place, layer), matrix.shape[0], noun, biases, []))
    return columns, links, not_finite_note(np.concatenate(numbers))


def _strongest(k: int, columns: list[Column], links: list[Link], nodes: int) -> Array:
    """Return the neurons of a column that are drawn: all, or those whose weights have the largest norms."""
    size = columns[k].size
    strength = np.zeros(size)
    for link in links:
        shares = np.nan_to_num(link.shares.astype(float), nan=0.0, posinf=0.0, neginf=0.0)
        if link.left == k:
            strength += np.linalg.norm(shares, axis=0) / (np.linalg.norm(shares) or 1.0)
        if link.left + 1 == k:
            strength += np.linalg.norm(shares, axis=1) / (np.linalg.norm(shares) or 1.0)
    return np.sort(np.argsort(-strength, kind="stable")[:nodes])


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
    ax.scatter(np.full(len(shown), k), heights, s=CIRCLE, c=paint, edgecolors="gray", linewidths=1, zorder=2)
    for node, y, light in zip(shown, heights, are_light(paint)):
        look: dict[str, Any] = {"color": "black" if light else "white", "zorder": 3}
        ax.text(k, y, str(node), ha="center", va="center_baseline", fontsize=7, **look)
    some = "" if len(shown) == column.size else f"{len(shown)} of "
    above = f"{plain(shorten(column.name, MOST_LETTERS))}\n{some}{plural(column.size, column.noun)}"
    ax.text(k, highest / 2 + 0.2, above, ha="center", va="bottom", fontsize="small")
    kinds = column.after if len(column.after) <= 3 else [*column.after[:2], "…"]
    below = "\n".join(plain(shorten(kind, MOST_LETTERS)) for kind in kinds)
    ax.text(k, -highest / 2 - 0.2, below, ha="center", va="top", fontsize="small")
