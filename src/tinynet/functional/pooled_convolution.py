"""Convolution and the max-pooling after it, a few rows at a time, and the way back."""

from __future__ import annotations

from functools import partial, reduce
from typing import TYPE_CHECKING

import numpy as np

from tinynet._memory import empty
from tinynet._threads import share
from tinynet.functional.activations import relu_kernel
from tinynet.functional.convolution import RowsOfConvolution, conv2d_kernel
from tinynet.functional.gradient_planes import gradient_planes, planes_of_pairs
from tinynet.functional.max_pooling import (
    empty_places,
    max_pool2d_and_places,
    max_pool2d_backward_kernel,
    max_pool2d_kernel,
    rectify,
    write_places,
)
from tinynet.functional.pooling import reduce_windows, window_elements
from tinynet.functional.selection import keep_where
from tinynet.functional.windows import to_images, to_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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


def pooled_gradient_planes(
    grad: Array, places: Array, columns: WindowColumns, kernel: Pair, stride: Pair, padding: Pair
) -> list[Array]:
    """Compute `gradient_planes` of what `max_pool2d_backward` gives, from the places of `conv2d_max_pool_kernel`."""
    (ho, wo), n, filters = columns.counts, columns.samples, grad.shape[1]
    if not (_side_by_side(kernel, stride, padding) and _by_pairs(columns, kernel)):
        shape = n, filters, ho, wo
        return gradient_planes(max_pool2d_backward_kernel(grad, places, shape, kernel, stride, padding), columns)
    gradients = np.ascontiguousarray(to_rows(grad))
    covered = places.shape[2] * kernel[1] // 2  # pairs that meet a window

    def spread(group: slice, first: Array, second: Array) -> None:
        pooled = slice(group.start // kernel[0], group.stop // kernel[0])
        hit = np.empty(places[pooled].shape, bool)
        for half in first, second:
            half[:, :, covered:] = 0
        for place, elements in enumerate(_elements_of_pairs([first, second], kernel, hit.shape)):
            np.equal(places[pooled], place, out=hit)
            keep_where(hit, gradients[pooled], out=elements)

    return planes_of_pairs(spread, columns, filters, grad.dtype, kernel[0])


def _side_by_side(kernel: Pair, stride: Pair, padding: Pair) -> bool:
    """Whether windows lie in the image, each next to the other."""
    return stride == kernel and padding == (0, 0)


def _by_pairs(columns: WindowColumns, kernel: Pair) -> bool:
    """Whether what is pooled comes in pairs, which no window parts."""
    return columns.paired and kernel[1] % 2 == 0


def _elements_of_pairs(halves: Sequence[Array], kernel: Pair, output: tuple[int, ...]) -> list[Array]:
    """View `window_elements` in the first and in the second pixels of all pairs."""
    narrow = kernel[0], kernel[1] // 2
    of_halves = zip(*(window_elements(half, narrow, narrow, output) for half in halves))
    return [elements for both in of_halves for elements in both]


def _pooled_rows(
    columns: WindowColumns, weight: Array, bias: Array | None, kernel: Pair, rectified: bool, places: Array | None
) -> Array:
    """Return what is left of all windows, side by side; write to `places`, if given, where the largest lie."""
    (ho, wo), n, filters = columns.counts, columns.samples, len(weight)
    result = empty((ho // kernel[0], filters, wo // kernel[1], n), columns.dtype)
    convolution = RowsOfConvolution(columns, weight, bias)

    def convolve_and_pool(group: tuple[slice, list[Array]]) -> None:
        convolved, planes = group
        pooled = slice(convolved.start // kernel[0], convolved.stop // kernel[0])
        y, found = result[pooled], None if places is None else places[pooled]
        elements: Iterable[Array]
        if _by_pairs(columns, kernel):
            elements = _elements_of_pairs(convolution.halves(planes), kernel, y.shape)
            reduce(partial(np.maximum, out=y), elements)
        else:
            rows = empty((convolved.stop - convolved.start, filters, wo, n), columns.dtype)
            convolution.write(planes, rows)
            reduce_windows(np.maximum, rows, kernel, kernel, y)
            elements = window_elements(rows, kernel, kernel, y.shape)
        if found is not None:
            write_places(elements, y, found)
        if rectified:
            rectify(y, kernel, found)

    share(convolve_and_pool, columns.groups(filters, kernel[0]), kernel[0] * kernel[1] * result.nbytes)
    return to_images(result)
