"""Element-wise activations; each ``*_backward`` maps the gradient of the output to that of the input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinynet._arrays import FLOAT32, FLOAT64, as_real, as_real_pair
from tinynet.functional.selection import keep_where

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tinynet._arrays import Array

_ZERO = {dtype: np.zeros((), dtype) for dtype in (FLOAT32, FLOAT64)}


def relu(x: ArrayLike, *, out: Array | None = None) -> Array:
    """Return ``max(x, 0)``, element by element; NaN stays NaN.

    Parameters
    ----------
    x : ndarray of any shape
    out : ndarray of the shape of `x`, optional
        Where to write the result, as in NumPy; it may be `x` itself.

    Returns
    -------
    ndarray of the shape of `x`

    Raises
    ------
    TypeError
        If `x` does not hold real numbers.

    Examples
    --------
    >>> relu([-1.0, 0.0, 2.0]).tolist()
    [0.0, 0.0, 2.0]
    """
    return np.asarray(relu_kernel(as_real(x, "relu"), out))


def relu_kernel(x: Array, out: Array | None) -> Array:
    """Compute `relu` of a validated array; x * (x > 0) would make NaN of -inf."""
    # NumPy compares with a row of zeros faster than with one 0, and starts sooner with an array than with a number.
    zero = np.zeros(x.shape[-1:], x.dtype) if x.ndim > 1 and len(x) > 1 else _ZERO[x.dtype]
    y: Array = np.maximum(x, zero, out=out)
    return y


def relu_backward(grad: ArrayLike, y: ArrayLike) -> Array:
    """Return ``grad``, and 0 where ``y = relu(x)`` is 0 (the subgradient at 0 is 0).

    Parameters
    ----------
    grad, y : ndarrays of one shape

    Returns
    -------
    ndarray of the same shape

    Raises
    ------
    ShapeError
        If the shapes differ.
    TypeError
        If the arrays do not hold real numbers.

    Notes
    -----
    Derived in :doc:`/derivations/relu`. `y` is positive exactly where `x` is, so the input need not be kept.

    Examples
    --------
    >>> relu_backward([5.0, 6.0, 7.0], relu([-1.0, 0.0, 2.0])).tolist()
    [0.0, 0.0, 7.0]
    """
    grad, y = as_real_pair("relu_backward", grad, y)
    closed = y <= 0
    return keep_where(np.logical_not(closed, out=closed), grad)
