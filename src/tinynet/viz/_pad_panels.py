"""What changes in a picture at every stroke: bars for the classes, and the activations of the layers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinynet.viz._axes import RIGHT, best_columns, hide_axis, text_scale
from tinynet.viz._evaluation import with_other_numbers, without_softmax
from tinynet.viz._scale import DIVERGING, natural_limit
from tinynet.viz._texts import LETTER, percentage, plain, shorten, shorten_all

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from tinynet._arrays import Array
    from tinynet.network import Sequential
    from tinynet.viz._evaluation import Step

#: Of more classes, only the most probable ones have bars; of more layers, only the last ones are drawn.
MOST_BARS, MOST_LAYERS = 16, 14
#: In letters, what the names of classes and layers may take, and those of classes that stand upright under cells.
CLASS_NAME, LAYER_NAME, UPRIGHT_NAME = 18, 20, 8
#: The height of a line in inches.
LINE = 0.15


class Names(NamedTuple):
    """The names of the classes as they stand under a row of cells, and what they take below it, in inches."""

    texts: list[str]
    upright: bool

    @property
    def room(self) -> float:
        """What the names take below the cells, in inches."""
        return LETTER * max(map(len, self.texts)) + 0.05 if self.upright else LINE


def names_under_cells(names: list[str], width: float) -> Names | None:
    """Return the names as they fit under a row of cells of `width` inches, None if even upright they do not."""
    cell = width / len(names)
    if LETTER * max(map(len, names)) + 0.04 <= cell:
        return Names(names, upright=False)
    return Names(shorten_all(names, UPRIGHT_NAME), upright=True) if cell >= LINE else None


class Bars:
    """The probabilities of the classes, or of the most probable ones, as bars with names."""

    def __init__(self, ax: Axes, names: list[str]) -> None:
        self.names = [plain(name) for name in shorten_all(names, CLASS_NAME)]
        self.are_all = len(names) <= MOST_BARS
        rows = range(min(len(names), MOST_BARS))
        self.bars = list(ax.barh(rows, [0.0] * len(rows), color="gray", alpha=0.5))
        self.labels = [ax.text(0.03, row, self.names[row], fontsize="small", va="center_baseline") for row in rows]
        self.shares = [ax.text(0.97, row, "", fontsize="small", va="center_baseline", ha="right") for row in rows]
        self.title = ax.set_title("", fontsize="medium", y=1.0)
        ax.set(xlim=(0, 1), ylim=(len(rows) - 0.4, -0.6))
        hide_axis(ax)
        self.show(None)

    @property
    def artists(self) -> list[Artist]:
        """What changes, in the order in which it is drawn: names over the bars."""
        return [*self.bars, *self.labels, *self.shares, self.title]

    def show(self, probabilities: Array | None) -> None:
        """Draw the probabilities (classes,), or none."""
        drawn = probabilities is not None
        p = np.zeros(len(self.names)) if probabilities is None else probabilities
        winner = int(p.argmax()) if drawn and np.isfinite(p).all() else -1
        order = range(len(self.bars)) if self.are_all else np.argsort(-p, kind="stable")[: len(self.bars)].tolist()
        for bar, label, share, k in zip(self.bars, self.labels, self.shares, order):
            is_number = bool(np.isfinite(p[k]))
            bar.set(width=float(p[k]) if is_number else 0.0, color=RIGHT if k == winner else "gray")
            label.set_text(self.names[k] if drawn or self.are_all else "")
            # What rounds to nothing has no text, as it has no bar: texts take the most time.
            share.set_text("no number" if not is_number else percentage(p[k]) if p[k] >= 0.005 else "")
        self.title.set_text(f"predicted: {self.names[winner]}" if winner >= 0 else "")


class Activations:
    """What each layer gives, as cells of red above zero and blue below; each layer has a scale of its own.

    With `names`, the last layer gives the scores of the classes, which stand in a row above these.
    """

    def __init__(self, axes: list[Axes], steps: list[Step], names: Names | None) -> None:
        self.in_rows = [step.y.ndim != 4 and names is not None and step is steps[-1] for step in steps]
        # Without ink there is nothing to show: cells of 0 would look as if the network gave that.
        self.blank = [as_cells(np.full_like(step.y[0], np.nan), in_row) for step, in_row in zip(steps, self.in_rows)]
        self.images = []
        for ax, cells, step in zip(axes, self.blank, steps):
            drawn = ax.imshow(cells, cmap=DIVERGING, vmin=-1, vmax=1, interpolation="none")
            self.images.append(drawn)
            ax.set_aspect("equal" if step.y.ndim == 4 else "auto")
            shape = " × ".join(map(str, step.y.shape[1:]))
            title = plain(f"{shorten(step.name, LAYER_NAME)}: {shape}")
            ax.set_title(title, loc="left", fontsize="small", pad=3 * text_scale(), y=1.0)
            ax.set_anchor("NW")
            ax.set_frame_on(False)
            hide_axis(ax)
        if names is not None:
            look: dict[str, Any] = {
                "ha": "center",
                "va": "top",
                "fontsize": "small",
                "rotation": 90 if names.upright else 0,
                "xytext": (0, -3 * text_scale()),
                "textcoords": "offset points",
            }
            for k, name in enumerate(names.texts):
                axes[-1].annotate(plain(name), (k, 0.5), **look)

    def show(self, steps: list[Step] | None) -> None:
        """Draw the activations of one sample, or none."""
        for place, image in enumerate(self.images):
            if steps is None:
                image.set_data(self.blank[place])
            else:
                values = steps[place].y[0]
                limit = natural_limit(values)
                image.set_data(as_cells(values, self.in_rows[place]))
                image.set_clim(-limit, limit)


def shown_steps(network: Sequential, steps: list[Step]) -> list[Step]:
    """Leave out the layers that change no number, and the probabilities, which have bars."""
    return with_other_numbers(without_softmax(network, steps))[-MOST_LAYERS:]


def as_cells(values: Array, in_row: bool = False) -> Array:
    """Return activations (features,) or (channels, height, width) as one picture; cells that are none are NaN.

    It has a shape that is easy to look at or, with `in_row`, a single row.
    """
    if values.ndim != 3:
        values = values.reshape(-1, 1, 1)
    channels, height, width = values.shape
    gap = int(height * width > 1)  # between feature maps
    # A strip about eight times as wide as high, with few holes.
    columns = channels if in_row else best_columns(channels, width / height, shape=8, holes=30, most=channels)
    rows = math.ceil(channels / columns)
    tiles = np.full((rows * columns, height + gap, width + gap), np.nan, np.float32)
    tiles[:channels, :height, :width] = values
    cells = tiles.reshape(rows, columns, height + gap, width + gap).swapaxes(1, 2)
    return cells.reshape(rows * (height + gap), columns * (width + gap))[: -gap or None, : -gap or None]
