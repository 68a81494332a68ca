"""What `inspect_checkpoint` says about content that is no dict of arrays, or is too much to list."""

from __future__ import annotations

from builders import FOUR, Fragment, push, storage, tensor, torch_zip

from tinynet.checkpoint import inspection, save_checkpoint


def lines_of(value, tmp_path):
    path = tmp_path / "x.pth"
    path.write_bytes(torch_zip(push(value), {"0": FOUR.tobytes()}))
    return inspection.inspect_checkpoint(path).splitlines()


def test_other_content_than_a_dict(tmp_path):
    assert lines_of(tensor(storage()), tmp_path)[-1] == "load_checkpoint returns one array"
    assert lines_of([1, "a", tensor(storage())], tmp_path)[-1] == "load_checkpoint returns a list of 3 values"
    assert lines_of((1, 2), tmp_path)[-1] == "load_checkpoint returns a tuple of 2 values"
    assert lines_of("text", tmp_path)[-1] == "load_checkpoint returns text"


def test_a_container_is_listed_once(tmp_path):
    shared = Fragment(push({"x": 1}) + b"q\x07")
    lines = lines_of({"a": shared, "b": Fragment(b"h\x07"), "c": 2}, tmp_path)
    assert lines[-4:-1] == ["0 arrays of 0 numbers, 0 bytes", "a/x = 1", "c = 2"]


def test_no_more_than_a_person_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(inspection, "_MAX_ROWS", 2)
    monkeypatch.setattr(inspection, "_MAX_OTHERS", 2)
    lines = lines_of({str(n): n for n in range(5)}, tmp_path)
    assert lines[-4:] == ["0 = 0", "1 = 1", "...", "load_checkpoint returns a dict with the keys 0, 1, 2, 3, 4"]
    path = tmp_path / "y.pth"
    save_checkpoint({str(n): FOUR for n in range(5)}, path)
    lines = inspection.inspect_checkpoint(path).splitlines()
    assert [line.split()[0] for line in lines[3:] if line] == ["0", "1", "...", "5", "load_checkpoint"]
