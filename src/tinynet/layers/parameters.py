"""The dictionary of a layer's parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from tinynet._arrays import as_real, check_dtype
from tinynet.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tinynet._arrays import Array


class Parameters(dict[str, "Array"]):
    """Names and arrays; assignment copies the values into the array that is there.

    So the shape and dtype of a parameter never change behind the layer's back, and an array that is assigned
    stays the caller's own: training the layer does not write into it.

    Parameters
    ----------
    owner : str
        The layer, as error messages name it.
    arrays : mapping of str to ndarray
        All float32 or all float64.

    Attributes
    ----------
    dtype : dtype or None
        That of all arrays, None where there is none.

    Examples
    --------
    >>> params = Parameters("Dense", {"weight": np.zeros((1, 2))})
    >>> params["weight"] = [[3, 4]]
    >>> params["weight"].tolist()
    [[3.0, 4.0]]
    """

    def __init__(self, owner: str, arrays: Mapping[str, Array]) -> None:
        super().__init__(arrays)
        self._owner = owner
        self.dtype: np.dtype[Any] | None = None
        for key, array in arrays.items():
            if not isinstance(array, np.ndarray) or isinstance(array, np.ma.MaskedArray):
                raise TypeError(f"{owner}: parameter {key!r} must be an ndarray, got {type(array).__name__}")
            check_dtype(array.dtype, f"{owner}, parameter {key!r}")
            if self.dtype is not None and self.dtype != array.dtype:
                raise TypeError(f"{owner}: parameters must have one dtype, got {self.dtype} and {array.dtype}")
            self.dtype = array.dtype

    def __setitem__(self, key: str, value: Any) -> None:
        """Copy `value` into the parameter `key`, cast to its dtype."""
        if key not in self:
            raise KeyError(f"{self._owner} has no parameter {key!r}; it has {', '.join(self) or 'none'}")
        target: Array = self[key]
        value = as_real(value, f"{self._owner}, parameter {key!r},", target.dtype)
        if value.shape != target.shape:
            raise ShapeError(f"{self._owner}: parameter {key!r} has shape {target.shape}, got {value.shape}")
        target[...] = value

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Assign several parameters at once, as ``params[key] = value`` does."""
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def _fixed(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"the parameters of {self._owner} are fixed: assign to one of {', '.join(self) or 'none'}")

    __delitem__ = pop = popitem = clear = setdefault = __ior__ = _fixed

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy through the constructor: the default way would assign to keys that are not there."""
        return Parameters, (self._owner, dict(self))


def count(params: Mapping[str, Array]) -> int:
    """Return the number of scalars in `params`."""
    return sum(int(np.size(array)) for array in params.values())
