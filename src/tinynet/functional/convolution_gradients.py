"""The gradients of two-dimensional convolution."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._memory import empty, zeros
from tinynet._threads import share
from tinynet.errors import ShapeError
from tinynet.functional.columns import WindowColumns, ones_pay
from tinynet.functional.convolution import checked_convolution
from tinynet.functional.products import KEPT_BYTES, PARTS, product, sum_of_products
from tinynet.functional.windows import as_images, span, to_rows, window_counts, without_frame

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tinynet._arrays import Array
    from tinynet.functional.windows import Pair


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
    x, weight, stride, padding = checked_convolution("conv2d_backward", x, weight, stride, padding)
    grad = as_images(grad, "conv2d_backward")
    counts = window_counts("conv2d_backward", x.shape[2:], (weight.shape[2], weight.shape[3]), stride, padding)
    if grad.shape != (len(x), len(weight), *counts):
        raise ShapeError(
            f"conv2d_backward expects grad {(len(x), len(weight), *counts)} for x {x.shape} and weight "
            f"{weight.shape}, got {grad.shape}"
        )
    grad_x = conv2d_input_gradient(grad, x.shape, weight, stride, padding)
    columns = WindowColumns(x, weight.shape[2:], stride, padding, ones_pay(x, weight, stride))
    grad_weight, grad_bias = conv2d_parameter_gradients(grad, columns, bias=True)
    return grad_x, grad_weight, grad_bias


def conv2d_parameter_gradients(grad: Array, columns: WindowColumns, bias: bool) -> list[Array]:
    """Compute the gradients of weight and, if asked for, `bias` in `conv2d_backward` from the columns of `x`."""
    kh, kw, channels, ones, filters = columns.kh, columns.kw, columns.channels, columns.ones, grad.shape[1]
    rows = _gradient_rows(grad)
    groups = list(columns.groups(filters))
    shape = kh * (kw * channels + ones), filters
    # The order of the sums is the same on any number of threads.
    parts = max(1, min(PARTS, len(groups), KEPT_BYTES // (prod(shape) * grad.itemsize)))
    sums = zeros((parts, *shape), grad.dtype)

    def multiply(part: int) -> None:
        summand = empty(shape, grad.dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            for place, group in groups[part::parts]:
                # BLAS takes a sixth less time for this product than for its transpose.
                sum_of_products(group, rows[place].transpose(0, 2, 1), summand)
                sums[part] += summand

    share(multiply, range(parts), rows.nbytes)
    with np.errstate(over="ignore", invalid="ignore"):
        matrix = sums.sum(axis=0).T.reshape(filters, kh, kw * channels + ones)
        gradients = [matrix[:, :, : kw * channels].reshape(filters, kh, kw, channels).transpose(0, 3, 1, 2)]
        if bias:
            gradients.append(matrix[:, 0, -1].copy() if ones else rows.sum(axis=2).sum(axis=0))
    return gradients


def conv2d_input_gradient(grad: Array, x_shape: tuple[int, ...], weight: Array, stride: Pair, padding: Pair) -> Array:
    """Compute the input's gradient in `conv2d_backward` from validated arguments: the mirror image of the columns.

    Windows that cover one row of the image lie in neighbouring rows of windows, whose gradients are one matrix
    already. To the side, what the kw products give is added, shifted.
    """
    n, c, h, w = x_shape
    filters, _, kh, kw = weight.shape
    ho, wo = grad.shape[2:]
    down, right = stride
    frame = empty((h + 2 * padding[0], c, w + 2 * padding[1], n), grad.dtype)
    rows = _gradient_rows(grad)
    # Every `down`-th kernel row, from below, meets one row of the image.
    kernels = [weight[:, :, k::down][:, :, ::-1].transpose(3, 1, 2, 0) for k in range(min(down, kh))]
    kernels = [np.ascontiguousarray(kernel) for kernel in kernels]

    def gather(r: int) -> None:
        row = frame[r]
        row.fill(0)
        if r % down >= kh:
            return  # it lies between the windows
        kernel = kernels[r % down]
        start = r // down + 1 - kernel.shape[2]  # the first row of windows that covers it, were there more above
        first, last = max(0, start), min(ho, r // down + 1)
        if first >= last:
            return  # below all windows
        matrix = kernel[:, :, first - start : last - start].reshape(kw * c, (last - first) * filters)
        gradients = rows[first:last].reshape((last - first) * filters, wo * n)
        with np.errstate(over="ignore", invalid="ignore"):
            products = _new_product(matrix, gradients).reshape(kw, c, wo, n)
            for k in range(kw):
                row[:, span(k, right, wo)] += products[k]

    share(gather, range(len(frame)), frame.nbytes)  # one row at a time: the products stay in the cache
    return without_frame(frame, padding)


def _new_product(a: Array, b: Array) -> Array:
    out = empty((len(a), b.shape[1]), a.dtype)
    product(a, b, out)
    return out


def _gradient_rows(grad: Array) -> Array:
    """Return a gradient (N, F, Ho, Wo) as (Ho, F, Wo N), contiguous."""
    rows = np.ascontiguousarray(to_rows(grad))
    return rows.reshape(*rows.shape[:2], rows.shape[2] * rows.shape[3])
