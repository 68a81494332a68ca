"""Digits that the library draws itself: pen strokes, bent and slanted at random, rendered like MNIST's.

Each image goes through the steps that MNIST's went through, on paper or in the computer: somebody's way of
writing the digit, an unsteady hand, a pen of some width, scaling into 20x20 pixels, and a move that brings
the centre of mass to the middle of 28x28.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from tinynet._arrays import check_integer
from tinynet._random import as_generator
from tinynet.datasets.drawing import BOX, MIDDLE, SIZE, pen_depth
from tinynet.datasets.strokes import STROKES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_STEPS = 6  # straight pieces between two points of a stroke
_EDGE = 1.1  # pixels over which ink fades into paper


def synthetic_digits(
    n: int, *, rng: np.random.Generator | int | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draw digits that look handwritten, in MNIST's form; they need no file and no network.

    They are not MNIST: what a network scores on them says whether it works, not how good it is.

    Parameters
    ----------
    n : int
        Number of images.
    rng : numpy.random.Generator, int or None
        Source of all randomness, or its seed; the same seed and `n` draw the same images, another `n` draws others.

    Returns
    -------
    images : ndarray of shape (n, 28, 28), uint8
        0 is paper, 255 is ink.
    labels : ndarray of shape (n,), int64
        The digits 0..9 in random order, each equally often, as far as `n` allows.

    Raises
    ------
    TypeError
        `n` is no integer.
    ValueError
        `n` is negative.

    Examples
    --------
    >>> from tinynet.datasets import synthetic_digits
    >>> images, labels = synthetic_digits(20, rng=0)
    >>> images.shape, sorted(labels.tolist())[:6]
    ((20, 28, 28), [0, 0, 1, 1, 2, 2])
    """
    n = check_integer(n, "synthetic_digits: n", 0)
    rng = as_generator(rng, "synthetic_digits")
    labels = rng.permutation(np.resize(rng.permutation(10), n)).astype(np.int64)
    images = np.empty((n, SIZE, SIZE), np.uint8)
    for image, label in zip(images, labels.tolist()):
        image[...] = _draw(label, rng)
    return images, labels


def _draw(digit: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    start, end = _pieces(digit, int(rng.integers(len(STROKES[digit]))))
    points = _unsteady(np.concatenate([start, end]), rng)
    pressure = 1 + 0.2 * np.sin(points @ rng.uniform(-6, 6, 2) + rng.uniform(0, 2 * np.pi))
    radius = rng.triangular(0.75, 1.1, 1.9) * pressure[: len(start)]
    points *= (BOX - _EDGE - 2 * radius.mean()) / np.ptp(points, axis=0).max()
    start, end = np.split(points, 2)
    return _ink(start, end, radius)


@cache
def _pieces(digit: int, variant: int) -> tuple[Floats, Floats]:
    """Return the starts and the ends, each of shape (P, 2), of the straight pieces that make up a variant."""
    strokes = STROKES[digit][variant].split(" / ")
    curves = [_smooth_curve([point.split(",") for point in stroke.split()]) for stroke in strokes]
    return np.concatenate([curve[:-1] for curve in curves]), np.concatenate([curve[1:] for curve in curves])


def _smooth_curve(points: list[list[str]]) -> Floats:
    """Return points on the Catmull-Rom spline through the points of a stroke."""
    knots = np.array(points, float) / 100
    knots = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    before, a, b, after = knots[:-3, None], knots[1:-2, None], knots[2:-1, None], knots[3:, None]
    t = np.linspace(0, 1, _STEPS, endpoint=False)[:, None]
    curve = a + t / 2 * (b - before + t * (2 * before - 5 * a + 4 * b - after + t * (3 * (a - b) + after - before)))
    return np.concatenate([curve.reshape(-1, 2), knots[-2:-1]])


def _unsteady(points: Floats, rng: np.random.Generator) -> Floats:
    """Bend, stretch, slant and turn the points; as functions of the place, so that strokes that meet still do."""
    frequency = rng.uniform(-5, 5, (4, 2))
    phase = rng.uniform(0, 2 * np.pi, 4)
    bend = rng.normal(0, 0.03, (4, 2))
    points = points + np.sin(points @ frequency.T + phase) @ bend
    stretch = rng.uniform(0.8, 1.25)
    slant = rng.normal(0.08, 0.2)
    turn = rng.normal(0, 0.07)
    cos, sin = np.cos(turn), np.sin(turn)
    # y points down, so a slant to the right moves the upper points, of small y, to larger x.
    turned: Floats = points @ np.array([[stretch, 0], [-slant, 1]]) @ np.array([[cos, sin], [-sin, cos]])
    return turned


def _ink(start: Floats, end: Floats, radius: Floats) -> NDArray[np.uint8]:
    """Draw straight pieces with a round pen; how deep a pixel lies inside the nearest tells how dark it is."""
    weight = np.hypot(*(end - start).T) * radius
    middle = weight @ (start + end) / (2 * weight.sum())
    pixels = np.arange(SIZE, dtype=float)
    depth = pen_depth(pixels, pixels, start + (MIDDLE - middle), end + (MIDDLE - middle), radius)
    ink: NDArray[np.uint8] = np.rint(255 * np.clip(depth / _EDGE + 0.5, 0, 1)).astype(np.uint8)
    return ink
