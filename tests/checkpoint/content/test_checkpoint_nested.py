"""Keys, nested values, NumPy arrays inside pickles: all come back as plain Python values."""

from __future__ import annotations

import argparse
import datetime
import io
import pathlib
import pickle
import struct
import types
from typing import Any

import numpy as np
import pytest
from builders import FOUR, Fragment, call, instance, items, name, ordered, push, storage, tensor, torch_zip
from loading_helpers import WEIGHT, assert_same, load
from refusals import refusal

import tinynet as tn
from tinynet.checkpoint.content import plain
from tinynet.checkpoint.limits import Budget


@pytest.mark.parametrize(
    "key", [3, (1, "a"), "", pytest.param("слой.вес", id="Cyrillic"), None, 2.5, True, b"old"], ids=repr
)
def test_keys(key: Any) -> None:
    assert_same(load(torch_zip(push({key: tensor(storage())}), {"0": FOUR.tobytes()})), {key: WEIGHT["weight"]})


def numpy_dtype(code: str, order: str) -> Fragment:
    made = call(name("numpy", "dtype"), code, False, True)
    return Fragment(made + push((3, order, None, None, None, -1, -1, 0)) + b"b")


def numpy_array(
    values: np.ndarray[Any, Any], data: Any, fortran: bool = False, module: str = "numpy.core"
) -> Fragment:
    empty = call(name(f"{module}.multiarray", "_reconstruct"), name("numpy", "ndarray"), (0,), b"b")
    dtype = numpy_dtype(values.dtype.str[1:], values.dtype.str[0])
    return Fragment(empty + push((1, values.shape, dtype, fortran, data)) + b"b")


LATIN = call(name("_codecs", "encode"), "\xe9\x00", "latin1")
GRID = np.arange(6, dtype=">i2").reshape(2, 3)
PLAIN = [1, -70000, 2**70, -(2**70), 1.5, "é", b"\xff", None, True]
NESTED = {"a": {"b": [{"c": (1, (2, [3]))}]}}
NAMESPACE = instance("argparse", "Namespace", {"lr": 0.1, "dtype": name("torch", "float32")})


@pytest.mark.parametrize(
    "kind", ["long", "float", "unicode", "bool", "tuple", "frozenset", "complex", "list", "dict", "set"]
)
def test_types_as_the_defaults_of_a_dict(kind: str) -> None:
    defaults = call(name("collections", "defaultdict"), name("__builtin__", kind))
    written = push({"d": Fragment(defaults + push("a") + push(1) + b"s"), "type": name("__builtin__", kind)})
    modern = {"long": "int", "unicode": "str"}.get(kind, kind)
    assert_same(load(torch_zip(written)), {"d": {"a": 1}, "type": f"builtins.{modern}"})


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param(push(PLAIN), PLAIN, id="plain"),
        pytest.param(push(NESTED), NESTED, id="nested"),
        pytest.param(call(name("torch", "Size"), (2, 3)), (2, 3), id="torch.Size"),
        pytest.param(call(name("torch", "device"), "cuda", 0), "cuda:0", id="torch.device"),
        pytest.param(call(name("torch", "device"), "cpu"), "cpu", id="torch.device-cpu"),
        pytest.param(name("torch", "float16"), "torch.float16", id="dtype"),
        pytest.param(name("torch.optim.adam", "Adam"), "torch.optim.adam.Adam", id="class"),
        pytest.param(call(name("__builtin__", "set"), [1, "a"]), {1, "a"}, id="set"),
        pytest.param(Fragment(b"\x8f(" + push(1) + push("a") + b"\x90"), {1, "a"}, id="set-of-protocol-4"),
        pytest.param(call(name("__builtin__", "complex"), 1.0, -2.0), 1 - 2j, id="complex"),
        pytest.param(LATIN, b"\xe9\x00", id="bytes-of-protocol-2"),
        pytest.param(call(name("__builtin__", "bytes")), b"", id="no-bytes-of-protocol-2"),
        pytest.param(call(name("builtins", "bytearray"), b"ab"), bytearray(b"ab"), id="bytearray"),
        pytest.param(call(name("__builtin__", "bytearray"), "ab", "latin-1"), bytearray(b"ab"), id="bytearray-2"),
        pytest.param(Fragment(b"\x96" + struct.pack("<Q", 2) + b"ab"), bytearray(b"ab"), id="bytearray-5"),
        pytest.param(call(name("collections", "Counter"), {"a": 2}), {"a": 2}, id="Counter"),
        pytest.param(
            Fragment(call(name("collections", "defaultdict"), name("__builtin__", "list")) + b"(" + push("a")
                     + push([1]) + b"u"),
            {"a": [1]}, id="defaultdict",
        ),
        pytest.param(call(name("collections", "OrderedDict"), [["a", 1], ["b", 2]]), {"a": 1, "b": 2}, id="pairs"),
        pytest.param(Fragment(b"U\x02ab"), "ab", id="text-of-Python-2"),
        pytest.param(Fragment(b"U\x02\xff\xfe"), b"\xff\xfe", id="bytes-of-Python-2"),
        pytest.param(NAMESPACE, {"lr": 0.1, "dtype": "torch.float32"}, id="object-of-unknown-class"),
        pytest.param(push((1, NAMESPACE)), (1, {"lr": 0.1, "dtype": "torch.float32"}), id="object-in-a-tuple"),
        pytest.param(numpy_array(GRID, GRID.tobytes()), GRID.astype("i2"), id="ndarray"),
        pytest.param(numpy_array(GRID, GRID.T.tobytes(), True, "numpy._core"), GRID.astype("i2"), id="Fortran-order"),
        pytest.param(
            call(name("numpy.core.numeric", "_frombuffer"), GRID.tobytes(), numpy_dtype("i2", ">"), (2, 3), "C"),
            GRID.astype("i2"), id="ndarray-of-protocol-5",
        ),
        pytest.param(
            call(name("numpy.core.multiarray", "scalar"), numpy_dtype("f8", "<"), struct.pack("<d", 0.75)),
            0.75, id="NumPy-scalar",
        ),
        pytest.param(
            call(name("numpy.core.multiarray", "scalar"), numpy_dtype("i4", "<"), Fragment(b"U\x04\x07\0\0\0")),
            7, id="NumPy-scalar-of-Python-2",
        ),
    ],
)  # fmt: skip
def test_nested_values(written: Fragment, expected: Any) -> None:
    body = push({"value": written, "state_dict": ordered({"w": tensor(storage())})})
    loaded = load(torch_zip(body, {"0": FOUR.tobytes()}))
    assert_same(loaded["value"], expected)
    assert_same(loaded["state_dict"], {"w": WEIGHT["weight"]})


DAY = b"\x07\xe8\x02\x1d"  # 29 February 2024
CLOCK = b"\x17\x3b\x3a\x00\x00\x07"
ZONE = call(name("datetime", "timezone"), call(name("datetime", "timedelta"), 0, 7200, 0))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param(call(name("pathlib", "PosixPath"), "/", "tmp", "a.pth"), "/tmp/a.pth", id="PosixPath"),
        pytest.param(call(name("pathlib._local", "PosixPath"), "/tmp", "/b"), "/b", id="PosixPath-of-Python-3.13"),
        pytest.param(call(name("pathlib", "PurePosixPath")), ".", id="empty-path"),
        pytest.param(call(name("pathlib", "WindowsPath"), "C:\\", "a", "b"), "C:\\a\\b", id="WindowsPath"),
        pytest.param(call(name("datetime", "date"), DAY), "2024-02-29", id="date"),
        pytest.param(call(name("datetime", "time"), CLOCK), "23:59:58.000007", id="time"),
        pytest.param(call(name("datetime", "datetime"), DAY + CLOCK), "2024-02-29T23:59:58.000007", id="datetime"),
        pytest.param(
            call(name("datetime", "datetime"), DAY + CLOCK, ZONE), "2024-02-29T23:59:58.000007+02:00",
            id="datetime-with-a-zone",
        ),
        pytest.param(
            call(name("datetime", "date"), call(name("_codecs", "encode"), "\x07\xe8\x02\x1d", "latin1")),
            "2024-02-29", id="date-of-protocol-2",
        ),
        pytest.param(call(name("datetime", "date"), Fragment(b"U\x04\x07\x40\x02\x1d")), "1856-02-29", id="date-2"),
        pytest.param(call(name("datetime", "timedelta"), 1, 5, 0), "1 day, 0:00:05", id="timedelta"),
        pytest.param(ZONE, "UTC+02:00", id="timezone"),
        pytest.param(call(name("builtins", "range"), 0, 10, 2), range(0, 10, 2), id="range"),
        pytest.param(call(name("__builtin__", "xrange"), 3, 0, -1), range(3, 0, -1), id="xrange"),
        pytest.param(call(name("__builtin__", "frozenset"), ["a", "b"]), {"a", "b"}, id="frozenset"),
        pytest.param(
            Fragment(call(name("types", "SimpleNamespace")) + push({"lr": 0.1}) + b"b"), {"lr": 0.1},
            id="SimpleNamespace",
        ),
        pytest.param(push({name("callbacks", "Early"): {"n": 3}}), {"callbacks.Early": {"n": 3}}, id="class-as-key"),
        pytest.param(call(name("builtins", "set"), [name("m", "A"), 1]), {"m.A", 1}, id="class-in-a-set"),
        pytest.param(
            Fragment(call(name("m", "Sorted")) + b"(" + items({"a": 1, "b": (2,)}) + b"u" + push({"x": 1}) + b"b"),
            {"a": 1, "b": (2,)}, id="dict-of-a-class-of-its-own",
        ),
        pytest.param(name("operator", "itemgetter"), "operator.itemgetter", id="harmless-name"),
        pytest.param(name("builtins", "slice"), "builtins.slice", id="harmless-builtin"),
    ],
)  # fmt: skip
def test_what_stands_beside_the_weights(written: Fragment, expected: Any) -> None:
    loaded = load(torch_zip(push({"value": written, "w": tensor(storage())}), {"0": FOUR.tobytes()}))
    assert_same(loaded, {"value": expected, "w": WEIGHT["weight"]})


def test_what_python_pickles_beside_arrays() -> None:
    values = {
        "path": pathlib.Path("runs", "best.pth"), "day": datetime.date(2024, 2, 29),
        "now": datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=datetime.timezone.utc), "rest": datetime.timedelta(3),
        "range": range(3), "options": argparse.Namespace(lr=0.1), "space": types.SimpleNamespace(a=1),
        "array": np.arange(3), "exact": np.float32(0.5),
    }  # fmt: skip
    expected = {
        "path": str(values["path"]), "day": "2024-02-29", "now": "2024-02-29T01:02:03+00:00",
        "rest": "3 days, 0:00:00", "range": range(3), "options": {"lr": 0.1}, "space": {"a": 1},
        "array": np.arange(3), "exact": 0.5,
    }  # fmt: skip
    for protocol in (2, 3, 4, 5):
        assert_same(tn.load_checkpoint(io.BytesIO(pickle.dumps(values, protocol))), expected)


def test_a_file_is_not_changed_by_what_it_holds_twice() -> None:
    shared = Fragment(push([NAMESPACE, (1, [NAMESPACE])]) + b"q\x05")
    loaded = load(torch_zip(push({"a": shared, "b": Fragment(b"h\x05"), "c": (Fragment(b"h\x05"),)})))
    space = {"lr": 0.1, "dtype": "torch.float32"}
    assert_same(loaded, {"a": [space, (1, [space])], "b": [space, (1, [space])], "c": ([space, (1, [space])],)})
    assert loaded["a"] is loaded["b"] is loaded["c"][0]


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(NAMESPACE, id="object"),
        pytest.param(push((1, NAMESPACE)), id="tuple-with-an-object"),
        pytest.param(instance("my", "Net", {"_parameters": {"w": tensor(storage())}, "_modules": {}}), id="module"),
        pytest.param(ordered({"a": 1}), id="OrderedDict"),
    ],
)
def test_what_a_file_holds_twice_is_made_once(written: Fragment) -> None:
    twice = push({"a": Fragment(written + b"q\x05"), "b": Fragment(b"h\x05")})
    loaded = load(torch_zip(twice, {"0": FOUR.tobytes()}))
    assert loaded["a"] is loaded["b"]


def test_values_may_be_nested_as_deep_as_the_limit() -> None:
    value = push({"a": 5})
    for _ in range(99):
        value = push({"a": value})
    assert load(torch_zip(value))["a"]["a"]["a"]
    message = "<file>: 'a/a/a/a/a/a/a/a': values are nested deeper than 100 levels"
    assert refusal(torch_zip(push({"a": value}))) == message


def test_long_values_are_looked_through_once() -> None:
    few, many = [1] * 8, [1] * 9
    root = (few, many)
    walk = plain._Walk(lambda value, objects: None, Budget(10_000, "this test allows"))
    assert walk.run(root) == root
    assert walk._finished.keys() == {id(root), id(many)}


def test_a_dict_of_a_class_of_its_own_as_the_whole() -> None:
    written = Fragment(name("m", "Config") + b")\x81(" + items({"w": tensor(storage())}) + b"u")
    assert_same(load(torch_zip(written, {"0": FOUR.tobytes()})), {"w": WEIGHT["weight"]})


def test_self_referencing_list_with_an_object() -> None:
    loaded = load(torch_zip(Fragment(b"]q\x00(h\x00" + NAMESPACE + b"e")))
    assert loaded[0] is loaded
    assert loaded[1]["lr"] == 0.1


def test_self_referencing_dict() -> None:
    body = Fragment(b"}q\x00(" + push("me") + b"h\x00" + push("w") + tensor(storage()) + b"u")
    loaded = load(torch_zip(body, {"0": FOUR.tobytes()}))
    assert loaded["me"] is loaded
    assert_same(loaded["w"], WEIGHT["weight"])
