"""Directories of zip files that contradict themselves or the members are refused."""

from __future__ import annotations

import re
import struct

import pytest
from builders import Member, deflate, one_tensor
from loading_helpers import WEIGHT, assert_same, load
from refusals import DATA, archive, refusal

from tinynet.checkpoint import limits

END = struct.Struct("<4s4H2IH")


def changed(data: bytes, *, more_members: int = 0, appended: bytes = b"") -> bytes:
    """An archive whose directory is said to have `more_members`, and is longer by the bytes `appended`."""
    mark, disk, start_disk, here, count, length, begin, comment = END.unpack(data[-END.size :])
    here, count, length = here + more_members, count + more_members, length + len(appended)
    return data[: -END.size] + appended + END.pack(mark, disk, start_disk, here, count, length, begin, comment)


def overwritten(data: bytes, mark: bytes, at: int, new: bytes) -> bytes:
    """A file with `new` bytes in its last record of this `mark`, `at` so many from where that begins."""
    begin = data.rindex(mark) + at
    return data[:begin] + new + data[begin + len(new) :]


def without_directory(data: bytes) -> bytes:
    """The members of an archive, and then an empty directory."""
    begin = END.unpack(data[-END.size :])[6]
    return data[:begin] + END.pack(b"PK\5\6", 0, 0, 0, 0, 0, begin, 0)


ZIP64 = one_tensor(zip64=True)
LOCATOR = ZIP64[ZIP64.index(b"PK\6\7") : -END.size]
DIRECTORIES = {
    "no-members": (without_directory(archive()), "the zip file has no members"),
    "one-member-more": (changed(archive(), more_members=1), "announces 3 members and lists another number"),
    "one-member-less": (changed(archive(), more_members=-1), "announces 1 members and lists another number"),
    "byte-after-the-entries": (changed(archive(), appended=b"x"), "announces 2 members and lists another number"),
    "half-an-entry": (
        changed(archive(), more_members=1, appended=b"PK\1\2" + bytes(20)),
        "ends in the middle of an entry",
    ),
    "entry-without-its-mark": (
        changed(archive(), more_members=1, appended=bytes(60)),
        "the zip directory is damaged",
    ),
    "other-sizes-in-the-local-header": (
        archive(Member("archive/data/1", DATA, flags=0x800)),
        "'archive/data/1' has other sizes in its local header",
    ),
    "name-of-301-bytes": (archive(Member("archive/" + "x" * 293, DATA)), "a name of 301 bytes"),
    "zip64-record-without-its-mark": (ZIP64.replace(b"PK\6\6", b"PK\6\5"), "zip64 end record is damaged"),
    "zip64-record-elsewhere": (
        ZIP64.replace(LOCATOR, LOCATOR[:8] + struct.pack("<Q", 5) + LOCATOR[16:]),
        "zip64 end record is damaged",
    ),
    "deflated-and-cut-short": (
        archive(Member("archive/byteorder", b"little", method=8, packed=deflate(b"little")[:-1])),
        "'archive/byteorder' inflates to . bytes instead of the 6 it announces",
    ),
}


@pytest.mark.parametrize(("data", "cause"), DIRECTORIES.values(), ids=DIRECTORIES)
def test_directory(data, cause):
    message = refusal(data)
    assert re.search(cause, message), message


LOCAL, ENTRY, END64, LOCATOR64, LAST = b"PK\3\4", b"PK\1\2", b"PK\6\6", b"PK\6\7", b"PK\5\6"
OTHER_WAY = "zip member 'archive/data/0' is packed in another way in its local header"
DAMAGED = "the zip directory is damaged"
DAMAGED64 = "the zip file's zip64 end record is damaged"
PARTS = "the zip file's end record is damaged, or the file is one of several parts"
FIELDS = {
    "local-flags-of-encryption": (archive(), LOCAL, 6, b"\x09\x08", OTHER_WAY),
    "local-method": (archive(), LOCAL, 8, b"\x08", OTHER_WAY),
    "length-of-the-last-comment": (archive(), ENTRY, 32, b"\1", DAMAGED),
    "disk-of-a-member": (archive(), ENTRY, 34, b"\1", DAMAGED),
    "zip64-disk": (ZIP64, END64, 16, b"\1", DAMAGED64),
    "zip64-disk-of-the-directory": (ZIP64, END64, 20, b"\1", DAMAGED64),
    "zip64-members-of-this-disk": (ZIP64, END64, 24, b"\3", DAMAGED64),
    "locator-disk": (ZIP64, LOCATOR64, 4, b"\1", DAMAGED64),
    "locator-disks": (ZIP64, LOCATOR64, 16, b"\2", DAMAGED64),
    "disk": (archive(), LAST, 4, b"\1", PARTS),
    "disk-of-the-directory": (archive(), LAST, 6, b"\1", PARTS),
    "members-of-this-disk": (archive(), LAST, 8, b"\3", PARTS),
    "members-unlike-those-of-zip64": (ZIP64, LAST, 8, b"\3\0\3\0", DAMAGED64),
    "length-of-the-comment": (archive(), LAST, 20, b"\1", PARTS),
}


@pytest.mark.parametrize(("data", "mark", "at", "new", "cause"), FIELDS.values(), ids=FIELDS)
def test_one_field(data, mark, at, new, cause):
    assert refusal(overwritten(data, mark, at, new)) == f"<file>: {cause}"


def test_numbers_that_the_zip64_record_alone_tells():
    assert_same(load(overwritten(ZIP64, LAST, 8, b"\xff" * 12)), WEIGHT)


@pytest.mark.parametrize(
    ("limit", "field", "cause"),
    [
        ("MAX_DIRECTORY", 5, "the zip directory takes 122 bytes, more than 121"),
        ("MAX_MEMBERS", 4, "the zip directory announces 2 members, more than 1"),
    ],
)
def test_bounds_of_the_directory(limit, field, cause, monkeypatch):
    most = END.unpack(archive()[-END.size :])[field]
    monkeypatch.setattr(limits, limit, most)
    assert_same(load(archive()), WEIGHT)
    monkeypatch.setattr(limits, limit, most - 1)
    assert refusal(archive()) == f"<file>: {cause}"
