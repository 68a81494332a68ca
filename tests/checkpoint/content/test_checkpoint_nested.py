"""Keys, nested values, NumPy arrays inside pickles: all come back as plain Python values."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from builders import FOUR, Fragment, call, instance, name, ordered, push, storage, tensor, torch_zip
from loading_helpers import WEIGHT, assert_same, load


@pytest.mark.parametrize("key", [3, (1, "a"), "", "слой.вес", None, 2.5, True, b"old"], ids=repr)
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


def test_self_referencing_dict() -> None:
    body = Fragment(b"}q\x00(" + push("me") + b"h\x00" + push("w") + tensor(storage()) + b"u")
    loaded = load(torch_zip(body, {"0": FOUR.tobytes()}))
    assert loaded["me"] is loaded
    assert_same(loaded["w"], WEIGHT["weight"])
