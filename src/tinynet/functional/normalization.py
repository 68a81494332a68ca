"""Batch normalization: every channel shifted and scaled to mean 0 and variance 1, and the gradients of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinynet._arrays import as_real, check_finite
from tinynet.errors import ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tinynet._arrays import Array


def batch_statistics(x: ArrayLike) -> tuple[Array, Array]:
    """Return mean and variance of every channel, over samples and, for images, rows and columns.

    Parameters
    ----------
    x : ndarray of shape (N, C) or (N, C, H, W)

    Returns
    -------
    mean : ndarray of shape (C,)
    variance : ndarray of shape (C,)
        The mean squared deviation: divided by the count M, not by M - 1.

    Raises
    ------
    ShapeError
        If `x` has another shape, or a channel without numbers.
    TypeError
        If `x` does not hold real numbers.

    Notes
    -----
    Derived in :doc:`/derivations/batch_normalization`.

    Examples
    --------
    >>> [a.tolist() for a in batch_statistics([[1.0, 5.0], [3.0, 5.0]])]
    [[2.0, 5.0], [1.0, 0.0]]
    """
    x = as_channels(x, "batch_statistics")
    if x.size == 0:
        raise ShapeError(f"batch_statistics needs at least one number in every channel, got shape {x.shape}")
    with np.errstate(over="ignore", invalid="ignore"):
        mean = channel_sum(x) / count(x)
        centred = x - broadcast(mean, x)
        return mean, channel_sum(centred * centred) / count(x)


def batch_norm(
    x: ArrayLike,
    mean: ArrayLike,
    variance: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    *,
    eps: float = 1e-5,
) -> Array:
    """Return ``(x - mean) / sqrt(variance + eps) * weight + bias``, channel by channel.

    Parameters
    ----------
    x : ndarray of shape (N, C) or (N, C, H, W)
    mean, variance : ndarrays of shape (C,)
        Those of the batch in training, running ones in inference.
    weight, bias : ndarrays of shape (C,), optional
    eps : float
        Keeps the root away from 0.

    Returns
    -------
    ndarray of the shape of `x`

    Raises
    ------
    ShapeError
        If the shapes do not fit together.
    TypeError
        If the arrays do not hold real numbers, or `eps` is none.
    ValueError
        If a variance or `eps` is below 0.

    Notes
    -----
    Derived in :doc:`/derivations/batch_normalization`.

    Examples
    --------
    >>> batch_norm([[1.0], [3.0]], [2.0], [1.0], eps=0.0).tolist()
    [[-1.0], [1.0]]
    """
    x = as_channels(x, "batch_norm")
    mean = _of_channels(mean, "mean", x, "batch_norm")
    scale = _scale(variance, weight, eps, x, "batch_norm")
    bias = None if bias is None else _of_channels(bias, "bias", x, "batch_norm")
    return batch_norm_kernel(x, mean, scale, bias)


def batch_norm_kernel(x: Array, mean: Array, scale: Array, bias: Array | None, out: Array | None = None) -> Array:
    """Compute ``(x - mean) * scale + bias`` of validated arrays."""
    with np.errstate(over="ignore", invalid="ignore"):
        y: Array = np.subtract(x, broadcast(mean, x), out=out)
        y *= broadcast(scale, x)
        if bias is not None:
            y += broadcast(bias, x)
    return y


def batch_norm_backward(
    grad: ArrayLike, normalized: ArrayLike, variance: ArrayLike, weight: ArrayLike | None = None, *, eps: float = 1e-5
) -> tuple[Array, Array, Array]:
    """Return the gradients with respect to input, weight and bias where the batch's own statistics were used.

    Parameters
    ----------
    grad : ndarray of shape (N, C) or (N, C, H, W)
        The gradient with respect to the output of `batch_norm`.
    normalized : ndarray of that shape
        ``(x - mean) / sqrt(variance + eps)``: the output before weight and bias.
    variance : ndarray of shape (C,)
        Of the batch.
    weight : ndarray of shape (C,), optional
    eps : float

    Returns
    -------
    grad_x : ndarray of the shape of `grad`
    grad_weight, grad_bias : ndarrays of shape (C,)

    Raises
    ------
    ShapeError
        If the shapes do not fit together.
    TypeError
        If the arrays do not hold real numbers, or `eps` is none.
    ValueError
        If a variance or `eps` is below 0.

    Notes
    -----
    Derived in :doc:`/derivations/batch_normalization`: mean and variance depend on every element of the channel.

    Examples
    --------
    >>> dx, dw, db = batch_norm_backward([[1.0], [0.0], [0.0]], [[0.0], [1.0], [-1.0]], [1.0], eps=0.0)
    >>> dx.round(4).tolist(), dw.tolist(), db.tolist()
    ([[0.6667], [-0.3333], [-0.3333]], [0.0], [1.0])
    """
    grad, normalized = as_channels(grad, "batch_norm_backward"), as_channels(normalized, "batch_norm_backward")
    if grad.shape != normalized.shape:
        raise ShapeError(
            f"batch_norm_backward expects two arrays of one shape, got {grad.shape} and {normalized.shape}"
        )
    return batch_norm_backward_kernel(grad, normalized, _scale(variance, weight, eps, grad, "batch_norm_backward"))


def batch_norm_backward_kernel(grad: Array, normalized: Array, scale: Array) -> tuple[Array, Array, Array]:
    """Compute `batch_norm_backward` of validated arrays; `scale` is ``weight / sqrt(variance + eps)``."""
    with np.errstate(over="ignore", invalid="ignore"):
        grad_weight, grad_bias = channel_sum(grad * normalized), channel_sum(grad)
        per_element = max(count(grad), 1)
        grad_x = normalized * broadcast(-grad_weight / per_element, grad)
        grad_x += grad
        grad_x -= broadcast(grad_bias / per_element, grad)
        grad_x *= broadcast(scale, grad)
    return grad_x, grad_weight, grad_bias


def as_channels(x: ArrayLike, owner: str) -> Array:
    """Return `x` as a float array with a channel axis, or raise a `ShapeError` that names `owner`."""
    array = as_real(x, owner)
    if array.ndim not in (2, 4):
        raise ShapeError(f"{owner} expects an array of shape (N, C) or (N, C, H, W), got {array.shape}")
    return array


def broadcast(channels: Array, x: Array) -> Array:
    """View numbers of the channels, (C,), so that they meet the elements of `x`."""
    return channels if x.ndim == 2 else channels[:, None, None]


def count(x: Array) -> int:
    """Return how many numbers each channel has."""
    return int(x.size // max(x.shape[1], 1))


def channel_sum(x: Array) -> Array:
    """Return the sum of each channel, added up in float64: a channel may have millions of small numbers."""
    axes = (0,) if x.ndim == 2 else (0, 2, 3)
    total: Array = x.sum(axis=axes, dtype=np.float64)
    return total.astype(x.dtype)


def _scale(variance: ArrayLike, weight: ArrayLike | None, eps: float, x: Array, owner: str) -> Array:
    """Return ``weight / sqrt(variance + eps)`` of arguments that are still to be checked."""
    variance, eps = _of_channels(variance, "variance", x, owner), check_finite(eps, f"{owner}: eps")
    if eps < 0 or (variance < 0).any():
        raise ValueError(f"{owner}: neither a variance nor eps may be below 0")
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        scale: Array = 1 / np.sqrt(variance + x.dtype.type(eps))
        return scale if weight is None else scale * _of_channels(weight, "weight", x, owner)


def _of_channels(array: ArrayLike, name: str, x: Array, owner: str) -> Array:
    result = as_real(array, owner, x.dtype)
    if result.shape != x.shape[1:2]:
        raise ShapeError(f"{owner} expects {name} of shape {x.shape[1:2]} for x {x.shape}, got {result.shape}")
    return result
