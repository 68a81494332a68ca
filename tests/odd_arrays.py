"""Unusual and impossible forms of an array, and what may come of a call with one."""

from __future__ import annotations

import re
from typing import Any, Callable

import numpy as np
from array_case import Case

import tinynet as tn

#: Of these two the message begins with what was found.
DOCUMENTED = (tn.GradientError, tn.TrainingError)
ERRORS = (TypeError, ValueError, tn.ShapeError, tn.CheckpointError)


def strided(a: np.ndarray) -> np.ndarray:
    """Every second element of a larger array, backwards."""
    larger = np.zeros([2 * n for n in a.shape], a.dtype)
    view = larger[tuple(slice(None, None, -2) for _ in a.shape)]
    view[...] = a
    return view


def unaligned(a: np.ndarray) -> np.ndarray:
    """An array that begins in the middle of a word."""
    view = np.zeros(a.nbytes + 1, np.uint8)[1:].view(a.dtype).reshape(a.shape)
    view[...] = a
    return view


def locked(a: np.ndarray) -> np.ndarray:
    copy = a.copy()
    copy.flags.writeable = False
    return copy


SAME: dict[str, Callable[[np.ndarray], Any]] = {
    "Fortran order": np.asfortranarray,
    "other byte order": lambda a: a.astype(a.dtype.newbyteorder()),
    "read-only": locked,
    "strided": strided,
    "unaligned": unaligned,
    "list": np.ndarray.tolist,
    "of another class": lambda a: a.view(np.recarray),
}
WRONG: dict[str, Callable[[np.ndarray], Any]] = {
    "objects": lambda a: a.astype(object),
    "text": lambda a: a.astype(str),
    "bytes": lambda a: a.astype("S"),
    "complex": lambda a: a.astype(complex),
    "dates": lambda a: np.zeros(a.shape, "M8[s]"),
    "records": lambda a: np.zeros(a.shape, [("a", "f8")]),
    "masked": np.ma.masked_array,
    "nothing": lambda a: None,
    "a word": lambda a: "text",
    "ragged": lambda a: [[1.0], [1.0, 2.0]],
}
SHAPES: dict[str, Callable[[np.ndarray], Any]] = {
    "a number": lambda a: a.flat[0],
    "an axis more": lambda a: a[None],
    "two axes more": lambda a: a[None, None],
    "an axis less": lambda a: a[0],
    "no rows": lambda a: a[:0],
    "no columns": lambda a: a[..., :0],
    "a row more": lambda a: np.concatenate([a, a[:1]]),
}
SPECIAL = {"nan": np.nan, "inf": np.inf, "-inf": -np.inf, "largest": 1e300}


def with_one(case: Case, i: int, change: Callable[[np.ndarray], Any]) -> list[Any]:
    arrays: list[Any] = [array.copy() for array in case.arrays]
    arrays[i] = change(arrays[i])
    return arrays


def parts(result: Any) -> list[np.ndarray]:
    """The numbers in a result, one array for each of its parts."""
    if isinstance(result, dict):
        return [np.asarray(value) for value in result.values()]
    return [np.asarray(part) for part in result] if isinstance(result, tuple) else [np.asarray(result)]


def refusal(case: Case, arrays: list[Any]) -> BaseException | None:
    """The error of a call, if there is one: of a documented class, and it says who complains."""
    error: BaseException | None = None
    try:
        case.call(*arrays)
    except Exception as raised:
        error = raised
    if error is not None and not isinstance(error, DOCUMENTED):
        assert type(error) in ERRORS, repr(error)
        owners = "|".join(map(re.escape, case.owners))
        assert re.match(rf"(layer \d+: )?({owners})\b", str(error)), error
    return error
