"""Rectifiers, element-wise; each ``*_backward`` maps the gradient of the output to that of the input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._arrays import FLOAT32, FLOAT64, as_real, as_real_pair, check_finite, check_out
from tinynet._memory import empty_like, memory_order
from tinynet._threads import WORTH_BYTES, share
from tinynet.functional.selection import keep_where, number_where
from tinynet.functional.windows import row_groups

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tinynet._arrays import Array

_ZERO = {dtype: np.zeros((), dtype) for dtype in (FLOAT32, FLOAT64)}
_INFINITY = {dtype: np.full((), np.inf, dtype) for dtype in (FLOAT32, FLOAT64)}
_LARGEST = {dtype: float(np.finfo(dtype).max) for dtype in (FLOAT32, FLOAT64)}
# From so many numbers on, NumPy clips sooner than it compares with one number; starting takes it longer.
_MANY = 2048


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
    ShapeError
        If `out` has another shape.
    TypeError
        If `x` does not hold real numbers, or `out` is no array of floats.
    ValueError
        If `out` is read-only.

    Notes
    -----
    Derived in :doc:`/derivations/relu`.

    Examples
    --------
    >>> relu([-1.0, 0.0, 2.0]).tolist()
    [0.0, 0.0, 2.0]
    """
    x = as_real(x, "relu")
    check_out(out, x, "relu")
    return np.asarray(relu_kernel(x, out))


def relu_kernel(x: Array, out: Array | None) -> Array:
    """Compute `relu` of a validated array; x * (x > 0) would make NaN of -inf."""
    if x.size < _MANY:
        y: Array = np.maximum(x, _ZERO[x.dtype], out=out)
        return y
    return x.clip(_ZERO[x.dtype], _INFINITY[x.dtype], out=empty_like(x) if out is None else out)


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
    if grad.nbytes < WORTH_BYTES:
        return _where_open(grad, y, None)
    result = empty_like(grad)
    axes = memory_order(grad)  # as rows that lie one after another
    gradients, outputs, results = (array.transpose(axes) for array in (grad, y, result))

    def pass_on(group: slice) -> None:
        _where_open(gradients[group], outputs[group], results[group])

    share(pass_on, row_groups(len(gradients), gradients[0].nbytes), grad.nbytes)
    return result


def _where_open(grad: Array, y: Array, out: Array | None) -> Array:
    closed = np.asarray(y <= 0)
    return keep_where(np.logical_not(closed, out=closed), grad, out)


def leaky_relu(x: ArrayLike, *, negative_slope: float = 0.01, out: Array | None = None) -> Array:
    """Return `x` where it is positive, and ``negative_slope * x`` elsewhere; NaN stays NaN.

    Parameters
    ----------
    x : ndarray of any shape
    negative_slope : float
        Any finite number. 0 gives `relu`, also for ``-inf``, of which the product with 0 is not a number.
    out : ndarray of the shape of `x`, optional
        Where to write the result, as in NumPy; it may be `x` itself.

    Returns
    -------
    ndarray of the shape of `x`

    Raises
    ------
    ShapeError
        If `out` has another shape.
    TypeError
        If `x` does not hold real numbers, `negative_slope` is none, or `out` is no array of floats.
    ValueError
        If `negative_slope` is infinite or NaN, or `out` is read-only.

    Notes
    -----
    Derived in :doc:`/derivations/leaky_relu`.

    Examples
    --------
    >>> leaky_relu([-2.0, 0.0, 2.0], negative_slope=0.25).tolist()
    [-0.5, 0.0, 2.0]
    """
    slope = check_finite(negative_slope, "leaky_relu: negative_slope")
    x = as_real(x, "leaky_relu")
    check_out(out, x, "leaky_relu")
    return np.asarray(leaky_relu_kernel(x, slope, out))


def leaky_relu_kernel(x: Array, negative_slope: float, out: Array | None) -> Array:
    """Compute `leaky_relu` of validated arguments, as the larger of both lines, or for steep slopes the smaller."""
    slope = _slope(negative_slope, x)
    if slope == 0:
        return relu_kernel(x, out)
    choose = np.maximum if slope <= 1 else np.minimum
    if -1 <= slope <= 1:
        line = np.multiply(x, slope, out=empty_like(x))
    else:
        with np.errstate(over="ignore"):
            line = np.multiply(x, slope, out=empty_like(x))
    y: Array = choose(x, line, out=line if out is None else out)
    return y


def leaky_relu_backward(grad: ArrayLike, x: ArrayLike, *, negative_slope: float = 0.01) -> Array:
    """Return ``grad`` where `x` is positive, and ``negative_slope * grad`` elsewhere, at 0 too.

    Parameters
    ----------
    grad, x : ndarrays of one shape
        The gradient with respect to ``leaky_relu(x)``, and `x` itself. Where `negative_slope` is not negative, the
        output may stand in for `x`: it is positive exactly where `x` is.
    negative_slope : float
        That of `leaky_relu`.

    Returns
    -------
    ndarray of the same shape

    Raises
    ------
    ShapeError
        If the shapes differ.
    TypeError
        If the arrays do not hold real numbers, or `negative_slope` is none.
    ValueError
        If `negative_slope` is infinite or NaN.

    Notes
    -----
    Derived in :doc:`/derivations/leaky_relu`. An infinite gradient times a `negative_slope` of 0 is 0.

    Examples
    --------
    >>> leaky_relu_backward([4.0, 4.0, 4.0], [-2.0, 0.0, 2.0], negative_slope=0.25).tolist()
    [1.0, 1.0, 4.0]
    """
    grad, x = as_real_pair("leaky_relu_backward", grad, x)
    slope = _slope(check_finite(negative_slope, "leaky_relu_backward: negative_slope"), grad)
    if slope == 0:
        return keep_where(np.asarray(x > 0), grad)
    factors: Array = np.asarray(number_where(x > 0, grad.dtype.type(1), slope))
    with np.errstate(over="ignore"):
        factors *= grad
    return factors


def _slope(number: float, x: Array) -> np.floating[Any]:
    """Return `number` in the dtype of `x`, the nearest finite one: 0 * inf would be NaN."""
    largest = _LARGEST[x.dtype]
    slope: np.floating[Any] = x.dtype.type(max(-largest, min(number, largest)))
    return slope
