"""A matrix as coloured cells: by seaborn where they can hold their values, else as one image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.ticker import MaxNLocator

from tinynet.viz._scale import NOT_FINITE, are_light

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

    from tinynet._arrays import Array

#: Up to so many cells an SVG or PDF holds each of them; beyond it, an average in the resolution of the figure.
UNSCALED = 2**17
#: A cell of so many inches holds a value such as -0.12; a tick label needs as much between it and the next.
VALUE, TICK = (0.4, 0.18), (0.45, 0.22)


def draw_cells(
    ax: Axes,
    values: Array,
    limit: float,
    cmap: Colormap,
    *,
    last_apart: bool = False,
    annotate: bool | None = None,
) -> Any:
    """Draw `values` in colours from -limit to limit, row 0 on top, NaN and infinity in `NOT_FINITE`.

    Cell (i, j) reaches from x = j to j + 1 and from y = i to i + 1. With `last_apart` the last column, the bias,
    stands apart, wide enough to be seen. Returns what a colour bar is made from.
    """
    rows, inputs = values.shape[0], values.shape[1] - last_apart
    # Which column of `values` each drawn column shows; -1 is the gap.
    width = max(1, inputs // 32)
    gap = (width + 1) // 2
    source = np.r_[:inputs, [-1] * gap, [inputs] * width] if last_apart else np.arange(inputs)
    cells = np.where(np.isfinite(values), values, np.nan)[:, source]
    cells[:, source < 0] = np.nan
    missing = np.isnan(cells) & (source >= 0)

    across, down = _cell_inches(ax, *cells.shape)
    colours: dict[str, Any] = {"vmin": -limit, "vmax": limit, "cmap": cmap}
    if annotate if annotate is not None else hold_values(ax, *cells.shape):
        import seaborn as sns  # here, for it takes longest to import and only small matrices need it

        bare: dict[str, Any] = {"xticklabels": False, "yticklabels": False, "cbar": False}
        sns.heatmap(
            cells, ax=ax, annot=_written(cells, limit), fmt="", annot_kws={"size": "small"}, **colours, **bare
        )
        drawn = ax.collections[-1]
    else:
        drawn = _draw_image(ax, cells, **colours)
    if missing.any():
        _draw_image(ax, np.where(missing, 1.0, np.nan), cmap=ListedColormap([NOT_FINITE]))

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


def hold_values(ax: Axes, rows: int, columns: int) -> bool:
    """Whether so many cells are large enough in `ax` to hold their values."""
    across, down = _cell_inches(ax, rows, columns)
    return across >= VALUE[0] and down >= VALUE[1]


def write_values(ax: Axes, cells: Array, limit: float, drawn: Any) -> None:
    """Write finite values into the cells, dark on light and light on dark; seaborn would draw the figure for it."""
    is_light = are_light(drawn.cmap(drawn.norm(cells)))
    words = _written(np.where(np.isfinite(cells), cells, np.nan), limit)
    for row, column in np.argwhere(np.isfinite(cells)):
        look: dict[str, Any] = {"color": "black" if is_light[row, column] else "white", "fontsize": "small"}
        ax.text(column + 0.5, row + 0.5, str(words[row, column]), ha="center", va="center", **look)


def _written(cells: Array, limit: float) -> Array:
    """Return each cell as one would write it who sees that `limit` is the largest: all with as many decimals."""
    if not 0.01 <= limit < 10_000:
        return np.reshape([_power_of_ten(cell) for cell in cells.flat], cells.shape)
    most = 3 if limit < 0.1 else 2 if limit < 100 else 1 if limit < 1000 else 0
    rounded = np.round(cells.astype(float), most) + 0.0  # not -0
    finite = rounded[np.isfinite(rounded)]
    decimals = next(n for n in range(most + 1) if n == most or (np.round(finite, n) == finite).all())
    written: Array = np.char.mod(f"%.{decimals}f", rounded)
    return written


def _power_of_ten(cell: float) -> str:
    """Return -2.5e-4 where Python writes -2.5e-04, and 0 where it writes 0.0e+00."""
    if cell == 0 or np.isnan(cell):  # what is NaN is not written
        return "0"
    digits, power = f"{cell:.1e}".split("e")
    return f"{float(digits):g}e{int(power)}"


def _draw_image(ax: Axes, cells: Array, **colours: Any) -> Any:
    rows, columns = cells.shape
    interpolation = "none" if cells.size <= UNSCALED else "antialiased"
    return ax.imshow(
        cells, extent=(0, columns, rows, 0), aspect="auto", origin="upper", interpolation=interpolation, **colours
    )


def _tick_cells(count: int, inches: float, spacing: float) -> list[int]:
    """Return the cells, of `count` that are `inches` long each, to put tick labels on: round, `spacing` apart."""
    labels = max(1, min(10, int(count * inches / spacing)))
    locator = MaxNLocator(nbins=labels, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1)
    return [int(tick) for tick in locator.tick_values(0, max(count - 1, 1)) if 0 <= tick < count]


def _cell_inches(ax: Axes, rows: int, columns: int) -> tuple[float, float]:
    """Return width and height of a cell, once a colour bar, a title and labels have taken their share."""
    box = ax.get_window_extent()
    dpi = ax.figure.dpi
    return 0.8 * box.width / dpi / columns, 0.9 * box.height / dpi / rows
