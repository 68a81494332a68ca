"""What a reader of a picture would complain about, found in its artists."""

from __future__ import annotations

from matplotlib.text import Text


def placed_texts(figure):
    """Draw the figure and return each text that can be read with its box in pixels."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    texts = [child for artist in (figure, *figure.axes) for child in artist.get_children() if isinstance(child, Text)]
    for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis) if axis.get_visible()):
        low, high = sorted(axis.get_view_interval())
        ticks = zip(axis.get_ticklocs(), axis.get_ticklabels())
        texts += [axis.label, *(label for place, label in ticks if low <= place <= high)]
    return [
        (text.get_text(), text.get_window_extent(renderer))
        for text in texts
        if text.get_visible() and text.get_text().strip()
    ]


def illegible_texts(figure):
    """Return the texts that reach out of the figure, and the pairs of which one covers a part of the other."""
    placed = placed_texts(figure)
    width, height = figure.bbox.width + 1, figure.bbox.height + 1
    cut = [text for text, box in placed if box.x0 < -1 or box.y0 < -1 or box.x1 > width or box.y1 > height]
    colliding = [
        (text, other)
        for k, (text, a) in enumerate(placed)
        for other, b in placed[:k]
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1
    ]
    return cut + colliding


def colour_bars(figure):
    """Return the axes of the colour bars."""
    return [ax for ax in figure.axes if ax.get_label() == "<colorbar>"]
