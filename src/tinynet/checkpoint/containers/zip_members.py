"""The payloads of zip members: stored or deflated, with or without a checksum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.checkpoint import limits
from tinynet.checkpoint.containers.zip_directory import Member, read_directory
from tinynet.checkpoint.source import Source
from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    from tinynet.checkpoint.source import Bytes

_CHUNK = 1 << 20
#: DEFLATE cannot pack more than this many bytes into one: RFC 1951 codes 258 bytes with two bits.
_MAX_DEFLATE_RATIO = 1032


class ZipMembers:
    """The members of an open zip file, by name."""

    def __init__(self, source: Source, verify: bool) -> None:
        self._source = source
        self._verify = verify
        self.directory: dict[str, Member] = read_directory(source)

    def read(self, name: str) -> bytes:
        """Return the whole of a small member, its checksum always compared where it has one."""
        member = self.directory[name]
        if member.size > limits.MAX_METADATA:
            raise CheckpointError(f"{name!r} takes {member.size:,} bytes, more than {limits.MAX_METADATA:,}")
        stored = not member.deflated
        data = self._source.read(member.start, member.size) if stored else self._inflate(member).tobytes()
        if member.crc or self._verify:
            _check_crc(member, data)
        return data

    def head(self, name: str, count: int) -> bytes:
        """Return at most `count` bytes from the beginning of a stored member."""
        member = self.directory[name]
        return self._source.read(member.start, min(count, member.size))

    def array(self, name: str, viewed: bool = False) -> Bytes:
        """Return the bytes of a member in an array of our own, or `viewed` through the map if it is stored."""
        member = self.directory[name]
        if member.deflated:
            data = self._inflate(member)
        else:
            get = self._source.view if viewed else self._source.array
            data = get(member.start, member.size, f"zip member {name!r}")
        if self._verify:
            _check_crc(member, data)
        return data

    def _inflate(self, member: Member) -> Bytes:
        import zlib

        name, size = member.name, member.size
        if size > member.packed * _MAX_DEFLATE_RATIO + _MAX_DEFLATE_RATIO:
            raise CheckpointError(f"{name!r} says that {member.packed:,} bytes inflate to {size:,}: impossible")
        self._source.budget.spend(size, f"{name!r}, inflated,")
        block = np.empty(size, np.uint8)
        inflater = zlib.decompressobj(-15)
        filled = done = 0
        try:
            while not inflater.eof:
                packed = inflater.unconsumed_tail
                if not packed:
                    packed = self._source.read(member.start + done, min(_CHUNK, member.packed - done))
                    done += len(packed)
                # One byte more than fits, so that a member that inflates to more is noticed.
                data = inflater.decompress(packed, min(_CHUNK, size - filled + 1))
                if filled + len(data) > size:
                    raise CheckpointError(f"{name!r} inflates to more than the {size:,} bytes it announces")
                if not data and not packed:
                    break
                block[filled : filled + len(data)] = np.frombuffer(data, np.uint8)
                filled += len(data)
        except zlib.error as error:
            raise CheckpointError(f"{name!r} cannot be inflated: {error}") from None
        if filled != size or done != member.packed or not inflater.eof or inflater.unused_data:
            raise CheckpointError(f"{name!r} inflates to {filled:,} bytes instead of the {size:,} it announces")
        return block


def _check_crc(member: Member, data: Any) -> None:
    from zlib import crc32

    if not member.crc and member.size:
        raise CheckpointError(f"{member.name!r} was written without a checksum, so verify=True cannot be done")
    if crc32(data) != member.crc:
        raise CheckpointError(f"{member.name!r} does not match its checksum: the file is damaged")
