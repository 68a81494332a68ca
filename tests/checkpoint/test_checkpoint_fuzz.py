"""The fuzzer, for a few seconds; ``fuzz.py`` runs it for hours."""

from __future__ import annotations

from itertools import islice

import pytest
from builders import legacy, torch_zip
from fuzz import BODIES, LEGACY, STORAGES, check, inputs


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_what_is_mutated_loads(body: bytes) -> None:
    assert check(torch_zip(body, STORAGES))


@pytest.mark.parametrize(("body", "storages"), LEGACY, ids=range(len(LEGACY)))
def test_what_is_mutated_loads_from_a_legacy_file(body: bytes, storages: list[tuple[str, int, bytes]]) -> None:
    assert check(legacy(body, storages))


@pytest.mark.parametrize("seed", range(4))
def test_mutated_files_load_or_are_refused(seed: int) -> None:
    loaded = sum(check(data) for data in islice(inputs(seed), 1500))
    assert 40 <= loaded <= 150  # enough of both kinds; the files are the same in every run
