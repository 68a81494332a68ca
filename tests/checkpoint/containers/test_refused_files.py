"""Damaged, hostile and foreign files are refused with one `CheckpointError` that names the cause."""

from __future__ import annotations

import gzip
import io
import re
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from builders import (
    FOUR,
    MAGIC,
    SYSTEM,
    Fragment,
    Member,
    call,
    legacy,
    legacy_storage,
    name,
    one_legacy_tensor,
    one_tensor,
    ordered,
    pickled,
    push,
    storage,
    tensor,
    torch_zip,
    zip_file,
)
from refusals import DATA, PICKLE, archive, refusal

import tinynet as tn
from tinynet.checkpoint import limits


def npz(array: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, a=array)
    return file.getvalue()


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


SECOND_NAME = b"up" + struct.pack("<HBI", 6, 1, 0) + b"x"
OBJECTS = np.array([{}, []], dtype=object)

FILES = {
    "empty-file": (b"", "it is empty"),
    "half-a-file": (
        one_tensor()[: len(one_tensor()) // 2],
        "does not end with its directory: it is cut short",
    ),
    "last-byte-missing": (one_tensor()[:-1], "does not end with its directory: it is cut short"),
    "last-byte-missing-legacy": (one_legacy_tensor()[:-1], "its download was cut short"),
    "half-a-legacy-file": (one_legacy_tensor()[:120], "ends .* without its STOP instruction"),
    "byte-added-to-legacy": (one_legacy_tensor(suffix=b"x"), "something was appended"),
    "git-lfs-pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "Git LFS pointer.*git lfs pull",
    ),
    "html": (b"<!DOCTYPE html><html>Not found</html>", "web page"),
    "json": (b'{"weight": [1.5, -2.0]}', "JSON"),
    "text": (b"weight 1.5 -2.0", "not a checkpoint of a known format; it begins with b'weight"),
    "npy": (npy(FOUR), r"one NumPy array without a name \(.npy\)"),
    "npz-of-objects": (npz(OBJECTS), "'a': the .npz file holds Python objects"),
    "npz-of-text": (npz(np.array(["a"])), "'a': a NumPy array has the element type '<U1'"),
    "npz-of-structures": (npz(np.zeros(2, "i4,f4")), "'a': .*array of structures"),
    "gzip": (gzip.compress(one_tensor()), "compressed with gzip: unpack it first"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(60), "7z archive"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(60), "HDF5"),
    "bare-pickle": (pickled(push({"a": [1, 2]})), "not written by torch.save and holds no NumPy arrays"),
    "bare-pickle-of-an-object": (
        pickled(push({"model": Fragment(name("sklearn.svm", "SVC") + b")\x81")})),
        "not written by torch.save",
    ),
    "bare-pickle-that-calls": (pickled(call(name("posix", "system"), "id")), "names 'posix.system'"),
    "tar": (b"pickle" + bytes(94 + 157) + b"ustar\x00" + bytes(300), "tar archive; torch < 0.1.10"),
    "prepended-bytes": (one_tensor(prefix=b"MZ" + bytes(62)), "bytes were put before it"),
    "prepended-bytes-that-look-like-a-member": (
        one_tensor(prefix=b"PK\3\4" + bytes(60)),
        "bytes were put before it",
    ),
    "length-of-safetensors-beyond-the-file": (b"\xff" * 8 + b'{"a":1}', "not a checkpoint of a known format"),
    "prepended-zip": (zip_file([Member("x/y")]) + one_tensor(), "two files were joined|before it"),
    "two-zips": (one_tensor() + one_tensor(), "two files were joined"),
    "appended-bytes": (one_tensor(suffix=b"\0"), "something was appended"),
    "zip-comment": (one_tensor()[:-2] + b"\x01\x00x", "does not end with its directory"),
    "zip-without-members": (zip_file([]), "zip file without members"),
    "zip-of-something-else": (zip_file([Member("word/document.xml")]), "without data.pkl, so not of PyTorch"),
    "duplicate-data.pkl": (
        archive(Member("archive/data.pkl", PICKLE)),
        "two members called 'archive/data.pkl'",
    ),
    "DATA.PKL": (archive(Member("archive/DATA.PKL", PICKLE)), "two members called 'archive/DATA.PKL' .*case"),
    "two-roots": (archive(Member("other/data.pkl", PICKLE)), "not all in one folder"),
    "no-root": (zip_file([Member("data.pkl", PICKLE), Member("data/0", DATA)]), "not all in one folder"),
    "local-name-differs": (
        archive(Member("archive/version", local_name="archive/Version")),
        "another name in its local",
    ),
    "local-name-of-the-pickle-differs": (
        zip_file(
            [
                Member("archive/data.pkl", PICKLE, local_name="archive/data.pkx"),
                Member("archive/data/0", DATA),
            ]
        ),
        "'archive/data.pkl' has another name in its local header",
    ),
    "overlap": (
        archive(Member("archive/data/1", DATA, packed_size=200, size=200)),
        "'archive/data/1' overlaps",
    ),
    "overlap-with-the-next": (
        zip_file([Member("archive/data/0", DATA, packed_size=80, size=80), Member("archive/data.pkl", PICKLE)]),
        "'archive/data/0' overlaps",
    ),
    "two-names-of-one-member": (
        archive(Member("archive/data/1", DATA, offset=0)),
        "overlaps what follows it|no local header|another name",
    ),
    "member-name-not-UTF-8": (
        archive(Member("archive/\xff", DATA)).replace(b"\xc3\xbf", b"\xff\xff"),
        "not UTF-8",
    ),
    "NUL-in-a-member-name": (
        archive(Member("archive/data/1\0.txt", DATA)),
        r"'archive/data/1\\x00.txt' has a control character or a backslash",
    ),
    "escape-in-a-member-name": (archive(Member("archive/\x1b[2J", DATA)), r"'archive/\\x1b\[2J' has a control"),
    "backslash-in-a-member-name": (archive(Member("archive\\data", DATA)), "or a backslash in its name"),
    "second-name": (archive(Member("archive/data/1", DATA, extra=SECOND_NAME)), "a second name"),
    "second-name-in-the-local-header": (
        archive(Member("archive/data/1", DATA, local_extra=SECOND_NAME)),
        "a second name",
    ),
    "encrypted": (archive(Member("archive/data/1", DATA, flags=0x809)), "'archive/data/1' is encrypted"),
    "strongly-encrypted": (
        archive(Member("archive/data/1", DATA, flags=0x848)),
        "'archive/data/1' is encrypted",
    ),
    "encrypted-directory": (
        archive(Member("archive/data/1", DATA, flags=0x2808)),
        "'archive/data/1' is encrypted",
    ),
    "bzip2": (archive(Member("archive/data/1", DATA, method=12)), "compressed with method 12"),
    "stored-with-two-sizes": (archive(Member("archive/data/1", DATA, size=99)), "its two sizes differ"),
    "inflated-size-too-small": (
        archive(Member("archive/byteorder", b"little", method=8, size=5)),
        "inflates to more than the 5 bytes",
    ),
    "inflated-size-too-large": (
        archive(Member("archive/byteorder", b"little", method=8, size=900)),
        "inflates to 6 bytes instead of the 900",
    ),
    "inflated-size-impossible": (
        archive(Member("archive/byteorder", b"little", method=8, size=10**7)),
        "inflate to 10,000,000: impossible",
    ),
    "not-deflate": (
        archive(Member("archive/byteorder", b"little", method=8, packed=b"\xff" * 9)),
        "cannot be inflated",
    ),
    "byteorder": (one_tensor(byteorder=b"middle"), "byte order is b'middle'"),
    "missing-storage": (
        torch_zip(ordered({"weight": tensor(storage("7"))}), {"0": DATA}),
        "'weight': .*'7' is not in",
    ),
    "storage-key-outside": (
        torch_zip(ordered({"weight": tensor(storage("../data.pkl"))}), {"0": DATA}),
        "'../data.pkl' is not in the file",
    ),
    "damaged-checksum-of-the-pickle": (
        zip_file([Member("archive/data.pkl", PICKLE, crc=1)]),
        "'archive/data.pkl' does not match its checksum",
    ),
    "legacy-version": (one_legacy_tensor(version=1002), "legacy format 1002 instead of 1001"),
    "legacy-keys-missing": (one_legacy_tensor(keys=[]), "list of storages does not match"),
    "legacy-keys-more": (one_legacy_tensor(keys=["0", "1"]), "list of storages does not match"),
    "legacy-keys-twice": (one_legacy_tensor(keys=["0", "0"]), "list of storages does not match"),
    "legacy-keys-no-list": (one_legacy_tensor(keys={"0": 1}), "list of storages is damaged"),
    "legacy-count-differs": (
        legacy(ordered({"weight": tensor(legacy_storage())}), [("0", 5, DATA)]),
        "has 5 elements; the tensors say 4",
    ),
    "legacy-count-negative": (
        legacy(ordered({"weight": tensor(legacy_storage())}), [("0", -4, DATA)]),
        "has -4 elements",
    ),
    "legacy-view-out-of-range": (
        legacy(ordered({"weight": tensor(legacy_storage(view=("v", 2, 3)))}), [("0", 4, DATA)]),
        "reaches beyond its 4",
    ),
    "legacy-view-negative": (
        legacy(ordered({"weight": tensor(legacy_storage(view=("v", -2, 3)))}), [("0", 4, DATA)]),
        "reaches beyond",
    ),
    "legacy-magic-alone": (pickled(MAGIC), "without its STOP"),
    "legacy-system-alone": (pickled(MAGIC) + pickled(push(1001)) + pickled(SYSTEM), "without its STOP"),
}


@pytest.mark.parametrize(("data", "cause"), FILES.values(), ids=FILES)
def test_file(data: bytes, cause: str) -> None:
    assert re.search(cause, refusal(data))


def test_storage_bomb() -> None:
    data = torch_zip(ordered({"x": tensor(storage(numel=2**16), (2**16,))}), {"0": bytes(2**18)}, method=8)
    message = refusal(data, max_bytes=2**18)
    assert "'x': a" not in message
    assert re.search(
        "'archive/data/0', inflated, .* 262,144 bytes that max_bytes allows; .* pass a larger max_bytes", message
    )


def test_pickle_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_METADATA", 10_000)
    data = zip_file([Member("archive/data.pkl", pickled(b"]" * 50_000), method=8)])
    assert "'archive/data.pkl' takes 50,003 bytes, more than 10,000" in refusal(data)


def test_instruction_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_INSTRUCTIONS", 1000)
    assert "more than 1,000 instructions" in refusal(torch_zip(Fragment(b"]" * 1001)))


def test_the_error_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "broken.pth"
    path.write_bytes(one_tensor()[:-1])
    with path.open("rb") as file:
        for given in (path, file):
            with pytest.raises(tn.CheckpointError, match=f"^{re.escape(str(path))}: the zip file does not end"):
                tn.load_checkpoint(given)


def test_what_the_system_says_passes_through(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        tn.load_checkpoint(tmp_path / "missing.pth")
    with pytest.raises((IsADirectoryError, PermissionError)):  # the latter on Windows
        tn.load_checkpoint(tmp_path)


def test_bad_arguments() -> None:
    with pytest.raises(TypeError, match="a path or an open binary file, not int"):
        tn.load_checkpoint(3)  # type: ignore[arg-type]
    for method in ("read", "seek"):
        with pytest.raises(TypeError, match="a path or an open binary file, not SimpleNamespace"):
            tn.load_checkpoint(SimpleNamespace(**{method: getattr(io.BytesIO(one_tensor()), method)}))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="text mode"):
        tn.load_checkpoint(io.StringIO("text"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="mmap=True needs a path"):
        tn.load_checkpoint(io.BytesIO(one_tensor()), mmap=True)
    with pytest.raises(ValueError, match="max_bytes must be"):
        tn.load_checkpoint(io.BytesIO(one_tensor()), max_bytes=-1)
