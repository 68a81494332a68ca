"""The dictionaries of a layer's arrays: parameters, which training changes, and buffers, which it only records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NoReturn

import numpy as np

from tinynet._arrays import as_real, check_dtype, is_masked
from tinynet._random import as_generator
from tinynet.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from tinynet._arrays import Array, RandomSource


class _Arrays(dict[str, "Array"]):
    """Names and arrays; assignment copies the values into the array that is there.

    So the shape and dtype of an array never change behind the layer's back, and an array that is assigned
    stays the caller's own: training the layer does not write into it.

    Parameters
    ----------
    owner : str
        The layer, as error messages name it.
    arrays : mapping of str to ndarray
        The floating-point ones all float32 or all float64.

    Attributes
    ----------
    dtype : dtype or None
        That of the floating-point arrays, None where there is none.
    """

    kind = "array"

    def __init__(self, owner: str, arrays: Mapping[str, Array]) -> None:
        super().__init__(arrays)
        self._owner = owner
        self.dtype: np.dtype[Any] | None = None
        for key, array in arrays.items():
            if not isinstance(array, np.ndarray) or is_masked(array):
                raise TypeError(f"{owner}: {self.kind} {key!r} must be an ndarray, got {type(array).__name__}")
            self._check(key, array)

    def _check(self, key: str, array: Array) -> None:
        check_dtype(array.dtype, f"{self._owner}, {self.kind} {key!r}")
        if self.dtype is not None and self.dtype != array.dtype:
            raise TypeError(f"{self._owner}: {self.kind}s must have one dtype, got {self.dtype} and {array.dtype}")
        self.dtype = array.dtype

    def __setitem__(self, key: str, value: Any) -> None:
        """Copy `value` into the array `key`, cast to its dtype."""
        if key not in self:
            raise KeyError(f"{self._owner} has no {self.kind} {key!r}; it has {', '.join(self) or 'none'}")
        target: Array = self[key]
        value = as_real(value, f"{self._owner}, {self.kind} {key!r},", target.dtype)
        if value.shape != target.shape:
            raise ShapeError(f"{self._owner}: {self.kind} {key!r} has shape {target.shape}, got {value.shape}")
        target[...] = value

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Assign several arrays at once, as ``params[key] = value`` does."""
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def _fixed(self, *args: Any, **kwargs: Any) -> NoReturn:
        names = ", ".join(self) or "none"
        raise TypeError(f"the {self.kind}s of {self._owner} are fixed: assign to one of {names}")

    __delitem__: Callable[..., NoReturn] = _fixed
    __ior__: Callable[..., NoReturn] = _fixed
    clear: Callable[..., NoReturn] = _fixed
    pop: Callable[..., NoReturn] = _fixed
    popitem: Callable[..., NoReturn] = _fixed
    setdefault: Callable[..., NoReturn] = _fixed

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy through the constructor: the default way would assign to keys that are not there."""
        return type(self), (self._owner, dict(self))


class Parameters(_Arrays):
    """What an optimizer changes.

    Examples
    --------
    >>> params = Parameters("Dense", {"weight": np.zeros((1, 2))})
    >>> params["weight"] = [[3, 4]]
    >>> params["weight"].tolist()
    [[3.0, 4.0]]
    """

    kind = "parameter"


class Buffers(_Arrays):
    """What a layer records in training, such as running statistics; may hold counts, which are integers."""

    kind = "buffer"

    def _check(self, key: str, array: Array) -> None:
        if array.dtype != np.int64:
            super()._check(key, array)


def initial_weights(
    owner: str,
    shape: tuple[int, ...],
    bias: bool,
    initializer: Callable[..., Array],
    rng: RandomSource,
    dtype: npt.DTypeLike,
) -> dict[str, Array]:
    """Return a drawn ``weight`` of `shape` and, with `bias`, a ``bias`` of ``shape[0]`` zeros."""
    if not isinstance(bias, (bool, np.bool_)):
        raise TypeError(f"{owner}: bias must be True or False, got {bias!r}")
    if not callable(initializer):
        raise TypeError(f"{owner}: initializer must be a function such as he_normal, got {initializer!r}")
    dtype = check_dtype(dtype, owner)
    weight = as_real(initializer(shape, rng=as_generator(rng, owner), dtype=dtype), f"{owner} initializer", dtype)
    if weight.shape != shape:
        raise ShapeError(f"{owner}: the initializer must give weights of shape {shape}, got {weight.shape}")
    params = {"weight": weight.copy()}  # an initializer may hand out an array of its own
    if bias:
        params["bias"] = np.zeros(shape[0], dtype=dtype)
    return params


def count(params: Mapping[str, Array]) -> int:
    """Return the number of scalars in `params`."""
    return sum(int(np.size(array)) for array in params.values())
