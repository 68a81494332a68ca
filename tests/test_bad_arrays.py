"""Unusual and impossible arrays at every public door: the same result, a documented one, or a clear error."""

from __future__ import annotations

import inspect
from contextlib import nullcontext
from itertools import product
from types import ModuleType

import numpy as np
import pytest
from array_case import Case
from misplaced_arrays import MISPLACED
from odd_arrays import DOCUMENTED, ERRORS, SAME, SHAPES, SPECIAL, WRONG, parts, refusal, with_one
from picture_cases import PICTURE_CASES
from public_cases import CASES

import tinynet as tn

every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
#: Records and bases, which take nothing that could be wrong.
TAKE_NOTHING = {"Callback", "History"}
MODULES = ("functional", "initializers", "datasets", "schedules", "viz")


def public_names() -> set[str]:
    names = {name for name in tn.__all__ if not isinstance(getattr(tn, name), (ModuleType, str))}
    names -= {name for name in names if inspect.isclass(kind := getattr(tn, name)) and issubclass(kind, Exception)}
    return names | {f"{module}.{name}" for module in MODULES for name in getattr(tn, module).__all__}


def test_every_public_name_has_a_case() -> None:
    covered = {name.partition(":")[0] for name in (*CASES, *PICTURE_CASES)}
    assert public_names() - covered - MISPLACED.keys() == TAKE_NOTHING
    assert (covered | MISPLACED.keys()) <= public_names()


@every_case
def test_how_an_array_lies_in_memory_changes_nothing(case: Case) -> None:
    expected = parts(case.call(*[array.copy() for array in case.arrays]))
    for form, i in product(SAME, range(len(case.arrays))):
        if form == "list" and not case.lists:
            continue
        arrays = with_one(case, i, SAME[form])
        for place, found in zip(expected, parts(case.call(*arrays))):
            assert (found.shape, found.dtype) == (place.shape, place.dtype), form
            np.testing.assert_allclose(found, place, rtol=1e-12, atol=1e-12, err_msg=form)
            assert not any(np.may_share_memory(found, array) for array in arrays if isinstance(array, np.ndarray))
        for given, array in zip(arrays, case.arrays):
            assert np.asarray(given).tolist() == array.tolist(), f"{form} was written to"


@every_case
def test_what_holds_no_real_numbers_is_refused_by_name(case: Case) -> None:
    for kind, i in product(WRONG, range(len(case.arrays))):
        error = refusal(case, with_one(case, i, WRONG[kind]))
        fine = (kind == "nothing" and i in case.optional) or (kind == "complex" and case.complex)
        fine = fine or (
            i == 1 and "the given mapping" in case.owners
        )  # a state dict may hold other things than arrays
        assert fine or isinstance(error, ERRORS), f"{kind} as array {i}"


@every_case
def test_other_shapes_give_a_result_or_an_error_that_names_the_function(case: Case) -> None:
    for kind, i in product(SHAPES, range(len(case.arrays))):
        error = refusal(case, with_one(case, i, SHAPES[kind]))
        assert error is None or isinstance(error, (*ERRORS, *DOCUMENTED)), kind


@every_case
def test_what_is_not_finite_spreads_or_is_refused(case: Case) -> None:
    for kind, i in product(SPECIAL, range(len(case.arrays))):
        if case.arrays[i].dtype.kind != "f":
            continue
        arrays = with_one(case, i, np.copy)
        arrays[i].flat[1] = SPECIAL[kind]
        # Infinities of both signs cancel where a weight is negative, of which NumPy 2 warns in products of matrices.
        quiet = np.errstate(invalid="ignore", over="ignore") if case.cancels else nullcontext()
        with quiet:
            if refusal(case, arrays) is None and kind == "nan" and i not in case.hides:
                assert any(np.isnan(part).any() for part in parts(case.call(*arrays))), f"array {i}"


@every_case
def test_an_empty_batch_gives_an_empty_result_or_a_clear_error(case: Case) -> None:
    if not case.batch:
        return
    arrays = [array[:0] if i in case.batch else array for i, array in enumerate(case.arrays)]
    if not case.empty:
        error = refusal(case, arrays)
        assert isinstance(error, ValueError) or parts(case.call(*arrays))[0] == 0  # nothing to check, and no error
        return
    full, found = parts(case.call(*case.arrays)), parts(case.call(*arrays))
    n = len(case.arrays[case.batch[0]])
    for place, part in zip(full, found):
        rows = (place.shape[:1] == (n,) and place is not full[-1]) or len(full) < 3
        assert part.shape == ((0, *place.shape[1:]) if rows else place.shape)
        assert not part.any()


@pytest.mark.parametrize("name", sorted(MISPLACED))
def test_an_array_in_the_wrong_place_is_refused_by_name(name: str) -> None:
    for call in MISPLACED[name]:
        with pytest.raises((TypeError, ValueError), match=rf"\b{name.rpartition('.')[2]}\b") as caught:
            call()
        assert type(caught.value) in ERRORS
