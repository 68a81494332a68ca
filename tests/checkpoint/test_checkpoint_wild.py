"""Real checkpoints of other people load as their manifest says, and as PyTorch loads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinynet as tn


def flatten(value: Any, prefix: str = "") -> dict[str, Any]:
    """All arrays in nested dicts, by their keys joined with dots."""
    if isinstance(value, np.ndarray):
        return {prefix[:-1]: value}
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ()
    return {name: array for key, part in parts for name, array in flatten(part, f"{prefix}{key}.").items()}


@pytest.fixture(scope="module")
def manifest(wild_dir: Path) -> list[dict[str, Any]]:
    return list(json.loads((wild_dir / "manifest.json").read_text(encoding="utf-8")))


def test_all_files_hold_what_the_manifest_says(wild_dir: Path, manifest: list[dict[str, Any]]) -> None:
    assert len(manifest) == 55
    for entry in manifest:
        arrays = flatten(tn.load_checkpoint(wild_dir / entry["file"]))
        assert arrays, entry["file"]
        for name, expected in (entry["tensors"] or {}).items():
            found = [array for key, array in arrays.items() if key == name or key.endswith("." + name)]
            assert found, (entry["file"], name)
            assert list(found[0].shape) == expected["shape"]
            assert found[0].dtype == expected["dtype"]


def test_all_files_equal_torch(wild_dir: Path, manifest: list[dict[str, Any]]) -> None:
    torch = pytest.importorskip("torch")
    compared = 0
    for entry in manifest:
        if entry["container"] == "plain pickle" or "Module" in entry["content"] or "Script" in entry["content"]:
            continue  # torch.load reads these only by running them
        expected = torch.load(wild_dir / entry["file"], map_location="cpu", weights_only=True)
        arrays = flatten(tn.load_checkpoint(wild_dir / entry["file"]))
        tensors = flatten_tensors(expected, torch)
        assert list(arrays) == list(tensors), entry["file"]
        for key, tensor in tensors.items():
            assert arrays[key].tobytes() == tensor.numpy().tobytes(), (entry["file"], key)
        compared += 1
    assert compared == 50


def flatten_tensors(value: Any, torch: Any, prefix: str = "") -> dict[str, Any]:
    if isinstance(value, torch.Tensor):
        return {prefix[:-1]: value}
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ()
    return {name: t for key, part in parts for name, t in flatten_tensors(part, torch, f"{prefix}{key}.").items()}
