"""Unusual and impossible arrays in pictures: drawn, or refused before a figure is opened."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from array_case import Case
from odd_arrays import ERRORS, SAME, SHAPES, WRONG, locked, refusal, with_one
from picture_cases import PICTURE_CASES

import tinynet as tn
from tinynet import viz

every_picture = pytest.mark.parametrize("case", PICTURE_CASES.values(), ids=PICTURE_CASES)


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    plt.close("all")  # those of doctests
    yield
    plt.close("all")


def figures_left() -> list[int]:
    left = plt.get_fignums()
    plt.close("all")
    return left


def unusual(a: np.ndarray) -> np.ndarray:
    return locked(np.asfortranarray(SAME["other byte order"](a)))


@every_picture
def test_none_is_drawn_of_what_holds_no_real_numbers(case: Case) -> None:
    for kind, i in product(WRONG, range(len(case.arrays))):
        error = refusal(case, with_one(case, i, WRONG[kind]))
        assert isinstance(error, ERRORS) or (kind == "nothing" and i in case.optional), f"{kind} as array {i}"
        assert figures_left() == [] or error is None


@every_picture
def test_unusual_arrays_are_drawn(case: Case) -> None:
    arrays: list[Any] = [unusual(array) for array in case.arrays]
    assert refusal(case, arrays) is None
    assert all(np.array_equal(given, array) for given, array in zip(arrays, case.arrays))


@every_picture
def test_what_is_not_finite_and_other_shapes_are_drawn_or_refused(case: Case) -> None:
    for i, array in enumerate(case.arrays):
        special = [np.nan, np.inf, -1.7e308] if array.dtype.kind == "f" else []
        for form in (*special, "no rows", "no columns", "a number"):
            arrays = with_one(case, i, SHAPES.get(form, np.copy))
            if form not in SHAPES:
                arrays[i].flat[1] = form
            error = refusal(case, arrays)
            assert "Warning" not in str(error), form  # which would be an error here, and be wrapped in another
            assert figures_left() == [] or error is None, form


@pytest.mark.parametrize("number", [np.inf, -np.inf, 1e300, 3e38])
@pytest.mark.parametrize("picture", [viz.plot_activations, viz.plot_saliency], ids=lambda function: function.__name__)
def test_a_number_that_is_too_large_warns_of_nothing(picture: Any, number: float) -> None:
    wide = tn.Sequential(tn.Dense(64, 30, rng=0), tn.ReLU(), tn.Dense(30, 10, rng=1), tn.Softmax())
    x = np.linspace(0, 1, 64)
    x[3] = number
    error = None
    try:
        picture(wide, x[None])
    except ValueError as refused:
        error = refused
    assert error is None or "NaN" in str(error)
    assert "Warning" not in str(error)
