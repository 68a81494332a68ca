"""The figure of a `DigitPad`: its axes at fixed places, and drawing anew only what a stroke changes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from tinynet.viz._axes import BAR_LABEL, hide_axis, text_scale
from tinynet.viz._pad_panels import Activations, Bars, names_under_cells
from tinynet.viz._scale import DIVERGING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tinynet._arrays import Array
    from tinynet.viz._evaluation import Step

#: In inches, which grow with the text: sides of the paper and the image, width of the bars and of one or more columns
#: of activations, the margins, what a title takes, what that of a layer does, and the height of the key of the
#: colours and of all of it.
PAPER, IMAGE, BARS, ONE_COLUMN, COLUMN, MARGIN, TITLE, LAYER_TITLE = 4.0, 1.4, 2.1, 3.2, 2.3, 0.3, 0.4, 0.25
KEY_BAR, KEY = 0.09, 0.34
#: So many layers stand one above the other.
MOST_ROWS = 7


class PadFigure:
    """Paper, the image that the network gets, bars for the classes and the activations of the layers."""

    def __init__(self, ink: Array, image: Array, names: list[str], steps: list[Step]) -> None:
        columns = math.ceil(len(steps) / MOST_ROWS)
        rows = math.ceil(len(steps) / max(1, columns))
        width = ONE_COLUMN if columns == 1 else COLUMN
        middle, right = PAPER + 2 * MARGIN, PAPER + BARS + 3 * MARGIN
        self._inches = right + columns * (width + MARGIN), PAPER + TITLE + MARGIN
        # Fixed places: to lay them out anew would cost more than all the rest of a stroke.
        self.figure = plt.figure(figsize=[text_scale() * inches for inches in self._inches])

        extent = (0, ink.shape[1], ink.shape[0], 0)
        self.paper = self._axes(MARGIN, MARGIN, PAPER, PAPER, "Draw a digit (right-click or c: clear)")
        self._ink = self.paper.imshow(ink, cmap="gray_r", vmin=0, vmax=1, interpolation="bilinear", extent=extent)
        size = f"the network gets {image.shape[0]} × {image.shape[1]}"
        shown = self._axes(middle, MARGIN + PAPER - IMAGE, BARS, IMAGE, size)
        self._image = shown.imshow(image, cmap="gray_r", vmin=0, vmax=255, interpolation="none")
        bars = self._axes(middle, MARGIN, BARS, PAPER - IMAGE - TITLE)
        self._bars = Bars(bars, names)
        under = names_under_cells(names, width) if steps and steps[-1].y[0].shape == (len(names),) else None
        room = 0.0 if under is None or len(steps) % max(1, rows) else max(0.0, under.room - MARGIN / 2)
        line = (PAPER - KEY - room) / max(1, rows)
        strips = []
        for k in range(len(steps)):
            column, row = divmod(k, rows)
            bottom = MARGIN + room + (rows - row - 1) * line
            strips.append(self._axes(right + column * (width + MARGIN), bottom, width, line - LAYER_TITLE))
        self._activations = Activations(strips, steps, under)
        if steps:
            self._draw_key(right, MARGIN + PAPER, width)

        # Frames, too: the images would cover half of their lines.
        frames = [spine for ax in (self.paper, shown, bars) for spine in ax.spines.values()]
        self._changing = [self._ink, self._image, *self._activations.images, *self._bars.artists, *frames]
        self._background: Any = None
        if self.figure.canvas.supports_blit:  # else every stroke draws the whole figure
            for artist in self._changing:
                artist.set_animated(True)

    def _axes(self, left: float, bottom: float, width: float, height: float, title: str = "") -> Axes:
        """Return new axes at a place in inches."""
        x, y = self._inches
        ax = self.figure.add_axes((left / x, bottom / y, width / x, height / y))
        ax.set_title(title, fontsize="medium", y=1.0)  # which saves looking for a place
        hide_axis(ax)
        return ax

    def _draw_key(self, left: float, top: float, width: float) -> None:
        """Draw what the colours of the activations mean, with a heading above `top`, in inches."""
        x, y = self._inches
        heading = "activations, as shares of the layer's largest"
        self.figure.text(left / x, (top + 6 / 72) / y, heading, fontsize="small")
        bar = self.figure.add_axes((left / x, (top - KEY_BAR) / y, width / x, KEY_BAR / y), label=BAR_LABEL)
        key = ScalarMappable(Normalize(-1, 1), DIVERGING)
        self.figure.colorbar(key, cax=bar, orientation="horizontal", ticks=[-1, 0, 1])
        bar.tick_params(length=0, pad=2 * text_scale(), labelsize="small")

    def show(self, ink: Array, image: Array, probabilities: Array | None, steps: list[Step] | None) -> None:
        """Show a drawing and what the network makes of it."""
        self._ink.set_data(ink)
        self._image.set_data(image)
        self._bars.show(probabilities)
        self._activations.show(steps)
        canvas: Any = self.figure.canvas
        if self._background is None or not canvas.supports_blit:  # which the canvas of a closed window does not
            canvas.draw_idle()
            return
        canvas.restore_region(self._background)
        self._draw_changing()
        canvas.blit(self.figure.bbox)

    def drawn(self) -> None:
        """Keep what was drawn, which is all but what changes, and draw the latter over it."""
        canvas: Any = self.figure.canvas
        if canvas.supports_blit and not canvas.is_saving():
            self._background = canvas.copy_from_bbox(self.figure.bbox)
            self._draw_changing()

    def _draw_changing(self) -> None:
        canvas: Any = self.figure.canvas
        renderer = canvas.get_renderer()  # the screen's: that of the figure may be of a file that was saved
        for artist in self._changing:
            artist.draw(renderer)
