from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from loopback_mirror import remote_file

from tinynet.datasets import download as module
from tinynet.datasets import transfer
from tinynet.datasets.download import DownloadError, download
from tinynet.datasets.progress import ProgressBar

CONTENT = np.random.default_rng(0).integers(0, 256, 4000, np.uint8).tobytes()
REMOTE = remote_file("digits.gz", CONTENT)


@pytest.fixture
def mirrors(start_mirror):
    return [start_mirror({REMOTE.name: CONTENT}) for _ in range(2)]


@pytest.fixture
def fetch(mirrors, tmp_path):
    """Downloads from both mirrors, checks the result and that nothing else is left, and returns the requests."""

    def run() -> list[list[str | None]]:
        path = download(REMOTE, [mirror.url for mirror in mirrors], tmp_path / "folder")
        assert path == tmp_path / "folder" / REMOTE.name
        assert path.read_bytes() == CONTENT
        assert [found.name for found in path.parent.iterdir()] == [REMOTE.name]
        return [[bytes_ for _, bytes_ in mirror.requests] for mirror in mirrors]

    return run


def left_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_one_request_is_enough(fetch):
    assert fetch() == [[None], []]


@pytest.mark.parametrize(
    ("script", "ranges"),
    [
        (["cut"], [None, "bytes=1000-"]),
        (["cut", "cut", "cut"], [None, "bytes=1000-", "bytes=2000-", "bytes=3000-"]),
        (["cut", "without_ranges"], [None, "bytes=1000-"]),
        (["cut", "refused_range"], [None, "bytes=1000-", None]),
        (["cut_chunked"], [None, "bytes=30-"]),
        (["cut", "wrong"], [None, "bytes=1000-", None]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value[0], str) else "",
)
def test_goes_on_where_a_mirror_broke_off(mirrors, fetch, script, ranges):
    mirrors[0].script = script
    assert fetch() == [ranges, []]


@pytest.mark.parametrize(
    ("answer", "ranges"),
    [
        ("html", [None]),
        ("nothing", [None]),
        ("html_in_disguise", ["bytes=26-", None]),  # what the first has sent is only then seen to be wrong
        ("wrong", [None]),
        ("announced_too_long", [None]),
        ("endless", [None]),
        ("mute", [None]),
        ("silent", ["bytes=20-"]),
        ("dripping", None),
    ],
)
def test_leaves_a_bad_mirror_for_the_next(mirrors, fetch, hasty, answer, ranges):
    mirrors[0].script = [answer] * 10
    start = time.monotonic()
    first, second = fetch()
    assert time.monotonic() - start < 3
    assert len(first) <= module.ATTEMPTS
    if ranges is not None:
        assert second == ranges


def test_leaves_a_mirror_that_has_not_the_file(mirrors, fetch):
    mirrors[0].files = {}
    assert fetch() == [[None], [None]]


def test_leaves_a_mirror_that_sends_another_range(mirrors, fetch):
    mirrors[0].script = ["cut", "wrong_range"]
    assert fetch() == [[None, "bytes=1000-"], ["bytes=1000-"]]


@pytest.mark.parametrize("answer", ["html", "nothing", "wrong", "announced_too_long"])
def test_asks_a_mirror_that_does_not_get_on_only_once(mirrors, fetch, answer):
    mirrors[0].script = [answer] * 2
    assert fetch() == [[None], [None]]


def test_gives_a_mirror_up_that_breaks_off_again_and_again(mirrors, fetch):
    mirrors[0].script = ["cut_chunked"] * 20
    first, second = fetch()
    assert len(first) == module.ATTEMPTS
    assert second == ["bytes=30-"]


def test_when_all_fail_each_cause_is_named(mirrors, tmp_path, hasty):
    mirrors[0].files = {}
    mirrors[1].script = ["html"]
    silent = "http://127.0.0.1:1/"
    with pytest.raises(DownloadError) as caught:
        download(REMOTE, [mirrors[0].url, mirrors[1].url, silent], tmp_path)
    lines = [line.strip() for line in str(caught.value).splitlines()]
    assert lines[0] == f"{mirrors[0].url}digits.gz: HTTP 404 Not Found"
    assert lines[1].startswith(f"{mirrors[1].url}digits.gz: answered with a web page")
    assert lines[2].startswith(f"{silent}digits.gz: ")
    assert "refused" in lines[2]
    assert left_in(tmp_path) == {}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("wrong", "the content is wrong: md5 .* instead of " + REMOTE.md5),
        ("announced_too_long", "announced 1000000000000 bytes where 4000 were due"),
        ("endless", "the content is wrong"),
        ("html_in_disguise", "broke off after 26 of 4000 bytes"),
        ("mute", "timed out"),
        ("silent", "silent for 0.3 s after 20 of 4000 bytes"),
        ("dripping", r"too slow, \d+ bytes in 0 s"),
    ],
)
def test_the_cause_says_what_happened(mirrors, tmp_path, hasty, answer, message):
    mirrors[0].script = [answer] * 10
    with pytest.raises(DownloadError, match=message):
        download(REMOTE, [mirrors[0].url], tmp_path)


def test_waits_no_longer_for_an_answer_than_promised(mirrors, tmp_path, monkeypatch):
    """However long the name look-up and each of a host's addresses may take."""
    monkeypatch.setattr(transfer, "CONNECT_SECONDS", 0.2)
    mirrors[0].script = ["mute"]
    start = time.monotonic()
    with pytest.raises(DownloadError, match=r"no answer within 0\.2 s"):
        download(REMOTE, [mirrors[0].url], tmp_path)
    assert time.monotonic() - start < 3


def test_an_interrupted_download_is_resumed_by_the_next(mirrors, fetch, tmp_path):
    mirrors[0].script = ["cut", "html"]
    mirrors[1].script = ["html"]
    with pytest.raises(DownloadError):
        fetch()
    assert left_in(tmp_path / "folder") == {"digits.gz.part": CONTENT[:1000]}
    assert fetch()[0][-1] == "bytes=1000-"


def test_an_interrupt_from_the_keyboard_leaves_what_has_come(mirrors, fetch, tmp_path, monkeypatch):
    def interrupt(self: ProgressBar, done: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ProgressBar, "show", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fetch()
    kept = left_in(tmp_path / "folder")["digits.gz.part"]
    assert kept
    assert CONTENT.startswith(kept)
    fetch()


@pytest.mark.parametrize(
    "kept",
    [bytes(1000), bytes(4000), bytes(5000), CONTENT + b"x", CONTENT],
    ids=["wrong start", "wrong content", "too long", "one byte more", "whole"],
)
def test_what_an_earlier_download_left_is_not_trusted(fetch, tmp_path, kept):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "digits.gz.part").write_bytes(kept)
    requests = fetch()[0]
    assert requests == {1000: ["bytes=1000-", None], 4000: [] if kept == CONTENT else [None]}.get(len(kept), [None])


def test_many_at_once_do_not_meet(mirrors, tmp_path):
    mirrors[0].script = ["cut", "wrong", "html", "cut", "without_ranges"] * 8
    urls = [mirror.url for mirror in mirrors]
    errors: list[Exception] = []
    (tmp_path / "digits.gz.part").write_bytes(CONTENT[:500])

    def run() -> None:
        try:
            assert download(REMOTE, urls, tmp_path).read_bytes() == CONTENT
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert left_in(tmp_path) == {REMOTE.name: CONTENT}
    resumed = [bytes_ for mirror in mirrors for _, bytes_ in mirror.requests if bytes_ == "bytes=500-"]
    assert len(resumed) <= 2, "one of them alone took over what was left"


def test_parts_of_killed_processes_are_removed_after_a_day(fetch, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    old, young = folder / "digits.gz.1-00000000.part", folder / "digits.gz.2-00000000.part"
    for path, age in ((old, 25 * 3600), (young, 23 * 3600)):
        path.write_bytes(b"x")
        os.utime(path, (time.time() - age,) * 2)
    (folder / "other.gz.1-00000000.part").write_bytes(b"")
    with pytest.raises(AssertionError):  # fetch finds what is left
        fetch()
    assert sorted(left_in(folder)) == ["digits.gz", young.name, "other.gz.1-00000000.part"]


def test_a_file_that_another_process_holds_open_on_windows_is_left_as_it_is(fetch, tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / REMOTE.name).write_bytes(CONTENT)

    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(13, "Access is denied", str(target))

    monkeypatch.setattr(Path, "replace", refuse)
    fetch()


def test_shows_progress_on_a_terminal(fetch, on_terminal):
    terminal = on_terminal()
    fetch()
    assert terminal.getvalue().endswith("\n")
    assert "digits.gz [" in terminal.getvalue()
