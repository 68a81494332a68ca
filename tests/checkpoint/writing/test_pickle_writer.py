"""Every instruction of the pickles that are written."""

from __future__ import annotations

import numpy as np
import pytest
from builders import name, push

from tinynet.checkpoint.writing import pickle_writer


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, b"K\x00"), (255, b"K\xff"), (256, b"J\x00\x01\x00\x00"), (2**31 - 1, b"J\xff\xff\xff\x7f"),
        (2**31, b"\x8a\x08\x00\x00\x00\x80\x00\x00\x00\x00"), (2**40, b"\x8a\x08\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)  # fmt: skip
def test_integers(number: int, written: bytes) -> None:
    assert b"".join(pickle_writer._integer(number)) == written


def test_a_whole_pickle() -> None:
    arrays = {"w": np.zeros((3, 1, 2), "f4"), "b": np.zeros(300, "f4"), "n": np.zeros((), "u4")}
    ordered = name("collections", "OrderedDict")
    storage = [push("storage"), name("torch", "FloatStorage") + b"q\x02", push("0"), push("cpu"), push(6)]
    again = [push("storage"), b"h\x02", push("1"), push("cpu"), push(300)]
    untyped = [push("storage"), name("torch.storage", "UntypedStorage") + b"q\x04", push("2"), push("cpu"), push(4)]
    parts = [
        b"\x80\x02" + ordered + b"q\x00)R(",
        push("w") + name("torch._utils", "_rebuild_tensor_v2") + b"q\x01(",
        b"(" + b"".join(storage) + b"tQ" + push(0),
        push(3) + push(1) + push(2) + b"\x87" + push(2) + push(2) + push(1) + b"\x87" + b"\x89h\x00)RtR",
        push("b") + b"h\x01((" + b"".join(again) + b"tQ" + push(0),
        push(300) + b"\x85" + push(1) + b"\x85" + b"\x89h\x00)RtR",
        push("n") + name("torch._utils", "_rebuild_tensor_v3") + b"q\x03(",
        b"(" + b"".join(untyped) + b"tQ" + push(0) + b"(t(t\x89h\x00)R" + name("torch", "uint32") + b"q\x05tR",
        b"u.",
    ]
    assert b"".join(pickle_writer.pickle_state_dict(arrays)) == b"".join(parts)
