"""The instructions of pickle that are allowed, and how each encodes its argument. Nothing is executed.

They are those that `torch.save` and NumPy write at protocols 2 to 5; the others are refused by name. The
encoding is specified in CPython's `Lib/pickletools.py`, whose decoder takes 1.6 ms to import and twice
the time to run.
"""

from __future__ import annotations

from struct import Struct
from typing import Any, Callable, Union

from tinynet.errors import CheckpointError

_Read = Callable[[bytes, int], "tuple[Any, int]"]


class Constant:
    """The form of an instruction without argument bytes, which pushes a constant or nothing at all."""

    def __init__(self, value: Any = None) -> None:
        self.value = value


class TruncatedError(Exception):
    """An argument reaches beyond the end of the pickle."""


#: The form of the commonest argument, one byte that is a number.
ONE_BYTE = "one byte"


def _counted(layout: str, convert: Callable[[bytes], Any]) -> _Read:
    form = Struct(layout)

    def read(data: bytes, at: int) -> tuple[Any, int]:
        begin = at + form.size
        end = begin + form.unpack_from(data, at)[0]
        if end > len(data):
            raise TruncatedError
        return convert(data[begin:end]), end

    return read


def _two_lines(data: bytes, at: int) -> tuple[tuple[str, str], int]:
    middle = data.find(b"\n", at, at + 1024)
    end = data.find(b"\n", middle + 1, middle + 1024)
    if middle < 0 or end < 0:
        raise TruncatedError
    return (_utf8(data[at:middle]), _utf8(data[middle + 1 : end])), end + 1


def _utf8(raw: bytes) -> str:
    return str(raw, "utf-8")


def _text_or_bytes(raw: bytes) -> str | bytes:
    """Decode a `str` of Python 2, which was text or bytes."""
    try:
        return str(raw, "utf-8")
    except UnicodeDecodeError:
        return raw


def _signed(raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)


def _keep(raw: bytes) -> bytes:
    return raw


Form = Union[str, Struct, Constant, _Read]
_NOTHING = Constant()
_ALLOWED: dict[bytes, tuple[str, Form]] = {
    b"\x80": ("PROTO", ONE_BYTE),
    b"\x95": ("FRAME", Struct("<Q")),
    b"(": ("MARK", _NOTHING),
    b"N": ("CONSTANT", Constant(None)),
    b"\x88": ("CONSTANT", Constant(True)),
    b"\x89": ("CONSTANT", Constant(False)),
    b"J": ("BININT", Struct("<i")),
    b"K": ("BININT", ONE_BYTE),
    b"M": ("BININT", Struct("<H")),
    b"\x8a": ("BININT", _counted("<B", _signed)),
    b"G": ("BINFLOAT", Struct(">d")),
    b"\x8c": ("BINUNICODE", _counted("<B", _utf8)),
    b"X": ("BINUNICODE", _counted("<I", _utf8)),
    b"\x8d": ("BINUNICODE", _counted("<Q", _utf8)),
    b"U": ("BINUNICODE", _counted("<B", _text_or_bytes)),
    b"T": ("BINUNICODE", _counted("<I", _text_or_bytes)),
    b"C": ("BINBYTES", _counted("<B", _keep)),
    b"B": ("BINBYTES", _counted("<I", _keep)),
    b"\x8e": ("BINBYTES", _counted("<Q", _keep)),
    b"\x96": ("BINBYTES", _counted("<Q", bytearray)),
    b"]": ("EMPTY_LIST", _NOTHING),
    b"}": ("EMPTY_DICT", _NOTHING),
    b")": ("CONSTANT", Constant(())),
    b"\x8f": ("EMPTY_SET", _NOTHING),
    b"t": ("TUPLE", _NOTHING),
    b"\x85": ("TUPLE1", _NOTHING),
    b"\x86": ("TUPLE2", _NOTHING),
    b"\x87": ("TUPLE3", _NOTHING),
    b"a": ("APPEND", _NOTHING),
    b"e": ("APPENDS", _NOTHING),
    b"s": ("SETITEM", _NOTHING),
    b"u": ("SETITEMS", _NOTHING),
    b"\x90": ("ADDITEMS", _NOTHING),
    b"h": ("BINGET", ONE_BYTE),
    b"j": ("BINGET", Struct("<I")),
    b"q": ("BINPUT", ONE_BYTE),
    b"r": ("BINPUT", Struct("<I")),
    b"\x94": ("MEMOIZE", _NOTHING),
    b"c": ("GLOBAL", _two_lines),
    b"\x93": ("STACK_GLOBAL", _NOTHING),
    b"R": ("REDUCE", _NOTHING),
    b"\x81": ("NEWOBJ", _NOTHING),
    b"b": ("BUILD", _NOTHING),
    b"Q": ("BINPERSID", _NOTHING),
}
#: By code: the name, under which the interpreter has a handler, and the form of the argument.
INSTRUCTIONS = {code[0]: instruction for code, instruction in _ALLOWED.items()}
STOP = ord(".")

_REFUSED = {
    b"I": "INT", b"L": "LONG", b"\x8b": "LONG4", b"S": "STRING", b"V": "UNICODE", b"F": "FLOAT",
    b"l": "LIST", b"d": "DICT", b"\x91": "FROZENSET", b"0": "POP", b"2": "DUP", b"1": "POP_MARK",
    b"g": "GET", b"p": "PUT", b"\x82": "EXT1", b"\x83": "EXT2", b"\x84": "EXT4", b"i": "INST",
    b"o": "OBJ", b"\x92": "NEWOBJ_EX", b"P": "PERSID", b"\x97": "NEXT_BUFFER", b"\x98": "READONLY_BUFFER",
}  # fmt: skip


def refusal(code: int) -> CheckpointError:
    """Make the error for an instruction that is not allowed."""
    name = _REFUSED.get(bytes([code]), "unknown")
    return CheckpointError(f"the pickle holds the instruction {name} (0x{code:02x}), which is refused")
