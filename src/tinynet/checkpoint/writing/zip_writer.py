"""Writes zip files as PyTorch's own writer does: members stored, payloads aligned, zip64 where needed."""

from __future__ import annotations

import struct
from typing import Any, BinaryIO
from zlib import crc32

_ALIGNMENT = 64
_UTF8 = 0x800
_VERSION, _VERSION64 = 20, 45
_FULL = 0xFFFFFFFF
_LIMIT = _FULL  # from here on a size or offset does not fit the old fields, and stands in a zip64 field
_DATE = 0x21  # 1 January 1980, the first day that a zip file knows


class ZipWriter:
    """A zip file being written from the beginning of `file`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._at = 0
        self._directory: list[bytes] = []

    def add(self, name: str, data: Any) -> None:
        """Append a member; `data` are bytes or an array of bytes."""
        raw, size, crc, header = name.encode("utf-8"), len(data), crc32(data), self._at
        sizes = struct.pack("<HHQQ", 1, 16, size, size) if size >= _LIMIT else b""
        short = _fit(size)
        common = struct.pack("<4H3I", _UTF8, 0, 0, _DATE, crc, short, short)
        local = struct.pack("<4sH", b"PK\3\4", _VERSION64 if sizes else _VERSION) + common
        gap = -(header + len(local) + 4 + len(raw) + len(sizes) + 4) % _ALIGNMENT
        extra = sizes + struct.pack("<2sH", b"FB", gap) + bytes(gap)
        self._put(local + struct.pack("<2H", len(raw), len(extra)) + raw + extra)
        self._put(data)

        large = b""
        if size >= _LIMIT or header >= _LIMIT:
            numbers = ([size, size] if size >= _LIMIT else []) + ([header] if header >= _LIMIT else [])
            large = struct.pack(f"<HH{len(numbers)}Q", 1, 8 * len(numbers), *numbers)
        version = _VERSION64 if large else _VERSION
        self._directory.append(
            struct.pack("<4s2H", b"PK\1\2", version, version)
            + common
            + struct.pack("<5H2I", len(raw), len(large), 0, 0, 0, 0, _fit(header))
            + raw
            + large
        )

    def close(self) -> None:
        """Append the directory, with the zip64 record that PyTorch writes for small files too."""
        begin, count = self._at, len(self._directory)
        self._put(b"".join(self._directory))
        end, length = self._at, self._at - begin
        self._put(
            struct.pack("<4sQ2H2I", b"PK\6\6", 44, _VERSION64, _VERSION64, 0, 0)
            + struct.pack("<4Q", count, count, length, begin)
            + struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
            + struct.pack("<4s2H", b"PK\5\6", 0, 0)
            + struct.pack("<2H2IH", *[min(count, 0xFFFF)] * 2, _fit(length), _fit(begin), 0)
        )

    def _put(self, data: Any) -> None:
        self._file.write(data)
        self._at += len(data)


def _fit(number: int) -> int:
    return number if number < _LIMIT else _FULL
