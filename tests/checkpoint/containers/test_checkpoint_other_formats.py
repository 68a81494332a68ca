"""Files of other makers: NumPy's `.npz`, NumPy pickles, safetensors."""

from __future__ import annotations

import io
import pickle
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import Member, safetensors, zip_file
from loading_helpers import load_in_child
from refusals import refusal

import tinynet as tn
from tinynet.checkpoint import limits

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
            assert loaded[name].flags.writeable is not mmap


def test_npz_bool_bytes_beyond_one_are_true(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.array([True] * 8))
    data = (tmp_path / "x.npz").read_bytes().replace(b"\1" * 8, b"\2" * 8)
    loaded = tn.load_checkpoint(io.BytesIO(data))
    assert loaded["a"].view(np.uint8).tolist() == [1] * 8


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_npz_with_headers_of_every_version(version: tuple[int, int]) -> None:
    for array in (np.arange(3), np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.array(2.5)):
        file = io.BytesIO()
        np.lib.format.write_array(file, array, version=version)
        data = file.getvalue()
        begin = 10 if version == (1, 0) else 12
        end = data.index(b"\n")
        longer = data[begin:end] + b" " * 300 + b"\n"  # as long as it takes two bytes to tell
        length = len(longer).to_bytes(begin - 8, "little")
        for written in (data, data[:8] + length + longer + data[end + 1 :]):
            loaded = tn.load_checkpoint(io.BytesIO(zip_file([Member("a.npy", written)])))["a"]
            assert loaded.dtype == array.dtype
            assert np.array_equal(loaded, array)


def test_npz_of_truth_values_that_is_mapped_is_copied(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.array([True] * 8))
    data = (tmp_path / "x.npz").read_bytes().replace(b"\1" * 8, b"\2" * 8)
    (tmp_path / "y.npz").write_bytes(data)
    assert tn.load_checkpoint(tmp_path / "y.npz", mmap=True)["a"].view(np.uint8).tolist() == [1] * 8


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


def with_numbers(header: str, data: bytes = b"") -> bytes:
    return struct.pack("<Q", len(header)) + header.encode() + data


def test_safetensors_keep_shapes_and_leave_metadata_out() -> None:
    pytest.importorskip("safetensors")
    header = '{"__metadata__":{"format":"pt"},"w":{"dtype":"U8","shape":[2,3],"data_offsets":[0,6]}}'
    loaded = tn.load_checkpoint(io.BytesIO(with_numbers(header, b"abcdef")))
    assert {name: array.tolist() for name, array in loaded.items()} == {"w": [[97, 98, 99], [100, 101, 102]]}


def test_safetensors_are_paid_twice_and_what_is_widened_once_more() -> None:
    pytest.importorskip("safetensors")
    data = safetensors({"w": ("F32", [2], bytes(8))})
    tn.load_checkpoint(io.BytesIO(data), max_bytes=2 * len(data))
    message = f"a safetensors file with its tensors would need more than the {2 * len(data) - 1} bytes"
    assert message in refusal(data, max_bytes=2 * len(data) - 1)
    tn.load_checkpoint(io.BytesIO(SAFE), max_bytes=2 * len(SAFE) + 4)
    assert f"'b' would need more than the {2 * len(SAFE) + 3} bytes" in refusal(SAFE, max_bytes=2 * len(SAFE) + 3)


@pytest.mark.parametrize(("digits", "cause"), [(20, "the safetensors file is damaged: '"), (21, "is not one of")])
def test_safetensors_with_long_numbers(digits: int, cause: str) -> None:
    pytest.importorskip("safetensors")
    number = "9" * digits
    header = f'{{"w":{{"dtype":"U8","shape":[1],"data_offsets":[0,{number}]}}}}'
    assert cause in refusal(with_numbers(header, b"a"))


def test_safetensors_of_shapes_at_the_limits_and_beyond() -> None:
    pytest.importorskip("safetensors")
    for shape, data in (([1] * 32, b"a"), ([0, 2**57], b"")):
        assert tn.load_checkpoint(io.BytesIO(safetensors({"w": ("U8", shape, data)})))["w"].shape == tuple(shape)
    for shape, data in (([1] * 33, b"a"), ([0, 2**58], b"")):
        assert "'w': it has the shape " in refusal(safetensors({"w": ("U8", shape, data)}))


def test_a_header_of_safetensors_may_be_as_long_as_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("safetensors")
    monkeypatch.setattr(limits, "MAX_HEADER", int.from_bytes(SAFE[:8], "little"))
    assert list(tn.load_checkpoint(io.BytesIO(SAFE))) == ["w", "b"]


def test_safetensors_come_in_the_order_of_the_file() -> None:
    pytest.importorskip("safetensors")
    names = [f"layer.{n * 7 % 30}" for n in range(30)]
    loaded = tn.load_checkpoint(io.BytesIO(safetensors({name: ("U8", [1], b"\1") for name in names})))
    assert list(loaded) == names


def test_safetensors_whose_length_begins_like_a_pickle() -> None:
    pytest.importorskip("safetensors")
    data = next(
        data for data in (safetensors({"n" * length: ("U8", [1], b"\1")}) for length in range(256)) if data[0] == 0x80
    )
    assert [array.tolist() for array in tn.load_checkpoint(io.BytesIO(data)).values()] == [[1]]


def test_empty_safetensors_come_in_the_order_of_the_header() -> None:
    pytest.importorskip("safetensors")
    names = [f"{n * 7 % 30}" for n in range(30)]
    data = safetensors({**{name: ("F32", [0], b"") for name in names}, "last": ("U8", [1], b"\1")})
    assert list(tn.load_checkpoint(io.BytesIO(data))) == [*names, "last"]


def test_safetensors_with_a_large_header_take_little_memory(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    (tmp_path / "x").write_bytes(safetensors({f"{n:x}": ("U8", [0], b"") for n in range(125_000)}))
    outcome = load_in_child(tmp_path / "x")
    assert outcome.what == "loaded"
    assert outcome.mib < 600


def test_safetensors_with_a_larger_header_are_refused() -> None:
    data = struct.pack("<Q", 9 << 20) + b"{".ljust(9 << 20)
    with pytest.raises(tn.CheckpointError, match="header takes 9,437,184 bytes, more than 8,388,608"):
        tn.load_checkpoint(io.BytesIO(data))


def test_mapped_safetensors_are_copies_that_are_read_only(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    (tmp_path / "x.safetensors").write_bytes(SAFE)
    loaded = tn.load_checkpoint(tmp_path / "x.safetensors", mmap=True)
    assert [array.tolist() for array in loaded.values()] == [[1.5, -2.0], [1.0]]
    assert not any(array.flags.writeable for array in loaded.values())


def test_large_numpy_pickle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_METADATA", 1000)
    content = {"a": np.arange(1000.0), "b": np.arange(3)}
    data = pickle.dumps(content, 4)
    loaded = tn.load_checkpoint(io.BytesIO(data))
    assert {name: array.tolist() for name, array in loaded.items()} == {k: v.tolist() for k, v in content.items()}
    with pytest.raises(tn.CheckpointError, match="a pickle would need more than the 5,000 bytes that max_bytes"):
        tn.load_checkpoint(io.BytesIO(data), max_bytes=5000)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        pytest.param(SAFE[:-1], "is damaged", id="last-byte-missing"),
        pytest.param(SAFE + b"x", "is damaged", id="byte-added"),
        pytest.param(SAFE.replace(b"[2]", b"[3]"), "is damaged", id="shape"),
        pytest.param(  # which the oldest safetensors does not know itself
            safetensors({"w": ("F8_E4M3", [1], b"8")}), "its element type F8_E4M3|is damaged: .*Header", id="float8",
        ),
        pytest.param(
            safetensors({"w": ("U8", [1], b"\1"), "v": ("U8", [1], b"\2")}).replace(b'"v"', b'"w"'),
            "has a key twice", id="name-twice",
        ),
        pytest.param(SAFE.replace(b'"shape": [2]', b'"dtype":"F32"'), "has a key twice", id="key-twice"),
        pytest.param(struct.pack("<Q", 8) + b'{"a":1}  ', "is not one of tensors", id="no-tensors"),
        pytest.param(struct.pack("<Q", 60) + b'{"a":' + b"[" * 55, "is not one of tensors", id="no-json"),
        pytest.param(
            struct.pack("<Q", 10**6 + 6) + b'{"a":' + b"9" * 10**6 + b"}", "is not one of tensors", id="huge-number"
        ),
    ],
)  # fmt: skip
def test_damaged_safetensors(data: bytes, cause: str) -> None:
    pytest.importorskip("safetensors")
    with pytest.raises(tn.CheckpointError, match=cause):
        tn.load_checkpoint(io.BytesIO(data))
