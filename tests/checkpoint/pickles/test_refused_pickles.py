"""Pickles that are damaged or that attack the reader are refused, each for its reason."""

from __future__ import annotations

import re
import sys

import pytest
from builders import REBUILD, Fragment, call, instance, items, legacy, name, ordered, push, storage, tensor, torch_zip
from loading_helpers import load
from refusals import PICKLE, holding, raw, refusal

from tinynet.checkpoint import limits


def chain(length: int) -> Fragment:
    """A tuple in a tuple in a tuple."""
    return Fragment(b")" + b"\x85" * length)


def doubling(length: int) -> Fragment:
    """A tuple whose hash takes 2**length steps: each level holds the one below it twice."""
    return Fragment(b")" + b"q\x00h\x00\x86" * length)


def shared_modules(depth: int) -> Fragment:
    """A module that holds another twice, which holds another twice, ..."""
    inner = Fragment(name("m", "Net") + b")\x81" + push({"_parameters": {}, "_modules": {}}) + b"b")
    for _ in range(depth):
        twice = Fragment(b"}(" + push("a") + inner + b"q\x00" + push("b") + b"h\x00u")
        inner = Fragment(name("m", "Net") + b")\x81" + push({"_parameters": {}, "_modules": twice}) + b"b")
    return inner


def shared_tuples() -> Fragment:
    """Half a million references to one tuple of half a million numbers, and then an error."""
    many = Fragment(b"(" + b"N" * 500_000 + b"tq\x00")
    return Fragment(b"](" + many + b"h\x00" * 500_000 + name("m", "C") + b")\x81e")


FLOATS = call(name("numpy", "dtype"), "f4")
SYSTEM_CALL = name("posix", "system")
PICKLES = {
    "duplicate-key": (torch_zip(ordered([("a", 1), ("a", 2)])), "a dict has the key 'a' twice"),
    "duplicate-key-1-and-True": (
        torch_zip(push({"x": Fragment(b"}(" + items([(1, 1), (True, 2)]) + b"u")})),
        "twice",
    ),
    "key-that-is-not-UTF-8": (raw(b"\x80\x02}X\x02\0\0\0\xff\xfeK\x01s."), "text that is not UTF-8"),
    "surrogate-key": (torch_zip(push({"\ud800": 1})), "text that is not UTF-8"),
    "missing-memo": (torch_zip(Fragment(b"h\x07")), "memo 7, which was never stored"),
    "stack-underflow": (torch_zip(Fragment(b"R")), "takes two values from its stack"),
    "stack-underflow-below-a-mark": (torch_zip(Fragment(b"K\x01K\x02(\x86")), "takes two values"),
    "mark-underflow": (torch_zip(Fragment(b"t")), "a group that it never began"),
    "values-left": (torch_zip(Fragment(b"NN")), "leaves 1 values and 0 open groups"),
    "mark-left": (torch_zip(Fragment(b"(N")), "the pickle ends and leaves 0 values and 1 open groups on its stack"),
    "memo-of-nothing": (torch_zip(Fragment(b"q\x00")), "uses the value on top of its stack where none is"),
    "memo-of-nothing-above-a-mark": (torch_zip(Fragment(b"](q\x00")), "uses the value on top of its stack"),
    "empty-pickle": (raw(b"\x80\x02."), "takes a value from its stack where none is"),
    "unknown-opcode": (torch_zip(Fragment(b"\xff")), r"unknown \(0xff\)"),
    "no-STOP": (raw(PICKLE[:-1]), "without its STOP"),
    "no-bytes": (raw(b""), "without its STOP"),
    "cut-in-a-number": (raw(b"\x80\x02J\x01\x02"), "without its STOP"),
    "cut-in-text": (raw(b"\x80\x02X\xff\xff\xff\xffabc."), "without its STOP"),
    "cut-in-a-module": (raw(b"\x80\x02ctorch."), "ends at byte 9 without its STOP"),
    "cut-in-a-module-below-a-name": (raw(b"\x80\x02" + name("m", "C") + b"ctorch."), "without its STOP"),
    "cut-in-a-name": (raw(b"\x80\x02ctorch\nSize."), "without its STOP"),
    "bytes-after-STOP": (raw(PICKLE + b"N."), "2 bytes follow the end of the pickle"),
    "protocol-99": (torch_zip(push({}), protocol=99), "protocol 99"),
    "protocol-0": (raw(b"(dp0\nS'a'\nI1\ns."), "instruction DICT"),
    "posix.system-by-GLOBAL": (holding(call(SYSTEM_CALL, "id")), "'weight': the file names 'posix.system'"),
    "posix.system-by-STACK_GLOBAL": (
        holding(Fragment(push("posix") + push("system") + b"\x93" + push(("id",)) + b"R"), 4),
        "names 'posix.system'",
    ),
    "posix.system-in-a-module": (
        torch_zip(
            Fragment(name("m", "Net") + b")\x81" + push({"_parameters": {}, "_modules": {}, "x": SYSTEM_CALL}) + b"b")
        ),
        "names 'posix.system'",
    ),
    "os.path.join": (holding(name("os.path", "join")), "names 'os.path.join', which no checkpoint needs"),
    "builtins.eval": (holding(call(name("__builtin__", "eval"), "1")), "names 'builtins.eval'"),
    "unknown-function": (
        holding(call(name("torch.hub", "load"), "x")),
        "'weight': .*asks to call 'torch.hub.load'",
    ),
    "runstring": (
        holding(call(name("numpy.testing._private.utils", "runstring"), "1", {})),
        "asks to call 'numpy.test",
    ),
    "dotted-name": (
        holding(name("collections", "OrderedDict.fromkeys")),
        "'collections.OrderedDict.fromkeys' is not the",
    ),
    "path-of-numbers": (holding(call(name("pathlib", "PosixPath"), 1)), "'weight': a path is damaged"),
    "long-path": (holding(call(name("pathlib", "PosixPath"), "a" * 5000)), "a path is damaged"),
    "date-that-is-none": (holding(call(name("datetime", "date"), b"\0\0\x0d\x20")), "'weight': a date or time is"),
    "date-of-text": (holding(call(name("datetime", "date"), "2024-02-29")), "a date is damaged"),
    "zone-that-is-none": (holding(call(name("datetime", "time"), bytes(6), "UTC")), "a time zone is damaged"),
    "duration-without-end": (holding(call(name("datetime", "timedelta"), 2**70, 0, 0)), "a date or time is damaged"),
    "range-without-end": (holding(call(name("builtins", "range"), 0, 2**64, 1)), "a range is damaged"),
    "range-without-steps": (holding(call(name("builtins", "range"), 0, 9, 0)), "a range is damaged"),
    "class-and-its-name-as-keys": (
        torch_zip(push({name("m", "C"): 1, "m.C": 2})),
        "a dict has the key 'm.C' twice",
    ),
    "unknown-function-without-arguments": (holding(call(name("m", "f"))), "'weight': the pickle asks to call 'm.f'"),
    "getattr": (
        holding(call(name("builtins", "getattr"), "a", "b")),
        r"asks to call 'builtins.getattr'.*save model.state_dict\(\) alone in PyTorch$",
    ),
    "attributes-of-an-unknown-call": (
        holding(Fragment(call(name("m", "f")) + push({"a": 1}) + b"b")),
        "asks to call 'm.f'",
    ),
    "error-in-a-list": (torch_zip(push({"a": ["x", 1, Fragment(b"\xff")]})), "'a': the pickle holds the instruction"),
    "error-in-a-tuple": (torch_zip(push({"a": {"b": ("x", Fragment(b"\xff"))}})), "'a/b': the pickle holds"),
    "error-in-a-list-of-one": (torch_zip(Fragment(b"}" + push("a") + b"]\xff")), "'a': the pickle holds"),
    "error-in-a-set": (torch_zip(push({"a": Fragment(b"\x8f(" + push("x") + b"\xff")})), "'a': the pickle holds"),
    "error-behind-other-keys": (torch_zip(push({"a": "b", "c": "d", "e": Fragment(b"\xff")})), "'e': the pickle"),
    "error-in-the-attributes-of-an-object": (
        torch_zip(push({"net": instance("m", "C", {"x": [1, Fragment(b"\xff")]})})),
        "'net/x': the pickle holds",
    ),
    "empty-name": (holding(name("torch", "")), "'torch.' is not the name"),
    "name-of-a-number": (holding(Fragment(b"K\x01K\x02\x93")), "names a class by something that is not text"),
    "_load_from_bytes": (
        holding(call(name("torch.storage", "_load_from_bytes"), b"x")),
        "'weight': it is a pickle within the pickle",
    ),
    "bytearray(2**31-1)": (
        holding(call(name("builtins", "bytearray"), 2**31 - 1)),
        "'weight': a bytearray is damaged",
    ),
    "SETITEM-on-a-tensor": (
        holding(Fragment(tensor(storage()) + b"K\x00K\x01s")),
        "sets items of a value of type ndarray",
    ),
    "APPEND-to-a-tuple": (holding(Fragment(b")K\x01a")), "appends to a value of type tuple"),
    "ADDITEMS-to-a-list": (holding(Fragment(b"](K\x01\x90")), "adds items to a value of type list"),
    "SETITEMS-without-a-value": (holding(Fragment(b"}(K\x01u")), "a key without a value"),
    "BUILD-on-a-global": (
        holding(Fragment(name("torch._utils", "_rebuild_tensor_v2") + push({"__defaults__": ()}) + b"b")),
        r"sets the state of a value of type 'torch._utils._rebuild_tensor_v2'",
    ),
    "BUILD-on-a-dict": (
        holding(Fragment(b"}" + push({"a": 1}) + b"b")),
        "sets the state of a value of type dict",
    ),
    "REDUCE-of-a-number": (holding(Fragment(b"K\x01)R")), "calls a value of type int"),
    "REDUCE-with-a-list": (holding(Fragment(name("torch", "Size") + b"]R")), "calls a value"),
    "NEWOBJ-with-arguments": (
        holding(Fragment(name("m", "C") + push((1,)) + b"\x81")),
        "from arguments, which is refused",
    ),
    "an-object-without-state": (
        holding(Fragment(name("m", "C") + b")\x81")),
        "'weight': it is an object of the class 'm.C'",
    ),
    "an-object-as-the-whole": (
        torch_zip(Fragment(name("m", "C") + b")\x81" + push({"a": 1}) + b"b")),
        "class 'm.C'",
    ),
    "a-class-as-the-whole": (torch_zip(name("m", "C")), "it is 'm.C', which is neither"),
    "deep-tuple-key": (torch_zip(Fragment(b"}" + chain(300_000) + b"K\x01s")), "key"),
    "deep-tuple-in-a-set": (holding(call(name("builtins", "set"), [chain(300_000)])), "key"),
    "hash-bomb": (torch_zip(Fragment(b"}" + doubling(70) + b"K\x01s")), "key of type tuple"),
    "hash-bomb-as-a-size": (holding(tensor(storage(), doubling(70), (1, 1))), "a tuple of 2 values"),
    "hash-bomb-as-metadata": (
        holding(tensor(storage(), (4,), (1,), 0, {"conj": doubling(70)})),
        "has the metadata a value of type dict",
    ),
    "hash-bomb-as-an-array-shape": (
        holding(call(name("numpy.core.numeric", "_frombuffer"), b"", FLOATS, doubling(70), "C")),
        "a NumPy array has the shape a tuple of 2 values",
    ),
    "hash-bomb-as-an-element-type": (
        holding(call(name("numpy", "dtype"), doubling(70))),
        "a tuple of 2 values",
    ),
    "hash-bomb-as-a-version": (
        legacy(push({}), [], version=doubling(70)),
        "of the legacy format a tuple of 2 values",
    ),
    "long-module": (
        holding(name("m" * 500, "C")),
        f"^<file>: 'weight': '{'m' * 60}'... with 'C' is not the name of a class: it is too long$",
    ),
    "long-name": (
        holding(name("m", "C" * 500)),
        f"^<file>: 'weight': 'm' with '{'C' * 60}'... is not the name of a class: it is too long$",
    ),
    "very-long-name": (holding(name("m" * 3000, "C" * 3000)), "is not the name of a class: it is too long"),
    "long-storage-key": (holding(tensor(storage("s" * 300))), "a storage has the key"),
    "shared-modules-without-end": (torch_zip(shared_modules(40)), "counting shared ones each time"),
    "shared-tuples-without-end": (torch_zip(push([shared_tuples()])), "neither tensor"),
    "long-tuple-key": (torch_zip(push({(1,) * 9: 1})), "too long"),
    "list-as-key": (torch_zip(Fragment(b"}]K\x01s")), "key of type list"),
    "NaN-as-key": (torch_zip(push({float("nan"): 1})), "key nan"),
    "keys-of-one-hash": (
        torch_zip(push({k * (2**61 - 1): 1 for k in range(3)})),
        "the key .* cannot be a key",
    ),
    "deep-nesting": (torch_zip(Fragment(b"]" * 300_000 + b"a" * 299_999)), "nested deeper than 100"),
    "deep-tuples": (torch_zip(push([chain(300_000)])), "nested deeper than 100"),
    "tuple-that-holds-itself": (
        torch_zip(Fragment(b"]q\x00\x85q\x01h\x00h\x01a\x86")),
        "a tuple contains itself",
    ),
    "nested-_rebuild_from_type_v2": (
        holding(
            call(
                name("torch._tensor", "_rebuild_from_type_v2"),
                name("torch._tensor", "_rebuild_from_type_v2"),
                name("torch", "Tensor"),
                (REBUILD, name("torch", "Tensor"), (), {}),
                {},
            )
        ),
        "'weight': a tensor with attributes is rebuilt by 'torch._tensor._rebuild_from_type_v2', which is refused",
    ),
    "persistent-id-of-another-kind": (holding(Fragment(push(("file", 1)) + b"Q")), "in an unknown way"),
    "persistent-id-no-tuple": (holding(Fragment(push("0") + b"Q")), "in an unknown way"),
    "module-in-a-cycle": (
        torch_zip(
            Fragment(
                name("m", "Net")
                + b")\x81q\x00"
                + push({"_parameters": {}, "_modules": {"a": Fragment(b"h\x00")}})
                + b"b"
            )
        ),
        "no module, or modules are nested too deep",
    ),
    "module-that-is-a-number": (
        torch_zip(Fragment(name("m", "Net") + b")\x81" + push({"_parameters": {}, "_modules": {"a": 1}}) + b"b")),
        "'a': it is no module",
    ),
    "parameter-that-is-a-number": (
        torch_zip(Fragment(name("m", "Net") + b")\x81" + push({"_parameters": {"a": 1}, "_modules": {}}) + b"b")),
        "'a': it is not a tensor but a value of type int",
    ),
    "bytes-copied-again-and-again": (
        torch_zip(
            Fragment(
                name("_codecs", "encode")
                + b"q\x00"
                + push("a" * 10**6)
                + push("latin1")
                + b"\x86q\x01R"
                + b"("
                + b"h\x00h\x01R" * 300
                + b"t\x86"
            )
        ),
        "copies of values",
    ),
}
REFUSED = {
    "EXT1": b"\x82\x01", "EXT2": b"\x83\x01\0", "EXT4": b"\x84\x01\0\0\0", "INST": b"(iposix\nsystem\n",
    "OBJ": b"(cm\nx\no", "NEWOBJ_EX": b"\x92", "NEXT_BUFFER": b"\x97", "READONLY_BUFFER": b"\x98", "DUP": b"N2",
    "POP": b"N0", "POP_MARK": b"(1", "PERSID": b"P0\n", "LONG4": b"\x8b\x01\0\0\0\x01", "FROZENSET": b"(\x91",
    "DICT": b"(d", "LIST": b"(l", "STRING": b"S'a'\n", "UNICODE": b"Va\n", "INT": b"I1\n", "FLOAT": b"F1\n",
    "LONG": b"L1L\n", "GET": b"g0\n", "PUT": b"Np0\n",
}  # fmt: skip


@pytest.mark.parametrize(("data", "cause"), PICKLES.values(), ids=PICKLES)
def test_pickle(data: bytes, cause: str) -> None:
    assert re.search(cause, refusal(data))


@pytest.mark.parametrize("opcode", REFUSED)
def test_instruction(opcode: str) -> None:
    body = REFUSED[opcode]
    assert f"the instruction {opcode} (" in refusal(torch_zip(Fragment(body)))


def test_many_tuple_keys_of_one_hash_are_refused_quickly() -> None:
    pairs = [((n, "x"), 1) for n in range(5000)]
    assert "too many tuples as keys" in refusal(torch_zip(Fragment(b"}(" + items(pairs) + b"u")))


@pytest.mark.parametrize("module", ["operator", "builtins", "m"])
def test_only_what_attacks_are_made_of_is_called_one(module: str) -> None:
    assert "attack" not in refusal(holding(call(name(module, "methodcaller"), "x")))
    assert "may be an attack" in refusal(holding(call(name("os", "system"), "x")))


def test_a_file_may_have_many_numbers_in_a_row_as_keys() -> None:
    for numbers in (range(50_000), range(10**6, 10**6 + 50_000), range(-(10**5), -(10**5) - 50_000, -1)):
        body = Fragment(b"}(" + b"".join(push(n) + b"N" for n in numbers) + b"u")
        assert load(torch_zip(body)) == dict.fromkeys(numbers)


@pytest.mark.parametrize("kind", ["ints", "floats", "set"])
def test_a_file_may_have_some_odd_numbers_as_keys(kind: str) -> None:
    def holding_keys(count: int) -> bytes:
        numbers = [push(n / 4 if kind == "floats" else 5000 + 3 * n) for n in range(count)]
        if kind == "set":
            return torch_zip(Fragment(b"\x8f(" + b"".join(numbers) + b"\x90"))
        return torch_zip(Fragment(b"}(" + b"".join(n + b"N" for n in numbers) + b"u"))

    assert len(load(holding_keys(1 << 14))) == 1 << 14
    assert "more than 16,384 odd numbers as keys" in refusal(holding_keys((1 << 14) + 1))


@pytest.mark.parametrize("first", [0, 1, 7], ids=["Python-3", "Python-2", "other"])
def test_memos_may_be_numbered_from_anywhere(first: int) -> None:
    puts = b"".join(b"r" + (first + n).to_bytes(4, "little") for n in range(5000))
    assert load(torch_zip(Fragment(b"]" + puts))) == []


def test_only_few_memos_may_be_out_of_order() -> None:
    def holding_memos(count: int) -> bytes:
        return torch_zip(Fragment(b"]" + b"".join(b"r" + (3 * n).to_bytes(4, "little") for n in range(count))))

    assert load(holding_memos((1 << 10) + 1)) == []  # the first has the number 0, which is in order
    assert "more than 1,024 memos out of order" in refusal(holding_memos((1 << 10) + 2))


@pytest.mark.parametrize(("module", "attribute"), [("m", "C" * 499), ("m" * 499, "C")], ids=["name", "module"])
def test_a_name_may_be_as_long_as_the_limit(module: str, attribute: str) -> None:
    assert load(holding(name(module, attribute))) == {"weight": f"{module}.{attribute}"}


@pytest.mark.parametrize(
    ("written", "text"),
    [(push("слой" * 50), "слой" * 50), (Fragment(b"U\x64" + b"\xff" * 100), b"\xff" * 100)],
    ids=["text", "bytes-of-Python-2"],
)
def test_wide_text_is_paid_as_it_is_kept(
    written: Fragment, text: str | bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = sys.getsizeof(text)
    monkeypatch.setattr(limits, "MAX_OBJECTS", 2 * size)
    assert load(torch_zip(push([written, "ascii", written]))) == [text, "ascii", text]
    monkeypatch.setattr(limits, "MAX_OBJECTS", 2 * size - 1)
    needed = f"the texts would need more than the {2 * size - 1} bytes that the objects of one file may take"
    assert refusal(torch_zip(push([written, "ascii", written]))) == f"<file>: {needed}"


def test_long_text_of_the_file_is_cut_in_messages() -> None:
    assert len(refusal(torch_zip(push({"k" * 10**6: 1, "l": name("m", "C" * 900)}))[:-1])) < 700
    assert len(refusal(torch_zip(push({"k" * 10**6: Fragment(name("m", "C") + b")\x81")})))) < 700
    assert len(refusal(holding(tensor(storage("s" * 10**6))))) < 700
