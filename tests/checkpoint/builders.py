"""Builders of checkpoint files, byte by byte, good ones and bad ones, without PyTorch or `pickle`.

A fragment is a piece of pickle that pushes one value; `torch_zip` and `legacy` put a pickle into a file.
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any, NamedTuple

import numpy as np


class Fragment(bytes):
    """Pickle instructions that leave one value on the stack."""


def push(value: Any) -> Fragment:
    """The instructions for a plain Python value; fragments pass through, also inside containers."""
    if isinstance(value, Fragment):
        return value
    if value is None or value is True or value is False:
        return Fragment({None: b"N", True: b"\x88", False: b"\x89"}[value])
    if isinstance(value, int):
        if 0 <= value < 256:
            return Fragment(b"K" + bytes([value]))
        if -(2**31) <= value < 2**31:
            return Fragment(b"J" + struct.pack("<i", value))
        raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
        return Fragment(b"\x8a" + bytes([len(raw)]) + raw)
    if isinstance(value, float):
        return Fragment(b"G" + struct.pack(">d", value))
    if isinstance(value, str):
        raw = value.encode("utf-8", "surrogatepass")
        return Fragment(b"X" + struct.pack("<I", len(raw)) + raw)
    if isinstance(value, bytes):
        return Fragment(b"B" + struct.pack("<I", len(value)) + value)
    if isinstance(value, tuple):
        return Fragment(b"(" + b"".join(map(push, value)) + b"t")
    if isinstance(value, list):
        return Fragment(b"](" + b"".join(map(push, value)) + b"e")
    if isinstance(value, dict):
        return Fragment(b"}(" + items(value) + b"u")
    raise TypeError(type(value))


def items(pairs: Any) -> bytes:
    """The keys and values of a dict, or of a list of pairs, which may repeat keys."""
    listed = pairs.items() if isinstance(pairs, dict) else pairs
    return b"".join(push(key) + push(value) for key, value in listed)


def name(module: str, attribute: str) -> Fragment:
    """A class or function, by GLOBAL."""
    return Fragment(f"c{module}\n{attribute}\n".encode())


def call(function: Fragment, *arguments: Any) -> Fragment:
    """`function(*arguments)`, by REDUCE."""
    return Fragment(function + push(arguments) + b"R")


def ordered(pairs: Any, metadata: Any = None) -> Fragment:
    """An OrderedDict, with `_metadata` as `Module.state_dict` adds it."""
    made = call(name("collections", "OrderedDict")) + b"(" + items(pairs) + b"u"
    return Fragment(made if metadata is None else made + push({"_metadata": metadata}) + b"b")


def instance(module: str, cls: str, state: Any) -> Fragment:
    """An object of a class: NEWOBJ, then BUILD."""
    return Fragment(name(module, cls) + b")\x81" + push(state) + b"b")


def storage(key: Any = "0", cls: str = "FloatStorage", numel: Any = 4, module: str = "torch") -> Fragment:
    """A storage of a zip file, by its persistent id."""
    return Fragment(push(("storage", name(module, cls), key, "cpu", numel)) + b"Q")


def legacy_storage(key: str = "0", cls: str = "FloatStorage", numel: int = 4, view: Any = None) -> Fragment:
    """A storage of a legacy file: its persistent id has a sixth part."""
    return Fragment(push(("storage", name("torch", cls), key, "cpu", numel, view)) + b"Q")


REBUILD = name("torch._utils", "_rebuild_tensor_v2")
HOOKS = call(name("collections", "OrderedDict"))


def tensor(of: Fragment, size: Any = (4,), stride: Any = (1,), offset: Any = 0, *metadata: Any) -> Fragment:
    """A tensor of a storage."""
    return call(REBUILD, of, offset, size, stride, False, HOOKS, *metadata)


def pickled(body: bytes, protocol: int = 2) -> bytes:
    """A whole pickle of one fragment."""
    return b"\x80" + bytes([protocol]) + body + b"."


class Member(NamedTuple):
    """A member of a zip file; what is not None replaces the truth in the header."""

    name: str
    data: bytes = b""
    method: int = 0
    flags: int = 0x808
    crc: int | None = None
    packed: bytes | None = None
    size: int | None = None
    packed_size: int | None = None
    local_name: str | None = None
    offset: int | None = None
    padding: int = 64
    local_extra: bytes = b""
    extra: bytes = b""
    comment: bytes = b""


def zip_file(members: list[Member], prefix: bytes = b"", suffix: bytes = b"", zip64: bool = False) -> bytes:
    """A zip file as PyTorch writes it: sizes in the directory alone, payloads aligned."""
    out = bytearray(prefix)
    directory = bytearray()
    for member in members:
        packed = member.packed
        if packed is None:
            packed = deflate(member.data) if member.method == 8 else member.data
        size = len(member.data) if member.size is None else member.size
        packed_size = len(packed) if member.packed_size is None else member.packed_size
        crc = zlib.crc32(member.data) if member.crc is None else member.crc
        raw = member.name.encode()
        local = raw if member.local_name is None else member.local_name.encode()
        offset = len(out) if member.offset is None else member.offset
        gap = -(len(out) + 30 + len(local)) % member.padding
        gap += member.padding if 0 < gap < 4 else 0
        extra = b"FB" + struct.pack("<H", gap - 4) + b"Z" * (gap - 4) if gap else b""
        head = (member.flags, member.method, 0, 0)
        extra += member.local_extra
        out += struct.pack("<4s5H3I2H", b"PK\3\4", 0, *head, 0, 0, 0, len(local), len(extra)) + local + extra
        out += packed
        numbers = [crc, packed_size, size]
        large = b""
        if zip64:
            large = struct.pack("<2H3Q", 1, 24, size, packed_size, offset)
            numbers = [crc, 0xFFFFFFFF, 0xFFFFFFFF]
        large += member.extra
        directory += struct.pack("<4s6H3I", b"PK\1\2", 0, 0, *head, *numbers)
        lengths = (len(raw), len(large), len(member.comment))
        directory += struct.pack("<3H2H2I", *lengths, 0, 0, 0, 0xFFFFFFFF if zip64 else offset)
        directory += raw + large + member.comment
    begin, count = len(out), len(members)
    out += directory
    if zip64:
        out += struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 0, 0, 0, 0, count, count, len(directory), begin)
        out += struct.pack("<4sIQI", b"PK\6\7", 0, begin + len(directory), 1)
        begin = 0xFFFFFFFF
    few = min(count, 0xFFFF)
    out += struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, few, few, len(directory), begin, 0)
    return bytes(out) + suffix


def deflate(data: bytes) -> bytes:
    """Raw DEFLATE, as zip files hold it."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def torch_zip(
    body: bytes,
    storages: dict[str, bytes] | None = None,
    root: str = "archive",
    byteorder: bytes | None = b"little",
    extra: tuple[Member, ...] = (),
    protocol: int = 2,
    **options: Any,
) -> bytes:
    """A file of torch >= 1.6; `options` go to every member, or to `zip_file` if it knows them."""
    for_file = {key: options.pop(key) for key in ("prefix", "suffix", "zip64") if key in options}
    members = [Member(f"{root}/data.pkl", pickled(body, protocol), **options)]
    if byteorder is not None:
        members.append(Member(f"{root}/byteorder", byteorder, **options))
    members += [Member(f"{root}/data/{key}", data, **options) for key, data in (storages or {}).items()]
    members.append(Member(f"{root}/version", b"3\n", **options))
    return zip_file([*members, *extra], **for_file)


MAGIC = push(0x1950A86A20F9469CFC6C)
SYSTEM = push({"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}})


def legacy(
    body: bytes,
    storages: list[tuple[str, int, bytes]],
    keys: Any = None,
    protocol: int = 2,
    version: int = 1001,
    suffix: bytes = b"",
) -> bytes:
    """A file of torch < 1.6: five pickles, then each storage's length and bytes."""
    listed = [key for key, _, _ in storages] if keys is None else keys
    parts = [MAGIC, push(version), SYSTEM, body, push(listed)]
    out = b"".join(pickled(part, protocol) for part in parts)
    return out + b"".join(struct.pack("<q", numel) + data for _, numel, data in storages) + suffix


FOUR = np.array([1.5, -2.0, 0.25, 1e10], "<f4")


def one_tensor(**options: Any) -> bytes:
    """The smallest state dict: `weight`, with the values of `FOUR`."""
    return torch_zip(ordered({"weight": tensor(storage())}), {"0": FOUR.tobytes()}, **options)


def one_legacy_tensor(**options: Any) -> bytes:
    """The same in a legacy file."""
    body = ordered({"weight": tensor(legacy_storage())})
    return legacy(body, [("0", 4, FOUR.tobytes())], **options)


def safetensors(tensors: dict[str, tuple[str, list[int], bytes]]) -> bytes:
    """A safetensors file, built from its description."""
    header: dict[str, Any] = {}
    data = b""
    for name, (dtype, shape, raw) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data
