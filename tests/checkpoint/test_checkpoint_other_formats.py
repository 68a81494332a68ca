"""Files of other makers: NumPy's `.npz`, NumPy pickles, safetensors."""

from __future__ import annotations

import io
import json
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinynet as tn

ARRAYS = {
    "f4": np.arange(6, dtype="f4").reshape(2, 3),
    "fortran": np.asfortranarray(np.arange(6, dtype="f8").reshape(2, 3)),
    "big-endian": np.arange(3, dtype=">i2"),
    "bool": np.array([True, False]),
    "complex": np.array(1 + 2j),
    "empty": np.empty((0, 2)),
    "long-shape": np.ones((1,) * 20),
}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed], ids=["stored", "deflated"])
def test_npz(save: Any, tmp_path: Path) -> None:
    save(tmp_path / "x.npz", **ARRAYS)
    for mmap in (False, True):
        loaded = tn.load_checkpoint(tmp_path / "x.npz", mmap=mmap)
        assert list(loaded) == list(ARRAYS)
        for name, array in ARRAYS.items():
            assert (loaded[name].dtype, loaded[name].shape) == (array.dtype.newbyteorder("="), array.shape)
            assert loaded[name].tolist() == array.tolist()
            assert mmap or loaded[name].flags.writeable


def test_npz_bool_bytes_beyond_one_are_true(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.array([True] * 8))
    data = (tmp_path / "x.npz").read_bytes().replace(b"\1" * 8, b"\2" * 8)
    loaded = tn.load_checkpoint(io.BytesIO(data))
    assert loaded["a"].view(np.uint8).tolist() == [1] * 8


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"(2, 3)", b"(2, 4)"), (b"(2, 3)", b"(2,-3)"), (b"'<f4'", b"'|V4'"), (b"(2, 3)", b"(__import__('os'),)"),
        (b"'shape'", b"'shade'"), (b"\x93NUMPY\1", b"\x93NUMPY\x09"),
    ],
    ids=["shape-too-large", "shape-negative", "void", "code-in-the-header", "no-shape", "version"],
)  # fmt: skip
def test_npz_with_a_damaged_header(old: bytes, new: bytes) -> None:
    file = io.BytesIO()
    np.savez(file, a=ARRAYS["f4"])
    data = file.getvalue()
    assert old in data
    padding = b" " * max(0, len(old) - len(new))
    damaged = data.replace(old + b" " * max(0, len(new) - len(old)), new + padding)
    if len(new) > len(old):
        at = data.index(old)
        damaged = data[:at] + new + data[at + len(new) :]
    with pytest.raises(tn.CheckpointError, match="'a': ") as caught:
        tn.load_checkpoint(io.BytesIO(damaged))
    assert caught.value.__cause__ is None


def safetensors(tensors: dict[str, tuple[str, list[int], bytes]]) -> bytes:
    """A safetensors file, built from its description."""
    header: dict[str, Any] = {}
    data = b""
    for name, (dtype, shape, raw) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


SAFE = safetensors({"w": ("F32", [2], struct.pack("<2f", 1.5, -2)), "b": ("BF16", [1], b"\x80\x3f")})


def test_safetensors_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(tn.CheckpointError, match='safetensors file, which needs the package "safetensors"'):
        tn.load_checkpoint(io.BytesIO(SAFE))


def test_safetensors() -> None:
    pytest.importorskip("safetensors")
    loaded = tn.load_checkpoint(io.BytesIO(SAFE))
    assert {name: (str(array.dtype), array.tolist()) for name, array in loaded.items()} == {
        "w": ("float32", [1.5, -2.0]), "b": ("float32", [1.0]),
    }  # fmt: skip
    assert all(array.flags.writeable for array in loaded.values())


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        pytest.param(SAFE[:-1], "is damaged", id="last-byte-missing"),
        pytest.param(SAFE + b"x", "is damaged", id="byte-added"),
        pytest.param(SAFE.replace(b"[2]", b"[3]"), "is damaged", id="shape"),
        pytest.param(safetensors({"w": ("F8_E4M3", [1], b"8")}), "'w': its element type F8_E4M3", id="float8"),
    ],
)
def test_damaged_safetensors(data: bytes, cause: str) -> None:
    pytest.importorskip("safetensors")
    with pytest.raises(tn.CheckpointError, match=cause):
        tn.load_checkpoint(io.BytesIO(data))
