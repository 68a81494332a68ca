"""Every call that a pickle may make is refused with other arguments than PyTorch and Python write."""

from __future__ import annotations

import re

import pytest
from builders import REBUILD, Fragment, call, instance, name, pickled, push
from loading_helpers import load
from refusals import holding, refusal

DTYPE = call(name("numpy", "dtype"), "f4")
HOUR, WEEK = (call(name("datetime", "timedelta"), days, seconds, 0) for days, seconds in ((0, 3600), (7, 0)))
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
    "builtins.range": ("a range", [(1,), (1, 2, 0), (1, 2.0, 1), (0, 2**70, 1)]),
    "torch.jit._pickle.restore_type_tag": ("a value with a type", [(), (1,), (1, 2, 3)]),
    "copyreg._reconstructor": ("an object", [(), (5, 5, None), (name("m", "Net"), 5, 5)]),
    "torch._utils._rebuild_parameter": ("a parameter", [(), (5, True, None)]),
    "torch._tensor._rebuild_from_type_v2": ("a tensor with attributes", [(), (5, 5, (), {}), (REBUILD, 5, [], {})]),
    "pathlib.PosixPath": ("a path", [(5,), ("x" * 5000,), ("a",) * 5000]),
    "pathlib.WindowsPath": ("a path", [(b"a",)]),
    "datetime.date": ("a date( or time)?", [(), (5,), (b"abc",), (bytes(4),)]),
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
    "array-that-is-never-filled": (holding(ARRAY), "a NumPy array is damaged: it is never filled"),
    "reference-without-storages": (
        pickled(push({"a": ARRAY, "b": LONE_STORAGE})),
        "refers to data outside of it, and there is none",
    ),
}


@pytest.mark.parametrize(("data", "cause"), VALUES.values(), ids=VALUES)
def test_value(data, cause):
    assert re.search(cause, refusal(data))


def test_an_element_type_is_its_name():
    assert load(holding(DTYPE)) == {"weight": "float32"}
