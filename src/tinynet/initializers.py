"""First values for weights: He's for layers before a ReLU, Glorot's for tanh and sigmoid.

Every function takes the shape of the weights, ``(out_features, in_features)`` or
``(out_channels, in_channels, *kernel)``, and draws in float64 before it rounds, so that a float32 network is the
rounded float64 network of the same seed. Derived in :doc:`/derivations/initialization`.
"""

from __future__ import annotations

from math import prod, sqrt
from operator import index
from typing import TYPE_CHECKING

import numpy as np

from tinynet._arrays import FLOAT32, check_dtype
from tinynet._random import as_generator
from tinynet.errors import ShapeError

if TYPE_CHECKING:
    import numpy.typing as npt

    from tinynet._arrays import Array, RandomSource

__all__ = ["glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "zeros"]


def he_normal(shape: tuple[int, ...], *, rng: RandomSource = None, dtype: npt.DTypeLike = FLOAT32) -> Array:
    """Draw from a normal distribution with variance ``2 / fan_in``.

    Parameters
    ----------
    shape : tuple of int
        ``(out_features, in_features)`` or ``(out_channels, in_channels, *kernel)``.
    rng : numpy.random.Generator, int or None
    dtype : float32 or float64

    Returns
    -------
    ndarray of shape `shape`

    Raises
    ------
    ShapeError
        If `shape` has fewer than two dimensions or a dimension below 1.
    TypeError
        If `shape` is no tuple of integers, or `dtype` another.

    Notes
    -----
    Derived in :doc:`/derivations/initialization`.

    References
    ----------
    He, Zhang, Ren, Sun: Delving Deep into Rectifiers, ICCV 2015, eq. 10.

    Examples
    --------
    >>> w = he_normal((128, 784), rng=0)
    >>> w.shape, f"{w.var() * 784:.2f}"
    ((128, 784), '2.00')
    """
    fan_in, _ = _fans(shape, "he_normal")
    return _normal(shape, 2.0 / fan_in, rng, dtype, "he_normal")


def he_uniform(shape: tuple[int, ...], *, rng: RandomSource = None, dtype: npt.DTypeLike = FLOAT32) -> Array:
    """Draw uniformly from ``±sqrt(6 / fan_in)``, which has the variance ``2 / fan_in``.

    Parameters and errors are those of `he_normal`.

    Returns
    -------
    ndarray of shape `shape`

    Notes
    -----
    Derived in :doc:`/derivations/initialization`.

    Examples
    --------
    >>> w = he_uniform((128, 784), rng=0)
    >>> f"{w.var() * 784:.2f}", bool(abs(w).max() <= (6 / 784) ** 0.5)
    ('2.00', True)
    """
    fan_in, _ = _fans(shape, "he_uniform")
    return _uniform(shape, 2.0 / fan_in, rng, dtype, "he_uniform")


def glorot_normal(shape: tuple[int, ...], *, rng: RandomSource = None, dtype: npt.DTypeLike = FLOAT32) -> Array:
    """Draw from a normal distribution with variance ``2 / (fan_in + fan_out)``.

    Parameters and errors are those of `he_normal`.

    Returns
    -------
    ndarray of shape `shape`

    Notes
    -----
    Derived in :doc:`/derivations/initialization`.

    References
    ----------
    Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010, eq. 12.

    Examples
    --------
    >>> w = glorot_normal((128, 784), rng=0)
    >>> f"{w.var() * (784 + 128):.2f}"
    '2.00'
    """
    fan_in, fan_out = _fans(shape, "glorot_normal")
    return _normal(shape, 2.0 / (fan_in + fan_out), rng, dtype, "glorot_normal")


def glorot_uniform(shape: tuple[int, ...], *, rng: RandomSource = None, dtype: npt.DTypeLike = FLOAT32) -> Array:
    """Draw uniformly from ``±sqrt(6 / (fan_in + fan_out))``.

    Parameters and errors are those of `he_normal`.

    Returns
    -------
    ndarray of shape `shape`

    Notes
    -----
    Derived in :doc:`/derivations/initialization`.

    References
    ----------
    Glorot, Bengio 2010, eq. 16.

    Examples
    --------
    >>> w = glorot_uniform((128, 784), rng=0)
    >>> bool(abs(w).max() <= (6 / (784 + 128)) ** 0.5)
    True
    """
    fan_in, fan_out = _fans(shape, "glorot_uniform")
    return _uniform(shape, 2.0 / (fan_in + fan_out), rng, dtype, "glorot_uniform")


def zeros(shape: tuple[int, ...], *, rng: RandomSource = None, dtype: npt.DTypeLike = FLOAT32) -> Array:
    """Return zeros, the usual start for biases; `rng` is taken and ignored, as every initializer takes one.

    Returns
    -------
    ndarray of shape `shape`

    Raises
    ------
    ShapeError
        If a size is below 0.
    TypeError
        If `shape` is no tuple of integers, or `dtype` another.

    Examples
    --------
    >>> zeros((2, 3)).tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    sizes, dtype = _checked(shape, "zeros"), check_dtype(dtype, "zeros")
    if min(sizes, default=0) < 0:
        raise ShapeError(f"zeros: no size may be below 0, got {sizes}")
    return np.zeros(sizes, dtype)


def _fans(shape: tuple[int, ...], owner: str) -> tuple[int, int]:
    """Return how many inputs feed one output, and how many outputs one input feeds."""
    shape = _checked(shape, owner)
    if len(shape) < 2 or min(shape) < 1:
        raise ShapeError(
            f"{owner}: weights need a shape (out_features, in_features, ...) of positive sizes, got {shape}"
        )
    kernel = prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def _checked(shape: tuple[int, ...], owner: str) -> tuple[int, ...]:
    try:
        return tuple(index(size) for size in shape)
    except TypeError:
        raise TypeError(f"{owner}: weights need a shape, a tuple of integers, got {shape!r}") from None


def _normal(shape: tuple[int, ...], variance: float, rng: RandomSource, dtype: npt.DTypeLike, owner: str) -> Array:
    dtype = check_dtype(dtype, owner)
    return (as_generator(rng, owner).standard_normal(shape) * sqrt(variance)).astype(dtype)


def _uniform(shape: tuple[int, ...], variance: float, rng: RandomSource, dtype: npt.DTypeLike, owner: str) -> Array:
    bound = sqrt(3.0 * variance)  # a uniform distribution over ±b has the variance b² / 3
    dtype = check_dtype(dtype, owner)
    return as_generator(rng, owner).uniform(-bound, bound, shape).astype(dtype)
