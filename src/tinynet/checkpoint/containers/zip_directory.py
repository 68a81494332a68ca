"""The directory of a zip file, read so strictly that other readers find the same members in it.

Names have to be unique (capitals or not), the same in both headers, and free of what readers cut or replace:
control characters, backslashes, a second name in an extra field. Members must not overlap, and nothing may lie
before the first or behind the directory.

`zipfile` is not used: it takes 6 to 13 ms to import, and it lets members overlap, repeat or hide.
The format is APPNOTE.TXT 6.3.10, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from struct import Struct

from tinynet.checkpoint import limits
from tinynet.checkpoint.containers.zip_end import find_directory
from tinynet.checkpoint.source import Source
from tinynet.errors import CheckpointError

_CENTRAL = Struct("<4s6H3I5H2I")
_LOCAL = Struct("<4s5H3I2H")
_EXTRA = Struct("<2H")
_FULL = 0xFFFFFFFF
_ENCRYPTED, _SIZES_FOLLOW, _STRONG, _MASKED = 0x1, 0x8, 0x40, 0x2000
_STORED, _DEFLATED = 0, 8
_MAX_NAME = 300
_ZIP64_FIELD = 0x0001
_UNICODE_PATH = 0x7075
_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f]")


class Member:
    """A file inside a zip file, as its directory entry describes it."""

    __slots__ = ("crc", "flags", "header", "method", "name", "packed", "raw_name", "size", "start")

    def __init__(
        self, raw_name: bytes, flags: int, method: int, crc: int, packed: int, size: int, header: int
    ) -> None:
        self.raw_name: bytes = raw_name
        self.name: str = _text(raw_name)
        self.flags: int = flags
        self.method: int = method
        self.crc: int = crc
        self.packed: int = packed
        self.size: int = size
        self.header: int = header  # where the local header begins
        self.start: int = header  # where the payload begins, once the local header is read

    @property
    def deflated(self) -> bool:
        """Whether the payload has to be inflated; otherwise it is the content."""
        return self.method == _DEFLATED


def read_directory(source: Source) -> dict[str, Member]:
    """Return the members of a zip file by name, in the order of the directory."""
    count, begin, end = find_directory(source)
    if end - begin > limits.MAX_DIRECTORY:
        raise CheckpointError(f"the zip directory takes {end - begin:,} bytes, more than {limits.MAX_DIRECTORY:,}")
    if count > limits.MAX_MEMBERS:
        raise CheckpointError(f"the zip directory announces {count:,} members, more than {limits.MAX_MEMBERS:,}")
    entries = _parse_entries(source.read(begin, end - begin), count)
    if not entries:
        raise CheckpointError("the zip file has no members")
    in_file_order = sorted(entries, key=lambda entry: entry.header)
    if in_file_order[0].header != 0:
        raise CheckpointError("the zip file does not start with its first member: bytes were put before it")
    ends = [entry.header for entry in in_file_order[1:]] + [begin]
    for entry, end in zip(in_file_order, ends):
        entry.start = _payload(source, entry, end)
    _check_names([entry.name for entry in entries])
    return {entry.name: entry for entry in entries}


def _check_names(names: list[str]) -> None:
    """Refuse names that some readers take for the same: which of the two they read would be chance."""
    seen: set[str] = set()
    for name in names:
        folded = name.casefold()
        if folded in seen:
            raise CheckpointError(f"the zip file holds two members called {name!r} (case ignored)")
        seen.add(folded)


def _parse_entries(directory: bytes, count: int) -> list[Member]:
    entries: list[Member] = []
    at = 0
    while at < len(directory) and len(entries) < count:
        if at + _CENTRAL.size > len(directory):
            raise CheckpointError("the zip directory ends in the middle of an entry")
        (mark, _, _, flags, method, _, _, crc, packed, size, name_length, extra_length, comment_length,
         disk, _, _, header) = _CENTRAL.unpack_from(directory, at)  # fmt: skip
        name_at = at + _CENTRAL.size
        extra_at = name_at + name_length
        at = extra_at + extra_length + comment_length
        if mark != b"PK\1\2" or at > len(directory) or disk:
            raise CheckpointError("the zip directory is damaged")
        extra = directory[extra_at : extra_at + extra_length]
        _check_extra(extra)
        if _FULL in (size, packed, header):
            size, packed, header = _large(extra, [size, packed, header])
        entries.append(Member(directory[name_at:extra_at], flags, method, crc, packed, size, header))
    if len(entries) != count or at != len(directory):
        raise CheckpointError(f"the zip directory announces {count:,} members and lists another number")
    return entries


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, at)
        yield kind, extra[at + 4 : at + 4 + length]
        at += 4 + length


def _check_extra(extra: bytes) -> None:
    """Refuse a second name of the member, which some readers prefer."""
    # Mostly there is no field, or one of padding: the search for the two bytes spares taking them apart.
    if b"up" in extra and any(kind == _UNICODE_PATH for kind, _ in _extra_fields(extra)):
        raise CheckpointError("a zip member has a second name in its unicode path field")


def _large(extra: bytes, fields: list[int]) -> list[int]:
    """Replace each field that is all ones by the next 8-byte number of the zip64 extra field."""
    for kind, numbers in _extra_fields(extra):
        if kind == _ZIP64_FIELD:
            for index, field in enumerate(fields):
                if field == _FULL and len(numbers) >= 8:
                    fields[index] = int.from_bytes(numbers[:8], "little")
                    numbers = numbers[8:]
            break
    if _FULL in fields:
        raise CheckpointError("a zip member is marked as zip64 but lacks its 8-byte sizes")
    return fields


def _payload(source: Source, entry: Member, limit: int) -> int:
    """Where the payload begins, after checking the member's local header against its directory entry."""
    name = entry.name
    if entry.flags & (_ENCRYPTED | _STRONG | _MASKED):
        raise CheckpointError(f"zip member {name!r} is encrypted")
    if entry.method not in (_STORED, _DEFLATED):
        raise CheckpointError(
            f"zip member {name!r} is compressed with method {entry.method}; only stored and deflated are read"
        )
    if entry.method == _STORED and entry.packed != entry.size:
        raise CheckpointError(
            f"zip member {name!r} is stored, yet its two sizes differ: {entry.packed}, {entry.size}"
        )
    header = source.read(entry.header, _LOCAL.size + len(entry.raw_name))
    mark, _, flags, method, _, _, _, packed, size, name_length, extra_length = _LOCAL.unpack_from(header)
    if mark != b"PK\3\4":
        raise CheckpointError(f"zip member {name!r} has no local header at byte {entry.header:,}")
    if name_length != len(entry.raw_name) or header[_LOCAL.size :] != entry.raw_name:
        raise CheckpointError(f"zip member {name!r} has another name in its local header")
    if method != entry.method or flags & _ENCRYPTED:
        raise CheckpointError(f"zip member {name!r} is packed in another way in its local header")
    if not flags & _SIZES_FOLLOW and _FULL not in (packed, size) and (packed, size) != (entry.packed, entry.size):
        raise CheckpointError(f"zip member {name!r} has other sizes in its local header")
    extra_at = entry.header + len(header)
    start: int = extra_at + extra_length
    if start + entry.packed > limit:
        raise CheckpointError(f"zip member {name!r} overlaps what follows it")
    if extra_length:
        _check_extra(source.read(extra_at, extra_length))
    return start


def _text(raw: bytes) -> str:
    if len(raw) > _MAX_NAME:
        raise CheckpointError(f"a zip member has a name of {len(raw):,} bytes")
    try:
        name = str(raw, "utf-8")
    except UnicodeDecodeError:
        raise CheckpointError(f"the name of zip member {raw!r} is not UTF-8") from None
    if "\\" in name or _CONTROL.search(name):
        raise CheckpointError(f"zip member {name!r} has a control character or a backslash in its name")
    return name
