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
from builders import (
    FOUR,
    HOOKS,
    REBUILD,
    Fragment,
    Member,
    call,
    name,
    one_tensor,
    ordered,
    pickled,
    push,
    storage,
    tensor,
    torch_zip,
    zip_file,
)  # fmt: skip
from loading_helpers import load_in_child

import tinynet as tn
from tinynet.checkpoint import limits

MIB = 1 << 20


def bomb(instructions: bytes, count: int) -> bytes:
    return zip_file([Member("archive/data.pkl", pickled(b"(" + instructions * count + b"t"), method=8)])


def references(count: int, preparation: bytes, instructions: bytes) -> bytes:
    """A file that prepares values in its memo, and has a list of what `instructions` make of them, `count` times."""
    body = b"(" + preparation + b"](" + instructions * count + b"et"
    return torch_zip(Fragment(body), {"0": FOUR.tobytes(), "1": b""}, method=8)


def objects_of_one_state(count: int, items: int) -> bytes:
    """Objects of an unknown class that share the dict of their attributes."""
    state = b"}q\x01(" + b"".join(push(n) + b"N" for n in range(items)) + b"u"
    return references(count, name("m", "C") + b"q\x00" + state, b"h\x00)\x81h\x01b")


def modules_of_one_state(count: int, items: int) -> bytes:
    """Modules that share the dict of their parameters."""
    weight = tensor(storage()) + b"q\x02"
    parameters = b"}(" + push("w") + weight + b"".join(push(f"p{n}") + b"h\x02" for n in range(items)) + b"u"
    state = b"}(" + push("_parameters") + parameters + push("_modules") + b"}uq\x01"
    return references(count, name("m", "Net") + b"q\x00" + state, b"h\x00)\x81h\x01b")


def names(count: int) -> bytes:
    """Many mentions of one class, by the same two long texts."""
    return references(count, push("m" * 250) + b"q\x00" + push("C" * 248) + b"q\x01", b"h\x00h\x01\x93")


def different_names(count: int) -> bytes:
    """As many classes of one module with a long name."""
    classes = b"".join(b"h\x00" + push(f"C{n}") + b"\x93" for n in range(count))
    return references(1, push("m" * 450) + b"q\x00", classes)


def empty_tensors(count: int) -> bytes:
    """Tensors without elements, whose 32 dimensions take memory all the same."""
    shape = (0,) + (1,) * 31
    arguments = push((storage("1", numel=0), 0, shape, shape, False, HOOKS))
    return references(count, REBUILD + b"q\x00" + arguments + b"q\x01", b"h\x00h\x01R")


BOMBS = {
    "attributes": lambda: objects_of_one_state(20_000, 3_000),
    "modules": lambda: modules_of_one_state(20_000, 3_000),
    "names": lambda: names(1_390_000),
    "empty-tensors": lambda: empty_tensors(800_000),
    "sets": lambda: bomb(b"\x8f", 5_000_000),
    "dicts-in-the-memo": lambda: bomb(b"}\x94", 2_000_000),
    "dicts-with-an-item": lambda: bomb(b"}NNs", 1_000_000),
    "numbers-in-the-memo": lambda: bomb(b"M\xff\xff\x94", 2_000_000),
    "calls": lambda: torch_zip(
        Fragment(name("collections", "OrderedDict") + b"q\x00(" + b"h\x00)R" * 1_300_000 + b"t\x86")
    ),
    "wide-text": lambda: zip_file(
        [Member("archive/data.pkl", pickled(push("a" * (60 * MIB) + "\U0001f600")), method=8)]
    ),
    "bytes-copied": lambda: torch_zip(
        Fragment(
            name("_codecs", "encode") + b"q\x00" + push("a" * (20 * MIB)) + push("latin1") + b"\x86q\x01R("
            + b"h\x00h\x01R" * 200 + b"t\x86"
        ),
        method=8,
    ),
    "storage": lambda: torch_zip(
        ordered({"x": tensor(storage(numel=300 * MIB, cls="ByteStorage"), (300 * MIB,))}),
        {"0": bytes(300 * MIB)}, method=8, crc=0,
    ),
    "expanded-view": lambda: torch_zip(ordered({"x": tensor(storage(), (2**28,), (0,))}), {"0": FOUR.tobytes()}),
    "many-views": lambda: torch_zip(
        Fragment(
            b"}(" + push("a") + tensor(storage(numel=MIB), (MIB,)) + b"".join(
                push(str(n)) + tensor(storage(numel=MIB), (MIB,)) for n in range(2000)
            ) + b"u"
        ),
        {"0": bytes(4 * MIB)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["sets", "storage", "many-views", "wide-text", "attributes", "modules"])
def test_memory(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "bomb.pth"
    path.write_bytes(BOMBS[kind]())
    outcome, taken = load_in_child(path)
    assert outcome == ("loaded" if kind == "wide-text" else "refused")
    assert taken < 600


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
    outcome, taken = load_in_child(path)
    assert outcome == "loaded"
    assert taken < 8


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


if __name__ == "__main__":  # all bombs, with the memory that each takes
    folder = Path(sys.argv[1])
    for kind, make in BOMBS.items():
        (folder / "bomb.pth").write_bytes(make())
        print(f"{kind:24}", *load_in_child(folder / "bomb.pth"), "MiB")
