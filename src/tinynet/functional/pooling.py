"""What all kinds of pooling share: their arguments, and walks over the windows of images that lie rows first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from tinynet._arrays import as_real
from tinynet._memory import empty
from tinynet.errors import ShapeError
from tinynet.functional.windows import as_images, pair, span, window_counts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from tinynet._arrays import Array
    from tinynet.functional.windows import Pair


def checked_pooling(
    owner: str, x: ArrayLike, kernel_size: Any, stride: Any, padding: Any
) -> tuple[Array, Pair, Pair, Pair]:
    """Return images and window, stride and padding as pairs, once they fit together."""
    images = as_images(x, owner)
    kernel, stride, padding = pooling_sizes(owner, kernel_size, stride, padding)
    window_counts(owner, images.shape[2:], kernel, stride, padding)
    return images, kernel, stride, padding


def pooling_sizes(owner: str, kernel_size: Any, stride: Any, padding: Any) -> tuple[Pair, Pair, Pair]:
    """Return window, stride and padding as pairs."""
    kernel = pair(kernel_size, f"{owner}: kernel_size")
    stride = kernel if stride is None else pair(stride, f"{owner}: stride")
    padding = pair(padding, f"{owner}: padding", 0)
    if 2 * padding[0] > kernel[0] or 2 * padding[1] > kernel[1]:
        raise ValueError(f"{owner}: padding must be at most half the window {kernel}, got {padding}")
    return kernel, stride, padding


def checked_output(owner: str, array: ArrayLike, x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """Return `array` once it has the shape that pooling `x` gives."""
    array = as_real(array, owner)
    expected = (*x.shape[:2], *window_counts(owner, x.shape[2:], kernel, stride, padding))
    if array.shape != expected:
        raise ShapeError(f"{owner} expects an output of shape {expected} for x {x.shape}, got {array.shape}")
    return array


def reduce_windows(
    combine: Callable[..., Array], rows: Array, kernel: Pair, stride: Pair, out: Array | None = None
) -> Array:
    """Combine the elements of every window, in `out` if given: down the columns first, whole rows at once."""
    down = _combine(combine, rows, 0, kernel[0], stride[0], None)
    return _combine(combine, down, 2, kernel[1], stride[1], out)


def _combine(
    combine: Callable[..., Array], rows: Array, axis: int, size: int, stride: int, out: Array | None
) -> Array:
    count = (rows.shape[axis] - size) // stride + 1
    parts = [_take(rows, axis, span(k, stride, count)) for k in range(size)]
    result = empty(parts[0].shape, rows.dtype) if out is None else out
    np.copyto(result, parts[0]) if size == 1 else combine(parts[0], parts[1], out=result)
    for part in parts[2:]:
        combine(result, part, out=result)
    return result


def _take(rows: Array, axis: int, places: slice) -> Array:
    return rows[places] if axis == 0 else rows[:, :, places]


def window_elements(rows: Array, kernel: Pair, stride: Pair, output: tuple[int, ...]) -> Iterator[Array]:
    """View, for each place in the window, what lies there in all windows of `rows`, (H, C, W, N)."""
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            yield rows[span(i, stride[0], output[0]), :, span(j, stride[1], output[2])]
