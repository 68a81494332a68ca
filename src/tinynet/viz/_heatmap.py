"""A matrix as coloured cells: by seaborn where they can hold their values, else as one image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.ticker import MaxNLocator

from tinynet.viz._axes import room
from tinynet.viz._scale import NOT_FINITE, are_light, largest_magnitude, scaled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

    from tinynet._arrays import Array

#: Up to so many cells an SVG or PDF holds each of them; beyond it, an average in the resolution of the figure.
UNSCALED = 2**17
#: A cell of so many inches holds a value such as -0.12; a tick label needs as much between it and the next.
VALUE, TICK = (0.4, 0.18), (0.45, 0.22)
#: Of marks so small, in inches, each can still be seen.
MARK = 3 / 72


def draw_cells(
    ax: Axes,
    values: Array,
    limit: float,
    cmap: Colormap,
    *,
    last_apart: bool = False,
    annotate: bool | None = None,
    alone: bool = False,
) -> Any:
    """Draw `values` in colours from -limit to limit, row 0 on top, NaN and infinity in `NOT_FINITE`.

    Cell (i, j) reaches from x = j to j + 1 and from y = i to i + 1. With `last_apart` the last column, the bias,
    stands apart, wide enough to be seen. `annotate` writes the values into the cells; without it, where they fit.
    `alone` in its figure, a picture of few cells is one of seaborn. Returns what a colour bar is made from.
    """
    rows, inputs = values.shape[0], values.shape[1] - last_apart
    # Which column of `values` each drawn column shows; -1 is the gap.
    width = max(1, inputs // 32)
    gap = (width + 1) // 2
    source = np.r_[:inputs, [-1] * gap, [inputs] * width] if last_apart else np.arange(inputs)
    columns = values[:, source]
    cells, reach, _ = scaled(columns, limit)
    cells[:, source < 0] = np.nan
    missing = np.isnan(cells) & (source >= 0)

    across, down = _cell_inches(ax, *cells.shape)
    fits = hold_values(ax, *cells.shape)
    colours: dict[str, Any] = {"vmin": -reach, "vmax": reach, "cmap": cmap}
    if alone and fits:
        import seaborn as sns  # here, for it takes longest to import and only small matrices need it

        sns.heatmap(cells, ax=ax, xticklabels=False, yticklabels=False, cbar=False, **colours)
        drawn = ax.collections[-1]
    else:  # seaborn draws the whole figure for each of its panels
        drawn = _draw_image(ax, cells, **colours)
    if fits if annotate is None else annotate:
        write_values(ax, np.where(source >= 0, columns, np.nan), limit, drawn)
    mark_not_finite(ax, missing, (0, len(source), rows, 0))

    x, y = _tick_cells(inputs, across, TICK[0]), _tick_cells(rows, down, TICK[1])
    x_places, x_texts = [cell + 0.5 for cell in x], [str(cell) for cell in x]
    if last_apart:
        bias = inputs + gap + 0.5 * width
        x_places = [*(place for place in x_places if (bias - place) * across >= TICK[0]), bias]
        x_texts = [*x_texts[: len(x_places) - 1], "bias"]
    ax.set_xticks(x_places)
    ax.set_xticklabels(x_texts, rotation=0)
    ax.set_yticks([cell + 0.5 for cell in y])
    ax.set_yticklabels([str(cell) for cell in y], rotation=0)
    return drawn


def mark_not_finite(ax: Axes, missing: Array, extent: tuple[float, float, float, float]) -> None:
    """Cover the cells that are `missing`; where cells are tiny, blocks with one of them, lest it be averaged away."""
    if not missing.any():
        return
    box = ax.get_window_extent()
    inches = box.height / ax.figure.dpi, box.width / ax.figure.dpi
    for axis, length in enumerate(inches):
        count = missing.shape[axis]
        blocks = min(count, max(1, int(length / MARK)))
        missing = np.logical_or.reduceat(missing, np.arange(blocks) * count // blocks, axis=axis)
    ax.imshow(
        np.where(missing, 1.0, np.nan),
        extent=extent,
        cmap=ListedColormap([NOT_FINITE]),
        aspect=ax.get_aspect(),
        interpolation="none",
    )


def hold_values(ax: Axes, rows: int, columns: int) -> bool:
    """Whether so many cells are large enough in `ax` to hold their values."""
    across, down = _cell_inches(ax, rows, columns)
    return across >= VALUE[0] and down >= VALUE[1]


def write_values(ax: Axes, values: Array, limit: float, drawn: Any) -> None:
    """Write finite values into their cells, dark on light and light on dark."""
    is_light = are_light(drawn.cmap(drawn.norm(scaled(values, limit).cells)))
    words = _written(values, limit)
    for row, column in np.argwhere(np.isfinite(values)):
        colour = "black" if is_light[row, column] else "white"
        text = ax.text(column + 0.5, row + 0.5, str(words[row, column]), ha="center", va="center", color=colour)
        text.set(fontsize="small", in_layout=False)  # the layout would measure each of them


def _written(values: Array, limit: float) -> Array:
    """Return each value as one would write it who sees that `limit` is the largest: all with as many decimals."""
    if not 0.01 <= limit < 10_000 or largest_magnitude(values) >= 1e6:
        return np.reshape([_power_of_ten(value) for value in values.flat], values.shape)
    most = 3 if limit < 0.1 else 2 if limit < 100 else 1 if limit < 1000 else 0
    rounded = np.round(values.astype(float), most) + 0.0  # not -0
    finite = rounded[np.isfinite(rounded)]
    decimals = next(n for n in range(most + 1) if n == most or (np.round(finite, n) == finite).all())
    written: Array = np.char.mod(f"%.{decimals}f", rounded)
    return written


def _power_of_ten(value: float) -> str:
    """Return -2.5e-4 where Python writes -2.5e-04, and 0 where it writes 0.0e+00."""
    if value == 0 or not np.isfinite(value):  # what is not finite is not written
        return "0"
    digits, power = f"{value:.1e}".split("e")
    return f"{float(digits):g}e{int(power)}"


def _draw_image(ax: Axes, cells: Array, **colours: Any) -> Any:
    rows, columns = cells.shape
    interpolation = "none" if cells.size <= UNSCALED else "antialiased"
    return ax.imshow(cells, extent=(0, columns, rows, 0), aspect="auto", interpolation=interpolation, **colours)


def _tick_cells(count: int, inches: float, spacing: float) -> list[int]:
    """Return the cells, of `count` that are `inches` long each, to put tick labels on: round, `spacing` apart."""
    labels = max(1, min(10, int(count * inches / spacing)))
    locator = MaxNLocator(nbins=labels, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1)
    return [int(tick) for tick in locator.tick_values(0, max(count - 1, 1)) if 0 <= tick < count]


def _cell_inches(ax: Axes, rows: int, columns: int) -> tuple[float, float]:
    """Return width and height of a cell, once a colour bar, a title and labels have taken their share."""
    width, height = room(ax)
    return 0.8 * width / columns, 0.9 * height / rows
