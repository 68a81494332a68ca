"""S-shaped activations, the sigmoid and the hyperbolic tangent, element-wise, with their derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinynet._arrays import FLOAT32, FLOAT64, as_real, as_real_pair, check_out
from tinynet._memory import empty_like

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tinynet._arrays import Array

# From here on the sigmoid is 1 to the last bit, in float64 too.
_ONE_FROM = 40.0
_RANGE = {dtype: (np.full((), -np.inf, dtype), np.full((), _ONE_FROM, dtype)) for dtype in (FLOAT32, FLOAT64)}


def sigmoid(x: ArrayLike, *, out: Array | None = None) -> Array:
    """Return ``1 / (1 + exp(-x))``, element by element, without overflow; NaN stays NaN.

    Parameters
    ----------
    x : ndarray of any shape
    out : ndarray of the shape of `x`, optional
        Where to write the result, as in NumPy; it may be `x` itself.

    Returns
    -------
    ndarray of the shape of `x`
        Numbers in 0..1, which keep their digits where they are tiny; ``-inf`` gives 0 and ``inf`` 1.

    Raises
    ------
    ShapeError
        If `out` has another shape.
    TypeError
        If `x` does not hold real numbers, or `out` is no array of floats.
    ValueError
        If `out` is read-only.

    Notes
    -----
    Derived in :doc:`/derivations/sigmoid`.

    Examples
    --------
    >>> sigmoid([-1000.0, 0.0, 1000.0]).tolist()
    [0.0, 0.5, 1.0]
    >>> f"{sigmoid(-100.0):.2e}"
    '3.72e-44'
    """
    x = as_real(x, "sigmoid")
    check_out(out, x, "sigmoid")
    return np.asarray(sigmoid_kernel(x, out))


def sigmoid_kernel(x: Array, out: Array | None) -> Array:
    """Compute `sigmoid` of a validated array as ``exp(x) / (1 + exp(x))``, with an exponent that is clipped."""
    y: Array = x.clip(*_RANGE[x.dtype], out=empty_like(x) if out is None else out)
    np.exp(y, out=y)
    denominator = np.add(y, y.dtype.type(1), out=empty_like(y))
    y /= denominator
    return y


def sigmoid_backward(grad: ArrayLike, y: ArrayLike) -> Array:
    """Return ``grad * y * (1 - y)``, the gradient with respect to `x` where ``y = sigmoid(x)``.

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
    Derived in :doc:`/derivations/sigmoid`. An infinite gradient where `y` is 0 or 1 gives NaN: nobody knows how the
    two race.

    Examples
    --------
    >>> sigmoid_backward([4.0, 4.0], sigmoid([0.0, 1000.0])).tolist()
    [1.0, 0.0]
    """
    grad, y = as_real_pair("sigmoid_backward", grad, y)
    with np.errstate(over="ignore", invalid="ignore"):
        slope: Array = np.subtract(y.dtype.type(1), y, out=empty_like(y))
        slope *= y
        slope *= grad
    return slope


def tanh(x: ArrayLike, *, out: Array | None = None) -> Array:
    """Return the hyperbolic tangent, element by element; NaN stays NaN.

    Parameters
    ----------
    x : ndarray of any shape
    out : ndarray of the shape of `x`, optional
        Where to write the result, as in NumPy; it may be `x` itself.

    Returns
    -------
    ndarray of the shape of `x`
        Numbers in -1..1; ``-inf`` gives -1 and ``inf`` 1.

    Raises
    ------
    ShapeError
        If `out` has another shape.
    TypeError
        If `x` does not hold real numbers, or `out` is no array of floats.
    ValueError
        If `out` is read-only.

    Notes
    -----
    Derived in :doc:`/derivations/sigmoid`.

    Examples
    --------
    >>> tanh([-1000.0, 0.0, 1000.0]).tolist()
    [-1.0, 0.0, 1.0]
    """
    x = as_real(x, "tanh")
    check_out(out, x, "tanh")
    return np.asarray(tanh_kernel(x, out))


def tanh_kernel(x: Array, out: Array | None) -> Array:
    """Compute `tanh` of a validated array."""
    y: Array = np.tanh(x, out=empty_like(x) if out is None else out)
    return y


def tanh_backward(grad: ArrayLike, y: ArrayLike) -> Array:
    """Return ``grad * (1 - y**2)``, the gradient with respect to `x` where ``y = tanh(x)``.

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
    Derived in :doc:`/derivations/sigmoid`. An infinite gradient where `y` is -1 or 1 gives NaN, as for the sigmoid.

    Examples
    --------
    >>> tanh_backward([4.0, 4.0], tanh([0.0, 1000.0])).tolist()
    [4.0, 0.0]
    """
    grad, y = as_real_pair("tanh_backward", grad, y)
    with np.errstate(over="ignore", invalid="ignore"):
        slope: Array = np.multiply(y, y, out=empty_like(y))
        np.subtract(y.dtype.type(1), slope, out=slope)
        slope *= grad
    return slope
