"""Every call that a pickle may make is refused with other arguments than PyTorch and Python write."""

from __future__ import annotations

import re

import numpy as np
import pytest
from builders import (
    FOUR,
    HOOKS,
    REBUILD,
    Fragment,
    call,
    instance,
    legacy,
    legacy_storage,
    name,
    ordered,
    pickled,
    push,
    storage,
    tensor,
    torch_zip,
)  # fmt: skip
from loading_helpers import load
from refusals import holding, refusal

DTYPE = call(name("numpy", "dtype"), "f4")
HOUR, WEEK = (call(name("datetime", "timedelta"), days, seconds, 0) for days, seconds in ((0, 3600), (7, 0)))
REAL = name("torch", "float32")
NOON = b"\x07\xd0\x01\x01\x0c" + bytes(5)  # of the first of January 2000
CALLS = {
    "collections.OrderedDict": ("an OrderedDict", [("ab",), ([1],), ([(1, 2, 3)],), ([(1, 2)], 5)]),
    "collections.Counter": ("a Counter", [(), (5,), ({}, {})]),
    "collections.deque": ("a list", [(5,), ("ab",)]),
    "builtins.set": ("a list", [(5,)]),
    "torch.Size": ("a list", [(5,)]),
    "_codecs.encode": ("a value of bytes", [("a",), (b"a", "latin1"), ("a", "utf-16"), ("\u20ac", "latin1")]),
    "builtins.bytes": ("a value of bytes", [(5,)]),
    "builtins.bytearray": ("a (bytearray|value of bytes)", [(2**31 - 1,), (b"a", 1), ("a",), ("a", "utf-16")]),
    "builtins.complex": ("a complex number", [(), (1.0,), (1, 2.0), (1.0, 2.0, 3.0)]),
    "torch.device": ("a device", [(), (5,), ("cuda", "0"), ("x" * 41,)]),
    "builtins.range": ("a range", [(1,), (1, 2, 0), (1, 2.0, 1), (0, 2**70, 1), (0, 2**63, 1)]),
    "torch.jit._pickle.restore_type_tag": ("a value with a type", [(), (1,), (1, 2, 3)]),
    "copyreg._reconstructor": (
        "an object", [(), (5, 5, None), (name("m", "Net"), 5, 5), (name("m", "Net"), 5, None, 5), (5, REAL, None)],
    ),
    "torch._utils._rebuild_parameter": (
        "a parameter", [(), (5, True, None), (tensor(storage()), True, HOOKS, {}, 5)],
    ),
    "torch._utils._rebuild_tensor_v2": (
        "a tensor", [(storage(), 0, (4,)), (storage(), 0, (4,), (1,), False, HOOKS, {}, 5)],
    ),
    "torch._utils._rebuild_tensor_v3": (
        "a tensor",
        [(storage(), 0, (4,), (1,), False, HOOKS), (storage(), 0, (4,), (1,), False, HOOKS, 5),
         (storage(), 0, (4,), (1,), False, HOOKS, REAL, {}, 5)],
    ),
    "torch._tensor._rebuild_from_type_v2": (
        "a tensor with attributes",
        [(), (5, 5, (), {}), (5, name("m", "T"), (), {}), (REBUILD, 5, [], {})],
    ),
    "pathlib.PosixPath": ("a path", [(5,), ("x" * 5000,), ("a",) * 5000, ("a",) * 257, ("x" * 4096,)]),
    "pathlib.WindowsPath": ("a path", [(b"a",)]),
    "datetime.date": ("a date( or time)?", [(), (5,), (b"abc",), (bytes(4),), (NOON[:4], 1, 2)]),
    "datetime.time": ("a (date or time|time|time zone)", [(), (b"abc",), (b"\xff" * 6,), (bytes(6), 5)]),
    "datetime.datetime": ("a (date|date or time|time zone)", [(), (b"abc",), (bytes(10),), (NOON, "UTC")]),
    "datetime.timedelta": ("a (duration|date or time)", [(), (1.0, 2, 3), (10**12, 0, 0)]),
    "datetime.timezone": ("a (time zone|date or time)", [(), (5,), (HOUR, "a", "b"), (WEEK,)]),
    "numpy.dtype": ("a NumPy element type", [(), ("f4", 0, 1, 2)]),
    "numpy.core.multiarray.scalar": ("a NumPy scalar", [(), (DTYPE,), ("f4", b"abcd")]),
    "numpy.core.numeric._frombuffer": (
        "a NumPy array", [(), (b"abcd", "f4", (1,), "C"), (b"abcd", DTYPE, (1,), "K")],
    ),
}  # fmt: skip
CASES = [(function, what, arguments) for function, (what, cases) in CALLS.items() for arguments in cases]


#: At the limits of what may be, and what is rare.
LOADED = [
    ("builtins.range", (0, 2**63 - 1, 1), range(2**63 - 1)),
    ("numpy.dtype", ("=f4",), "float32"),
    ("copyreg._reconstructor", (name("m", "Net"), name("builtins", "object"), None), None),
    ("datetime.time", (b"\x01\x02\x03\x07\xa1\x20",), "01:02:03.500000"),
    ("datetime.timezone", (HOUR, "a name"), "UTC+01:00"),
    ("pathlib.PosixPath", ("a",) * 256, "/".join("a" * 256)),
    ("pathlib.PosixPath", ("x" * 4095,), "x" * 4095),
    ("torch.device", ("x" * 40,), "x" * 40),
    ("torch.jit._pickle.restore_type_tag", (5, "int"), 5),
    ("torch.nn.parameter.Parameter", (tensor(storage()),), FOUR),
    ("torch._utils._rebuild_tensor", (storage(), 0, (4,), (1,)), FOUR),
    ("torch._utils._rebuild_tensor_v3", (storage(), 0, (4,), (1,), False, HOOKS, REAL), FOUR),
    ("torch._utils._rebuild_tensor_v3", (storage(), 0, (4,), (1,), False, HOOKS, REAL, {"neg": True}), -FOUR),
    ("torch._utils._rebuild_parameter_with_state", (tensor(storage()), True, HOOKS, {"tag": 1}), FOUR),
    ("numpy.core.numeric._frombuffer", (b"abcdef", call(name("numpy", "dtype"), "u1"), (2, 3), "F"),
     np.frombuffer(b"abcdef", "u1").reshape(3, 2).T),
]  # fmt: skip


@pytest.mark.parametrize(("function", "arguments", "expected"), LOADED, ids=[case[0] for case in LOADED])
def test_arguments_at_the_limits(function, arguments, expected):
    made = call(name(*function.rsplit(".", 1)), *arguments)
    if expected is None:  # an object says something in its state
        made, expected = Fragment(made + push({"x": 1}) + b"b"), {"x": 1}
    loaded = load(holding(made))["weight"]
    assert np.array_equal(loaded, expected) if isinstance(expected, np.ndarray) else loaded == expected


@pytest.mark.parametrize(
    ("function", "what", "arguments"), CASES, ids=[f"{case[0]}-{i}" for i, case in enumerate(CASES)]
)
def test_other_arguments(function, what, arguments):
    message = refusal(holding(call(name(*function.rsplit(".", 1)), *arguments)))
    assert re.search(f"'weight': {what} is damaged", message), message


ARRAY = call(name("numpy.core.multiarray", "_reconstruct"), name("numpy", "ndarray"), (0,), b"b")
LONE_STORAGE = Fragment(push("0") + b"Q")
VALUES = {
    "object-that-is-called": (
        holding(Fragment(instance("m", "Net", {}) + b")R")),
        "calls a value of type 'm.Net' .an object",
    ),
    "parts-of-a-path-too-long-together": (
        holding(call(name("pathlib", "PosixPath"), *["x" * 900] * 5)),
        "'weight': a path is damaged",
    ),
    "array-of-objects": (
        holding(Fragment(ARRAY + push((1, (1,), DTYPE, False, [None])) + b"b")),
        "'weight': a NumPy array holds Python objects",
    ),
    "attributes-of-a-subclass-that-replace-its-values": (
        holding(
            call(
                name("torch._tensor", "_rebuild_from_type_v2"),
                *(REBUILD, name("m", "T"), (storage(), 0, (4,), (1,), False, HOOKS), {"data": 5}),
            )
        ),
        "'weight': the attributes of a tensor replace its values",
    ),
    "array-that-is-never-filled": (holding(ARRAY), "a NumPy array is damaged: it is never filled"),
    "object-of-protocol-0-without-a-state": (
        holding(call(name("copyreg", "_reconstructor"), name("m", "Net"), name("builtins", "object"), None)),
        "it is an object of the class 'm.Net'",
    ),
    "reference-that-is-no-tuple": (
        holding(Fragment(push(5) + b"Q")),
        "^<file>: 'weight': the pickle refers to a storage in an unknown way$",
    ),
    "reference-without-storages": (
        pickled(push({"a": ARRAY, "b": LONE_STORAGE})),
        "refers to data outside of it, and there is none",
    ),
}


@pytest.mark.parametrize(("data", "cause"), VALUES.values(), ids=VALUES)
def test_value(data, cause):
    assert re.search(cause, refusal(data))


STORAGE = ("storage", name("torch", "FloatStorage"), "0", "cpu", 4)
MODULE = ("module", name("m", "Net"), "net.py", "")


@pytest.mark.parametrize(
    ("reference", "fields"),
    [
        ((), 5), (STORAGE[:4], 5), ((*STORAGE, None), 5), (("file", *STORAGE[1:]), 5), (MODULE, 5),
        (STORAGE, 6), (STORAGE[:4], 6), (("file", *STORAGE[1:], None), 6), (MODULE[:3], 6), ((*MODULE, ""), 6),
    ],
)  # fmt: skip
def test_a_reference_of_another_form(reference, fields):
    body = ordered({"weight": Fragment(push(reference) + b"Q")})
    data = torch_zip(body, {"0": FOUR.tobytes()}) if fields == 5 else legacy(body, [("0", 4, FOUR.tobytes())])
    assert refusal(data) == "<file>: 'weight': the pickle refers to a storage in an unknown way"


def test_the_key_of_a_storage_may_be_as_long_as_the_limit():
    def holding_key(key):
        return torch_zip(ordered({"weight": tensor(storage(key))}), {key: FOUR.tobytes()})

    assert load(holding_key("s" * 200))["weight"].tolist() == FOUR.tolist()
    assert refusal(holding_key("s" * 201)) == f"<file>: 'weight': a storage has the key '{'s' * 60}'..."


def test_an_element_type_is_its_name():
    assert load(holding(DTYPE)) == {"weight": "float32"}


@pytest.mark.parametrize(
    "state",
    [5, [3, "<"], (3,), (3, "?"), (3, 5), (3, None)],
    ids=["number", "list", "short", "order", "order-a-number", "order-none"],
)
def test_a_damaged_element_type(state):
    dtype = Fragment(call(name("numpy", "dtype"), "f4") + push(state) + b"b")
    assert "a NumPy element type is damaged" in refusal(holding(dtype))


@pytest.mark.parametrize("place", [2, 3, 4])
def test_structured_elements(place):
    state = [3, "|", None, None, None, -1, -1, 0]
    state[place] = ("a", "b")
    dtype = Fragment(call(name("numpy", "dtype"), "f4") + push(tuple(state)) + b"b")
    assert "a NumPy array has structured elements" in refusal(holding(dtype))


@pytest.mark.parametrize("order", ["<", "|", "="])
def test_byte_orders(order):
    dtype = Fragment(call(name("numpy", "dtype"), "u1") + push((3, order)) + b"b")
    array = Fragment(ARRAY + push((1, (2,), dtype, False, b"ab")) + b"b")
    assert load(holding(array))["weight"].tolist() == [97, 98]


@pytest.mark.parametrize(
    "state",
    [
        5, [1, (1,), DTYPE, False, b"abcd"], (1, (1,), DTYPE, False), (1, (1,), "f4", False, b"abcd"),
        (1, (1,), DTYPE, 0, b"abcd"), (1, (1,), DTYPE, False, 5), (1, (1,), DTYPE, 0, 5),
    ],
    ids=["number", "list", "short", "no-element-type", "order-a-number", "no-bytes", "neither"],
)  # fmt: skip
def test_a_damaged_array(state):
    assert "a NumPy array is damaged" in refusal(holding(Fragment(ARRAY + push(state) + b"b")))


@pytest.mark.parametrize(
    ("shape", "data"),
    [
        ([1], b"abcd"),
        ((1,) * 33, b"abcd"),
        ((1.0,), b"abcd"),
        ((-1, -1), b"abcd"),
        ((0, 2**58), b""),
        ((2,), b"abcd"),
    ],
    ids=["list", "33-axes", "float", "negative", "many", "short"],
)
def test_a_shape_that_cannot_be(shape, data):
    array = Fragment(ARRAY + push((1, shape, DTYPE, False, data)) + b"b")
    assert re.search(r"a NumPy array (has the|of) shape", refusal(holding(array)))


LONG = pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.0.0", reason="older NumPy has no such shapes")


@pytest.mark.parametrize(("shape", "data"), [((1,) * 32, b"abcd"), pytest.param((0, 2**57), b"", marks=LONG)])
def test_shapes_at_the_limits(shape, data):
    array = Fragment(ARRAY + push((1, shape, DTYPE, False, data)) + b"b")
    assert load(holding(array))["weight"].shape == shape


def test_what_takes_memory_is_named():
    array = Fragment(ARRAY + push((1, (1,), DTYPE, False, b"abcd")) + b"b")
    assert "a NumPy array would need more than the 3 bytes" in refusal(holding(array), max_bytes=3)


@pytest.mark.parametrize(
    ("view", "cause"),
    [
        (("v", 0), "is described in an unknown way"),
        (["v", 0, 4], "is described in an unknown way"),
        (("v", "0", 4), "is described in an unknown way"),
        (("v", 0, 4.0), "is described in an unknown way"),
        (("v", -1, 2), "reaches beyond its 4 elements"),
        (("v", 2, -1), "reaches beyond its 4 elements"),
        (("v", 2, 3), "reaches beyond its 4 elements"),
        (("v", 1, 2), r"beyond the end of its storage .0. \(8 bytes\)"),
    ],
)
def test_a_part_of_a_storage(view, cause):
    body = ordered({"weight": tensor(legacy_storage(view=view), (3,))})
    assert re.search(cause, refusal(legacy(body, [("0", 4, FOUR.tobytes())])))


def test_a_part_of_a_storage_may_be_empty_or_the_whole():
    for view, size in ((("v", 4, 0), 0), (("v", 0, 4), 4), (("v", 1, 3), 3)):
        body = ordered({"weight": tensor(legacy_storage(view=view), (size,))})
        loaded = load(legacy(body, [("0", 4, FOUR.tobytes())]))["weight"]
        assert loaded.tolist() == FOUR[view[1] : view[1] + size].tolist()
