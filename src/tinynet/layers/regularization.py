"""Dropout, which keeps a network from relying on single units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._arrays import check_share
from tinynet._random import as_generator
from tinynet.functional.dropout import draw_mask, dropout_kernel
from tinynet.layers.activations import Elementwise

if TYPE_CHECKING:
    from tinynet._arrays import Array, RandomSource


class Dropout(Elementwise):
    """In training, set every element to 0 with the probability `p`, and divide the others by ``1 - p``.

    Input and output of any shape (N, ...). In inference nothing is changed: the division keeps the mean of every
    element what it is there.

    Parameters
    ----------
    p : float
        0..1; 1 drops everything.
    rng : numpy.random.Generator, int or None
        Seeds a stream of random numbers of the layer's own: the same seed gives the same masks, one after another.
    name : str, optional

    Attributes
    ----------
    p : float

    Raises
    ------
    TypeError, ValueError
        If `p` is no number in 0..1.

    Notes
    -----
    Every training forward takes the next mask; copies and pickles go on where the original stood. Which elements a
    mask drops also depends on the order in which the input lies in memory. Derived in :doc:`/derivations/dropout`.

    Examples
    --------
    >>> layer = Dropout(0.5, rng=4)
    >>> layer([[1.0, 2.0, 3.0, 4.0]]).tolist()
    [[1.0, 2.0, 3.0, 4.0]]
    >>> for _ in range(2):
    ...     print(layer.forward([[1.0, 2.0, 3.0, 4.0]], training=True).tolist())
    [[0.0, 4.0, 0.0, 8.0]]
    [[2.0, 0.0, 6.0, 8.0]]
    """

    def __init__(self, p: float = 0.5, *, rng: RandomSource = None, name: str | None = None) -> None:
        self.p: float = check_share(p, "Dropout: p")
        super().__init__(name=name)
        self._seed = int(as_generator(rng, "Dropout").integers(2**63))
        self._drawn = 0

    def _forward(self, x: Array, training: bool) -> tuple[Array, Any]:
        if not training:
            return x, None
        kept = np.empty_like(x, dtype=np.bool_)
        draw_mask(kept, self.p, np.random.SFC64((self._seed, self._drawn)))
        return dropout_kernel(x, kept, self.p), kept

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        return x, scratch

    def _update(self, context: Any) -> None:
        self._drawn += 1

    def _backward(self, context: Any, grad: Array) -> tuple[Array, Any]:
        return dropout_kernel(grad, context, self.p), {}

    def _arguments(self) -> list[str]:
        return [str(self.p)]
