"""Every field of the zip files that are written, where numbers still fit and where they just do not."""

from __future__ import annotations

import io
import struct
from zlib import crc32

import pytest

from tinynet.checkpoint.writing import zip_writer

FULL = 0xFFFFFFFF


def test_every_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_writer, "_LIMIT", 100)
    small, large = b"s" * 36, b"l" * 100  # so that the second begins at byte 100
    file = io.BytesIO()
    writer = zip_writer.ZipWriter(file)
    writer.add("a", small)
    writer.add("b", large)
    writer.close()
    first = struct.pack("<4H3I", 0x800, 0, 0, 0x21, crc32(small), 36, 36)
    second = struct.pack("<4H3I", 0x800, 0, 0, 0x21, crc32(large), FULL, FULL)
    parts = [
        struct.pack("<4sH", b"PK\3\4", 20) + first + struct.pack("<2H", 1, 33) + b"a",
        struct.pack("<2sH", b"FB", 29) + bytes(29),
        small,
        struct.pack("<4sH", b"PK\3\4", 45) + second + struct.pack("<2H", 1, 61) + b"b",
        struct.pack("<2H2Q", 1, 16, 100, 100) + struct.pack("<2sH", b"FB", 37) + bytes(37),
        large,
        struct.pack("<4s2H", b"PK\1\2", 20, 20) + first + struct.pack("<5H2I", 1, 0, 0, 0, 0, 0, 0) + b"a",
        struct.pack("<4s2H", b"PK\1\2", 45, 45) + second + struct.pack("<5H2I", 1, 28, 0, 0, 0, 0, FULL) + b"b",
        struct.pack("<2H3Q", 1, 24, 100, 100, 100),
        struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 2, 2, 47 + 75, 292),
        struct.pack("<4sIQI", b"PK\6\7", 0, 292 + 122, 1),
        struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 2, 2, FULL, FULL, 0),
    ]
    assert file.getvalue() == b"".join(parts)
