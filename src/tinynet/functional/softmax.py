"""Softmax, its logarithm and the logarithm of its denominator, free of overflow, with their gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinynet._arrays import as_real, as_real_pair
from tinynet.errors import ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tinynet._arrays import Array

# Below it, what is subtracted from a score can neither overflow nor be infinite.
SAFE = 1e30
# Python compares and adds so few numbers sooner than NumPy begins.
FEW = 32


def softmax(x: ArrayLike, *, axis: int = -1, out: Array | None = None) -> Array:
    """Return ``exp(x) / sum(exp(x))`` along `axis`, without overflow.

    Parameters
    ----------
    x : ndarray
        Scores (logits), by default one row for each sample: shape (N, C).
    axis : int
        The axis of the classes.
    out : ndarray of the shape of `x`, optional
        Where to write the result, as in NumPy; it may be `x` itself.

    Returns
    -------
    ndarray of the shape of `x`
        Values in 0..1 that sum to 1 along `axis`. A score of ``-inf`` has probability 0; NaN, ``+inf`` and a
        row of nothing but ``-inf`` have no limit and give NaN.

    Raises
    ------
    ShapeError
        If there is no class along `axis`.
    TypeError
        If `x` does not hold real numbers.

    Notes
    -----
    Adding one number to all scores changes nothing, so the largest of each row is subtracted first and no
    exponential exceeds 1. Derived in :doc:`/derivations/softmax`.

    Examples
    --------
    >>> softmax([[0.0, 0.0], [1000.0, 0.0]]).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    x = _with_classes("softmax", x, axis)
    rows = np.moveaxis(x, axis, -1)
    s = np.moveaxis(softmax_kernel(rows.reshape(-1, rows.shape[-1]), None).reshape(rows.shape), -1, axis)
    if out is None:
        return s
    if not isinstance(out, np.ndarray) or out.shape != x.shape:
        raise ShapeError(f"softmax: out must be an array of shape {x.shape}, got {getattr(out, 'shape', out)}")
    np.copyto(out, s, casting="same_kind")
    return out


def softmax_kernel(x: Array, out: Array | None) -> Array:
    """Compute `softmax` of the rows of a validated matrix (N, C)."""
    if len(x) == 1 and x.shape[1] <= FEW:
        largest = max(x[0].tolist())
        if abs(largest) < SAFE:
            e: Array = np.subtract(x, largest, out=out)
            np.exp(e, out=e)
            e /= sum(e[0].tolist())
            return e
    with np.errstate(over="ignore", invalid="ignore"):
        # NumPy reduces a few long columns faster than many short rows, and BLAS sums rows faster still.
        e = np.subtract(x, x.T.copy().max(axis=0)[:, None], out=out)
        np.exp(e, out=e)
        e /= np.dot(e, np.ones((e.shape[1], 1), e.dtype))
    return e


def softmax_backward(grad: ArrayLike, s: ArrayLike, *, axis: int = -1) -> Array:
    """Return ``s * (grad - sum(grad * s))``, the product of `grad` with the Jacobian ``diag(s) - s sᵀ``.

    Parameters
    ----------
    grad, s : ndarrays of one shape
        The gradient with respect to ``s = softmax(x)``, and `s` itself.
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
    Derived in :doc:`/derivations/softmax`: the Jacobian of C classes need never be built.

    Examples
    --------
    >>> softmax_backward([[1.0, 0.0]], [[0.5, 0.5]]).tolist()
    [[0.25, -0.25]]
    """
    grad, s = as_real_pair("softmax_backward", grad, s)
    _check_axis("softmax_backward", s, axis)
    result: Array = s * (grad - (grad * s).sum(axis=axis, keepdims=True))
    return result


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
    x = _with_classes("logsumexp", x, axis)
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

    Examples
    --------
    >>> log_softmax([[1000.0, 0.0]]).tolist()
    [[0.0, -1000.0]]
    """
    x = _with_classes("log_softmax", x, axis)
    with np.errstate(over="ignore", invalid="ignore"):
        shifted: Array = x - x.max(axis=axis, keepdims=True)
        shifted -= np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
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

    Examples
    --------
    >>> [round(v, 4) for v in log_softmax_backward([[1.0, 0.0]], log_softmax([[0.0, 0.0]]))[0].tolist()]
    [0.5, -0.5]
    """
    grad, log_s = as_real_pair("log_softmax_backward", grad, log_s)
    _check_axis("log_softmax_backward", log_s, axis)
    result: Array = grad - np.exp(log_s) * grad.sum(axis=axis, keepdims=True)
    return result


def _with_classes(owner: str, x: ArrayLike, axis: int) -> Array:
    x = as_real(x, owner)
    _check_axis(owner, x, axis)
    if x.shape[axis] == 0:
        raise ShapeError(f"{owner} needs at least one class along axis {axis}, got shape {x.shape}")
    return x


def _check_axis(owner: str, x: Array, axis: int) -> None:
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
        raise TypeError(f"{owner}: axis must be an integer, got {axis!r}")
    if not -x.ndim <= axis < x.ndim:
        raise ShapeError(f"{owner} needs at least one class along axis {axis}, got shape {x.shape}")
