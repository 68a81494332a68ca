"""Many arrays as one flat vector, on which a few operations do the work of many."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tinynet._arrays import Array


class Layout:
    """Where each of several arrays lies in a flat vector.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        All of one dtype; one after another they make up the vector.

    Examples
    --------
    >>> layout = Layout({"weight": np.zeros((2, 2)), "bias": np.zeros(2)})
    >>> flat = layout.gather([np.ones((2, 2)), np.full(2, 5.0)], layout.empty())
    >>> flat.tolist(), layout.views(flat)["bias"].tolist()
    ([1.0, 1.0, 1.0, 1.0, 5.0, 5.0], [5.0, 5.0])
    """

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self.shapes: dict[str, tuple[int, ...]] = {name: array.shape for name, array in arrays.items()}
        self.dtype: np.dtype[Any] = next(iter(arrays.values())).dtype
        self.size: int = sum(prod(shape) for shape in self.shapes.values())
        self._expected = list(self.shapes.values())
        # A matrix that lies in memory column after column is one of rows, transposed.
        self._transposed = [array.ndim == 2 and array.flags.f_contiguous for array in arrays.values()]

    def empty(self) -> Array:
        """Return an uninitialized vector."""
        return np.empty(self.size, self.dtype)

    def checked(self, arrays: list[Array]) -> list[Array]:
        """Return `arrays`, in the order of the layout, if they have its shapes."""
        if [array.shape for array in arrays] != self._expected:  # else a transposed array would be taken as it is
            raise ShapeError(f"expected arrays of shapes {self._expected}, got {[array.shape for array in arrays]}")
        return arrays

    def gather(self, arrays: list[Array], out: Array) -> Array:
        """Copy `arrays`, in the order of the layout, into the vector `out`."""
        turned = [part.T if transposed else part for part, transposed in zip(self.checked(arrays), self._transposed)]
        return np.concatenate(turned, axis=None, out=out)

    def views(self, flat: Array) -> dict[str, Array]:
        """Return the parts of a vector in their shapes, without copying anything."""
        views: dict[str, Array] = {}
        start = 0
        for (name, shape), transposed in zip(self.shapes.items(), self._transposed):
            part = flat[start : start + prod(shape)]
            views[name] = part.reshape(shape[::-1]).T if transposed else part.reshape(shape)
            start += prod(shape)
        return views
