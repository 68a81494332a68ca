"""Windows that slide over images: how many fit, and images laid out in memory so that they are cheap to take.

`convolution`, `convolution_gradients` and the kinds of pooling take and return images as (N, C, H, W). In memory
their results lie as (H, C, W, N), rows first and samples last: then a window moves down by moving a pointer, one
pixel of all images is a run of numbers, so that to take every second pixel costs little more than to take all, and
no layer has to transpose what the one before it made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._arrays import as_real, check_integer
from tinynet._memory import empty
from tinynet.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from tinynet._arrays import Array

    Pair = tuple[int, int]

# What is computed in several steps is computed for rows of so many bytes at a time, which the cache still has. With
# fewer, threads that share the rows would wait for each other at every step: Python lets one of them start it.
GROUP_BYTES = 1 << 21


def pair(value: Any, what: str, least: int = 1) -> Pair:
    """Return a size for both directions, given as one integer or as (vertical, horizontal), each at least `least`."""
    values = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(values) != 2:
        raise ValueError(f"{what} must be one integer or a pair (vertical, horizontal), got {value!r}")
    vertical, horizontal = (check_integer(number, what, least) for number in values)
    return vertical, horizontal


def pair_text(sizes: Pair) -> str:
    """Return a size as one writes it: one number where both are equal."""
    return str(sizes[0] if sizes[0] == sizes[1] else sizes)


def as_images(x: ArrayLike, owner: str) -> Array:
    """Return `x` as a float array of images, or raise a `ShapeError` that names `owner`."""
    images = as_real(x, owner)
    if images.ndim != 4:
        raise ShapeError(f"{owner} expects images of shape (N, C, H, W), got {images.shape}")
    return images


def window_counts(owner: str, size: tuple[int, ...], kernel: Pair, stride: Pair, padding: Pair) -> Pair:
    """Return how many windows fit below and beside each other: ``(size + 2 padding - kernel) // stride + 1``."""
    padded = size[0] + 2 * padding[0], size[1] + 2 * padding[1]
    if padded[0] < kernel[0] or padded[1] < kernel[1]:
        extra = f", padded to {padded}," if any(padding) else ""
        raise ShapeError(f"{owner}: a window of {kernel} does not fit into an image of {tuple(size)}{extra}")
    return (padded[0] - kernel[0]) // stride[0] + 1, (padded[1] - kernel[1]) // stride[1] + 1


def to_rows(images: Array) -> Array:
    """View images (N, C, H, W) as (H, C, W, N)."""
    return images.transpose(2, 1, 3, 0)


def to_images(rows: Array) -> Array:
    """View (H, C, W, N) as images (N, C, H, W)."""
    return rows.transpose(3, 1, 0, 2)


def padded_rows(images: Array, padding: Pair, value: float) -> Array:
    """Return images as (H, C, W, N), contiguous, with a frame of `value` around each."""
    rows = to_rows(images)
    (top, left), (h, c, w, n) = padding, rows.shape
    if not (top or left):
        return np.ascontiguousarray(rows)
    result = empty((h + 2 * top, c, w + 2 * left, n), rows.dtype)
    result[...] = value
    result[top : top + h, :, left : left + w] = rows
    return result


def without_frame(rows: Array, padding: Pair) -> Array:
    """View (H, C, W, N) as images (N, C, H, W), without what padding put around them."""
    top, left = padding
    return to_images(rows[top : len(rows) - top, :, left : rows.shape[2] - left])


def row_groups(count: int, nbytes: int, together: int = 1) -> Iterator[slice]:
    """Cut `count` rows of `nbytes` each into groups that the cache holds.

    They are multiples of `together`; what is left over at the end is in none.
    """
    count -= count % together
    step = together * max(1, GROUP_BYTES // max(1, together * nbytes))
    for first in range(0, count, step):
        yield slice(first, min(first + step, count))


def span(first: int, stride: int, count: int) -> slice:
    """Return the slice that takes `count` elements from `first` on, `stride` apart."""
    return slice(first, first + stride * (count - 1) + 1, stride)
