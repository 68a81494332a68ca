"""Pictures of predictions: each image with the class that the network sees in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.errors import ShapeError
from tinynet.viz._axes import RIGHT, WRONG, grid, head, hide_axis, picture_inches
from tinynet.viz._inputs import as_class_names, as_images, as_labels, as_probabilities, pixel_range
from tinynet.viz._picture import picture
from tinynet.viz._scale import colour_map, scaled
from tinynet.viz._texts import SMALL_LETTER, percentage, plain, shorten_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tinynet._arrays import Array

#: In inches, the height of the bar of a class and the width of the mark before a caption.
CLASS, MARK = 0.17, 0.28
#: More images take long to draw, and nobody looks at each of them.
MOST_IMAGES = 200
#: Of more images, they are smaller and have no bars.
FEW_IMAGES = 20


@picture
def plot_predictions(
    images: Any,
    probabilities: Any,
    labels: Any = None,
    *,
    class_names: Sequence[Any] | None = None,
    top: int | None = None,
    cmap: str = "gray_r",
) -> Figure:
    r"""Draw images with the predicted class, its probability and, given the labels, whether it is right.

    A right prediction has a check mark and a blue frame, a wrong one a cross and an orange frame. Bars are as long as
    the probabilities: blue for the true class, orange for a wrong prediction, grey for others.

    Parameters
    ----------
    images : array_like of shape (N, height, width), (N, 1, height, width), (N, height * width) or (height, width)
        Up to 200, as `Sequential.predict_proba` takes them. Flat images must be square, and one may be (height *
        width,). Of any scale: whole numbers up to 255, 0 to 1, or standardised.
    probabilities : array_like of shape (N, classes) or (classes,)
        As `Sequential.predict_proba` returns them.
    labels : array_like of int, shape (N,), optional
        The true classes.
    class_names : sequence of length classes, optional
        Instead of 0, 1, 2, ...; long ones are shortened.
    top : int, optional
        Draw so many of the most probable classes as bars; all of them in their own order if `top` is at least
        their number, none if 0. Without it, three for up to 20 images.
    cmap : str
        Name of the colour map of the images; the default draws ink on paper.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    ShapeError
        If the arrays have other shapes, or not the same N.
    TypeError
        If images or probabilities are no real numbers, or labels or `top` no integers, or `cmap` no string.
    ValueError
        If a row is no probability distribution, a label no class, a pixel not finite, `top` negative, `cmap` no
        colour map, or if there are more than 200 images.

    Examples
    --------
    >>> import numpy as np, tinynet as tn
    >>> images = np.zeros((2, 28, 28), np.uint8)
    >>> figure = tn.viz.plot_predictions(images, [[0.9, 0.1], [0.6, 0.4]], [0, 1], class_names=["cat", "dog"])
    >>> [ax.get_title(loc="left") for ax in figure.axes[:2]]
    ['predicted: cat\ntrue: cat', 'predicted: cat\ntrue: dog']
    """
    owner = "plot_predictions"
    rows = as_probabilities(probabilities, owner)
    count, classes = rows.shape
    if count > MOST_IMAGES:
        raise ValueError(f"{owner} draws up to {MOST_IMAGES} images, got {count:,}; choose some, as in images[:16]")
    pictures = as_images(images, count, owner)
    names = as_class_names(class_names, classes, owner)
    truth = None if labels is None else as_labels(labels, classes, owner)
    if truth is not None and len(truth) != count:
        raise ShapeError(f"{owner} got {len(truth)} labels but {count} rows of probabilities")
    if top is None:
        top = 3 if count <= FEW_IMAGES else 0
    if isinstance(top, bool) or not isinstance(top, (int, np.integer)):
        raise TypeError(f"{owner}: top must be an integer, got {top!r}")
    if top < 0:
        raise ValueError(f"{owner}: top must be at least 0, got {top}")
    top = min(int(top), classes)
    colours_of_ink = colour_map(cmap, owner)
    low, high = pixel_range(images)

    beside = 11 if top else 9  # letters of "predicted: " or " (> 99 %)"
    widest = 2.6 if count <= FEW_IMAGES else 2.0
    side = max(1.4, 2.8 / count**0.5, min(widest, MARK + SMALL_LETTER * (max(map(len, names)) + beside)))
    width, height = picture_inches(pictures.shape[1], pictures.shape[2], side)
    # One length for all places, for one class with two names would look like two classes.
    names = [plain(name) for name in shorten_all(names, max(4, int((width - MARK) / SMALL_LETTER) - beside))]
    panes = grid(count, (width, height), caption=0.35, strip=CLASS * top)
    pixels, _, unit = scaled(pictures, max(abs(low), abs(high)))
    ink: dict[str, Any] = {"cmap": colours_of_ink, "vmin": low / unit, "vmax": high / unit}
    for place, (ax, row) in enumerate(zip(panes.pictures, rows)):
        ax.imshow(pixels[place], interpolation="none", **ink)
        ax.set_anchor("S")
        hide_axis(ax)
        winner = int(row.argmax())
        colours = {winner: "gray"}
        before, after = ("predicted: ", "") if top else ("", f" ({percentage(row[winner])})")
        caption = before + names[winner] + after
        if truth is not None:
            true = int(truth[place])
            colours = {true: RIGHT, winner: RIGHT if winner == true else WRONG}
            caption += "\ntrue: " + names[true]
            _mark(ax, "✓" if winner == true else "✗", colours[winner])
        ax.set_title(caption, loc="left", x=0.0 if truth is None else MARK / width, fontsize="small", pad=4)
        if top:
            _draw_bars(panes.strips[place], row, names, top, colours)
    right = "" if truth is None else f": {int((rows.argmax(axis=1) == truth).sum())} of {count} right"
    head(panes.figure, ["Predictions" + right] * (count > 1) + [_key(top, classes, truth is not None)] * (top > 0))
    return panes.figure


def _key(top: int, classes: int, labelled: bool) -> str:
    """Return what the bars are, in words."""
    shown = "probabilities of the classes" if top == classes else f"the {top} largest probabilities"
    others = ", grey: others" if top > 1 else ""
    return f"bars: {shown}" + f"; blue: the true class, orange: a wrong prediction{others}" * labelled


def _mark(ax: Axes, glyph: str, colour: str) -> None:
    # The font is named because not every font has the glyphs; this one comes with matplotlib.
    place: dict[str, Any] = {"xycoords": "axes fraction", "xytext": (0, 5), "textcoords": "offset points"}
    ax.annotate(glyph, (0, 1), **place, fontfamily="DejaVu Sans", fontsize="xx-large", color=colour)
    for spine in ax.spines.values():
        spine.set(color=colour, linewidth=2.5, visible=True)


def _draw_bars(ax: Axes, row: Array, names: list[str], top: int, colours: dict[int, str]) -> None:
    """Draw the `top` most probable classes (all of them in their own order), each with name, bar and probability."""
    shown = range(len(row)) if top == len(row) else np.argsort(-row, kind="stable")[:top].tolist()
    ax.barh(range(top), row[list(shown)], color=[colours.get(k, "gray") for k in shown], alpha=0.5)
    for place, k in enumerate(shown):
        ax.text(0.03, place, names[k], fontsize="x-small", va="center_baseline")
        ax.text(0.98, place, percentage(row[k]), fontsize="x-small", va="center_baseline", ha="right")
    ax.set(xlim=(0, 1), ylim=(top - 0.4, -0.6), facecolor="none")
    hide_axis(ax)
    for spine in ax.spines.values():
        spine.set_visible(False)
