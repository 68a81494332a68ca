"""Layers that change the shape of a batch and none of its numbers."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.layers.base import Layer

if TYPE_CHECKING:
    from tinynet._arrays import Array
    from tinynet.layers.base import Shape


class Flatten(Layer):
    """Turn every sample into a row: (N, ...) to (N, features), in C order.

    Input of two or more dimensions, output (N, features).

    Parameters
    ----------
    name : str, optional

    Examples
    --------
    >>> Flatten()([[[1, 2], [3, 4]]]).tolist()
    [[1.0, 2.0, 3.0, 4.0]]
    """

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(name=name)

    def _forward(self, x: Array, training: bool) -> tuple[Array, Any]:
        if x.ndim < 2:
            raise self._refuse("(N, ...)", x.shape, "; a single sample needs a batch axis, as x[None]")
        if x.ndim == 4 and x.strides[0] == x.itemsize:  # samples lie last, as convolutions leave them: they stay so
            return np.ascontiguousarray(x.transpose(1, 2, 3, 0)).reshape(prod(x.shape[1:]), len(x)).T, x.shape
        return x.reshape(len(x), prod(x.shape[1:])), x.shape

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        return Flatten._forward(self, x, False)[0], scratch

    def _backward(self, context: Any, grad: Array) -> tuple[Array, Any]:
        return grad.reshape(context), {}

    def _output_shape(self, shape: Shape | None) -> Shape | None:
        if shape == ():
            raise self._refuse("(N, ...)", ("N",))
        return None if shape is None else (prod(shape),)
