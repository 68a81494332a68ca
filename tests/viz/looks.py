"""What a reader of a picture would complain about, found in its artists."""

from __future__ import annotations

import numpy as np
from matplotlib.text import Text


def placed_texts(figure):
    """Lay the figure out and return each text that can be read with its box in pixels."""
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    texts = [child for artist in (figure, *figure.axes) for child in artist.get_children() if isinstance(child, Text)]
    for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis) if axis.get_visible()):
        low, high = sorted(axis.get_view_interval())
        ticks = zip(axis.get_ticklocs(), axis.get_ticklabels())
        texts += [axis.label, *(label for place, label in ticks if low <= place <= high)]
    texts += [text for ax in figure.axes if ax.get_legend() for text in ax.get_legend().get_texts()]
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


#: How readers see linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
COLOUR_VISION = {
    "trichromatic": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def cielab(srgb, vision):
    """Return sRGB colours (..., 3) as a reader with that colour vision sees them, in CIELAB (white point D65)."""
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.transpose(vision), 0, 1)
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    )
    xyz = seen @ to_xyz.T / (0.95047, 1, 1.08883)
    x, y, z = np.moveaxis(np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
