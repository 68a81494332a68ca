"""Reads one pickle by moving inert values on a stack. Nothing is imported, called or compared."""

from __future__ import annotations

import struct
from typing import Any, Callable

from tinynet.checkpoint import limits
from tinynet.checkpoint.pickles.calls import call, new_object
from tinynet.checkpoint.pickles.context import CallContext
from tinynet.checkpoint.pickles.filling import add_items, build, extend, set_items
from tinynet.checkpoint.pickles.opcodes import Form, TruncatedError, dispatch_table, refusal
from tinynet.checkpoint.pickles.stack import Stack
from tinynet.errors import CheckpointError

#: Sets take more memory per instruction than anything else; so many of them are enough.
_SET_COST = 256
_PROTOCOLS = range(2, 6)
#: Picklers number their memo from 0 or 1 on. Other numbers are harmless as long as they are few: see `keys`.
_MAX_ODD_MEMOS = 1024


class Interpreter:
    """The stack machine of one pickle, with the opcodes of `tinynet.checkpoint.pickles.opcodes`."""

    def __init__(self, context: CallContext, persistent: Callable[[Any], Any] | None = None) -> None:
        self._context = context
        self._persistent = persistent
        self._stack = Stack()
        self._push = self._stack.values.append
        self._memo: dict[int, Any] = {}
        self._next_memo = 0
        self._odd_memos_left = _MAX_ODD_MEMOS

    def run(self, data: bytes, start: int = 0) -> tuple[Any, int]:
        """Return the value of the pickle that begins at byte `start`, and the byte where it ends."""
        try:
            end = self._execute(data, start)
        except UnicodeDecodeError:
            raise CheckpointError(f"{self._stack.where()}the pickle holds text that is not UTF-8") from None
        except (IndexError, struct.error, TruncatedError):
            raise CheckpointError(f"the pickle ends at byte {len(data):,} without its STOP instruction") from None
        except CheckpointError as error:
            raise CheckpointError(f"{self._stack.where()}{error}") from None
        value = self._stack.take()
        if self._stack.values or len(self._stack.marks) > 1:
            left = f"{len(self._stack.values)} values and {len(self._stack.marks) - 1} open groups"
            raise CheckpointError(f"the pickle ends and leaves {left} on its stack")
        return value, end

    def _execute(self, data: bytes, at: int) -> int:
        table = dispatch_table(self._handlers(), self._refuse)
        constant, one_byte, number = Form.CONSTANT, Form.ONE_BYTE, Form.NUMBER
        for _ in range(limits.MAX_INSTRUCTIONS):
            handler, form, read, size = table[data[at]]
            at += 1
            if form is constant:
                handler(read)
            elif form is one_byte:
                handler(data[at])
                at += 1
            elif form is number:
                handler(read(data, at)[0])
                at += size
            elif handler is not None:
                argument, at = read(data, at)
                handler(argument)
            else:
                return at
        raise CheckpointError(f"the pickle has more than {limits.MAX_INSTRUCTIONS:,} instructions")

    def _handlers(self) -> dict[str, Callable[[Any], None]]:
        push = self._push
        return {
            "PROTO": self._protocol, "FRAME": self._frame, "CONSTANT": push, "BININT": push, "BINFLOAT": push,
            "BINUNICODE": self._text, "BINBYTES": push, "GLOBAL": self._global, "STACK_GLOBAL": self._stack_global,
            "EMPTY_LIST": self._empty_list, "EMPTY_DICT": self._empty_dict, "EMPTY_SET": self._empty_set,
            "MARK": self._mark, "TUPLE": self._tuple, "TUPLE1": self._tuple1, "TUPLE2": self._tuple2,
            "TUPLE3": self._tuple3, "BINGET": self._get, "BINPUT": self._put, "MEMOIZE": self._memoize,
            "APPEND": self._append, "APPENDS": self._appends, "SETITEM": self._setitem, "SETITEMS": self._setitems,
            "ADDITEMS": self._additems, "BUILD": self._build, "REDUCE": self._reduce, "NEWOBJ": self._newobj,
            "BINPERSID": self._persistent_id,
        }  # fmt: skip

    def _refuse(self, code: int) -> None:
        raise refusal(code)

    # Plain values and tuples.

    def _protocol(self, version: int) -> None:
        if version not in _PROTOCOLS:
            raise CheckpointError(f"the pickle is of protocol {version}; protocols 2 to 5 are read")

    def _frame(self, length: int) -> None:
        pass  # it only groups instructions, so its length does not matter

    def _text(self, text: str | bytes) -> None:
        if not text.isascii():
            self._context.keeping_text(text)
        self._push(text)

    def _empty_list(self, _: None) -> None:
        self._push([])

    def _empty_dict(self, _: None) -> None:
        self._push({})

    def _empty_set(self, _: None) -> None:
        self._context.objects.spend(_SET_COST, "the sets")
        self._push(set())

    def _mark(self, _: None) -> None:
        self._stack.mark()

    def _tuple(self, _: None) -> None:
        self._push(tuple(self._stack.take_group()))

    def _tuple1(self, _: None) -> None:
        self._push((self._stack.take(),))

    def _tuple2(self, _: None) -> None:
        self._push(self._stack.take_two())

    def _tuple3(self, _: None) -> None:
        third = self._stack.take()
        self._push((*self._stack.take_two(), third))

    # The memo: a dict, so that its numbers cost no memory.

    def _get(self, index: int) -> None:
        try:
            self._push(self._memo[index])
        except KeyError:
            raise CheckpointError(f"the pickle asks for memo {index}, which was never stored") from None

    def _put(self, index: int) -> None:
        if index != self._next_memo and index not in self._memo:
            self._odd_memos_left -= 1
            if self._odd_memos_left < 0:
                raise CheckpointError(f"the pickle stores more than {_MAX_ODD_MEMOS:,} memos out of order")
        self._next_memo = index + 1
        self._memo[index] = self._stack.top()

    def _memoize(self, _: None) -> None:
        self._memo[len(self._memo)] = self._stack.top()

    # Filling containers. What is taken is taken before the container below it is looked at.

    def _append(self, _: None) -> None:
        item = self._stack.take()
        extend(self._stack.top(), (item,))

    def _appends(self, _: None) -> None:
        items = self._stack.take_group()
        extend(self._stack.top(), items)

    def _setitem(self, _: None) -> None:
        pair = self._stack.take_two()
        set_items(self._context, self._stack.top(), pair)

    def _setitems(self, _: None) -> None:
        items = self._stack.take_group()
        set_items(self._context, self._stack.top(), items)

    def _additems(self, _: None) -> None:
        items = self._stack.take_group()
        add_items(self._context, self._stack.top(), items)

    def _build(self, _: None) -> None:
        state = self._stack.take()
        build(self._context, self._stack.top(), state)

    # Names, calls and objects.

    def _global(self, lines: tuple[str, str]) -> None:
        self._push(self._context.name(*lines))

    def _stack_global(self, _: None) -> None:
        module, name = self._stack.take_two()
        if type(name) is not str or type(module) is not str:
            raise CheckpointError("the pickle names a class by something that is not text")
        self._push(self._context.name(module, name))

    def _reduce(self, _: None) -> None:
        function, arguments = self._stack.take_two()
        self._push(call(self._context, function, arguments))

    def _newobj(self, _: None) -> None:
        cls, arguments = self._stack.take_two()
        self._push(new_object(self._context, cls, arguments))

    def _persistent_id(self, _: None) -> None:
        if self._persistent is None:
            raise CheckpointError("the pickle refers to data outside of it, and there is none")
        self._push(self._persistent(self._stack.take()))
