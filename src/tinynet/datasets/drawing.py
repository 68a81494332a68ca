"""From a pen to an image: what a round pen leaves on a grid, and how a drawing is given MNIST's form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Pixels along each side of an image.
SIZE = 28
#: Where MNIST's centres of mass are, counting pixel centres from 0.
MIDDLE = 14.0
#: Pixels that the longer side of a digit fills.
BOX = 20.0


def pen_depth(x: Floats, y: Floats, start: Floats, end: Floats, radius: Floats) -> Floats:
    """Return how deep each point of a grid lies inside the nearest straight mark of a round pen.

    Parameters
    ----------
    x, y : ndarray of shape (columns,) and (rows,)
        Where the points of the grid are.
    start, end : ndarray of shape (P, 2)
        The ends ``x, y`` of each mark; those of a dot are the same.
    radius : ndarray of shape (P,)
        Half the width of each mark.

    Returns
    -------
    ndarray of shape (rows, columns)
        Positive inside, negative outside: minus the distance to the edge.
    """
    along = end - start
    square = np.hypot(*along.T) ** 2
    # From each point to each mark, shape (rows, columns, P): t is where the nearest place lies, 0 (start) to 1 (end).
    right, down = x[:, None] - start[:, 0], y[:, None] - start[:, 1]
    unit = along / np.maximum(square, np.finfo(float).tiny)[:, None]
    t = np.clip((right * unit[:, 0])[None] + (down * unit[:, 1])[:, None], 0, 1)
    dx, dy = right[None] - t * along[:, 0], down[:, None] - t * along[:, 1]
    depth: Floats = (radius - np.sqrt(dx * dx + dy * dy)).max(axis=2)
    return depth


def frame_digit(ink: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a drawing in MNIST's form: its longer side 20 pixels, its centre of mass in the middle of 28x28.

    A drawing whose mass lies far from the middle of its sides is moved only as far as all of it stays in the image.

    Parameters
    ----------
    ink : ndarray of shape (H, W)
        0 is paper, 1 is ink. Of a finer grid than the result, each pixel of which is the mean of what it covers.

    Returns
    -------
    ndarray of shape (28, 28), uint8
        0 is paper, 255 is ink.
    """
    profiles = ink.sum(axis=1), ink.sum(axis=0)
    spans = [np.flatnonzero(profile) for profile in profiles]
    if not len(spans[0]):
        return np.zeros((SIZE, SIZE), np.uint8)
    scale = BOX / max(span[-1] + 1 - span[0] for span in spans)
    down, across = (_overlaps(profile, span, scale) for profile, span in zip(profiles, spans))
    return np.rint(255 * np.clip(down @ ink @ across.T, 0, 1)).astype(np.uint8)


def _overlaps(profile: Floats, span: NDArray[np.intp], scale: float) -> Floats:
    """Return which part of each pixel (28, n) each of n lines of a grid covers, once they are scaled and moved."""
    lines = np.arange(len(profile) + 1)
    mass = profile @ (lines[:-1] + 0.5) / profile.sum()
    edges = scale * (lines - mass) + MIDDLE + 0.5  # pixel i reaches from i to i + 1
    low, high = edges[span[0]], edges[span[-1] + 1]
    edges += max(0.0, -low) - max(0.0, high - SIZE)
    pixels = np.arange(SIZE)[:, None]
    return np.clip(np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels), 0, None)
