"""What a case is: a call with arrays, and what is expected of it for unusual ones."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

import numpy as np

RNG = np.random.default_rng(0)
LABELS = np.array([0, 1, 3])
EVEN = np.full((3, 4), 0.25)


class Case(NamedTuple):
    """A call with arrays, and what it does with unusual ones."""

    call: Callable[..., Any]
    arrays: tuple[np.ndarray, ...]
    owners: tuple[str, ...]  # who may open an error message
    optional: tuple[int, ...] = ()  # which arrays may be None
    batch: tuple[int, ...] = (0,)  # which arrays have an axis of samples
    empty: bool = True  # whether that may have the length 0
    hides: tuple[int, ...] = ()  # of which arrays a NaN need not show in the result, as documented
    lists: bool = True  # whether lists are as good as arrays
    complex: bool = False  # whether complex numbers are welcome
    cancels: bool = False  # whether infinities may cancel in a product of matrices, of which NumPy warns


def case(call: Callable[..., Any], *arrays: np.ndarray, owner: str | tuple[str, ...], **more: Any) -> Case:
    return Case(call, arrays, (owner,) if isinstance(owner, str) else owner, **more)


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


IMAGES, POOLED, FILTERS = normal(3, 1, 4, 4), normal(3, 1, 2, 2), normal(2, 1, 3, 3)
SCALES = np.abs(normal(4)) + 0.5
BOTH = (0, 1)
