"""Helpers of the tests that see files loaded."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from builders import FOUR

import tinynet as tn

SIX = np.arange(6, dtype="<f4")


def load(data: bytes, **options: Any) -> Any:
    return tn.load_checkpoint(io.BytesIO(data), **options)


def assert_same(loaded: Any, expected: Any) -> None:
    """Same keys in the same order, same types, shapes, dtypes and bits."""
    assert type(loaded) is type(expected)
    if isinstance(expected, dict):
        assert list(loaded) == list(expected)
        for key in expected:
            assert_same(loaded[key], expected[key])
    elif isinstance(expected, np.ndarray):
        assert (loaded.dtype, loaded.shape) == (expected.dtype, expected.shape)
        assert loaded.tobytes() == expected.tobytes()
        assert loaded.flags.c_contiguous
        assert loaded.flags.writeable
    else:
        assert loaded == expected


WEIGHT = {"weight": FOUR.astype("f4")}
