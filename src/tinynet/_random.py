"""Where random numbers come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tinynet._arrays import RandomSource


def as_generator(rng: RandomSource, owner: str) -> np.random.Generator:
    """Return `rng` itself if it is a generator, else a new one: from that seed or, without one, from the system.

    Examples
    --------
    >>> as_generator("a", "fit")
    Traceback (most recent call last):
    TypeError: fit: rng must be a numpy.random.Generator, a seed of at least 0 or None, got 'a'
    """
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError) as error:  # of the wrong type, or negative
        kind = type(error)
    raise kind(f"{owner}: rng must be a numpy.random.Generator, a seed of at least 0 or None, got {rng!r}")
