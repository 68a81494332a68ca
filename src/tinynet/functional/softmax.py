"""Softmax, free of overflow, and its gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

import numpy as np

from tinynet._arrays import as_real, as_real_pair, check_out
from tinynet.errors import ShapeError
from tinynet.functional.rows import row_max, row_sum

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
        If there is no class along `axis`, or `out` has another shape.
    TypeError
        If `x` does not hold real numbers, or `out` is no array of floats.
    ValueError
        If `out` is read-only.

    Notes
    -----
    Adding one number to all scores changes nothing, so the largest of each row is subtracted first and no
    exponential exceeds 1. Derived in :doc:`/derivations/softmax`.

    Examples
    --------
    >>> softmax([[0.0, 0.0], [1000.0, 0.0]]).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    x = with_classes("softmax", x, axis)
    check_out(out, x, "softmax")
    s = by_rows(softmax_kernel, x, axis)
    if out is None:
        return s
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
        e = np.subtract(x, row_max(x), out=out)
        np.exp(e, out=e)
        e /= row_sum(e)
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
    check_axis("softmax_backward", s, axis)
    with np.errstate(over="ignore", invalid="ignore"):
        result: Array = s * (grad - (grad * s).sum(axis=axis, keepdims=True))
    return result


def by_rows(kernel: Callable[[Array, None], Array], x: Array, axis: int) -> Array:
    """Return what `kernel`, which takes a matrix, makes of the rows of `x` along `axis`."""
    rows = np.moveaxis(x, axis, -1)
    return np.moveaxis(kernel(rows.reshape(-1, rows.shape[-1]), None).reshape(rows.shape), -1, axis)


def with_classes(owner: str, x: ArrayLike, axis: int) -> Array:
    """Return `x` as a float array with at least one class along `axis`."""
    x = as_real(x, owner)
    check_axis(owner, x, axis)
    if x.shape[axis] == 0:
        raise ShapeError(f"{owner} needs at least one class along axis {axis}, got shape {x.shape}")
    return x


def check_axis(owner: str, x: Array, axis: int) -> None:
    """Raise what says why `x` has no such axis."""
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
        raise TypeError(f"{owner}: axis must be an integer, got {axis!r}")
    if not -x.ndim <= axis < x.ndim:
        raise ShapeError(f"{owner} needs at least one class along axis {axis}, got shape {x.shape}")
