"""What reading must not do to the process: memory, time, imports, and the state it leaves behind."""

from __future__ import annotations

import contextlib
import gc
import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bombs import (
    BOMBS,
    HOSTILE,
    MIB,
    different_names,
    empty_tensors,
    modules_of_one_state,
    names,
    objects_of_one_state,
    references,
)
from builders import (
    FOUR,
    Fragment,
    call,
    name,
    one_tensor,
    ordered,
    storage,
    tensor,
    torch_zip,
)  # fmt: skip
from loading_helpers import load_in_child

import tinynet as tn
from tinynet.checkpoint import limits

IN_TIME = [
    "larger-ints-as-keys", "floats-as-keys", "tuples-as-keys", "members-of-a-set", "set-of-a-list",
    "chosen-ints-as-keys", "chosen-ints-of-a-set", "chosen-memo-numbers", "memo-numbers",
    "copies-of-large-keys", "objects-of-large-keys", "parameters-of-large-keys",
]  # fmt: skip
IN_MEMORY = [
    "sets", "storage", "many-views", "wide-text", "attributes", "modules", "wide-texts", "module-names",
    "torchscript-names", "torchscript-sources", "torchscript-lines", "keys-in-an-error", "wide-keys-in-an-error",
]  # fmt: skip
LOADED = ["wide-text", "large-ints-as-keys", "memo-numbers-taken"]


@pytest.mark.parametrize("kind", [*IN_TIME, "large-ints-as-keys", "memo-numbers-taken", *IN_MEMORY])
def test_memory_and_time(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "bomb.pth"
    path.write_bytes({**BOMBS, **HOSTILE}[kind]())
    outcome = load_in_child(path)
    assert outcome.what == ("loaded" if kind in LOADED else "refused")
    assert outcome.mib < 600
    assert outcome.seconds < 10


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(objects_of_one_state(200, 300), id="attributes"),
        pytest.param(modules_of_one_state(200, 300), id="modules"),
        pytest.param(different_names(1000), id="names"),
        pytest.param(empty_tensors(3000), id="empty-tensors"),
        pytest.param(references(10_000, b"", b"\x8f"), id="sets"),
        pytest.param(references(10_000, name("collections", "OrderedDict") + b"q\x00", b"h\x00)R"), id="calls"),
        pytest.param(references(10_000, name("m", "C") + b"q\x00", b"h\x00)\x81}b"), id="objects"),
    ],
)
def test_objects_are_paid_from_one_budget(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_OBJECTS", MIB)
    with pytest.raises(tn.CheckpointError, match="1,048,576 bytes that the objects of one file may take"):
        tn.load_checkpoint(io.BytesIO(data))


def test_a_class_that_is_named_often_is_paid_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_OBJECTS", MIB)
    loaded = tn.load_checkpoint(io.BytesIO(names(10_000)))
    assert len({id(name) for name in loaded[2]}) == 1


def test_huge_memo_index_and_frame_take_no_memory(tmp_path: Path) -> None:
    body = Fragment(b"\x95" + b"\xff" * 8 + ordered({"weight": tensor(storage())}) + b"r\xff\xff\xff\xff")
    path = tmp_path / "x.pth"
    path.write_bytes(torch_zip(body, {"0": FOUR.tobytes()}, protocol=4))
    outcome = load_in_child(path)
    assert outcome.what == "loaded"
    assert outcome.mib < 8


def test_neither_torch_nor_pickle_is_used(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(one_tensor())
    code = """
import pickle, _pickle, sys
import tinynet as tn
def forbidden(*args, **kwargs): raise SystemExit("pickle was used")
for module in (pickle, _pickle):
    for attribute in ("Unpickler", "_Unpickler", "load", "loads", "_load", "_loads"):
        if hasattr(module, attribute): setattr(module, attribute, forbidden)
tn.load_checkpoint(sys.argv[1])
print([name for name in ("torch", "zipfile", "pickletools", "safetensors") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, str(path)],
        env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("data", [one_tensor(), one_tensor()[:-1]], ids=["good", "bad"])
def test_the_garbage_collector_is_left_as_it_was(data: bytes, enabled: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with contextlib.suppress(tn.CheckpointError):
            tn.load_checkpoint(io.BytesIO(data))
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if before else gc.disable)()


def test_two_loads_share_nothing() -> None:
    data = torch_zip(ordered({"w": tensor(storage()), "n": call(name("torch", "Size"), (1,))}), {"0": FOUR.tobytes()})
    first: Any = tn.load_checkpoint(io.BytesIO(data))
    first["w"][:] = 0
    assert tn.load_checkpoint(io.BytesIO(data))["w"].tolist() == FOUR.tolist()
