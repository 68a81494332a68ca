"""What `load_checkpoint` takes, and what it leaves behind when it refuses."""

from __future__ import annotations

import io
import os
import socket
import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import FOUR, Member, one_tensor, ordered, pickled, storage, tensor, torch_zip, zip_file
from loading_helpers import WEIGHT, assert_same, load, load_in_child

import tinynet as tn
from tinynet.checkpoint import loading
from tinynet.checkpoint.source import Source

needs_posix = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX system")


def test_paths_of_bytes(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    path.write_bytes(one_tensor())
    assert_same(tn.load_checkpoint(os.fsencode(path)), WEIGHT)
    path.write_bytes(b"")
    with pytest.raises(tn.CheckpointError, match=r"model\.pth: it is empty") as caught:
        tn.load_checkpoint(os.fsencode(path))
    assert "b'" not in str(caught.value)


def in_time(function: Any, *arguments: Any) -> BaseException | None:
    """What a call raises, within ten seconds."""
    raised: list[BaseException | None] = []

    def run() -> None:
        try:
            function(*arguments)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive(), "it waits for ever"
    return raised[0] if raised else None


@needs_posix
@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_what_is_no_regular_file_is_refused_at_once(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
    else:
        path = Path("/dev/zero")
    error = in_time(tn.load_checkpoint, path)
    assert isinstance(error, tn.CheckpointError)
    assert f"{path}: it is no regular file but a pipe, a socket or a device, so it is not seekable" in str(error)


def test_a_stream_is_refused() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream, os.fdopen(writing, "wb") as end:
        end.write(one_tensor())
        end.flush()
        with pytest.raises(tn.CheckpointError, match="stream that is not seekable: read all of it"):
            tn.load_checkpoint(stream)
        assert_same(tn.load_checkpoint(io.BytesIO(stream.read(len(one_tensor())))), WEIGHT)


def test_an_error_that_is_kept_does_not_keep_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = []

    class Watched(Source):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            sources.append(weakref.ref(self))

    monkeypatch.setattr(loading, "Source", Watched)
    body = ordered({"a": tensor(storage()), "b": tensor(storage(), (5,))})
    with pytest.raises(tn.CheckpointError, match=r"'b': .* reaches beyond") as caught:
        load(torch_zip(body, {"0": FOUR.tobytes()}))
    assert caught.value.__context__ is None
    assert [source() for source in sources] == [None]


def test_too_little_memory_is_an_error_without_the_frames_that_took_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(Source, "array", fail)
    with pytest.raises(tn.CheckpointError, match="not enough memory to read it") as caught:
        load(one_tensor())
    assert caught.value.__context__ is None


CUT = """
import os
from tinynet.checkpoint.containers.zip_members import ZipMembers
from tinynet.checkpoint.inspection import inspect_checkpoint
whole = ZipMembers.__init__
def cut(members, *arguments):
    whole(members, *arguments)
    os.truncate(path, 4096)  # a map of what is missing now ends the process when it is touched
ZipMembers.__init__ = cut
inspect_checkpoint(path)
"""


@needs_posix
@pytest.mark.parametrize("first", ["pickle", "numbers"])
@pytest.mark.parametrize("kind", ["float", "bfloat16", "bool", "big-endian", "neg"])
def test_inspect_does_not_die_of_a_file_that_is_cut_meanwhile(kind: str, first: str, tmp_path: Path) -> None:
    cls = {"bfloat16": "BFloat16Storage", "bool": "BoolStorage"}.get(kind, "FloatStorage")
    metadata = ({"neg": True},) if kind == "neg" else ()
    values = bytes(1 << 18)
    numel = len(values) // {"bfloat16": 2, "bool": 1}.get(kind, 4)
    body = ordered({"w": tensor(storage(cls=cls, numel=numel), (numel,), (1,), 0, *metadata)})
    members = [Member("x/data.pkl", pickled(body)), Member("x/data/0", values)]
    order = Member("x/byteorder", b"big" if kind == "big-endian" else b"little")
    (tmp_path / "x").write_bytes(zip_file([order, *(members if first == "pickle" else members[::-1])]))
    outcome = load_in_child(tmp_path / "x", CUT)
    assert outcome.what == ("loaded" if (kind, first) == ("float", "pickle") else "refused")


@needs_posix
@pytest.mark.parametrize("dtype", ["bool", ">f4"])
def test_inspect_of_an_npz_does_not_die_either(dtype: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", first=np.zeros(1 << 16, dtype), second=np.zeros(1 << 16))
    outcome = load_in_child(tmp_path / "x.npz", CUT)
    assert outcome.what == "refused"
