"""Sound containers of every kind load; `mmap`, `verify` and `max_bytes` do what they say."""

from __future__ import annotations

import io
import pickle
import struct
from typing import Any

import numpy as np
import pytest
from builders import (
    FOUR,
    Fragment,
    Member,
    deflate,
    one_legacy_tensor,
    one_tensor,
    ordered,
    storage,
    tensor,
    torch_zip,
)
from loading_helpers import WEIGHT, assert_same, load

import tinynet as tn
from tinynet.checkpoint import limits


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(one_tensor(), id="zip"),
        pytest.param(one_tensor(root="mnist_model"), id="root-of-the-file-name"),
        pytest.param(one_tensor(root="модель"), id="non-ASCII-root"),
        pytest.param(one_tensor(padding=4096), id="alignment-4096"),
        pytest.param(one_tensor(crc=0), id="CRC-off"),
        pytest.param(one_tensor(byteorder=None), id="no-byteorder"),
        pytest.param(one_tensor(method=8), id="deflated"),
        pytest.param(one_tensor(zip64=True), id="zip64"),
        pytest.param(one_tensor(extra=(Member("archive/.data/serialization_id", b"1" * 40),)), id="more-members"),
        pytest.param(one_tensor(extra=(Member("archive/data/"),)), id="folder-entry"),
        pytest.param(one_tensor(extra=(Member("archive/" + "x" * 292),)), id="name-of-300-bytes"),
        pytest.param(one_tensor(comment=b"of a member"), id="comments-of-members"),
        pytest.param(one_tensor(local_extra=struct.pack("<2H", 7, 2) + b"up"), id="up-in-another-extra-field"),
        pytest.param(one_tensor(protocol=3), id="protocol-3"),
        pytest.param(one_tensor(protocol=4), id="protocol-4"),
        pytest.param(one_tensor(protocol=5), id="protocol-5"),
        pytest.param(one_legacy_tensor(), id="legacy"),
        pytest.param(one_legacy_tensor(protocol=4), id="legacy-protocol-4"),
        pytest.param(
            torch_zip(
                Fragment(b"\x95" + b"\xff" * 8 + ordered({"weight": tensor(storage())})),
                {"0": FOUR.tobytes()},
            ),
            id="huge-FRAME",
        ),
        pytest.param(
            torch_zip(Fragment(ordered({"weight": tensor(storage())}) + b"r\xff\xff\xff\xff"), {"0": FOUR.tobytes()}),
            id="LONG_BINPUT-2^32-1",
        ),
        pytest.param(
            torch_zip(ordered({"weight": tensor(storage())}, metadata={"": {"version": 1}}), {"0": FOUR.tobytes()}),
            id="_metadata-is-not-a-key",
        ),
        pytest.param(
            torch_zip(ordered({"weight": tensor(storage(module="torch.cuda"))}), {"0": FOUR.tobytes()}),
            id="cuda",
        ),
    ],
)
def test_container(data: bytes) -> None:
    assert_same(load(data), WEIGHT)


def test_path_and_open_file(tmp_path: Any) -> None:
    path = tmp_path / "model.pth"
    path.write_bytes(one_tensor())
    assert_same(tn.load_checkpoint(path), WEIGHT)
    assert_same(tn.load_checkpoint(str(path)), WEIGHT)
    with path.open("rb") as file:
        file.seek(7)
        assert_same(tn.load_checkpoint(file), WEIGHT)
    with path.open("rb", buffering=0) as file:
        assert_same(tn.load_checkpoint(file), WEIGHT)


def test_mmap_gives_read_only_views(tmp_path: Any) -> None:
    of = storage("1", "BFloat16Storage", 2)
    body = ordered({"weight": tensor(storage()), "b": tensor(of, (2,))})
    storages = {"0": FOUR.tobytes(), "1": b"\x80\x3f\x00\x40"}
    for kind, data in {"zip": torch_zip(body, storages), "legacy": one_legacy_tensor()}.items():
        path = tmp_path / kind
        path.write_bytes(data)
        loaded = tn.load_checkpoint(path, mmap=True)
        assert loaded["weight"].tolist() == FOUR.tolist()
        assert all(not array.flags.writeable and array.base is not None for array in [loaded["weight"]])
        if kind == "zip":
            assert loaded["b"].tolist() == [1.0, 2.0]
            assert not loaded["b"].flags.writeable


def test_verify_accepts_a_sound_file_and_notices_one_flipped_bit(tmp_path: Any) -> None:
    data = one_tensor()
    assert_same(load(data, verify=True), WEIGHT)
    at = data.index(FOUR.tobytes())
    flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    assert load(flipped)["weight"][1:].tolist() == FOUR[1:].tolist()
    path = tmp_path / "flipped.pth"
    path.write_bytes(flipped)
    for file in (io.BytesIO(flipped), path):
        with pytest.raises(tn.CheckpointError, match="'archive/data/0' does not match its checksum"):
            tn.load_checkpoint(file, verify=True)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(one_tensor(crc=0), id="CRC-off"),
        pytest.param(one_legacy_tensor(), id="legacy"),
        pytest.param(pickle.dumps({"a": np.arange(3.0)}, 2), id="NumPy-pickle"),
        pytest.param(b"\x02\0\0\0\0\0\0\0{}", id="safetensors"),
    ],
)
def test_verify_refuses_a_file_without_checksums(data: bytes) -> None:
    with pytest.raises(tn.CheckpointError, match="checksum"):
        load(data, verify=True)


def test_mmap_takes_no_memory_and_gives_nothing_writable(tmp_path: Any) -> None:
    empty = tensor(storage(), (0, 3), (3, 1))
    (tmp_path / "x").write_bytes(torch_zip(ordered({"w": tensor(storage()), "e": empty}), {"0": FOUR.tobytes()}))
    loaded = tn.load_checkpoint(tmp_path / "x", mmap=True, max_bytes=0)
    assert {name: array.shape for name, array in loaded.items()} == {"w": (4,), "e": (0, 3)}
    assert not any(array.flags.writeable for array in loaded.values())


def test_tied_bfloat16_fits_the_default_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MIN_DATA", 0)
    tied = tensor(storage(cls="BFloat16Storage", numel=10_000), (10_000,))
    loaded = load(torch_zip(ordered(dict.fromkeys("abc", tied)), {"0": b"\x80\x3f" * 10_000}))
    assert [array.sum() for array in loaded.values()] == [10_000] * 3


def test_max_bytes_is_what_the_tensors_may_take() -> None:
    data = one_tensor(method=8)
    assert_same(load(data, max_bytes=2000), WEIGHT)
    with pytest.raises(tn.CheckpointError, match=r"15 bytes that max_bytes allows; .*pass a larger max_bytes="):
        load(data, max_bytes=15)


def test_deflated_member_that_inflates_in_many_steps() -> None:
    values = np.zeros(3_000_000, "<f4")
    data = torch_zip(ordered({"x": tensor(storage(numel=values.size), (values.size,))}), {"0": values.tobytes()},
                     method=8)  # fmt: skip
    assert len(data) < 100_000 < len(deflate(values.tobytes())) * 100
    assert_same(load(data), {"x": values})
