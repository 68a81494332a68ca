"""Two-dimensional convolution (cross-correlation, as all networks compute it)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._arrays import as_real
from tinynet._memory import empty
from tinynet._threads import share
from tinynet.errors import ShapeError
from tinynet.functional import winograd
from tinynet.functional.activations import relu_kernel
from tinynet.functional.columns import WindowColumns, filter_matrix, ones_pay
from tinynet.functional.products import product
from tinynet.functional.windows import as_images, pair, to_images, window_counts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tinynet._arrays import Array
    from tinynet.functional.windows import Pair


def conv2d(
    x: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None, *, stride: Any = 1, padding: Any = 0
) -> Array:
    """Return ``Y[n, f, i, j] = sum over c, u, v of W[f, c, u, v] X[n, c, s i + u - p, s j + v - p] + b[f]``.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
    weight : ndarray of shape (F, C, kh, kw)
        Filter *f* looks at windows of kh rows and kw columns in all C channels.
    bias : ndarray of shape (F,), optional
    stride : int or pair of int
        How far the window moves, down and to the right.
    padding : int or pair of int
        Rows above and below and columns left and right of every image that count as 0.

    Returns
    -------
    ndarray of shape (N, F, Ho, Wo)
        ``Ho = (H + 2 p - kh) // s + 1``, and Wo alike.

    Raises
    ------
    ShapeError
        If the shapes do not fit together, or the window does not fit into the image.
    TypeError, ValueError
        If an array does not hold real numbers, or stride or padding are no such integers.

    Notes
    -----
    Derived in :doc:`/derivations/convolution`, with the way in which it becomes one product of matrices. Of many
    images with many channels, windows of three columns are computed in pairs, as :doc:`/derivations/winograd` tells.
    Then rounding errors are relative to the largest pixels and weights of a window, even where plain products give 0.

    Examples
    --------
    >>> image = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> conv2d(image, [[[[1.0, 0.0], [0.0, -1.0]]]], [10.0]).tolist()
    [[[[6.0, 6.0], [6.0, 6.0]]]]
    """
    x, weight, stride, padding = checked_convolution("conv2d", x, weight, stride, padding)
    if bias is not None:
        bias = as_real(bias, "conv2d")
        if bias.shape != weight.shape[:1]:
            raise ShapeError(f"conv2d expects bias {weight.shape[:1]} for weight {weight.shape}, got {bias.shape}")
    return conv2d_kernel(conv2d_columns(x, weight, bias is not None, stride, padding), weight, bias)


def conv2d_columns(x: Array, weight: Array, bias: bool, stride: Pair, padding: Pair) -> WindowColumns:
    """Return the windows that the filters meet as columns, with ones for a bias where that pays."""
    ones = bias and ones_pay(x, weight, stride)
    return WindowColumns(x, weight.shape[2:], stride, padding, ones, winograd.pays(x, weight, stride))


def conv2d_kernel(columns: WindowColumns, weight: Array, bias: Array | None, rectified: bool = False) -> Array:
    """Compute `conv2d` of validated arguments from `conv2d_columns`, and `relu` of that if `rectified`."""
    (ho, wo), n = columns.counts, columns.samples
    result = empty((ho, len(weight), wo, n), columns.dtype)
    convolution = RowsOfConvolution(columns, weight, bias)

    def convolve(group: tuple[slice, list[Array]]) -> None:
        rows = result[group[0]]
        convolution.write(group[1], rows)
        if rectified:
            relu_kernel(rows, rows)

    share(convolve, columns.groups(len(weight)), result.nbytes)
    return to_images(result)


class RowsOfConvolution:
    """What computes rows of `conv2d` from their part of all `columns`: one product for each plane."""

    def __init__(self, columns: WindowColumns, weight: Array, bias: Array | None) -> None:
        as_ones = bias if columns.ones else None
        self._added: Array | None = None if columns.ones else bias
        self._filters: list[Array] = [
            filter_matrix(filters, as_ones if k == columns.bias_plane else None)
            for k, filters in enumerate(columns.filter_planes(weight))
        ]
        self._columns = columns

    def write(self, planes: list[Array], out: Array) -> None:
        """Write the rows to `out`, (rows, F, Wo, N)."""
        if not self._columns.paired:
            self._multiply(planes, [out])
            return
        for k, half in enumerate(self.halves(planes)):
            windows = out[:, :, k::2]
            windows[...] = half[:, :, : windows.shape[2]]

    def halves(self, planes: list[Array]) -> list[Array]:
        """Return the first and the second windows of all T pairs in the rows, each (rows, F, T, N); of pairs only."""
        columns = self._columns
        shape = len(planes), len(planes[0]), len(self._filters[0]), columns.beside, columns.samples
        return self._multiply(planes, list(empty(shape, columns.dtype)))

    def _multiply(self, planes: list[Array], results: list[Array]) -> list[Array]:
        """Multiply every plane, into `results`; return the outputs: the one product, or the two halves."""
        with np.errstate(over="ignore", invalid="ignore"):
            for matrix, plane, result in zip(self._filters, planes, results):
                product(matrix, plane, result.reshape(*result.shape[:2], plane.shape[2]))
            if self._columns.paired:
                results = winograd.transform_outputs(results)
            if self._added is not None:
                for result in results:
                    result += self._added[:, None, None]
        return results


def checked_convolution(
    owner: str, x: ArrayLike, weight: ArrayLike, stride: Any, padding: Any
) -> tuple[Array, Array, Pair, Pair]:
    """Return images and filters as arrays, stride and padding as pairs, once they fit together."""
    x, weight = as_images(x, owner), as_real(weight, owner)
    if weight.ndim != 4 or weight.shape[1] != x.shape[1] or 0 in weight.shape:
        raise ShapeError(
            f"{owner} expects x (N, C, H, W) and weight (F, C, kh, kw), got x {x.shape} and weight {weight.shape}"
        )
    stride, padding = pair(stride, f"{owner}: stride"), pair(padding, f"{owner}: padding", 0)
    window_counts(owner, x.shape[2:], (weight.shape[2], weight.shape[3]), stride, padding)
    return x, weight, stride, padding
