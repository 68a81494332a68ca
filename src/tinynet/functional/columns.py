"""The windows of images as the columns of matrices, with which a convolution is a product of matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._memory import LINE, empty
from tinynet._threads import share
from tinynet.functional.windows import padded_rows, row_groups, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tinynet._arrays import Array
    from tinynet.functional.windows import Pair

#: Addresses so many bytes apart have the same place in a core's cache, which has few for each.
ALIASED = 4096


def ones_pay(x: Array, weight: Array, stride: Pair) -> bool:
    """Whether a bias is computed sooner as the weight of a pixel that is always 1.

    In return the filters are copied, so there must be more windows than weights in a filter, and the images, which
    a kernel of one column would not need.
    """
    windows = len(x) * (x.shape[2] // stride[0]) * (x.shape[3] // stride[1])  # about: the edges change little
    return windows > weight[0].size and _shifts(weight.shape[3], stride[1])


def _shifts(kw: int, right: int) -> bool:
    """Whether windows beside each other have to be copied; those of one column lie there already."""
    return (kw, right) != (1, 1)


def filter_matrix(weight: Array, bias: Array | None) -> Array:
    """Return the filters as rows (F, kh kw C); no copy where they lie in `kernel_order`.

    With a bias (F, kh (kw C + 1)): it is the weight of the ones in the first row of a window, that of the others 0.
    """
    filters, channels, kh, kw = weight.shape
    laid_out = weight.transpose(0, 2, 3, 1).reshape(filters, kh, kw * channels)
    if bias is None:
        return laid_out.reshape(filters, kh * kw * channels)
    matrix = np.empty((filters, kh, kw * channels + 1), weight.dtype)
    matrix[:, :, :-1] = laid_out
    matrix[:, 1:, -1] = 0
    matrix[:, 0, -1] = bias
    return matrix.reshape(filters, -1)


def kernel_order(weight: Array) -> Array:
    """Return a copy of filters that is laid out in memory as `filter_matrix` needs them: (F, kh, kw, C)."""
    return np.array(weight.transpose(0, 2, 3, 1), order="C").transpose(0, 3, 1, 2)


class WindowColumns:
    """The windows of images as columns: a few rows of windows at a time are one matrix each.

    Only the kw shifts to the side are copied, and they are kept: the gradients need them once more. With the rows of
    all images first in memory, kh rows below each other are one matrix already, and the matrices of neighbouring
    windows overlap. With `ones` each row ends in a 1.
    """

    def __init__(self, x: Array, kernel: tuple[int, ...], stride: Pair, padding: Pair, ones: bool) -> None:
        rows = padded_rows(x, padding, 0)
        h, channels, w, samples = rows.shape
        self.kh: int = kernel[0]
        self.kw: int = kernel[1]
        self.down: int = stride[0]
        self.channels: int = channels
        self.samples: int = samples
        self.counts: Pair = (h - self.kh) // self.down + 1, (w - self.kw) // stride[1] + 1
        self.ones: bool = ones
        self.dtype: np.dtype[Any] = x.dtype
        shifts = _shifts(self.kw, stride[1])
        self._rows: Array = self._shifted(rows, stride[1]) if shifts else rows.reshape(h, channels, w * samples)

    def groups(self, filters: int, together: int = 1) -> Iterator[tuple[slice, Array]]:
        """Yield which rows of windows, as `row_groups` cuts them, and the columns, (rows, kh (kw C + ones), Wo N).

        Columns and rows of as many `filters` are what the cache has to hold.
        """
        nbytes = max(self.down * self._rows[0].nbytes, filters * self._rows[0, 0].nbytes)
        columns = self._below_each_other()
        for group in row_groups(self.counts[0], nbytes, together):
            yield group, columns[group]

    def _shifted(self, rows: Array, right: int) -> Array:
        """Return the rows at each of the kw shifts, (H, kw C + ones, Wo N or, with a gap behind each, more)."""
        c, end = self.channels, self.kw * self.channels
        length = self.counts[1] * self.samples
        # Rows a multiple of `ALIASED` bytes apart would be in each other's place in a core's cache.
        apart = length + (LINE // rows.itemsize if length * rows.itemsize % ALIASED == 0 else 0)
        shifted = empty((len(rows), end + self.ones, apart), rows.dtype)
        pixels = shifted[:, :, :length].reshape(*shifted.shape[:2], self.counts[1], self.samples)  # a view

        def copy(group: slice) -> None:
            for k in range(self.kw):
                pixels[group, k * c : (k + 1) * c] = rows[group, :, span(k, right, self.counts[1])]
            shifted[group, end:] = 1

        share(copy, row_groups(len(rows), shifted[0].nbytes), shifted.nbytes)
        return shifted

    def _below_each_other(self) -> Array:
        """View the rows as the overlapping (Ho, kh (kw C + ones), Wo N): kh from every `down`-th on."""
        rows = self._rows
        shape = self.counts[0], self.kh * rows.shape[1], self.counts[1] * self.samples
        # What `as_strided` returns, in a tenth of its time.
        return np.ndarray(shape, self.dtype, rows, strides=(self.down * rows.strides[0], *rows.strides[1:]))
