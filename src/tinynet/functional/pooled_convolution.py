"""Convolution and the max-pooling after it, a few rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinynet._memory import empty
from tinynet._threads import share
from tinynet.functional.activations import relu_kernel
from tinynet.functional.convolution import conv2d_kernel, convolution_of_rows
from tinynet.functional.max_pooling import (
    empty_places,
    find_largest,
    max_pool2d_and_places,
    max_pool2d_kernel,
    rectify,
)
from tinynet.functional.pooling import reduce_windows
from tinynet.functional.windows import to_images

if TYPE_CHECKING:
    from tinynet._arrays import Array
    from tinynet.functional.columns import WindowColumns
    from tinynet.functional.windows import Pair

    Windows = tuple[Pair, Pair, Pair]


def conv2d_max_pool_kernel(
    columns: WindowColumns, weight: Array, bias: Array | None, windows: Windows, rectified: bool
) -> Array:
    """Compute `max_pool2d_kernel` of `conv2d_kernel`, and `relu` of that if `rectified`; `windows` are its arguments.

    Where windows lie side by side, a few rows are pooled as soon as they are there, while the cache has them: a tenth
    less time for the same bits.
    """
    if _side_by_side(*windows):
        return _pool_rows(columns, weight, bias, windows[0], rectified, None)
    y = max_pool2d_kernel(conv2d_kernel(columns, weight, bias), *windows)
    return relu_kernel(y, y) if rectified else y


def conv2d_max_pool_and_places(
    columns: WindowColumns, weight: Array, bias: Array | None, windows: Windows, rectified: bool
) -> tuple[Array, Array]:
    """Compute `max_pool2d_and_places` in the same way."""
    if not _side_by_side(*windows):
        return max_pool2d_and_places(conv2d_kernel(columns, weight, bias), *windows, rectified)
    (ho, wo), (kh, kw) = columns.counts, windows[0]
    places = empty_places((ho // kh, len(weight), wo // kw, columns.samples), windows[0])
    return _pool_rows(columns, weight, bias, windows[0], rectified, places), places


def _side_by_side(kernel: Pair, stride: Pair, padding: Pair) -> bool:
    return stride == kernel and padding == (0, 0)


def _pool_rows(
    columns: WindowColumns, weight: Array, bias: Array | None, window: Pair, rectified: bool, places: Array | None
) -> Array:
    """Return what both compute; `places` receives the places if given."""
    (ho, wo), n, (kh, kw), filters = columns.counts, columns.samples, window, len(weight)
    result = empty((ho // kh, filters, wo // kw, n), columns.dtype)
    convolve = convolution_of_rows(columns, weight, bias)

    def convolve_and_pool(group: tuple[slice, Array]) -> None:
        place, matrices = group
        rows = empty((len(matrices), filters, wo * n), columns.dtype)
        convolve(matrices, rows)
        images, pooled = rows.reshape(len(rows), filters, wo, n), slice(place.start // kh, place.stop // kh)
        y = reduce_windows(np.maximum, images, window, window, result[pooled])
        if places is not None:
            find_largest(images, y, window, window, places[pooled])
        if rectified:
            rectify(y, window, None if places is None else places[pooled])

    share(convolve_and_pool, columns.groups(filters, kh), kh * kw * result.nbytes)
    return to_images(result)
