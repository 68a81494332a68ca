"""Members of zip files piece by piece: their extra fields, and inflating them in many steps."""

from __future__ import annotations

import io
import pickle
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from builders import FOUR, Member, deflate, one_legacy_tensor, one_tensor, pickled, push, torch_zip
from loading_helpers import SIX, load
from refusals import refusal

import tinynet as tn
from tinynet.checkpoint import limits
from tinynet.checkpoint.containers import zip_members
from tinynet.checkpoint.containers.zip_directory import _extra_fields
from tinynet.checkpoint.source import Source


def test_extra_fields_one_after_another() -> None:
    fields = [(1, b"ab"), (7, b"xyz"), (9, b"")]
    extra = b"".join(struct.pack("<2H", kind, len(data)) + data for kind, data in fields)
    for rest in (b"", b"\0", b"\0\0\0"):
        assert list(_extra_fields(extra + rest)) == fields


@pytest.mark.parametrize("chunk", [1, 50])
def test_inflating_in_many_steps(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_members, "_CHUNK", chunk)
    rng = np.random.default_rng(0)
    for data in (rng.bytes(999), bytes(999), rng.bytes(300) + bytes(3000) + rng.bytes(300)):
        body = push({"a": 1})
        members = (Member("archive/data/0", data, method=8), Member("archive/data.pkl", pickled(body), method=8))
        source = Source(io.BytesIO(torch_zip(body, extra=members[:1])), None)
        directory = zip_members.ZipMembers(source, True)
        assert directory.array("archive/data/0").tobytes() == data


def test_a_member_may_inflate_as_much_as_deflate_can(monkeypatch: pytest.MonkeyPatch) -> None:
    size = next(n for n in range(5000, 9000) if n % (len(deflate(bytes(n))) + 1) == 0)
    ratio = size // (len(deflate(bytes(size))) + 1)
    assert len(zlib.decompress(deflate(bytes(size)), -15)) == size
    data = torch_zip(push({"a": 1}), extra=(Member("archive/extra", bytes(size), method=8),))
    for allowed in (ratio, ratio - 1):
        monkeypatch.setattr(zip_members, "_MAX_DEFLATE_RATIO", allowed)
        directory = zip_members.ZipMembers(Source(io.BytesIO(data), None), False)
        if allowed == ratio:
            assert len(directory.array("archive/extra")) == size
        else:
            with pytest.raises(tn.CheckpointError, match="impossible"):
                directory.array("archive/extra")


def test_what_is_mapped_is_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "new.pth").write_bytes(one_tensor())
    (tmp_path / "old.pth").write_bytes(one_legacy_tensor())
    np.savez(tmp_path / "numpy.npz", weight=FOUR)
    monkeypatch.setattr(Source, "array", None)
    for path in tmp_path.iterdir():
        assert tn.load_checkpoint(path, mmap=True)["weight"].tolist() == FOUR.tolist()


def test_a_legacy_file_may_hold_arrays_where_nobody_looks() -> None:
    array = pickle.dumps(SIX, 2)
    data = one_legacy_tensor()
    system = data.index(b"\x80\x02}")
    end = data.index(b".\x80\x02", system) + 1
    assert load(data[:system] + array + data[end:])["weight"].tolist() == FOUR.tolist()


@pytest.mark.parametrize(
    ("data", "what"), [(one_legacy_tensor(), "files of torch < 1.6"), (pickle.dumps({"w": SIX}, 2), "pickles")]
)
def test_what_has_no_checksums(data: bytes, what: str) -> None:
    assert refusal(data, verify=True) == f"<file>: {what} hold no checksums, so verify=True cannot be done"


def test_a_fresh_budget_gives_the_same_advice() -> None:
    with pytest.raises(tn.CheckpointError, match="it would need more than the 3 bytes that all may take"):
        limits.Budget(3, "all may take").fresh().spend(4, "it")


def test_what_is_spent_is_spent_from_the_outer_budget_too() -> None:
    inner = limits.Budget(9, "one may take", outer=limits.Budget(6, "all may take"))
    inner.spend(3, "this")
    with pytest.raises(tn.CheckpointError, match="that would need more than the 6 bytes that all may take"):
        inner.spend(4, "that")


def test_the_writer_is_imported_when_it_is_first_used() -> None:
    assert tn.checkpoint.__getattr__("save_checkpoint") is tn.save_checkpoint
    with pytest.raises(AttributeError, match="has no attribute 'save'"):
        tn.checkpoint.__getattr__("save")
