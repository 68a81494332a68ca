"""The fuzzer, for a few seconds; ``fuzz.py`` runs it for hours."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from builders import legacy, torch_zip
from fuzz import check, check_mapped, inputs
from fuzz_files import BODIES, FILES, LEGACY, NO_TENSORS, STORAGES


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_what_is_mutated_loads(body: bytes) -> None:
    assert check(torch_zip(body, STORAGES))


@pytest.mark.parametrize(("body", "storages"), LEGACY, ids=range(len(LEGACY)))
def test_what_is_mutated_loads_from_a_legacy_file(body: bytes, storages: list[tuple[str, int, bytes]]) -> None:
    assert check(legacy(body, storages))


@pytest.mark.parametrize("data", FILES, ids=range(len(FILES)))
def test_whole_files_that_are_mutated_load(data: bytes, tmp_path: Path) -> None:
    if data[8:9] == b"{":
        pytest.importorskip("safetensors")
    sound = data != NO_TENSORS
    assert check(data) == sound
    assert check_mapped(data, tmp_path / "x") == sound


@pytest.mark.parametrize("seed", range(4))
def test_mutated_files_load_or_are_refused(seed: int) -> None:
    loaded = sum(check(data) for data in islice(inputs(seed), 1200))
    assert 40 <= loaded <= 150  # enough of both kinds; the files are the same in every run


@pytest.mark.parametrize("seed", range(4, 6))
def test_mutated_files_load_mapped_as_copied(seed: int, tmp_path: Path) -> None:
    loaded = sum(check_mapped(data, tmp_path / f"{n}") for n, data in enumerate(islice(inputs(seed), 600)))
    assert 10 <= loaded <= 75
