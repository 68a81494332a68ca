"""No text of a file reaches the terminal as it is: names in errors are escaped, or refused and escaped."""

from __future__ import annotations

from typing import Any

import pytest
from builders import (
    HOOKS,
    Fragment,
    Member,
    call,
    instance,
    legacy,
    legacy_storage,
    name,
    ordered,
    push,
    safetensors,
    storage,
    tensor,
    torch_zip,
    zip_file,
)
from refusals import DATA, archive, holding, refusal

ESCAPE = "\x1b[2J\u202e"  # clears the screen; writes from right to left
OBJECT = Fragment(name("m", "C") + b")\x81")  # refused, wherever it is


def module(**state: Any) -> Fragment:
    return instance("m", "Net", {"_parameters": {}, "_modules": {}, **state})


def untyped(dtype: Fragment) -> Fragment:
    of = storage("0", "UntypedStorage", 16, "torch.storage")
    return call(name("torch._utils", "_rebuild_tensor_v3"), of, 0, (4,), (1,), False, HOOKS, dtype)


FILES = {
    "member": archive(Member(f"archive/{ESCAPE}", DATA)),
    "root": zip_file([Member(f"{ESCAPE}/x")]),
    "key": torch_zip(ordered({ESCAPE: OBJECT})),
    "key-twice": torch_zip(ordered([(ESCAPE, 1), (ESCAPE, 2)])),
    "key-on-the-stack": torch_zip(ordered({ESCAPE: Fragment(b"0")})),
    "tuple-key": torch_zip(push({(ESCAPE, 1): OBJECT})),
    "bytes-key": torch_zip(push({ESCAPE.encode(): OBJECT})),
    "class": holding(Fragment(name("m", ESCAPE) + b")\x81")),
    "module-of-a-class": holding(Fragment(name(ESCAPE, "C") + b")\x81")),
    "function": holding(call(name("m", ESCAPE))),
    "hostile-name": holding(name("os", ESCAPE)),
    "dotted-name": holding(name("m", f"a.{ESCAPE}")),
    "long-name": holding(Fragment(push(ESCAPE * 200) + push(ESCAPE) + b"\x93")),
    "storage-class": holding(tensor(storage(cls=ESCAPE))),
    "module-of-a-storage-class": holding(tensor(storage(module=ESCAPE, cls="QInt8Storage"))),
    "storage-key": holding(tensor(storage(ESCAPE))),
    "long-storage-key": holding(tensor(storage(ESCAPE * 60))),
    "element-type": holding(untyped(name("torch", ESCAPE))),
    "metadata": holding(tensor(storage(), (4,), (1,), 0, {ESCAPE: True})),
    "size": holding(tensor(storage(), ESCAPE, (1,))),
    "array-type": holding(call(name("numpy", "dtype"), ESCAPE)),
    "byteorder": torch_zip(ordered({}), byteorder=ESCAPE.encode()),
    "parameter": torch_zip(module(_parameters={ESCAPE: 1})),
    "submodule": torch_zip(module(_modules={ESCAPE: 1})),
    "long-submodule": torch_zip(module(_modules={ESCAPE * 500: module()})),
    "class-of-a-module": torch_zip(instance("m", ESCAPE, {"_parameters": 1, "_modules": 1})),
    "legacy-key": legacy(ordered({"w": tensor(legacy_storage(ESCAPE))}), [(ESCAPE, 5, DATA)]),
    "legacy-version": legacy(push({}), [], version=ESCAPE),  # type: ignore[arg-type]
    "unknown-format": ESCAPE.encode(),
    "npz": zip_file([Member(f"{ESCAPE}.npy", DATA)]),
    "safetensors-name": safetensors({ESCAPE: ("F8_E4M3", [1], b"8")}),
    "safetensors-type": safetensors({"w": (ESCAPE, [1], b"8")}),
    "safetensors-end": safetensors({ESCAPE: ("F32", [3], bytes(4))}),
}  # fmt: skip


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_errors_are_printable(data: bytes) -> None:
    assert refusal(data).isprintable()
