"""The records at the end of a zip file, which tell where its directory is."""

from __future__ import annotations

from struct import Struct

from tinynet.checkpoint.source import Source
from tinynet.errors import CheckpointError

_END = Struct("<4s4H2IH")
_END64_LOCATOR = Struct("<4sIQI")
_END64 = Struct("<4sQ2H2I4Q")
_FULL = 0xFFFFFFFF


def find_directory(source: Source) -> tuple[int, int, int]:
    """Return the count of entries, first byte and last byte + 1 of the central directory."""
    at = source.size - _END.size
    tail = source.read(at, _END.size) if at >= 0 else b""
    if not tail.startswith(b"PK\5\6"):
        raise CheckpointError(
            "the zip file does not end with its directory: it is cut short, or something was appended to it"
        )
    _, disk, start_disk, here, count, length, begin, comment = _END.unpack(tail)
    if comment or disk or start_disk or here != count:
        raise CheckpointError("the zip file's end record is damaged, or the file is one of several parts")
    if at >= _END64_LOCATOR.size:
        at, count, length, begin = _find_directory64(source, at, (count, length, begin))
    if begin + length != at:
        raise CheckpointError(
            f"the zip directory should be at bytes {begin:,} to {begin + length:,} but ends at {at:,}: "
            "the file is damaged, or two files were joined"
        )
    return count, begin, at


def _find_directory64(source: Source, end: int, small: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Where the directory ends, its count, length and begin, from the zip64 record if there is one."""
    locator_at = end - _END64_LOCATOR.size
    mark, disk, at, disks = _END64_LOCATOR.unpack(source.read(locator_at, _END64_LOCATOR.size))
    if mark != b"PK\6\7":
        return (end, *small)
    if disk or disks > 1 or at + _END64.size != locator_at:
        raise CheckpointError("the zip file's zip64 end record is damaged")
    mark, _, _, _, disk, start_disk, here, *large = _END64.unpack(source.read(at, _END64.size))
    agree = all(few in (many, full) for few, many, full in zip(small, large, (0xFFFF, _FULL, _FULL)))
    if mark != b"PK\6\6" or disk or start_disk or here != large[0] or not agree:
        raise CheckpointError("the zip file's zip64 end record is damaged")
    return (at, *large)
