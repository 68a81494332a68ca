"""Two-dimensional convolution (cross-correlation, as all networks compute it) and its gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from tinynet._arrays import as_real
from tinynet._memory import empty, zeros
from tinynet.errors import ShapeError
from tinynet.functional.windows import (
    as_images,
    padded_rows,
    pair,
    span,
    to_images,
    to_rows,
    window_counts,
    without_frame,
)

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
    Derived in :doc:`/derivations/convolution`, with the way in which it becomes one product of matrices.

    Examples
    --------
    >>> image = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> conv2d(image, [[[[1.0, 0.0], [0.0, -1.0]]]], [10.0]).tolist()
    [[[[6.0, 6.0], [6.0, 6.0]]]]
    """
    x, weight, stride, padding = _checked("conv2d", x, weight, stride, padding)
    if bias is not None:
        bias = as_real(bias, "conv2d")
        if bias.shape != weight.shape[:1]:
            raise ShapeError(f"conv2d expects bias {weight.shape[:1]} for weight {weight.shape}, got {bias.shape}")
    return conv2d_kernel(x, weight, bias, stride, padding)


def conv2d_kernel(x: Array, weight: Array, bias: Array | None, stride: Pair, padding: Pair) -> Array:
    """Compute `conv2d` of validated arguments: for every row of windows one product of matrices."""
    ones = bias is not None and _ones_pay(x, weight, stride)
    columns, (ho, wo) = _columns(x, weight.shape[2:], stride, padding, ones)
    rows = empty((ho, len(weight), columns.shape[2]), x.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        np.matmul(_matrix(weight, bias if ones else None), columns, out=rows)
        if bias is not None and not ones:
            rows += bias[:, None]
    return to_images(rows.reshape(ho, len(weight), wo, len(x)))


def conv2d_backward(
    grad: ArrayLike, x: ArrayLike, weight: ArrayLike, *, stride: Any = 1, padding: Any = 0
) -> tuple[Array, Array, Array]:
    """Return the gradients of a loss with respect to `x`, `weight` and the bias.

    Parameters
    ----------
    grad : ndarray of shape (N, F, Ho, Wo)
        The gradient of the loss with respect to the output of `conv2d`.
    x : ndarray of shape (N, C, H, W)
    weight : ndarray of shape (F, C, kh, kw)
    stride, padding : int or pair of int
        Those of `conv2d`.

    Returns
    -------
    grad_x : ndarray of shape (N, C, H, W)
        The convolution of `grad`, its elements `stride` apart and zeros around them, with the filters turned by 180
        degrees and their two channel axes exchanged.
    grad_weight : ndarray of shape (F, C, kh, kw)
        For every weight, the inputs that it met times the gradients of the outputs that it went into.
    grad_bias : ndarray of shape (F,)
        The sum of `grad` over samples, rows and columns.

    Raises
    ------
    ShapeError, TypeError, ValueError
        As `conv2d`, or if `grad` has not the shape of its output.

    Notes
    -----
    Derived in :doc:`/derivations/convolution`.

    Examples
    --------
    >>> dx, dw, db = conv2d_backward([[[[1.0, 10.0]]]], [[[[1.0, 2.0, 3.0]]]], [[[[5.0, 7.0]]]])
    >>> dx.tolist(), dw.tolist(), db.tolist()
    ([[[[5.0, 57.0, 70.0]]]], [[[[21.0, 32.0]]]], [11.0])
    """
    x, weight, stride, padding = _checked("conv2d_backward", x, weight, stride, padding)
    grad = as_images(grad, "conv2d_backward")
    counts = window_counts("conv2d_backward", x.shape[2:], (weight.shape[2], weight.shape[3]), stride, padding)
    if grad.shape != (len(x), len(weight), *counts):
        raise ShapeError(
            f"conv2d_backward expects grad {(len(x), len(weight), *counts)} for x {x.shape} and weight "
            f"{weight.shape}, got {grad.shape}"
        )
    grad_x = conv2d_input_gradient(grad, x.shape, weight, stride, padding)
    return (grad_x, *conv2d_parameter_gradients(grad, x, weight, stride, padding))


def conv2d_parameter_gradients(
    grad: Array, x: Array, weight: Array, stride: Pair, padding: Pair
) -> tuple[Array, Array]:
    """Compute the gradients of weight and bias in `conv2d_backward` from validated arguments."""
    filters, channels, kh, kw = weight.shape
    ones = _ones_pay(x, weight, stride)
    columns, (ho, wo) = _columns(x, (kh, kw), stride, padding, ones)
    rows = np.ascontiguousarray(to_rows(grad)).reshape(ho, filters, wo * len(x))
    with np.errstate(over="ignore", invalid="ignore"):
        # BLAS takes a sixth less time for this product than for its transpose.
        grad_matrix = np.matmul(columns, rows.transpose(0, 2, 1)).sum(axis=0).T
        grad_matrix = grad_matrix.reshape(filters, kh, kw * channels + ones)
        grad_bias = grad_matrix[:, 0, -1].copy() if ones else rows.sum(axis=2).sum(axis=0)
    grad_matrix = grad_matrix[:, :, : kw * channels]
    return grad_matrix.reshape(filters, kh, kw, channels).transpose(0, 3, 1, 2), grad_bias


def kernel_order(weight: Array) -> Array:
    """Return a copy of filters that is laid out in memory as `conv2d` needs them: (F, kh, kw, C)."""
    return np.array(weight.transpose(0, 2, 3, 1), order="C").transpose(0, 3, 1, 2)


def _ones_pay(x: Array, weight: Array, stride: Pair) -> bool:
    """Whether a bias is computed sooner as the weight of a pixel that is always 1.

    In return the filters are copied, so there must be more windows than weights in a filter, and the images, which
    a kernel of one column would not need.
    """
    windows = len(x) * (x.shape[2] // stride[0]) * (x.shape[3] // stride[1])
    return windows > weight[0].size and (weight.shape[3], stride[1]) != (1, 1)


def _matrix(weight: Array, bias: Array | None) -> Array:
    """Return the filters as rows (F, kh kw C); no copy where they lie in `kernel_order`.

    With a bias (F, kh (kw C + 1)): it is the weight of the ones in the first row of a window, that of the others 0.
    """
    filters, channels, kh, kw = weight.shape
    laid_out = weight.transpose(0, 2, 3, 1).reshape(filters, kh, kw * channels)
    if bias is None:
        return laid_out.reshape(filters, kh * kw * channels)
    matrix = np.zeros((filters, kh, kw * channels + 1), weight.dtype)
    matrix[:, :, :-1] = laid_out
    matrix[:, 0, -1] = bias
    return matrix.reshape(filters, -1)


def _columns(x: Array, kernel: tuple[int, ...], stride: Pair, padding: Pair, ones: bool) -> tuple[Array, Pair]:
    """Return the windows as columns, (Ho, kh kw C, Wo N), and the counts (Ho, Wo).

    Only the kw shifts to the side are copied. With the rows of all images first in memory, kh rows below each other
    are one matrix already, and the matrices of neighbouring windows overlap. With `ones` each row ends in a 1.
    """
    rows = padded_rows(x, padding, 0)
    h, c, w, n = rows.shape
    (kh, kw), (down, right) = kernel, stride
    ho, wo = (h - kh) // down + 1, (w - kw) // right + 1
    if (kw, right) == (1, 1):
        shifted = rows  # one column wide: there is nothing to shift
    else:
        shifted = empty((h, kw * c + ones, wo, n), x.dtype)
        for k in range(kw):
            shifted[:, k * c : (k + 1) * c] = rows[:, :, span(k, right, wo)]
        shifted[:, kw * c :] = 1
    return _below_each_other(shifted.reshape(h, shifted.shape[1], wo * n), kh, down, ho), (ho, wo)


def _below_each_other(rows: Array, kh: int, down: int, ho: int) -> Array:
    """View (H, C, L) as the overlapping (Ho, kh C, L): kh rows from every `down`-th on."""
    _, c, length = rows.shape
    row, channel, item = rows.strides
    return as_strided(rows, (ho, kh * c, length), (down * row, channel, item), writeable=False)


def conv2d_input_gradient(grad: Array, x_shape: tuple[int, ...], weight: Array, stride: Pair, padding: Pair) -> Array:
    """Compute the input's gradient in `conv2d_backward` from validated arguments: the mirror image of `_columns`.

    Down the columns, the kh rows of gradients that an input row went into are one matrix already, once zeros are put
    around and, for a stride, between them. To the side, what the kw products give is added, shifted.
    """
    n, c, h, w = x_shape
    filters, _, kh, kw = weight.shape
    ho, wo = grad.shape[2:]
    (top, left), (down, right) = padding, stride
    h, w = h + 2 * top, w + 2 * left
    spread = empty((h + kh - 1, filters, wo, n), grad.dtype)
    places = span(kh - 1, down, ho)
    for row in set(range(len(spread))) - set(range(*places.indices(len(spread)))):
        spread[row] = 0
    spread[places] = to_rows(grad)
    columns = _below_each_other(spread.reshape(len(spread), filters, wo * n), kh, 1, h)
    upside_down = weight[:, :, ::-1].transpose(3, 1, 2, 0).reshape(kw * c, kh * filters)
    products = empty((kw, c, wo, n), grad.dtype)
    rows = zeros((h, c, w, n), grad.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        for row, column in zip(rows, columns):  # one at a time: the products stay in the cache
            np.matmul(upside_down, column, out=products.reshape(kw * c, wo * n))
            for k in range(kw):
                row[:, span(k, right, wo)] += products[k]
    return without_frame(rows, padding)


def _checked(
    owner: str, x: ArrayLike, weight: ArrayLike, stride: Any, padding: Any
) -> tuple[Array, Array, Pair, Pair]:
    x, weight = as_images(x, owner), as_real(weight, owner)
    if weight.ndim != 4 or weight.shape[1] != x.shape[1] or 0 in weight.shape:
        raise ShapeError(
            f"{owner} expects x (N, C, H, W) and weight (F, C, kh, kw), got x {x.shape} and weight {weight.shape}"
        )
    stride, padding = pair(stride, f"{owner}: stride"), pair(padding, f"{owner}: padding", 0)
    window_counts(owner, x.shape[2:], (weight.shape[2], weight.shape[3]), stride, padding)
    return x, weight, stride, padding
