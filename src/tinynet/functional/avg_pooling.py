"""The mean of every window of an image, and the gradient of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._arrays import check_integer
from tinynet._memory import zeros
from tinynet.errors import ShapeError
from tinynet.functional.pooling import checked_output, checked_pooling, reduce_windows, window_elements
from tinynet.functional.windows import padded_rows, to_images, to_rows, without_frame

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tinynet._arrays import Array
    from tinynet.functional.windows import Pair


def avg_pool2d(
    x: ArrayLike, kernel_size: Any, *, stride: Any = None, padding: Any = 0, count_include_pad: bool = True
) -> Array:
    """Return the mean of every window, channel by channel.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
    kernel_size, stride
        As in `max_pool2d`.
    padding : int or pair of int
        Rows and columns of zeros around every image; at most half the window.
    count_include_pad : bool
        Whether these zeros count as elements of the mean, as by default in PyTorch.

    Returns
    -------
    ndarray of shape (N, C, Ho, Wo)
        As in `max_pool2d`.

    Raises
    ------
    ShapeError, TypeError, ValueError
        As `max_pool2d`.

    Notes
    -----
    Derived in :doc:`/derivations/pooling`.

    Examples
    --------
    >>> avg_pool2d([[[[1.0, 2.0, 5.0], [3.0, 4.0, 6.0]]]], 2).tolist()
    [[[[2.5]]]]
    """
    x, kernel, stride, padding = checked_pooling("avg_pool2d", x, kernel_size, stride, padding)
    return avg_pool2d_kernel(x, kernel, stride, padding, count_include_pad)


def avg_pool2d_kernel(x: Array, kernel: Pair, stride: Pair, padding: Pair, count_include_pad: bool) -> Array:
    """Compute `avg_pool2d` of validated arguments; dividing before adding, as sums of large numbers overflow."""
    area = kernel[0] * kernel[1]
    with np.errstate(over="ignore", invalid="ignore"):
        y = reduce_windows(np.add, padded_rows(x, padding, 0) * x.dtype.type(1 / area), kernel, stride)
        if not count_include_pad:
            y *= _share(x, kernel, stride, padding)
    return to_images(y)


def avg_pool2d_backward(
    grad: ArrayLike,
    x_shape: tuple[int, ...],
    kernel_size: Any,
    *,
    stride: Any = None,
    padding: Any = 0,
    count_include_pad: bool = True,
) -> Array:
    """Return the gradient with respect to `x`: every element of a window gets an equal share of its gradient.

    Parameters
    ----------
    grad : ndarray of shape (N, C, Ho, Wo)
        The gradient with respect to the output of `avg_pool2d`.
    x_shape : (N, C, H, W)
        The shape of its input, whose values do not matter.
    kernel_size, stride, padding, count_include_pad
        Those of `avg_pool2d`.

    Returns
    -------
    ndarray of shape (N, C, H, W)

    Raises
    ------
    ShapeError, TypeError, ValueError
        As `avg_pool2d`, or if `grad` has not the shape of its output.

    Notes
    -----
    Derived in :doc:`/derivations/pooling`.

    Examples
    --------
    >>> avg_pool2d_backward([[[[4.0]]]], (1, 1, 2, 3), 2).tolist()
    [[[[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]]]]
    """
    if not isinstance(x_shape, tuple) or len(x_shape) != 4:
        raise ShapeError(f"avg_pool2d_backward expects x_shape (N, C, H, W), got {x_shape!r}")
    x_shape = tuple(check_integer(size, "avg_pool2d_backward: each size of x_shape", 0) for size in x_shape)
    x = np.broadcast_to(np.zeros((), np.float32), x_shape)
    x, kernel, stride, padding = checked_pooling("avg_pool2d_backward", x, kernel_size, stride, padding)
    grad = checked_output("avg_pool2d_backward", grad, x, kernel, stride, padding)
    return avg_pool2d_backward_kernel(grad, x.shape, kernel, stride, padding, count_include_pad)


def avg_pool2d_backward_kernel(
    grad: Array, x_shape: tuple[int, ...], kernel: Pair, stride: Pair, padding: Pair, count_include_pad: bool
) -> Array:
    """Compute `avg_pool2d_backward` of validated arguments."""
    n, c, h, w = x_shape
    (top, left), (kh, kw) = padding, kernel
    shares = to_rows(grad) * grad.dtype.type(1 / (kh * kw))
    if not count_include_pad:
        shares *= _share(np.broadcast_to(grad.dtype.type(0), x_shape), kernel, stride, padding)
    result = zeros((h + 2 * top, c, w + 2 * left, n), grad.dtype)
    for elements in window_elements(result, kernel, stride, shares.shape):
        elements += shares
    return without_frame(result, padding)


def _share(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """Return by what a mean with the frame's zeros grows without them, (Ho, 1, Wo, 1)."""
    ones = np.ones((1, 1, *x.shape[2:]), x.dtype)
    inside = reduce_windows(np.add, padded_rows(ones, padding, 0), kernel, stride)
    share: Array = x.dtype.type(kernel[0] * kernel[1]) / inside
    return share
