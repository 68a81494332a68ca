"""Directories of zip files that contradict themselves or the members are refused."""

from __future__ import annotations

import re
import struct

import pytest
from builders import Member, deflate, one_tensor
from refusals import DATA, archive, refusal

from tinynet.checkpoint import limits

END = struct.Struct("<4s4H2IH")


def changed(data: bytes, *, more_members: int = 0, appended: bytes = b"") -> bytes:
    """An archive whose directory is said to have `more_members`, and is longer by the bytes `appended`."""
    mark, disk, start_disk, here, count, length, begin, comment = END.unpack(data[-END.size :])
    here, count, length = here + more_members, count + more_members, length + len(appended)
    return data[: -END.size] + appended + END.pack(mark, disk, start_disk, here, count, length, begin, comment)


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


@pytest.mark.parametrize(
    ("limit", "cause"), [("MAX_DIRECTORY", "the zip directory takes"), ("MAX_MEMBERS", "announces 2 members, more")]
)
def test_bounds_of_the_directory(limit, cause, monkeypatch):
    monkeypatch.setattr(limits, limit, 1)
    assert cause in refusal(archive())
