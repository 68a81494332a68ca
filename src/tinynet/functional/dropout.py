"""Dropout: which elements stay, drawn at random, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinynet._arrays import as_array, as_real, check_integer, check_share
from tinynet._random import as_generator
from tinynet.errors import ShapeError
from tinynet.functional.selection import keep_where

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tinynet._arrays import Array, RandomSource


def dropout_mask(shape: int | tuple[int, ...], p: float, *, rng: RandomSource = None) -> Array:
    """Draw which elements stay: each for itself, with the probability ``1 - p``.

    Parameters
    ----------
    shape : int or tuple of int
    p : float
        The probability that an element is dropped, 0..1.
    rng : numpy.random.Generator, int or None

    Returns
    -------
    ndarray of bool of that shape
        True where an element stays.

    Raises
    ------
    TypeError, ValueError
        If `p` is no number in 0..1, or `shape` is no shape.

    Notes
    -----
    Derived in :doc:`/derivations/dropout`.

    Examples
    --------
    >>> dropout_mask((2, 3), 1.0).tolist()
    [[False, False, False], [False, False, False]]
    >>> round(float(dropout_mask(100_000, 0.25, rng=0).mean()), 2)
    0.75
    """
    sizes = shape if isinstance(shape, tuple) else (shape,)
    kept = np.empty([check_integer(size, "dropout_mask: each size of shape", 0) for size in sizes], np.bool_)
    p = check_share(p, "dropout_mask: p")
    draw_mask(kept, p, np.random.SFC64(as_generator(rng, "dropout_mask").integers(2**63)))
    return kept


def draw_mask(kept: Array, p: float, bits: np.random.SFC64) -> None:
    """Draw `dropout_mask` into `kept`, in the order in which it lies in memory."""
    stay = round((1 - p) * 2**32)  # of the 2**32 numbers that may be drawn
    if stay == 0:
        kept.fill(False)
        return
    # Half of a random 64-bit integer is enough for each, and there is no sooner way to draw one.
    numbers = bits.random_raw((kept.size + 1) // 2).view(np.uint32)[: kept.size]
    np.less_equal(numbers, np.uint32(stay - 1), out=kept.ravel("K"))


def dropout(x: ArrayLike, kept: ArrayLike, p: float) -> Array:
    """Return ``x / (1 - p)`` where `kept` holds, and 0 elsewhere.

    Its own gradient: ``dropout(grad, kept, p)`` is that with respect to `x`.

    Parameters
    ----------
    x : ndarray of any shape
    kept : ndarray of bool of the shape of `x`
        As `dropout_mask` draws it.
    p : float
        The probability with which elements were dropped, 0..1.

    Returns
    -------
    ndarray of the shape of `x`
        What is dropped is 0 even if it was infinite or NaN.

    Raises
    ------
    ShapeError
        If the shapes differ.
    TypeError, ValueError
        If `x` does not hold real numbers, `kept` no truth values, or `p` is no number in 0..1.

    Notes
    -----
    Derived in :doc:`/derivations/dropout`.

    Examples
    --------
    >>> dropout([1.0, 2.0, 3.0], [True, False, True], 0.5).tolist()
    [2.0, 0.0, 6.0]
    """
    x, kept, p = as_real(x, "dropout"), as_array(kept, "dropout"), check_share(p, "dropout: p")
    if kept.dtype != np.bool_:
        raise TypeError(f"dropout expects a mask of truth values, got dtype {kept.dtype}")
    if kept.shape != x.shape:
        raise ShapeError(f"dropout expects a mask of the shape of x, {x.shape}, got {kept.shape}")
    return dropout_kernel(x, kept, p)


def dropout_kernel(x: Array, kept: Array, p: float) -> Array:
    """Compute `dropout` of validated arguments; scaling only what is kept, as ``0 * inf`` would be NaN."""
    y = keep_where(kept, x)
    if p < 1:
        with np.errstate(over="ignore"):
            y *= x.dtype.type(1 / (1 - p))
    return y
