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
    down, across = (_edges(profile, span[0], span[-1] + 1, scale) for profile, span in zip(profiles, spans))
    means = scale**2 * _sums(_sums(ink, down).T, across).T
    image: NDArray[np.uint8] = np.rint(255 * np.clip(means, 0, 1)).astype(np.uint8)
    return image


def _edges(profile: Floats, first: int, last: int, scale: float) -> Floats:
    """Return where on a grid, which has ink from `first` to `last`, the pixels of the image begin and end, (29,)."""
    mass = profile @ (np.arange(len(profile)) + 0.5) / profile.sum()
    edges = mass + (np.arange(SIZE + 1) - MIDDLE - 0.5) / scale  # pixel i reaches from i to i + 1
    edges += min(0.0, first - edges[0]) + max(0.0, last - edges[-1])
    inside: Floats = np.clip(edges, 0, len(profile))
    return inside


def _sums(ink: Floats, edges: Floats) -> Floats:
    """Return the sums of the lines (n, W) of a grid between neighbouring edges, of those that are cut the parts."""
    total = np.concatenate([np.zeros((1, ink.shape[1])), ink.cumsum(axis=0)])
    whole = np.minimum(edges.astype(int), len(ink) - 1)
    sums: Floats = np.diff(total[whole] + (edges - whole)[:, None] * ink[whole], axis=0)
    return sums
