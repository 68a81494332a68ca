"""Windows that slide over images: how many fit, and images laid out in memory so that they are cheap to take.

Every function here and in `convolution` and `pooling` takes and returns images as (N, C, H, W). In memory their
results lie rows first, as (H, C, N, W): then a window moves down by moving a pointer, what lies side by side in a
row of all images is one long run of numbers, and no layer has to transpose what the one before it made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinynet._arrays import as_real, check_integer
from tinynet._memory import empty
from tinynet.errors import ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tinynet._arrays import Array

    Pair = tuple[int, int]


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


def rows_first(x: Array) -> Array:
    """View (N, C, H, W) as (H, C, N, W), or the other way round."""
    return x.transpose(2, 1, 0, 3)


def padded_rows(x: Array, padding: Pair, value: float) -> Array:
    """Return images as (H, C, N, W) with a frame of `value` around each; without a frame, a view."""
    rows = rows_first(x)
    (top, left), (h, c, n, w) = padding, rows.shape
    if not (top or left):
        return rows
    result = empty((h + 2 * top, c, n, w + 2 * left), x.dtype)
    result[...] = value
    result[top : top + h, :, :, left : left + w] = rows
    return result


def without_frame(rows: Array, padding: Pair) -> Array:
    """View images that lie rows first as (N, C, H, W), without what padding put around them."""
    top, left = padding
    return rows_first(rows[top : len(rows) - top, :, :, left : rows.shape[3] - left])


def span(first: int, stride: int, count: int) -> slice:
    """Return the slice that takes `count` elements from `first` on, `stride` apart."""
    return slice(first, first + stride * (count - 1) + 1, stride)
