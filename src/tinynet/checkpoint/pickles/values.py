"""The functions by which a pickle makes containers and plain values."""

from __future__ import annotations

from typing import Any

from tinynet.checkpoint.pickles.context import CallContext, damaged
from tinynet.checkpoint.pickles.inert import Instance, Name, Ordered, is_text

Arguments = tuple[Any, ...]

_MAX_RANGE = 1 << 63


def ordered_dict(context: CallContext, arguments: Arguments) -> Ordered:
    """Do ``collections.OrderedDict()``, or with a list of pairs, as Python 2 writes it."""
    result = Ordered()
    if arguments:
        if len(arguments) != 1 or type(arguments[0]) is not list:
            raise damaged("an OrderedDict")
        context.copying_items(arguments[0])
        for pair in arguments[0]:
            if type(pair) not in (list, tuple) or len(pair) != 2:
                raise damaged("an OrderedDict")
            context.keys.fill(result, pair)
    return result


def default_dict(context: CallContext, arguments: Arguments) -> dict[Any, Any]:
    """Do ``collections.defaultdict(factory)``; what would make the defaults is left out."""
    return {}


def counter(context: CallContext, arguments: Arguments) -> dict[Any, Any]:
    """Do ``collections.Counter(dict)``."""
    if len(arguments) != 1 or type(arguments[0]) is not dict:
        raise damaged("a Counter")
    context.copying_items(arguments[0])
    return dict(arguments[0])


def as_list(context: CallContext, arguments: Arguments) -> list[Any]:
    """Do ``collections.deque(items, maxlen)`` and TorchScript's ``build_intlist(items)``."""
    if not arguments:
        return []
    if type(arguments[0]) not in (list, tuple):
        raise damaged("a list")
    context.copying_items(arguments[0])
    return list(arguments[0])


def as_tuple(context: CallContext, arguments: Arguments) -> tuple[Any, ...]:
    """Do ``torch.Size(items)``."""
    return tuple(as_list(context, arguments))


def as_set(context: CallContext, arguments: Arguments) -> set[Any]:
    """Do ``set(items)``."""
    items = as_list(context, arguments)
    context.making_members(items)
    return set(context.keys.each(items))


def encode(context: CallContext, arguments: Arguments) -> bytes:
    """Do ``_codecs.encode(text, 'latin1')``: the way in which protocol 2 writes bytes."""
    if len(arguments) != 2 or type(arguments[0]) is not str or not is_text(arguments[1], "latin1", "latin-1"):
        raise damaged("a value of bytes")
    context.copying_bytes(arguments[0])
    try:
        return arguments[0].encode("latin-1")
    except UnicodeEncodeError:
        raise damaged("a value of bytes") from None


def empty_bytes(context: CallContext, arguments: Arguments) -> bytes:
    """Do ``bytes()``, which protocol 2 writes for no bytes at all."""
    if arguments:
        raise damaged("a value of bytes")
    return b""


def as_bytearray(context: CallContext, arguments: Arguments) -> bytearray:
    """Do ``bytearray()``, ``bytearray(bytes)`` or ``bytearray(text, 'latin1')``, but not ``bytearray(2**31)``."""
    if not arguments:
        return bytearray()
    if type(arguments[0]) is str:
        return bytearray(encode(context, arguments))
    if len(arguments) != 1 or type(arguments[0]) is not bytes:
        raise damaged("a bytearray")
    context.copying_bytes(arguments[0])
    return bytearray(arguments[0])


def as_complex(context: CallContext, arguments: Arguments) -> complex:
    """Do ``complex(real, imaginary)``."""
    if len(arguments) != 2 or any(type(part) is not float for part in arguments):
        raise damaged("a complex number")
    return complex(*arguments)


def device(context: CallContext, arguments: Arguments) -> str:
    """Do ``torch.device(type, index)``, as the text ``cuda:0``."""
    kinds = [type(part) for part in arguments]
    if kinds not in ([str], [str, int]) or len(arguments[0]) > 40:
        raise damaged("a device")
    return ":".join(map(str, arguments))


def as_range(context: CallContext, arguments: Arguments) -> range:
    """Do ``range(start, stop, step)``."""
    if len(arguments) != 3 or any(type(n) is not int or abs(n) >= _MAX_RANGE for n in arguments) or not arguments[2]:
        raise damaged("a range")
    return range(*arguments)


def first(context: CallContext, arguments: Arguments) -> Any:
    """Do TorchScript's ``restore_type_tag(value, type)``: the value itself."""
    if len(arguments) != 2:
        raise damaged("a value with a type")
    return arguments[0]


def old_object(context: CallContext, arguments: Arguments) -> Instance:
    """Do ``copyreg._reconstructor(cls, object, None)``: an object as protocols 0 and 1 write it."""
    if len(arguments) != 3 or type(arguments[0]) is not Name or arguments[2] is not None:
        raise damaged("an object")
    return Instance(arguments[0])
