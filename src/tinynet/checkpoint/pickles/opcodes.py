"""The instructions of pickle that are allowed, and how each encodes its argument. Nothing is executed.

They are those that `torch.save` and NumPy write at protocols 2 to 5; the others are refused by name. The
encoding is specified in CPython's `Lib/pickletools.py`, whose decoder takes 1.6 ms to import and twice
the time to run.
"""

from __future__ import annotations

from struct import Struct
from typing import Any, Callable

from tinynet.errors import CheckpointError

#: The form of an argument, the constant itself or what reads the argument, and the bytes of a number.
_Argument = tuple[str, Any, int]


class Form:
    """The forms of arguments: a constant or none at all, one byte, a number, or anything longer."""

    CONSTANT, ONE_BYTE, NUMBER, LONG = "constant", "one byte", "number", "long"


class TruncatedError(Exception):
    """An argument reaches beyond the end of the pickle."""


def _constant(value: Any = None) -> _Argument:
    return Form.CONSTANT, value, 0


def _number(layout: str) -> _Argument:
    form = Struct(layout)
    return Form.NUMBER, form.unpack_from, form.size


def _counted(layout: str, convert: Callable[[bytes], Any]) -> _Argument:
    form = Struct(layout)

    def read(data: bytes, at: int) -> tuple[Any, int]:
        begin = at + form.size
        end = begin + form.unpack_from(data, at)[0]
        if end > len(data):
            raise TruncatedError
        return convert(data[begin:end]), end

    return Form.LONG, read, 0


def _two_lines(data: bytes, at: int) -> tuple[tuple[str, str], int]:
    middle = data.find(b"\n", at)
    end = data.find(b"\n", middle + 1)
    if middle < 0 or end < 0:
        raise TruncatedError
    return (data[at:middle].decode(), data[middle + 1 : end].decode()), end + 1


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


_NOTHING = _constant()
_ONE_BYTE = (Form.ONE_BYTE, None, 0)
_ALLOWED: dict[bytes, tuple[str, _Argument]] = {
    b"\x80": ("PROTO", _ONE_BYTE),
    b"\x95": ("FRAME", _number("<Q")),
    b"(": ("MARK", _NOTHING),
    b"N": ("CONSTANT", _constant(None)),
    b"\x88": ("CONSTANT", _constant(True)),
    b"\x89": ("CONSTANT", _constant(False)),
    b"J": ("BININT", _number("<i")),
    b"K": ("BININT", _ONE_BYTE),
    b"M": ("BININT", _number("<H")),
    b"\x8a": ("BININT", _counted("<B", _signed)),
    b"G": ("BINFLOAT", _number(">d")),
    b"\x8c": ("BINUNICODE", _counted("<B", bytes.decode)),
    b"X": ("BINUNICODE", _counted("<I", bytes.decode)),
    b"\x8d": ("BINUNICODE", _counted("<Q", bytes.decode)),
    b"U": ("BINUNICODE", _counted("<B", _text_or_bytes)),
    b"T": ("BINUNICODE", _counted("<I", _text_or_bytes)),
    b"C": ("BINBYTES", _counted("<B", _keep)),
    b"B": ("BINBYTES", _counted("<I", _keep)),
    b"\x8e": ("BINBYTES", _counted("<Q", _keep)),
    b"\x96": ("BINBYTES", _counted("<Q", bytearray)),
    b"]": ("EMPTY_LIST", _NOTHING),
    b"}": ("EMPTY_DICT", _NOTHING),
    b")": ("CONSTANT", _constant(())),
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
    b"h": ("BINGET", _ONE_BYTE),
    b"j": ("BINGET", _number("<I")),
    b"q": ("BINPUT", _ONE_BYTE),
    b"r": ("BINPUT", _number("<I")),
    b"\x94": ("MEMOIZE", _NOTHING),
    b"c": ("GLOBAL", (Form.LONG, _two_lines, 0)),
    b"\x93": ("STACK_GLOBAL", _NOTHING),
    b"R": ("REDUCE", _NOTHING),
    b"\x81": ("NEWOBJ", _NOTHING),
    b"b": ("BUILD", _NOTHING),
    b"Q": ("BINPERSID", _NOTHING),
}
_REFUSED = {
    b"I": "INT", b"L": "LONG", b"\x8b": "LONG4", b"S": "STRING", b"V": "UNICODE", b"F": "FLOAT",
    b"l": "LIST", b"d": "DICT", b"\x91": "FROZENSET", b"0": "POP", b"2": "DUP", b"1": "POP_MARK",
    b"g": "GET", b"p": "PUT", b"\x82": "EXT1", b"\x83": "EXT2", b"\x84": "EXT4", b"i": "INST",
    b"o": "OBJ", b"\x92": "NEWOBJ_EX", b"P": "PERSID", b"\x97": "NEXT_BUFFER", b"\x98": "READONLY_BUFFER",
}  # fmt: skip


def dispatch_table(
    handlers: dict[str, Callable[[Any], None]], refuse: Callable[[int], None]
) -> list[tuple[Any, str, Any, int]]:
    """Return, by code, the handler of each instruction and how its argument is read; for STOP there is no handler."""
    table: list[tuple[Any, str, Any, int]] = [(refuse, *_constant(code)) for code in range(256)]
    for code, (name, argument) in _ALLOWED.items():
        table[code[0]] = (handlers[name], *argument)
    table[ord(".")] = (None, Form.LONG, None, 0)
    return table


def refusal(code: int) -> CheckpointError:
    """Make the error for an instruction that is not allowed."""
    name = _REFUSED.get(bytes([code]), "unknown")
    return CheckpointError(f"the pickle holds the instruction {name} (0x{code:02x}), which is refused")
