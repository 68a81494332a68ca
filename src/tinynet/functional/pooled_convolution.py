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
    max_pool2d_and_places,
    max_pool2d_kernel,
    rectify,
    write_places,
)
from tinynet.functional.pooling import reduce_windows
from tinynet.functional.windows import to_images

if TYPE_CHECKING:
    from tinynet._arrays import Array
    from tinynet.functional.columns import WindowColumns
    from tinynet.functional.windows import Pair


def conv2d_max_pool_kernel(
    columns: WindowColumns,
    weight: Array,
    bias: Array | None,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    rectified: bool,
    find_places: bool,
) -> tuple[Array, Array | None]:
    """Compute `max_pool2d_and_places` of `conv2d_kernel`, the places only if `find_places`, else None.

    Where windows lie side by side, a few rows are pooled as soon as they are there, while the cache has them.
    """
    if _side_by_side(kernel, stride, padding):
        counts = columns.counts[0] // kernel[0], columns.counts[1] // kernel[1]
        places = empty_places((counts[0], len(weight), counts[1], columns.samples), kernel) if find_places else None
        return _pooled_rows(columns, weight, bias, kernel, rectified, places), places
    y = conv2d_kernel(columns, weight, bias)
    if find_places:
        return max_pool2d_and_places(y, kernel, stride, padding, rectified)
    y = max_pool2d_kernel(y, kernel, stride, padding)
    return relu_kernel(y, y) if rectified else y, None


def _side_by_side(kernel: Pair, stride: Pair, padding: Pair) -> bool:
    """Whether windows lie in the image, each next to the other."""
    return stride == kernel and padding == (0, 0)


def _pooled_rows(
    columns: WindowColumns, weight: Array, bias: Array | None, kernel: Pair, rectified: bool, places: Array | None
) -> Array:
    """Return what is left of all windows, side by side; write to `places`, if given, where the largest lie."""
    (ho, wo), n, filters = columns.counts, columns.samples, len(weight)
    result = empty((ho // kernel[0], filters, wo // kernel[1], n), columns.dtype)
    convolve = convolution_of_rows(columns, weight, bias)

    def convolve_and_pool(group: tuple[slice, Array]) -> None:
        convolved, matrices = group
        rows = empty((len(matrices), filters, wo * n), columns.dtype)
        convolve(matrices, rows)
        rows = rows.reshape(len(rows), filters, wo, n)
        pooled = slice(convolved.start // kernel[0], convolved.stop // kernel[0])
        y = reduce_windows(np.maximum, rows, kernel, kernel, result[pooled])
        found = None if places is None else places[pooled]
        if found is not None:
            write_places(rows, y, kernel, kernel, found)
        if rectified:
            rectify(y, kernel, found)

    share(convolve_and_pool, columns.groups(filters, kernel[0]), kernel[0] * kernel[1] * result.nbytes)
    return to_images(result)
