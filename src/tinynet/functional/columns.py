"""The windows of images as the columns of matrices, with which a convolution is a product of matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._memory import LINE, empty
from tinynet._threads import share
from tinynet.functional import winograd
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
    """The windows of images as columns: every row of windows is one matrix, or one for each plane.

    Only the kw shifts to the side are copied, and they are kept: the gradients need them once more. With the rows of
    all images first in memory, kh rows below each other are one matrix already, and the matrices of neighbouring
    windows overlap. With `ones` each row ends in a 1.

    With `paired`, for kernels of three columns that move by one, windows beside each other are computed two at a
    time, as `winograd` tells, from four planes of sums in place of the shifts; one of the planes has the ones. Images
    that are not moderate have shifts all the same; the attribute `paired` tells.
    """

    def __init__(
        self, x: Array, kernel: tuple[int, ...], stride: Pair, padding: Pair, ones: bool, paired: bool = False
    ) -> None:
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
        planes = self._transformed(rows) if paired else None
        self.paired: bool = planes is not None
        if planes is None:
            shifts = _shifts(self.kw, stride[1])
            planes = [self._shifted(rows, stride[1]) if shifts else rows.reshape(h, channels, w * samples)]
        # Each (H, kw C + ones, at least Wo N), or of T pairs (H, C + ones, at least T N).
        self._planes: list[Array] = planes

    @property
    def beside(self) -> int:
        """How many columns lie beside each other for every image: its windows in a row, or the pairs of them."""
        return winograd.pairs(self.counts[1]) if self.paired else self.counts[1]

    @property
    def bias_plane(self) -> int:
        """Which plane has the ones."""
        return winograd.BIAS_PLANE if self.paired else 0

    def filter_planes(self, weight: Array) -> list[Array]:
        """Return what each plane is multiplied by: filters of kw columns, or of one for pairs."""
        return winograd.transform_filters(weight) if self.paired else [weight]

    def filter_planes_backward(self, grads: list[Array]) -> Array:
        """Return the gradient of the filters from that of each plane's."""
        return winograd.transform_filters_backward(grads) if self.paired else grads[0]

    def groups(self, filters: int, together: int = 1) -> Iterator[tuple[slice, list[Array]]]:
        """Yield rows of windows, as `row_groups` cuts them: which, and their part of all `matrices`.

        Columns, and rows of as many `filters`, are what the cache has to hold.
        """
        rows = self._planes[0]
        nbytes = len(self._planes) * max(self.down * rows[0].nbytes, filters * rows[0, 0].nbytes)
        columns = self.matrices()
        for group in row_groups(self.counts[0], nbytes, together):
            yield group, [plane[group] for plane in columns]

    def matrices(self) -> list[Array]:
        """View the columns of all rows, (Ho, kh (kw C + ones), Wo N), or of T pairs four (Ho, kh (C + ones), T N)."""
        length = self.beside * self.samples
        return [
            below_each_other(plane, (self.counts[0], self.kh * plane.shape[1], length), self.down)
            for plane in self._planes
        ]

    def _shifted(self, rows: Array, right: int) -> Array:
        """Return the rows at each of the kw shifts, (H, kw C + ones, Wo N or, with a gap behind each, more)."""
        c, end = self.channels, self.kw * self.channels
        shifted = self._empty_rows(len(rows), end + self.ones, self.counts[1])
        pixels = self._pixels(shifted, self.counts[1])

        def copy(group: slice) -> None:
            for k in range(self.kw):
                pixels[group, k * c : (k + 1) * c] = rows[group, :, span(k, right, self.counts[1])]
            shifted[group, end:] = 1

        share(copy, row_groups(len(rows), shifted[0].nbytes), shifted.nbytes)
        return shifted

    def _transformed(self, rows: Array) -> list[Array] | None:
        """Return the planes of sums of pixels, or None if some pixel is too large."""
        pairs, too_large = winograd.pairs(self.counts[1]), []
        planes = [
            self._empty_rows(len(rows), self.channels + (self.ones and k == winograd.BIAS_PLANE), pairs)
            for k in range(winograd.PLANES)
        ]
        sums = [self._pixels(plane, pairs)[:, : self.channels] for plane in planes]

        def transform(group: slice) -> None:
            if not winograd.is_moderate(rows[group]):
                too_large.append(group)
                return
            winograd.transform_images(rows[group], [plane[group] for plane in sums])
            planes[winograd.BIAS_PLANE][group, self.channels :] = 1

        nbytes = winograd.PLANES * planes[0].nbytes
        share(transform, row_groups(len(rows), nbytes // len(rows)), nbytes)
        return None if too_large else planes

    def _empty_rows(self, count: int, height: int, columns: int) -> Array:
        """Return memory for rows of so many `columns` for each image, perhaps with gaps between them."""
        length = columns * self.samples
        # Rows a multiple of `ALIASED` bytes apart would be in each other's place in a core's cache.
        gap = LINE // self.dtype.itemsize if length * self.dtype.itemsize % ALIASED == 0 else 0
        return empty((count, height, length + gap), self.dtype)

    def _pixels(self, rows: Array, columns: int) -> Array:
        """View what `_empty_rows` returned as (rows, height, columns, N), without the gaps."""
        return rows[:, :, : columns * self.samples].reshape(*rows.shape[:2], columns, self.samples)


def below_each_other(rows: Array, shape: tuple[int, ...], down: int = 1) -> Array:
    """View contiguous rows (H, C, L) as overlapping matrices (count, kh C, L): kh rows from every `down`-th on.

    L may be less than a row has, the rest being a gap. As `as_strided`, but sooner, and its bounds are checked; not
    to be written to.
    """
    return np.ndarray(shape, rows.dtype, rows, strides=(down * rows.strides[0], *rows.strides[1:]))
