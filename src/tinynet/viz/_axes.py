"""What the pictures share: new figures, grids, and the axes and colour bars in them."""

from __future__ import annotations

import math
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator
from matplotlib.transforms import Bbox

from tinynet.viz._scale import HUGE, largest_magnitude
from tinynet.viz._texts import wrap
from tinynet.viz._ticks import name_units

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tinynet._arrays import Array

#: Blue and vermilion of Okabe and Ito (2008), told apart with every kind of colour vision, and on white and black.
BLUE, VERMILION = "#0072B2", "#D55E00"
#: What is right and what is wrong.
RIGHT, WRONG = BLUE, VERMILION
#: What a colour bar with its ticks and its label takes, in inches, and what matplotlib calls the axes of its own.
BAR, BAR_LABEL = 0.9, "<colorbar>"
#: A figure of more panels is higher than anybody scrolls.
MOST_PANELS = 40


def check_axes(ax: Any, owner: str) -> None:
    """Raise a TypeError if `ax` is nothing to draw on; None is, for a new figure."""
    if ax is not None and (getattr(ax, "name", None) != "rectilinear" or getattr(ax, "figure", None) is None):
        raise TypeError(
            f"{owner}: ax must be plain matplotlib Axes in a figure, as plt.subplots()[1] gives them, "
            f"got {type(ax).__name__}"
        )


def check_panels(count: int, owner: str) -> None:
    """Raise a ValueError if a figure would have more panels, one a layer, than anybody scrolls through."""
    if count > MOST_PANELS:
        raise ValueError(f"{owner} draws up to {MOST_PANELS} layers, got {count:,}; draw parts, as network[:20]")


def own_axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return `ax` without a grid, or the axes of one new figure of `size` inches, larger where the text is."""
    if ax is None:
        scale = text_scale()
        _, ax = plt.subplots(figsize=(size[0] * scale, size[1] * scale), layout="constrained")
    ax.grid(False)
    return ax


def text_scale() -> float:
    """Return how large text is beside text of ten points, for which all sizes in inches are meant."""
    return float(plt.rcParams["font.size"]) / 10


def room(ax: Axes) -> tuple[float, float]:
    """Return width and height of `ax` in inches; in half of them, where text is twice as large as ten points."""
    box = ax.get_window_extent()
    scale = ax.figure.dpi * text_scale()
    return box.width / scale, box.height / scale


class Grid(NamedTuple):
    """A figure, its pictures in rows, none of them empty, and what it holds beside them."""

    figure: Figure
    pictures: list[Axes]
    strips: list[Axes]  # one under each picture, or none
    bar: Axes | None  # a column at the right, or none


def grid(
    count: int,
    picture: tuple[float, float],
    *,
    caption: float,
    heading: float = 0.0,
    strip: float = 0.0,
    bar: bool = False,
    columns: int | None = None,
) -> Grid:
    """Return a new figure for `count` pictures.

    All sizes are in inches, and grow with the text: width and height of a `picture`, the height of its `caption`, of
    the `strip` under it and of the figure's `heading`. With `bar` there is a place for a colour bar, which costs the
    layout less time than one that matplotlib takes from all pictures. Without `columns` the figure is wide rather
    than high.
    """
    width, height = picture[0], picture[1] + caption + strip
    if columns is None:
        columns = best_columns(count, width / height, shape=1.5, holes=3, most=16)
    rows = math.ceil(count / columns)
    scale = text_scale()
    size = (columns * width + BAR * bar) * scale, (rows * height + heading) * scale
    figure = plt.figure(figsize=size, layout="constrained")

    lines = 2 if strip else 1  # lines of axes in a row of pictures
    heights = [picture[1], strip][:lines] * rows
    widths = [picture[0]] * columns + [BAR / 6] * bar
    places = figure.add_gridspec(lines * rows, len(widths), width_ratios=widths, height_ratios=heights)
    cells = [divmod(k, columns) for k in range(count)]
    pictures = [figure.add_subplot(places[lines * row, column]) for row, column in cells]
    strips = [figure.add_subplot(places[lines * row + 1, column]) for row, column in cells] if strip else []
    return Grid(figure, pictures, strips, figure.add_subplot(places[:, -1], label=BAR_LABEL) if bar else None)


@cache
def best_columns(count: int, aspect: float, *, shape: float, holes: float, most: int) -> int:
    """Return in how many columns, up to `most`, a grid of `count` cells is about `shape` times as wide as high.

    A cell is `aspect` times as wide as high. The larger `holes` is, the fewer places are left empty for that.
    """

    def ugliness(columns: int) -> float:
        rows = math.ceil(count / columns)
        return abs(math.log(aspect * columns / rows / shape)) + holes * (rows * columns - count) / count

    return min(range(1, min(count, most) + 1), key=ugliness)


def picture_inches(height: int, width: int, side: float) -> tuple[float, float]:
    """Return the size for images of so many pixels, as large as a square of `side` inches."""
    stretch = min(2.0, max(0.5, (width / height) ** 0.5))
    return side * stretch, side / stretch


def head(figure: Figure, lines: list[str]) -> None:
    """Write a title of these lines, which may be long, above the pictures of a figure, and make room for it."""
    scale = text_scale()
    width, height = figure.get_size_inches() / scale
    text = "\n".join(wrap(line, width - 0.2) for line in lines)
    figure.set_size_inches(width * scale, (height + 0.1 + 0.19 * (1 + text.count("\n"))) * scale)
    figure.suptitle(text, fontsize="medium")


def hide_axis(ax: Axes) -> None:
    """Leave of `ax` its frame: pixels need no ticks, and axes that are invisible cost the layout no time."""
    ax.xaxis.set_visible(False)
    ax.yaxis.set_visible(False)


def scale_by_logarithms(ax: Axes, values: Array) -> None:
    """Let equal ratios of positive `values` be equal distances upwards, with numbers at the ticks and no powers."""
    ax.set_yscale("log")
    low, high = float(values.min(initial=np.inf)), float(values.max(initial=0.0))
    if low > high:  # there are none
        low, high = 0.1, 10
        ax.set_ylim(low, high)
    else:
        margin = (high**0.05 / low**0.05) if high > low else 2.0
        ax.set_ylim(max(low / margin, math.ulp(0.0)), min(high * margin, sys.float_info.max))
    if high > HUGE or low < 1 / HUGE:  # where the powers of ten that LogLocator tries overflow
        ticks = {float(f"{tick:.0e}") for tick in np.geomspace(low, high / 2, 5)}
        ax.yaxis.set_major_locator(FixedLocator(sorted(ticks)))
    else:
        few = high / 1000 < low
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,), numticks=8))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def add_colour_bar(
    drawn: Any, label: str, values: Array, *, unit: float = 1.0, bar: Axes | None = None, beside: bool = False
) -> None:
    """Draw the key of the colours in `bar` or beside what was drawn; its ends and label tell of values beyond.

    What was drawn are the `values` in that `unit`. With `beside` the key is as high as a picture of square pixels,
    which may not fill its axes.
    """
    beyond = largest_magnitude(values) / unit > drawn.norm.vmax
    extend, label = ("both", f"{label}\nclipped at the ends") if beyond else ("neither", label)
    key = drawn.axes.figure.colorbar(drawn, ax=drawn.axes, cax=bar, label=label, extend=extend, aspect=20)
    name_units(key.ax.yaxis, unit)
    if beside:
        keep_beside(key.ax, drawn.axes)


def keep_beside(bar: Axes, ax: Axes) -> None:
    """Let a colour bar of aspect 20 be as high as the picture in `ax`, and close to it."""
    bar.set_axes_locator(lambda *_: _beside(ax))


def _beside(ax: Axes) -> Bbox:
    box = ax.get_position()
    gap, width = box.height / 40, box.height / 20
    inches = ax.figure.bbox.height / ax.figure.bbox.width
    return Bbox.from_bounds(box.x1 + gap * inches, box.y0, width * inches, box.height)
