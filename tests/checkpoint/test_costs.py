"""What a file is charged, to the byte: the limits of memory are as good as what is held against them."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import (
    FOUR,
    Fragment,
    Member,
    call,
    instance,
    name,
    one_legacy_tensor,
    one_tensor,
    pickled,
    push,
    storage,
    tensor,
    torch_zip,
)  # fmt: skip

import tinynet as tn
from tinynet.checkpoint import limits
from tinynet.checkpoint.limits import DIMENSION_COST, ITEM_COST, MEMBER_COST, OBJECT_COST, Budget

LINE = b"class Net(Module):\n"
CODE = LINE + b'  __parameters__ = ["w", ]\n  __buffers__ = []\n'
SCRIPT = torch_zip(
    instance("__torch__", "Net", {"w": tensor(storage())}),
    {"0": FOUR.tobytes()},
    extra=(Member("archive/constants.pkl", b"\x80\x02)."), Member("archive/code/__torch__.py", CODE)),
)
BYTES = push((1, (3,), call(name("numpy", "dtype"), "u1"), False, b"abc"))
EMPTY = call(name("numpy.core.multiarray", "_reconstruct"), name("numpy", "ndarray"), (0,), b"b")
ARRAY = Fragment(EMPTY + BYTES + b"b")
TWO = {"a": 1, "b": 2}
TABLES = {"_parameters": {"w": None, "bias": None}, "_buffers": {}}
INNER = instance("my", "Net", {**TABLES, "_modules": {"x": None, "yy": None}})
MODULE = torch_zip(instance("my", "Net", {**TABLES, "_modules": {"aa": INNER}}))


def of_name(path: str) -> int:
    """A name is kept once, with up to four bytes for each character."""
    return OBJECT_COST + 4 * len(path)


@pytest.mark.parametrize(
    ("data", "charged"),
    [
        pytest.param(
            torch_zip(push({"s": call(name("builtins", "set"), [1, "a", 2.5])})),
            {
                "the names": of_name("builtins.set"), "the objects": OBJECT_COST,
                "copies of values": 3 * ITEM_COST, "the sets": 3 * MEMBER_COST,
            },
            id="set",
        ),
        pytest.param(
            torch_zip(push({"s": Fragment(b"\x8f(" + push(1) + push("a") + b"\x90")})),
            {"the sets": 2 * MEMBER_COST + 256},
            id="set-of-protocol-4",
        ),
        pytest.param(
            torch_zip(push({"p": call(name("pathlib", "PosixPath"), "a", "bcd")})),
            {"the names": of_name("pathlib.PosixPath"), "the objects": OBJECT_COST, "the paths": 4 * (4 + 2)},
            id="path",
        ),
        pytest.param(
            torch_zip(push([call(name("collections", "Counter"), TWO), call(name("builtins", "bytearray"), b"abc")])),
            {
                "the names": of_name("collections.Counter") + of_name("builtins.bytearray"),
                "the objects": 3 * OBJECT_COST, "copies of values": (2 + 2) * ITEM_COST + 3,
            },
            id="copies",
        ),
        pytest.param(
            one_tensor(),
            {
                "the names": 1056, "the objects": 4 * OBJECT_COST, "zip member 'archive/data/0'": 16,
                "the arrays": OBJECT_COST + DIMENSION_COST, "copies of values": ITEM_COST,
            },
            id="tensor",
        ),
        pytest.param(
            one_legacy_tensor(),
            {
                "the names": 2 * 1056, "the objects": 7 * OBJECT_COST, "storage '0'": 16,
                "the arrays": OBJECT_COST + DIMENSION_COST, "copies of values": ITEM_COST,
            },
            id="tensor-of-a-legacy-file",
        ),
        pytest.param(
            SCRIPT,
            {
                "the TorchScript classes": 2 * len(CODE) + 2 * OBJECT_COST,
                "the names in TorchScript classes": len(CODE) - len(LINE) + 4 * OBJECT_COST,
                # The attributes, the tensors, and no modules.
                "the parts of modules, counting shared ones each time,": (2 + 2 + 1) * OBJECT_COST + 4 * (1 + 1),
            },
            id="torchscript",
        ),
        pytest.param(
            MODULE,
            {
                # The three tables of both, and once more what is taken of them, with "aa." before the names.
                "the parts of modules, counting shared ones each time,": (3 + 1 + 2 + 1 + 2) * OBJECT_COST
                + 4 * (5 + 2 + 2) + (3 + 1 + 3 + 1 + 3) * OBJECT_COST + 4 * (5 + 3 + 3 + 2 * 3),
            },
            id="modules",
        ),
        pytest.param(
            pickled(ARRAY),
            {
                "the names": of_name("numpy.core.multiarray._reconstruct") + of_name("numpy.ndarray")
                + of_name("numpy.dtype"),
                "the objects": 3 * OBJECT_COST, "a NumPy array": 3, "the arrays": OBJECT_COST + DIMENSION_COST,
            },
            id="pickle-of-an-array",
        ),
    ],
)  # fmt: skip
def test_what_a_file_is_charged(data: bytes, charged: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    assert of_file(io.BytesIO(data), charged, monkeypatch) == charged


def of_file(file: Any, charged: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    spent: Counter[str] = Counter()
    spend = Budget.spend

    def record(self: Budget, count: int, what: str) -> None:
        spent[what] += count
        spend(self, count, what)

    monkeypatch.setattr(Budget, "spend", record)
    tn.load_checkpoint(file)
    if "the parts of modules, counting shared ones each time," in charged:  # beside what every file is charged
        return {what: count for what, count in spent.items() if what in charged}
    return dict(spent)


def test_what_an_npz_file_is_charged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, a=np.zeros(5))
    member = 128 + 40  # the header of an array, and its numbers
    assert of_file(path, {}, monkeypatch) == {"zip member 'a.npy'": member, "an array": 40}


def test_what_is_widened_in_a_mapped_file_counts_as_what_it_spans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.pth"
    half = tensor(storage(cls="BFloat16Storage"))
    path.write_bytes(torch_zip(push({"w": half}), {"0": bytes(8)}))
    with pytest.raises(tn.CheckpointError, match="more than the 15 bytes that max_bytes allows; if the file"):
        tn.load_checkpoint(path, mmap=True, max_bytes=15)
    monkeypatch.setattr(limits, "MIN_DATA", 23)
    monkeypatch.setattr(limits, "DATA_FACTOR", 0)
    with pytest.raises(tn.CheckpointError, match="23 bytes that the arrays of a mapped file of its size may span"):
        tn.load_checkpoint(path, mmap=True, max_bytes=1000)


def test_what_a_mapped_file_may_span(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(one_tensor())
    monkeypatch.setattr(limits, "MIN_DATA", 15)
    monkeypatch.setattr(limits, "DATA_FACTOR", 0)
    with pytest.raises(tn.CheckpointError, match="zip member 'archive/data/0' would need more than the 15 bytes"):
        tn.load_checkpoint(path, mmap=True)
