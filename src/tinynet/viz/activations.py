"""The picture of what each layer of a network makes of one input."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib.pyplot as plt
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from tinynet._arrays import check_positive
from tinynet.viz._axes import BAR, BAR_LABEL, check_panels, text_scale
from tinynet.viz._evaluation import as_network, evaluate_one, with_other_numbers
from tinynet.viz._heatmap import draw_cells
from tinynet.viz._inputs import as_class_names, as_image_shape, square_shape
from tinynet.viz._picture import picture
from tinynet.viz._scale import (
    DIVERGING,
    NOT_FINITE,
    colour_map,
    largest_magnitude,
    natural_limit,
    not_finite_note,
    scaled,
)
from tinynet.viz._texts import LETTER, plain, plural, shorten_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

    from tinynet._arrays import Array

#: In inches: the width of the panels, the height of a row of numbers and of an image, what a title takes, the ticks
#: under a row of numbers, and the number under a map.
WIDTH, STRIP, IMAGE, CAPTION, TICKS, NUMBER = 8.0, 0.4, 0.95, 0.32, 0.3, 0.22
#: So many maps stand side by side; in small maps a cell is still large enough to be seen.
MAPS, SMALL_MAPS, SMALL = 8, 16, 10
#: Rows of fewer than so many pixels are not taken to be images.
SMALLEST_IMAGE = 25
#: The longest name of a class.
MOST_LETTERS = 14


class Panel(NamedTuple):
    """What one layer gives: rows of numbers (features,) or maps (C, H, W), and what to call them."""

    title: str
    values: Array
    noun: str


@picture
def plot_activations(
    network: Any,
    x: Any,
    *,
    image_shape: tuple[int, int] | None = None,
    count: int = 32,
    class_names: Sequence[Any] | None = None,
    cmap: str = DIVERGING,
) -> Figure:
    """Draw one input on its way through a network: what every layer makes of it, from top to bottom.

    A layer that gives images, as `Conv2d` does, shows its feature maps; any other a row of numbers, one for each
    neuron. Zero is in the middle of the colours, red is above it and blue below. Each layer has a scale of its own,
    which reaches to its largest magnitude and is named in its title. All layers behave as in inference; those that
    change no number, as `Flatten` and `Dropout`, are left out.

    Parameters
    ----------
    network : Sequential
    x : array_like
        One sample as `Sequential.predict` takes it: an image (H, W) or (C, H, W), a row (features,), or a batch of
        one. NaN and infinity are drawn in lime and counted.
    image_shape : tuple of int (height, width), optional
        Draw a row of pixels as an image of that shape; without it, as a square if it is one of at least 5 x 5.
    count : int
        Draw the first so many maps of a layer, or all if there are fewer.
    class_names : sequence of length classes, optional
        Names for the numbers of the last layer, instead of 0, 1, 2, ...; long ones are shortened.
    cmap : str
        Name of a diverging colour map.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    ShapeError
        If the network cannot take `x`, or `x` is more than one sample, or is no image of `image_shape`.
    TypeError
        If `network` is no `Sequential`, or another argument is of the wrong type.
    ValueError
        If `count` is not positive, `class_names` are not as many as the outputs, or `cmap` names no colour map, or
        if the network has so many layers that it is drawn in parts, as ``network[:20]``.

    Examples
    --------
    >>> import numpy as np, tinynet as tn
    >>> net = tn.Sequential(tn.Dense(4, 3, rng=0, name="fc1"), tn.ReLU(), tn.Softmax())
    >>> figure = tn.viz.plot_activations(net, [1, 2, 3, 4])
    >>> [ax.get_title(loc="left").split(",")[0] for ax in figure.axes[:4]]
    ['input: 4 features', 'fc1: 3 neurons', '1 (ReLU): 3 neurons', '2 (Softmax): 3 neurons']
    """
    owner = "plot_activations"
    steps = evaluate_one(as_network(network, owner), x, owner)
    count = check_positive(count, f"{owner}: count")
    colours = colour_map(cmap, owner).with_extremes(bad=NOT_FINITE)
    last = steps[-1].y[0]
    names = None
    if class_names is not None:
        names = as_class_names(class_names, last.size, owner)
    panels = [_input_panel(steps[0].x[0], image_shape, count, owner)]
    panels += [_panel(step.name, step.y[0], "map", "neuron", count) for step in with_other_numbers(steps)]
    check_panels(len(panels) - 1, owner)

    heights = [_height(panel.values, count) for panel in panels]
    names = None if names is None else shorten_all(names, MOST_LETTERS)
    upright = names is not None and LETTER * (1 + max(map(len, names))) > 0.9 * WIDTH / len(names)
    room = LETTER * max(map(len, names)) if names is not None and upright else 0.0
    scale = text_scale()
    size = scale * (WIDTH + BAR), scale * (sum(heights) + sum(map(_caption, panels)) + 0.4 + room)
    figure = plt.figure(figsize=size, layout="constrained")
    # In a grid with the key, which spans all rows, the layout would make what lies between them equally high.
    places = figure.add_gridspec(1, 2, width_ratios=[WIDTH, BAR / 6])
    rows = places[0].subgridspec(len(panels), 1, height_ratios=heights)
    axes = [figure.add_subplot(rows[row]) for row in range(len(panels))]
    for ax, panel in zip(axes, panels):
        _draw(ax, panel, count, colours)
    if names is not None and panels[-1].values.ndim == 1:
        _name_cells(axes[-1], names, upright=upright)
    figure.suptitle(f"Activations of {plural(len(panels) - 1, 'layer')} for one input")
    key = ScalarMappable(Normalize(-1, 1), colours)
    bar = figure.add_subplot(places[1], label=BAR_LABEL)
    figure.colorbar(key, cax=bar, label="share of the layer's largest")
    return figure


def _input_panel(x: Array, image_shape: Any, count: int, owner: str) -> Panel:
    """Return the input as a panel; a row becomes an image where it is one."""
    if x.ndim == 1 and (image_shape is not None or (x.size >= SMALLEST_IMAGE and square_shape(x.size))):
        x = x.reshape(1, *as_image_shape(image_shape, x.size, owner))
    return _panel("input", x[None] if x.ndim == 2 else x, "channel", "feature", count)


def _panel(name: str, values: Array, maps: str, numbers: str, count: int) -> Panel:
    """Return the activations of one sample as a panel, titled with the layer's name, their shape and their size."""
    if values.ndim == 3:
        first = f"first {count} of " if count < len(values) else ""
        noun, shape = maps, f"{first}{plural(len(values), maps)} of {values.shape[1]} × {values.shape[2]}"
    else:
        values = values.ravel()
        noun, shape = numbers, plural(values.size, numbers)
    largest = largest_magnitude(values)
    note = not_finite_note(values, before=", ")
    return Panel(f"{plain(name)}: {shape}, largest magnitude {largest:.3g}{note}", values, noun)


def _columns(maps: Array, count: int) -> int:
    """Return how many maps stand side by side."""
    return min(len(maps), count, MAPS if max(maps.shape[1:]) > SMALL else SMALL_MAPS)


def _height(values: Array, count: int) -> float:
    """Return what a panel needs, in inches."""
    if values.ndim == 1:
        return STRIP
    columns = _columns(values, count)
    number = NUMBER if len(values) > 1 else 0.0
    return math.ceil(min(len(values), count) / columns) * (_map_height(values, columns) + number)


def _caption(panel: Panel) -> float:
    """Return what title and ticks take, in inches."""
    return CAPTION + (TICKS if panel.values.ndim == 1 else 0.0)


def _map_height(maps: Array, columns: int) -> float:
    """Return what a map needs, in inches."""
    return min(IMAGE, 0.92 * WIDTH / columns * float(maps.shape[1] / maps.shape[2]))


def _draw(ax: Axes, panel: Panel, count: int, colours: Colormap) -> None:
    """Draw a panel in colours that reach to its largest magnitude on both sides of zero."""
    limit = natural_limit(panel.values)
    if panel.values.ndim == 1:
        draw_cells(ax, panel.values[None], limit, colours)
        ax.set(yticks=[], xlabel=panel.noun)
    else:
        _draw_maps(ax, panel.values[:count], limit, colours, _columns(panel.values, count))
    ax.set_title(panel.title, loc="left", fontsize="medium")


def _draw_maps(ax: Axes, maps: Array, limit: float, colours: Colormap, columns: int) -> None:
    """Draw maps side by side in rows, all pixels squares of one size, and write under each its number."""
    _, height, width = maps.shape
    gap = 1 + max(height, width) // 20
    below = NUMBER * height / _map_height(maps, columns) if len(maps) > 1 else 0.0
    down, across = height + below, width + gap
    rows = math.ceil(len(maps) / columns)
    for k, values in enumerate(maps):
        top, left = k // columns * down, k % columns * across
        cells, reach, _ = scaled(values, limit)
        place = left, left + width, top + height, top
        ax.imshow(cells, extent=place, vmin=-reach, vmax=reach, cmap=colours, interpolation="none")
        if len(maps) > 1:
            number = ax.text(left + width / 2, top + height + below / 2, str(k), ha="center", va="center_baseline")
            number.set(fontsize="small", in_layout=False)  # the layout would measure each of them
    ax.set(
        xlim=(0, columns * across - gap),
        ylim=(rows * down, 0),
        anchor="W",
        frame_on=False,
        xticks=[],
        yticks=[],
    )


def _name_cells(ax: Axes, names: list[str], *, upright: bool) -> None:
    """Write the classes under the cells of the last row, all of them or some."""
    shown = range(0, len(names), math.ceil(len(names) * 0.15 / WIDTH))
    ax.set_xticks([k + 0.5 for k in shown])
    ax.set_xticklabels([plain(names[k]) for k in shown], rotation=90 if upright else 0)
    ax.set_xlabel("class")
