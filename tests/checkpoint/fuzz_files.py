"""The sound files that the fuzzer changes: of every container, with every kind of value that the reader knows."""

from __future__ import annotations

import io
from typing import Any, Callable

import numpy as np
from builders import (
    FOUR,
    HOOKS,
    Fragment,
    Member,
    call,
    instance,
    legacy,
    legacy_storage,
    name,
    one_legacy_tensor,
    one_tensor,
    ordered,
    pickled,
    push,
    safetensors,
    storage,
    tensor,
    torch_zip,
)  # fmt: skip

DATA = FOUR.tobytes()


def bodies(of: Callable[..., Fragment]) -> list[Fragment]:
    """Pickles of every kind that the reader knows, with storages made by `of`."""
    part = tensor(of())
    state = {"_parameters": ordered({"w": part, "b": None}), "_buffers": {}, "_modules": ordered({})}
    order = push((3, "<", None, None, None, -1, -1, 0))
    dtype = Fragment(call(name("numpy", "dtype"), "f4", False, True) + order + b"b")
    array = Fragment(
        call(name("numpy.core.multiarray", "_reconstruct"), name("numpy", "ndarray"), (0,), b"b")
        + push((1, (2, 2), dtype, False, DATA)) + b"b"
    )  # fmt: skip
    scalar = call(name("numpy.core.multiarray", "scalar"), dtype, DATA[:4])
    untyped = call(
        name("torch._utils", "_rebuild_tensor_v3"),
        of("1", "ByteStorage", 16), 0, (4,), (1,), False, HOOKS, name("torch", "uint32"),
    )  # fmt: skip
    moment = call(name("datetime", "datetime"), b"\x07\xe8\x02\x1d\x17\x3b\x3a\x00\x00\x07")
    beside = {
        "path": call(name("pathlib", "PosixPath"), "/", "a"), "day": moment,
        "n": call(name("builtins", "range"), 0, 3, 1),
        name("m", "C"): Fragment(call(name("m", "D")) + b"(" + push("a") + push(1) + b"u"),
    }  # fmt: skip
    return [
        ordered({"w": tensor(of(), (2, 2), (2, 1)), "b": tensor(of(), (2,), (2,), 1)}, {"": {"version": 1}}),
        push({"epoch": 3, "lr": [0.1, 0.2], "state_dict": ordered({"w": part}), "n": (1, (2, None))}),
        instance("models", "Net", {**state, "_modules": ordered({"fc": instance("nn", "Linear", state)})}),
        push({"array": array, "scalar": scalar, "set": call(name("builtins", "set"), [1, 2])}),
        push({"v3": untyped, "p": call(name("torch._utils", "_rebuild_parameter"), part, True, HOOKS)}),
        push({"z": tensor(of("2", "ComplexFloatStorage", 2), (2,), (1,), 0, {"conj": True, "neg": True})}),
        push(
            {
                "wide": tensor(of("1", "BFloat16Storage", 8), (2, 4), (1, 2)),
                "flags": tensor(of("0", "BoolStorage", 16)),
            }
        ),
        push(beside),
        push(
            [
                {"a": (1, b"x", call(name("builtins", "set"), [2.5, 1 << 40]))},
                Fragment(b"}q\x09(" + push("me") + b"h\x09" + push("w") + part + b"u"),
            ]
        ),
    ]


STORAGES = {"0": DATA, "1": DATA, "2": DATA}
BODIES = bodies(storage)
LEGACY_STORAGES: list[list[tuple[str, int, bytes]]] = [
    [("0", 4, DATA)], [("0", 4, DATA)], [("0", 4, DATA)], [], [("1", 16, DATA), ("0", 4, DATA)], [("2", 2, DATA)],
    [("1", 8, DATA), ("0", 16, DATA)], [], [("0", 4, DATA)],
]  # fmt: skip
LEGACY = list(zip(bodies(legacy_storage), LEGACY_STORAGES))
VIEWS = ordered({
    "a": tensor(legacy_storage(view=("v", 1, 2)), (2,)), "b": tensor(legacy_storage(view=("v", 1, 2)), (1,)),
    "c": tensor(legacy_storage(view=("u", 0, 4)), (2, 2), (1, 2)), "d": tensor(legacy_storage()),
})  # fmt: skip
LEGACY.append((VIEWS, [("0", 4, DATA)]))


def script() -> bytes:
    """A TorchScript file of a module in a module."""
    code = b'class Net(Module):\n  __parameters__ = ["w", ]\n  __buffers__ = ["m", ]\n'
    inner = instance("__torch__", "Net", {"w": tensor(storage()), "m": tensor(storage("1")), "n": 1})
    outer = instance("__torch__", "Net", {"w": tensor(storage()), "fc": inner})
    members = (Member("archive/constants.pkl", b"\x80\x02)."), Member("archive/code/__torch__.py", code, method=8))
    return torch_zip(outer, STORAGES, extra=members)


def npz(save: Any) -> bytes:
    file = io.BytesIO()
    save(file, a=np.arange(6.0).reshape(2, 3), b=np.array([True, False]), c=np.arange(3, dtype=">i2"))
    return file.getvalue()


NO_TENSORS = b'\x10\0\0\0\0\0\0\0{"a":{"dtype":1}}'
SAFE = {"w": ("F32", [2, 2], DATA), "e": ("I64", [0], b""), "b": ("BF16", [8], DATA), "t": ("BOOL", [16], DATA)}
FILES = [
    one_tensor(), one_tensor(method=8), one_tensor(zip64=True), one_tensor(byteorder=b"big"), one_legacy_tensor(),
    pickled(BODIES[3]), NO_TENSORS, torch_zip(BODIES[2], STORAGES),
    torch_zip(BODIES[6], STORAGES, byteorder=b"big"), torch_zip(BODIES[8], STORAGES), legacy(*LEGACY[-1]),
    script(), npz(np.savez), npz(np.savez_compressed), safetensors(SAFE), safetensors({"n" * 62: ("U8", [1], b"x")}),
]  # fmt: skip
