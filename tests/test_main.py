"""The command line."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tinynet.__main__ import main
from tinynet.checkpoint import save_checkpoint


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
