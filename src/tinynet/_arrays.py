"""What every public function does with the arrays it is given: one rule for dtypes, one for memory."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from tinynet.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    Array = npt.NDArray[Any]
    RandomSource = Union[np.random.Generator, int, None]

FLOAT32 = np.dtype(np.float32)
FLOAT64 = np.dtype(np.float64)
_NATIVE: dict[str, np.dtype[Any]] = {"f4": FLOAT32, "f8": FLOAT64}  # of either byte order


def as_real(x: Any, owner: str, dtype: np.dtype[Any] | None = None, default: np.dtype[Any] = FLOAT64) -> Array:
    """Return `x` as a float32 or float64 array, without a copy where it already is one.

    Parameters
    ----------
    x : array_like of real numbers
    owner : str
        Who asks; it opens the error message.
    dtype : dtype, optional
        What to cast to. Without it float32 and float64 stay as they are and the rest becomes `default`.
    default : dtype

    Returns
    -------
    ndarray
        `x` itself, or an array of its own.

    Raises
    ------
    TypeError
        If `x` holds no real numbers (objects, strings, complex numbers), is ragged, or is a masked array.
    """
    array: Array = x if type(x) is np.ndarray else as_array(x, owner)
    if dtype is None:
        dtype = _NATIVE.get(array.dtype.str[1:], default)
    if array.dtype is dtype:
        return array
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{owner} expects an array of real numbers, got dtype {array.dtype}")
    if array.dtype.kind == "f" and array.itemsize > dtype.itemsize:
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and goes on as infinity does
            return array.astype(dtype)
    return array.astype(dtype, copy=False)


def as_array(x: Any, owner: str) -> Array:
    """Return `x` as an array of any dtype, or raise a TypeError that names `owner`."""
    if is_masked(x):
        raise TypeError(f"{owner} does not know masks: fill the masked array first, as x.filled(0)")
    try:
        return np.asarray(x)
    except (ValueError, TypeError, RuntimeError) as error:
        raise TypeError(f"{owner} expects an array of numbers, got {type(x).__name__}: {error}") from error


def is_masked(x: Any) -> bool:
    """Whether `x` is a masked array. Where nobody has made one, NumPy need not import what knows them."""
    ma = sys.modules.get("numpy.ma")
    return ma is not None and isinstance(x, ma.MaskedArray)


def as_real_pair(owner: str, grad: Any, y: Any) -> tuple[Array, Array]:
    """Return `grad` and `y` as `as_real` does, both with the dtype of `grad`, once they have one shape."""
    grad = as_real(grad, owner)
    y = as_real(y, owner, grad.dtype)
    if grad.shape != y.shape:
        raise ShapeError(f"{owner} expects two arrays of one shape, got {grad.shape} and {y.shape}")
    return grad, y


def check_out(out: Any, x: Array, owner: str) -> None:
    """Raise what says why the result for `x` cannot be written to `out`; None, for a new array, is right."""
    if out is None:
        return
    if not isinstance(out, np.ndarray) or is_masked(out) or out.dtype.kind != "f":
        got = f"an array of {out.dtype}" if type(out) is np.ndarray else type(out).__name__
        raise TypeError(f"{owner}: out must be an array of floats, got {got}")
    if out.shape != x.shape:
        raise ShapeError(f"{owner}: out must be an array of shape {x.shape}, got {out.shape}")
    if not out.flags.writeable:
        raise ValueError(f"{owner}: out is read-only")


def unshared(result: Array, others: Iterable[Array]) -> Array:
    """Return `result`, or a copy of it where it shares memory with one of `others` or cannot be written to."""
    if not result.flags.writeable or any(np.may_share_memory(result, other) for other in others):
        return result.copy()
    return result


def check_dtype(dtype: Any, owner: str) -> np.dtype[Any]:
    """Return `dtype` as ``np.dtype``; only float32 and float64 are parameter types."""
    try:
        result: np.dtype[Any] | None = None if dtype is None else np.dtype(dtype)
    except TypeError:
        result = None
    if result is None or result not in (FLOAT32, FLOAT64):  # NumPy holds None and float64 to be equal
        raise TypeError(f"{owner}: dtype must be float32 or float64, got {dtype!r}")
    return result


def check_flag(flag: Any, what: str) -> bool:
    """Return `flag`, True or False, as a bool."""
    if not isinstance(flag, (bool, np.bool_)):
        raise TypeError(f"{what} must be True or False, got {flag!r}")
    return bool(flag)


def check_positive(number: Any, what: str) -> int:
    """Return `number` as an int of at least 1."""
    return check_integer(number, what, 1)


def check_integer(number: Any, what: str, least: int) -> int:
    """Return `number` as an int of at least `least`."""
    if isinstance(number, (bool, np.bool_)) or not isinstance(number, (int, np.integer)):
        raise TypeError(f"{what} must be an integer, got {number!r}")
    if number < least:
        raise ValueError(f"{what} must be at least {least}, got {number}")
    return int(number)


def check_real(number: Any, what: str) -> float:
    """Return a real `number` as a float of Python, which turns no float32 array into float64; it may be infinite."""
    if isinstance(number, (bool, np.bool_)) or not isinstance(number, (int, float, np.integer, np.floating)):
        raise TypeError(f"{what} must be a number, got {number!r}")
    return float(number)


def check_finite(number: Any, what: str) -> float:
    """Return a finite real `number` as a float."""
    value = check_real(number, what)
    if not np.isfinite(value):
        raise ValueError(f"{what} must be finite, got {number!r}")
    return value


def check_not_negative(number: Any, what: str) -> float:
    """Return a finite real `number` of at least 0 as a float."""
    value = check_real(number, what)
    if not 0 <= value < np.inf:
        raise ValueError(f"{what} must be a finite number of at least 0, got {number!r}")
    return value


def check_share(number: Any, what: str) -> float:
    """Return a real `number` in 0..1 as a float."""
    value = check_finite(number, what)
    if not 0 <= value <= 1:
        raise ValueError(f"{what} must be in 0..1, got {number!r}")
    return value
