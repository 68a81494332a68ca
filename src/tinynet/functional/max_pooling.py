"""The largest number of every window of an image, and the gradient of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._memory import empty, zeros
from tinynet._threads import share
from tinynet.functional.activations import relu_kernel
from tinynet.functional.pooling import checked_output, checked_pooling, reduce_windows, window_elements
from tinynet.functional.selection import keep_where
from tinynet.functional.windows import padded_rows, row_groups, to_images, to_rows, window_counts, without_frame

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

    from tinynet._arrays import Array
    from tinynet.functional.windows import Pair


def max_pool2d(x: ArrayLike, kernel_size: Any, *, stride: Any = None, padding: Any = 0) -> Array:
    """Return the largest number of every window, channel by channel.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
    kernel_size : int or pair of int
        Rows and columns of the window.
    stride : int or pair of int, optional
        How far it moves; by default its own size, so that windows lie side by side.
    padding : int or pair of int
        Rows and columns around every image that never are the largest; at most half the window.

    Returns
    -------
    ndarray of shape (N, C, Ho, Wo)
        ``Ho = (H + 2 p - kh) // s + 1``, and Wo alike: rows and columns that fill no window are left out. NaN in a
        window gives NaN.

    Raises
    ------
    ShapeError
        If `x` holds no images, or the window does not fit into them.
    TypeError, ValueError
        If `x` does not hold real numbers, or a size is no such integer.

    Notes
    -----
    Derived in :doc:`/derivations/pooling`.

    Examples
    --------
    >>> max_pool2d([[[[1.0, 2.0, 5.0], [3.0, 4.0, 6.0]]]], 2).tolist()
    [[[[4.0]]]]
    """
    x, kernel, stride, padding = checked_pooling("max_pool2d", x, kernel_size, stride, padding)
    return max_pool2d_kernel(x, kernel, stride, padding)


def max_pool2d_kernel(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """Compute `max_pool2d` of validated arguments."""
    return to_images(reduce_windows(np.maximum, padded_rows(x, padding, -np.inf), kernel, stride))


def max_pool2d_backward(
    grad: ArrayLike, x: ArrayLike, y: ArrayLike, kernel_size: Any, *, stride: Any = None, padding: Any = 0
) -> Array:
    """Return the gradient with respect to `x`: that of a window goes to its largest element, the first of equal ones.

    A window with NaN has no largest element, and passes no gradient.

    Parameters
    ----------
    grad : ndarray of shape (N, C, Ho, Wo)
        The gradient with respect to `y`.
    x : ndarray of shape (N, C, H, W)
    y : ndarray of shape (N, C, Ho, Wo)
        What `max_pool2d` returned for `x`.
    kernel_size, stride, padding
        Those of `max_pool2d`.

    Returns
    -------
    ndarray of shape (N, C, H, W)

    Raises
    ------
    ShapeError, TypeError, ValueError
        As `max_pool2d`, or if `grad` and `y` have not the shape of its output.

    Notes
    -----
    Derived in :doc:`/derivations/pooling`.

    Examples
    --------
    >>> x = [[[[1.0, 4.0], [4.0, 2.0]]]]
    >>> max_pool2d_backward([[[[5.0]]]], x, max_pool2d(x, 2), 2).tolist()
    [[[[0.0, 5.0], [0.0, 0.0]]]]
    """
    x, kernel, stride, padding = checked_pooling("max_pool2d_backward", x, kernel_size, stride, padding)
    grad = checked_output("max_pool2d_backward", grad, x, kernel, stride, padding)
    y = checked_output("max_pool2d_backward", y, x, kernel, stride, padding)
    places = empty_places(to_rows(y).shape, kernel)
    rows = padded_rows(x, padding, np.nan)
    write_places(window_elements(rows, kernel, stride, places.shape), to_rows(y), places)
    return max_pool2d_backward_kernel(grad, places, x.shape, kernel, stride, padding)


def max_pool2d_and_places(
    x: Array, kernel: Pair, stride: Pair, padding: Pair, rectified: bool = False
) -> tuple[Array, Array]:
    """Compute `max_pool2d` of validated arguments, and `relu` of that if `rectified`, and places, (Ho, C, Wo, N).

    The place of the largest element of a window is the number of elements before it, row by row; where a window has
    NaN, or the largest is not positive and `rectified`, the number of all: no element passes a gradient.
    """
    rows = padded_rows(x, padding, -np.inf)
    framed_by_nan = padded_rows(x, padding, np.nan) if any(padding) else rows
    counts = window_counts("max_pool2d", x.shape[2:], kernel, stride, padding)
    y = empty((counts[0], x.shape[1], counts[1], len(x)), x.dtype)
    places = empty_places(y.shape, kernel)

    def pool(group: slice) -> None:
        covered = slice(group.start * stride[0], (group.stop - 1) * stride[0] + kernel[0])
        reduce_windows(np.maximum, rows[covered], kernel, stride, y[group])
        elements = window_elements(framed_by_nan[covered], kernel, stride, y[group].shape)
        write_places(elements, y[group], places[group])
        if rectified:
            rectify(y[group], kernel, places[group])

    share(pool, row_groups(len(y), stride[0] * rows[0].nbytes), rows.nbytes)
    return to_images(y), places


def empty_places(shape: tuple[int, ...], kernel: Pair) -> Array:
    """Return memory for places in windows of the size of `kernel`, and for one more number."""
    return empty(shape, np.min_scalar_type(kernel[0] * kernel[1]))


def write_places(elements: Iterable[Array], largest: Array, places: Array) -> None:
    """Write to `places` how many elements of every window come before the first that is the `largest` one.

    `elements` are `window_elements`. Padding in them is NaN: equal to nothing, not even where -inf is the largest.
    """
    places.fill(0)
    waiting, hit = np.ones(largest.shape, bool), np.empty(largest.shape, bool)
    for candidates in elements:
        np.equal(candidates, largest, out=hit)
        np.greater(waiting, hit, out=waiting)
        places += waiting


def rectify(largest: Array, kernel: Pair, places: Array | None) -> None:
    """Compute `relu` of the `largest` numbers where they are; if it gives 0, the place is the number of all."""
    relu_kernel(largest, largest)
    if places is not None:
        np.maximum(places, (largest <= 0) * places.dtype.type(kernel[0] * kernel[1]), out=places)


def max_pool2d_backward_kernel(
    grad: Array, places: Array, x_shape: tuple[int, ...], kernel: Pair, stride: Pair, padding: Pair
) -> Array:
    """Compute `max_pool2d_backward` from what `max_pool2d_and_places` found."""
    n, c, h, w = x_shape
    shape = h + 2 * padding[0], c, w + 2 * padding[1], n
    gradients = np.ascontiguousarray(to_rows(grad))
    overlap = stride[0] < kernel[0] or stride[1] < kernel[1]
    gaps = shape[0] != len(places) * kernel[0] or shape[2] != places.shape[2] * kernel[1]
    result = (zeros if overlap or gaps else empty)(shape, grad.dtype)

    def spread(group: slice) -> None:
        hit = np.empty(places[group].shape, bool)
        rows = result[group.start * stride[0] :]
        for place, elements in enumerate(window_elements(rows, kernel, stride, hit.shape)):
            np.equal(places[group], place, out=hit)
            if overlap:
                with np.errstate(over="ignore", invalid="ignore"):
                    elements += keep_where(hit, gradients[group])
            else:
                keep_where(hit, gradients[group], out=elements)

    whole = slice(0, len(places))
    below = stride[0] >= kernel[0]  # whether no two rows of windows meet
    share(spread, row_groups(len(places), stride[0] * result[0].nbytes) if below else [whole], result.nbytes)
    return without_frame(result, padding)
