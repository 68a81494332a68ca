"""The logarithms of softmax and of its denominator, free of overflow, with their gradients."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tinynet._arrays import as_real_pair
from tinynet.functional.rows import row_max, row_sum
from tinynet.functional.softmax import FEW, SAFE, by_rows, check_axis, with_classes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tinynet._arrays import Array


def logsumexp(x: ArrayLike, *, axis: int = -1, keepdims: bool = False) -> Array:
    """Return ``log(sum(exp(x)))`` along `axis`, without overflow.

    Parameters
    ----------
    x : ndarray of any shape
    axis : int
    keepdims : bool
        Keep the reduced axis with length 1.

    Returns
    -------
    ndarray of the shape of `x` without `axis`

    Raises
    ------
    ShapeError
        If there is nothing along `axis`.
    TypeError
        If `x` does not hold real numbers.

    Notes
    -----
    ``max(x) <= logsumexp(x) <= max(x) + log(C)``, infinities included; derived in :doc:`/derivations/log_sum_exp`.

    Examples
    --------
    >>> [round(float(v), 4) for v in logsumexp([[0.0, 0.0], [1000.0, 0.0]])]
    [0.6931, 1000.0]
    """
    x = with_classes("logsumexp", x, axis)
    largest = x.max(axis=axis, keepdims=True)
    largest[np.isinf(largest)] = 0  # inf - inf is NaN; from 0 a row of -inf gives -inf, and +inf gives +inf
    with np.errstate(divide="ignore", over="ignore"):
        result: Array = np.log(np.exp(x - largest).sum(axis=axis, keepdims=True)) + largest
    return result if keepdims else result.squeeze(axis=axis)


def log_softmax(x: ArrayLike, *, axis: int = -1) -> Array:
    """Return ``log(softmax(x))`` as ``x - logsumexp(x)``, which keeps the digits of tiny probabilities.

    Parameters
    ----------
    x : ndarray
        Scores (logits), by default one row for each sample: shape (N, C).
    axis : int

    Returns
    -------
    ndarray of the shape of `x`
        Log-probabilities, at most 0; infinities as in `softmax`.

    Raises
    ------
    ShapeError
        If there is no class along `axis`.
    TypeError
        If `x` does not hold real numbers.

    Notes
    -----
    Derived in :doc:`/derivations/log_sum_exp`. Log-probabilities stay as they are: they are those of themselves.

    Examples
    --------
    >>> log_softmax([[1000.0, 0.0]]).tolist()
    [[0.0, -1000.0]]
    """
    return by_rows(log_softmax_kernel, with_classes("log_softmax", x, axis), axis)


def log_softmax_kernel(x: Array, out: Array | None) -> Array:
    """Compute `log_softmax` of the rows of a validated matrix (N, C)."""
    if len(x) == 1 and x.shape[1] <= FEW:
        largest = max(x[0].tolist())
        if abs(largest) < SAFE:
            shifted: Array = np.subtract(x, largest, out=out)
            shifted -= math.log(sum(np.exp(shifted)[0].tolist()))
            return shifted
    with np.errstate(over="ignore", invalid="ignore"):
        shifted = np.subtract(x, row_max(x), out=out)
        shifted -= np.log(row_sum(np.exp(shifted)))
    return shifted


def log_softmax_backward(grad: ArrayLike, log_s: ArrayLike, *, axis: int = -1) -> Array:
    """Return ``grad - softmax(x) * sum(grad)``, the gradient with respect to the scores.

    Parameters
    ----------
    grad, log_s : ndarrays of one shape
        The gradient with respect to ``log_s = log_softmax(x)``, and `log_s` itself.
    axis : int

    Returns
    -------
    ndarray of the same shape

    Raises
    ------
    ShapeError
        If the shapes differ or have no such axis.
    TypeError
        If the arrays do not hold real numbers.

    Notes
    -----
    Derived in :doc:`/derivations/log_sum_exp`.

    Examples
    --------
    >>> [round(v, 4) for v in log_softmax_backward([[1.0, 0.0]], log_softmax([[0.0, 0.0]]))[0].tolist()]
    [0.5, -0.5]
    """
    grad, log_s = as_real_pair("log_softmax_backward", grad, log_s)
    check_axis("log_softmax_backward", log_s, axis)
    with np.errstate(over="ignore", invalid="ignore"):
        result: Array = grad - np.exp(log_s) * grad.sum(axis=axis, keepdims=True)
    return result
