"""The gradients of two-dimensional convolution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._memory import empty
from tinynet._threads import share
from tinynet.errors import ShapeError
from tinynet.functional import winograd
from tinynet.functional.columns import below_each_other
from tinynet.functional.convolution import checked_convolution, conv2d_columns
from tinynet.functional.gradient_planes import gradient_planes
from tinynet.functional.products import KEPT_BYTES, PARTS, product, sum_of_products
from tinynet.functional.windows import as_images, row_groups, span, window_counts, without_frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from tinynet._arrays import Array
    from tinynet.functional.columns import WindowColumns
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
    Derived in :doc:`/derivations/convolution`; for windows in pairs in :doc:`/derivations/winograd`. There
    infinite or huge numbers in `grad` may give NaN or infinity where each window alone would not.

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
    columns = conv2d_columns(x, weight, True, stride, padding)
    planes = gradient_planes(grad, columns)
    grad_x = conv2d_input_gradient(planes, columns, x.shape, weight, stride, padding)
    grad_weight, grad_bias = conv2d_parameter_gradients(planes, columns, bias=True)
    return grad_x, grad_weight, grad_bias


def conv2d_parameter_gradients(planes: list[Array], columns: WindowColumns, bias: bool) -> list[Array]:
    """Compute the gradients of weight and, if asked for, `bias` in `conv2d_backward`, from its `gradient_planes`."""
    kh, filters = columns.kh, planes[0].shape[1]
    matrices, rows = columns.matrices(), columns.counts[0]
    # The order of the sums is the same on any number of threads.
    nbytes = filters * planes[0].itemsize * sum(matrix.shape[1] for matrix in matrices)
    step = -(-rows // max(1, min(PARTS // len(planes), KEPT_BYTES // nbytes)))
    sums = [empty((-(-rows // step), matrix.shape[1], filters), planes[0].dtype) for matrix in matrices]

    def multiply(item: tuple[int, int]) -> None:
        part, k = item
        group = slice(part * step, (part + 1) * step)
        with np.errstate(over="ignore", invalid="ignore"):
            # BLAS takes a sixth less time for this product than for its transpose.
            sum_of_products(matrices[k][group], planes[k][group].transpose(0, 2, 1), sums[k][part])

    items = [(part, k) for part in range(len(sums[0])) for k in range(len(planes))]
    share(multiply, items, len(planes) * planes[0].nbytes)
    with np.errstate(over="ignore", invalid="ignore"):
        grads = [total.sum(axis=0).T.reshape(filters, kh, -1) for total in sums]
        grad_bias = []
        if columns.ones:
            grad_bias = [grads[columns.bias_plane][:, 0, -1].copy()]
            grads[columns.bias_plane] = grads[columns.bias_plane][:, :, :-1]
        elif bias:
            grad_bias = [planes[columns.bias_plane].sum(axis=2).sum(axis=0)]
        by_plane = [grad.reshape(filters, kh, -1, columns.channels).transpose(0, 3, 1, 2) for grad in grads]
        return [columns.filter_planes_backward(by_plane), *grad_bias]


def conv2d_input_gradient(
    planes: list[Array], columns: WindowColumns, x_shape: tuple[int, ...], weight: Array, stride: Pair, padding: Pair
) -> Array:
    """Compute the input's gradient in `conv2d_backward` from `gradient_planes`: the mirror image of the columns.

    Windows that cover one row of the image lie in neighbouring rows of windows, whose gradients are one matrix
    already. To the side, what the kw products give is added, shifted, or what the planes give.
    """
    n, c, h, w = x_shape
    filters, _, kh, kw = weight.shape
    down, right = stride
    frame = empty((h + 2 * padding[0], c, w + 2 * padding[1], n), planes[0].dtype)
    # Every `down`-th kernel row, from below, meets one row of the image.
    kernels = [
        [np.ascontiguousarray(plane[:, :, k::down][:, :, ::-1].transpose(3, 1, 2, 0)) for k in range(min(down, kh))]
        for plane in columns.filter_planes(weight)
    ]

    def gather(group: tuple[slice, slice, slice]) -> None:
        rows, windows, met = group
        part, depth = frame[rows], (windows.stop - windows.start) * filters
        if depth <= 0:  # between windows, or below all
            part.fill(0)
            return
        products = []
        with np.errstate(over="ignore", invalid="ignore"):
            for kernel, plane in zip(kernels, planes):
                matrix = kernel[rows.start % down][:, :, met].reshape(-1, depth)
                gradients = below_each_other(plane[windows.start :], (len(part), depth, plane.shape[2]))
                result = empty((len(part), len(matrix), plane.shape[2]), plane.dtype)
                product(matrix, gradients, result)
                products.append(result.reshape(len(part), len(matrix) // c, c, columns.beside, n))
            if columns.paired:
                winograd.transform_images_backward([result[:, 0] for result in products], part)
            else:
                part.fill(0)
                for k in range(kw):
                    part[:, :, span(k, right, columns.beside)] += products[0][:, k]

    nbytes = c * sum(len(kernel[0]) * plane[0, 0].nbytes for kernel, plane in zip(kernels, planes))
    share(gather, _covered_alike(len(frame), columns, nbytes), frame.nbytes)
    return without_frame(frame, padding)


def _covered_alike(height: int, columns: WindowColumns, nbytes: int) -> Iterator[tuple[slice, slice, slice]]:
    """Yield rows of an image that as many rows of windows cover, as `row_groups` cuts them, with `nbytes` for each.

    With them come the rows of windows that cover the first of them, each of the others being covered by rows one
    further down, and which of a kernel's rows in `conv2d_input_gradient` they meet.
    """
    ho = columns.counts[0]
    for k in range(columns.down):
        depth, count = len(range(k, columns.kh, columns.down)), len(range(k, height, columns.down))
        inside = range(max(0, depth - 1), min(ho, count))
        groups = [slice(i, i + 1) for i in range(count) if i not in inside]
        groups += [slice(g.start + inside.start, g.stop + inside.start) for g in row_groups(len(inside), nbytes)]
        for group in groups:
            above = group.start + 1 - depth  # the first row of windows that covers it, or would
            windows = slice(max(0, above), min(ho, group.start + 1))
            rows = slice(k + columns.down * group.start, k + columns.down * (group.stop - 1) + 1, columns.down)
            yield rows, windows, slice(windows.start - above, windows.stop - above)
