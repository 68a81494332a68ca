"""Checkpoints under the names that people give to files, on any system."""

from __future__ import annotations

import errno
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

import tinynet as tn

STATE = {"fc.weight": np.eye(2, dtype=np.float32), "fc.bias": np.ones(2, np.float32)}
NAMES = {
    "spaces": " my model (final) .pth",
    "Cyrillic": "модель.pth",
    "Chinese": "模型.pth",
    "emoji": "\N{BRAIN}\N{SPARKLES}.pth",
    "combining accent": "mode\N{COMBINING ACUTE ACCENT}le.pth",
    "right to left": "نموذج.pth",
    "no ending": "model",
    "a dash in front": "-model.pth",
    "a tilde": "~model.pth",
    "signs": "%s{0}$HOME'#&;.pth",
}
#: Names that Windows reads as something else; everywhere else they are names.
WINDOWS = {
    "drive": "C:model.pth",
    "backslashes": "C:\\Users\\Anna\\model.pth",
    "share": "\\\\server\\share\\model.pth",
    "device": "NUL",
    "a dot at the end": "model.",
    "signs": 'a<b>|"?*.pth',
    "new line": "a\nb.pth",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("as_folder", [False, True], ids=["file", "folder"])
def test_a_file_of_any_name_is_written_and_read(tmp_path: Path, name: str, as_folder: bool) -> None:
    path = tmp_path / name / "model.pth" if as_folder else tmp_path / name
    path.parent.mkdir(exist_ok=True)
    check(path)


@pytest.mark.skipif(os.name != "posix", reason="on Windows these are no names")
@pytest.mark.parametrize("name", WINDOWS.values(), ids=WINDOWS)
def test_what_windows_would_read_as_something_else_is_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    tn.save_checkpoint(STATE, name)
    assert os.listdir() == [name]  # noqa: PTH208 - as the system has it
    check(tmp_path / name)


def test_a_name_that_is_no_text_of_any_encoding(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff\xfe.pth"
    try:
        tn.save_checkpoint(STATE, path)
    except OSError as error:
        if error.errno == errno.EILSEQ:  # as file systems that know nothing but Unicode do
            pytest.skip("this file system has no such names")
        raise
    for form in (path, os.fsdecode(path), Path(os.fsdecode(path))):
        assert_state(tn.load_checkpoint(form))
        assert len(tn.from_torch_state_dict(tn.load_checkpoint(form))) == 2
    with open(path, "ab") as file:  # noqa: PTH123
        file.write(b"more")
    with pytest.raises(tn.CheckpointError) as caught:
        tn.load_checkpoint(path)
    str(caught.value).encode()  # the message can be printed and logged


def test_a_name_that_is_too_long_is_an_error_of_the_system(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 300)
    with pytest.raises(OSError, match="too long") as caught:
        tn.save_checkpoint(STATE, path)
    assert caught.value.filename == str(path)
    with pytest.raises(OSError, match="too long"):
        tn.load_checkpoint(path)
    assert not list(tmp_path.iterdir())


def test_a_path_of_many_folders(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["папка" * 5] * 20)  # 1,000 characters and 2,000 bytes
    folder.mkdir(parents=True)
    check(folder / "model.pth")


@pytest.mark.parametrize("path", ["", "a\0b"], ids=["empty", "zero byte"])
def test_what_is_no_path_is_refused(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for call in (lambda: tn.save_checkpoint(STATE, path), lambda: tn.load_checkpoint(path)):
        with pytest.raises((OSError, ValueError)):
            call()
    assert not list(tmp_path.iterdir())


def check(path: Path) -> None:
    """Write and read by every form of the path, and replace the file that is there."""
    for form in (path, str(path), os.fsencode(path)):
        tn.save_checkpoint(STATE, form)
        assert [entry.name for entry in path.parent.iterdir()] == [path.name]
        assert_state(tn.load_checkpoint(form))
        assert_state(tn.load_checkpoint(form, mmap=True))
    assert tn.from_torch_state_dict(path)(np.eye(2)).shape == (2, 2)
    path.write_bytes(pickle.dumps("no checkpoint"))
    with pytest.raises(tn.CheckpointError) as caught:
        tn.load_checkpoint(path)
    if path.name.isprintable():
        assert path.name in str(caught.value)


def assert_state(loaded: dict[str, np.ndarray]) -> None:
    assert {name: array.tolist() for name, array in loaded.items()} == {
        name: array.tolist() for name, array in STATE.items()
    }
