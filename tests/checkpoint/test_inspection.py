"""What `inspect_checkpoint` says about content that is no dict of arrays, or is too much to list."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
from builders import FOUR, Fragment, Member, one_legacy_tensor, push, safetensors, storage, tensor, torch_zip

from tinynet.checkpoint import inspection, save_checkpoint
from tinynet.checkpoint.source import Source


def lines_of(value, tmp_path):
    path = tmp_path / "x.pth"
    path.write_bytes(torch_zip(push(value), {"0": FOUR.tobytes()}))
    return inspection.inspect_checkpoint(path).splitlines()


def test_other_content_than_a_dict(tmp_path):
    assert lines_of(tensor(storage()), tmp_path)[-1] == "load_checkpoint returns one array"
    assert lines_of([1, "a", tensor(storage())], tmp_path)[-1] == "load_checkpoint returns a list of 3 values"
    assert lines_of((1, 2), tmp_path)[-1] == "load_checkpoint returns a tuple of 2 values"
    assert lines_of("text", tmp_path)[-1] == "load_checkpoint returns text"


def test_a_container_is_listed_once(tmp_path):
    shared = Fragment(push({"x": 1}) + b"q\x07")
    lines = lines_of({"a": shared, "b": Fragment(b"h\x07"), "c": 2}, tmp_path)
    assert lines[-4:-1] == ["0 arrays of 0 numbers, 0 bytes", "a/x = 1", "c = 2"]


def test_no_more_than_a_person_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(inspection, "_MAX_ROWS", 2)
    monkeypatch.setattr(inspection, "_MAX_OTHERS", 2)
    lines = lines_of({str(n): n for n in range(5)}, tmp_path)
    assert lines[-4:] == ["0 = 0", "1 = 1", "...", "load_checkpoint returns a dict with the keys 0, 1, 2, 3, 4"]
    path = tmp_path / "y.pth"
    save_checkpoint({str(n): FOUR for n in range(5)}, path)
    lines = inspection.inspect_checkpoint(path).splitlines()
    assert [line.split()[0] for line in lines[3:] if line] == ["0", "1", "...", "5", "load_checkpoint"]


def test_a_whole_report(tmp_path, monkeypatch):
    half = tensor(storage("1", "BFloat16Storage", 2), (2,))
    content = {"model": {"w": tensor(storage(), (2, 2), (2, 1)), "half": half}, "lr": [0.1, 0.2], "name": ("a", "b")}
    path = tmp_path / "x.pth"
    path.write_bytes(torch_zip(push(content), {"0": FOUR.tobytes(), "1": b"\x80\x3f\x00\x40"}))
    expected = [
        f"{path}: zip file of torch >= 1.6, {path.stat().st_size:,} bytes",
        "",
        "name        shape   element type           bytes",
        "model/w     (2, 2)  float32                16",
        "model/half  (2,)    float32 (of bfloat16)  8",
        "",
        "2 arrays of 6 numbers, 24 bytes",
        "lr = [0.1, 0.2]",
        "name = ('a', 'b')",
        "load_checkpoint returns a dict with the keys model, lr, name",
    ]
    assert inspection.inspect_checkpoint(path).splitlines() == expected
    monkeypatch.setattr(inspection, "_MAX_ROWS", 2)  # as many as there are
    monkeypatch.setattr(inspection, "_MAX_OTHERS", 2)
    assert inspection.inspect_checkpoint(path).splitlines() == expected


def test_a_report_of_one_array_and_of_safetensors(tmp_path):
    lines = lines_of(tensor(storage()), tmp_path)
    assert lines[3] == "(the whole)  (4,)   float32       16"
    pytest.importorskip("safetensors")
    path = tmp_path / "y.safetensors"
    tensors = {"b": ("BF16", [1], b"\x80\x3f"), "h": ("F16", [1], b"\0\0"), "t": ("BOOL", [1], b"\1")}
    path.write_bytes(safetensors(tensors))
    lines = inspection.inspect_checkpoint(path).splitlines()
    assert lines[0] == f"{path}: safetensors file, {path.stat().st_size} bytes"
    assert lines[3:6] == [
        "b     (1,)   float32 (of bfloat16)  4",
        "h     (1,)   float16                2",
        "t     (1,)   bool                   1",
    ]


def test_tensors_are_mapped_and_not_read(tmp_path, monkeypatch):
    path = tmp_path / "x.pth"
    save_checkpoint({"w": np.ones(5)}, path)
    monkeypatch.setattr(Source, "array", None)
    assert "1 arrays of 5 numbers, 40 bytes" in inspection.inspect_checkpoint(path)


@pytest.mark.parametrize(
    ("width", "expected"), [(10, "abcdefghij"), (9, "abc...hij"), (8, "ab...hij"), (5, "a...j"), (4, "...j")]
)
def test_the_middle_of_a_long_text_is_left_out(width, expected):
    assert inspection._elide("abcdefghij", width) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a" * 60, "a" * 60),
        ("a" * 61, f"'{'a' * 56}..."),
        ([1], "[1]"),
        ((1,), "(1,)"),
        (("a", 2), "('a', 2)"),
        (["a", 2], "['a', 2]"),
        ([0] * 20, f"[{'0, ' * 19}0]"),
        ([0] * 21, f"[{'0, ' * 18}0,..."),
        ([100_000] * 8, f"[{'100000, ' * 7}..."),
        (["a"] * 12, f"[{', '.join(repr('a') for _ in range(12))}]"),
    ],
)
def test_values_in_one_line(value, expected):
    assert inspection._short(value) == expected


def test_values_in_one_line_that_are_many(monkeypatch):
    monkeypatch.setattr(inspection, "_MAX_PARTS", 3)
    assert [inspection._short(list(range(n))) for n in (3, 4)] == ["[0, 1, 2]", "[0, 1, 2, ...]"]


def test_no_more_than_twenty_keys_are_named(tmp_path):
    lines = lines_of({n: n for n in range(21)}, tmp_path)
    assert lines[-1] == f"load_checkpoint returns a dict with the keys {', '.join(map(str, range(20)))}"


def test_containers_are_named(tmp_path):
    path = tmp_path / "x.pth"
    archive = io.BytesIO()
    np.savez(archive, w=np.ones(2))
    script = torch_zip(push({"a": 1}), extra=(Member("archive/constants.pkl", b"\x80\x02)."),))
    for data, container in (
        (archive.getvalue(), "NumPy .npz file"),
        (script, "TorchScript zip file"),
        (one_legacy_tensor(), "legacy file of torch < 1.6"),
        (pickle.dumps({"w": np.ones(2)}, 2), "pickle of NumPy arrays"),
    ):
        path.write_bytes(data)
        assert inspection.inspect_checkpoint(path).startswith(f"{path}: {container}, {len(data):,} bytes\n")
