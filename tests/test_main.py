"""The command line."""

from __future__ import annotations

import os
import pickle
import shlex
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinynet as tn
from tinynet.__main__ import main
from tinynet.checkpoint import inspection, save_checkpoint
from tinynet.checkpoint.source import Source


def test_inspect_prints_what_the_file_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.pth"
    save_checkpoint({"fc.weight": np.ones((2, 3), "f4"), "fc.bias": np.ones(2, "f8")}, path)
    assert main(["inspect", str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{path}: zip file of torch >= 1.6, {path.stat().st_size:,} bytes",
        "",
        "name       shape   element type  bytes",
        "fc.weight  (2, 3)  float32       24",
        "fc.bias    (2,)    float64       16",
        "",
        "2 arrays of 8 numbers, 40 bytes",
        "load_checkpoint returns a dict of 2 arrays",
    ]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["--version"])
    assert capsys.readouterr().out == f"tinynet {tn.__version__}\n"


def test_inspect_tells_why_a_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.pth"
    path.write_bytes(b"\x80\x02cposix\nsystem\nX\x02\0\0\0id\x85R.")
    assert main(["inspect", str(path)]) == 1
    assert capsys.readouterr().out.startswith(f"refused: {path}: the file names 'posix.system'")


def test_inspect_shows_control_characters_as_escapes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_checkpoint({"\x1b[2Jgone": np.ones(1)}, tmp_path / "x.pth")
    assert main(["inspect", str(tmp_path / "x.pth")]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert r"'\x1b[2Jgone'" in out


def test_inspect_shows_control_characters_of_a_file_name_as_escapes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "\x1b[2J.pth"
    try:
        path.write_bytes(b"no checkpoint")
    except OSError:
        pytest.skip("the file system takes no control characters")
    assert main(["inspect", str(path)]) == 1
    save_checkpoint({"w": np.ones(1)}, path)
    assert main(["inspect", str(path)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert out.count(r"\x1b[2J.pth") == 2


def test_inspect_shows_nested_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch = pytest.importorskip("torch")
    content = {
        "epoch": 3,
        "lr": [0.1, 0.2],
        "model": {"w": torch.ones(2, dtype=torch.bfloat16)},
        "o": {"a": ()},
    }
    torch.save(content, tmp_path / "x.pth")
    assert main(["inspect", str(tmp_path / "x.pth")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "model/w  (2,)   float32 (of bfloat16)  8" in lines
    assert lines[-5:] == [
        "1 arrays of 2 numbers, 8 bytes", "epoch = 3", "lr = [0.1, 0.2]", "o/a = ()",
        "load_checkpoint returns a dict with the keys epoch, lr, model, o",
    ]  # fmt: skip


def test_inspect_a_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(tmp_path / "missing.pth")]) == 1
    assert "cannot be read: " in capsys.readouterr().err


def test_run_as_a_module(tmp_path: Path) -> None:
    (tmp_path / "x.pth").write_bytes(struct.pack("<Q", 7))
    done = subprocess.run(
        [sys.executable, "-B", "-m", "tinynet", "inspect", str(tmp_path / "x.pth")],
        env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout.startswith("refused: ")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-B", "-m", "tinynet", *arguments],
        env={"PYTHONPATH": ":".join(sys.path), **environment},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_terminal_without_the_letters_gets_escapes(tmp_path: Path) -> None:
    save_checkpoint({"слой": np.ones(1)}, tmp_path / "x.pth")
    done = run("inspect", str(tmp_path / "x.pth"), PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert r"\u0441\u043b\u043e\u0439" in done.stdout


@pytest.mark.parametrize("where", ["loading", "reporting"])
def test_too_little_memory_is_said(
    where: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*arguments: object) -> None:
        raise MemoryError

    monkeypatch.setattr(*((Source, "read") if where == "loading" else (inspection, "_table")), fail)
    save_checkpoint({"a": np.ones(1)}, tmp_path / "x.pth")
    assert main(["inspect", str(tmp_path / "x.pth")]) == 1
    assert "there is not enough memory" in "".join(capsys.readouterr())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_inspect_waits_for_no_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x")
    done = run("inspect", str(tmp_path / "x"))
    assert (done.returncode, done.stderr) == (1, "")
    assert "refused: " in done.stdout
    assert "no regular file" in done.stdout


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
def test_a_reader_that_has_seen_enough(tmp_path: Path) -> None:
    save_checkpoint({f"layer{n}": np.ones(1) for n in range(3000)}, tmp_path / "x.pth")
    inspect = shlex.join([sys.executable, "-B", "-m", "tinynet", "inspect", str(tmp_path / "x.pth")])
    done = subprocess.run(
        ["/bin/sh", "-c", f"{inspect} | head -n 1"],
        env={"PYTHONPATH": ":".join(sys.path), "PATH": os.environ["PATH"]},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_the_table_stays_narrow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_checkpoint({"n" * 500 + ".weight": np.ones((1,) * 30), "b": np.ones(2)}, tmp_path / "x.pth")
    assert main(["inspect", str(tmp_path / "x.pth")]) == 0
    lines = capsys.readouterr().out.splitlines()[2:]
    assert max(map(len, lines)) < 160
    assert lines[1].startswith("'nnn")
    assert "..." in lines[1]


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    text = "model.encoder." + "x" * 200 + ".weight"
    assert inspection._elide(text, 80) == f"{text[:38]}...{text[-39:]}"
    assert len(inspection._elide(text, 80)) == 80
    assert inspection._elide("short", 80) == "short"


def test_long_and_nested_values_are_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = {
        "text": "t" * 10**6,
        "list": ["t" * 10**5] * 1000,
        "set": {"a", "b"},
        "range": range(3),
        "pair": (1, "a"),
    }
    (tmp_path / "x").write_bytes(pickle.dumps({**values, "a": np.ones(1)}))
    assert main(["inspect", str(tmp_path / "x")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines[1:])) < 160
    assert "set = a set of 2 values" in lines
    assert "range = range(0, 3)" in lines
    assert "pair = (1, 'a')" in lines
