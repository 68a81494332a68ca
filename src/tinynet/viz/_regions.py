"""The regions of a plane that classes have: their colours, the lines between them, and where each can be named."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patheffects import withStroke

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

    from tinynet._arrays import Array

    Extent = tuple[float, float, float, float]

#: Seven colours of Okabe and Ito (2008).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
#: How much of its colour a region has where the network is sure, and where it hardly is.
SURE, UNSURE = 0.55, 0.12
#: A region holds a text of one letter, or of up to three, if some point is so many steps, each a hundredth of the
#: picture, from its border.
LITTLE_ROOM, ROOM = 2, 3
#: Points on each side of the grid on which regions are looked for: more would take longer and find none more.
COARSE = 100


def middles_of_cells(extent: Extent, cells: int) -> tuple[Array, Array]:
    """Return where the middles of `cells` by `cells` cells lie, from left to right and from bottom to top."""
    left, right, bottom, top = extent
    middles = (np.arange(cells) + 0.5) / cells
    return left + (right - left) * middles, bottom + (top - bottom) * middles


def choose_colours(winner: Array, classes: int, marks: int) -> list[str]:
    """Return a colour for each class, its own up to seven classes.

    Of more, classes that have the same of `marks` differ in their colours, and classes whose regions touch do too, or
    where that cannot be, those of one colour touch as little as can be.
    """
    borders = np.zeros((classes, classes), int)
    for side, other in ((winner[:-1], winner[1:]), (winner[:, :-1], winner[:, 1:])):
        pairs = np.bincount((classes * side + other).ravel(), minlength=classes**2).reshape(classes, classes)
        borders += pairs + pairs.T
    chosen: list[int] = []
    for k in range(classes):
        beside = np.bincount(chosen, weights=borders[k, :k], minlength=len(COLOURS)).astype(float)
        beside[chosen[k % marks :: marks]] = np.inf
        preferred = [(k + step) % len(COLOURS) for step in range(len(COLOURS))]
        chosen.append(min(preferred, key=beside.__getitem__))
    return [COLOURS[j] for j in chosen]


def draw_regions(ax: Axes, probabilities: Array, extent: Extent, colours: list[str]) -> None:
    """Draw each point in the colour of its class, and a line where another class becomes the most probable."""
    classes = probabilities.shape[2]
    winner = probabilities.argmax(axis=2)
    # 0 where all classes are equally probable, 1 where one is certain.
    sureness = (probabilities.max(axis=2) - 1 / classes) / (1 - 1 / classes)
    strength = (UNSURE + (SURE - UNSURE) * np.clip(sureness, 0, 1))[..., None]
    image = 1 - strength * (1 - np.array([to_rgb(colour) for colour in colours])[winner])
    ax.imshow(image, extent=extent, origin="lower", aspect="auto", interpolation="nearest")
    across, up = middles_of_cells(extent, len(winner))
    for k in np.unique(winner)[1:]:
        others = np.delete(probabilities, k, axis=2).max(axis=2)
        lead = probabilities[:, :, k] - others
        ax.contour(across, up, lead, levels=[0], colors="black", linewidths=1)


def name_regions(ax: Axes, winner: Array, extent: Extent, names: list[str]) -> None:
    """Write into each region that has room for it what its class is called."""
    left, right, bottom, top = extent
    rooms = [LITTLE_ROOM if len(name) == 1 else ROOM for name in names]
    for k, up, across in innermost_points(winner, rooms):
        place = left + (right - left) * across, bottom + (top - bottom) * up
        text = ax.text(*place, names[k], color="black", fontweight="bold", fontsize="small", ha="center", va="center")
        text.set_path_effects([withStroke(linewidth=2.5, foreground="white")])


def innermost_points(regions: Array, rooms: list[int]) -> Iterator[tuple[int, float, float]]:
    """Yield of every connected region with room for a text its number and a point well inside, as shares (up, right).

    `regions` (n, n) holds the number of the region at each point of a grid; a number may occur in several places, and
    `rooms` says for each number how much its text needs.
    """
    step = math.ceil(len(regions) / COARSE)
    coarse = regions[::step, ::step]
    depths = _depths(coarse)
    least = [max(2, round(room * len(coarse) / 100)) for room in rooms]
    for region in _connected(coarse):
        deepest = max(int(depths[cell]) for cell in region)
        if deepest >= least[coarse[region[0]]]:
            middles = [cell for cell in region if depths[cell] == deepest]
            row, column = middles[len(middles) // 2]
            yield int(coarse[row, column]), (row + 0.5) / len(coarse), (column + 0.5) / len(coarse)


def _connected(regions: Array) -> Iterator[list[tuple[int, int]]]:
    """Yield the cells of each region that hangs together."""
    seen: Array = np.zeros(regions.shape, bool)
    for start in product(range(seen.shape[0]), range(seen.shape[1])):
        if seen[start]:
            continue
        seen[start] = True
        cells = [start]
        for row, column in cells:  # which grow while they are gone through
            for cell in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
                inside = 0 <= cell[0] < seen.shape[0] and 0 <= cell[1] < seen.shape[1]
                if inside and not seen[cell] and regions[cell] == regions[start]:
                    seen[cell] = True
                    cells.append(cell)
        yield cells


def _depths(regions: Array) -> Array:
    """Return for each cell how many steps it is from the next region or the border of the picture, at least 1."""
    depths = np.zeros(regions.shape, int)
    inside = np.ones(regions.shape, bool)
    while inside.any():
        depths += inside
        kept = np.pad(np.where(inside, regions, -1), 1, constant_values=-1)
        for neighbours in (kept[:-2, 1:-1], kept[2:, 1:-1], kept[1:-1, :-2], kept[1:-1, 2:]):
            inside = inside & (neighbours == regions)
    return depths
