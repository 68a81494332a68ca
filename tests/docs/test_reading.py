"""The page that says which files to read first: they exist, are as long as it says, and hold what it names."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "tinynet"
PAGE = (ROOT / "docs" / "reading.md").read_text("utf-8")
ROWS = re.findall(r"^(\d+)\. `([\w/]+\.py)`, (\d+) lines\. ((?:.+\n)+?)(?=\d+\.|\n)", PAGE, re.MULTILINE)
each_file = pytest.mark.parametrize("row", ROWS, ids=[name for _, name, *_ in ROWS])


def length(path):
    return len(path.read_text("utf-8").splitlines())


def is_near(said, found):
    return abs(said - found) <= 0.15 * found


def number(pattern):
    return int(re.search(pattern, PAGE)[1].replace(",", ""))


@each_file
def test_files_are_as_long_as_the_page_says(row):
    _, name, lines, _ = row
    assert is_near(int(lines), length(PACKAGE / name)), f"{name} has {length(PACKAGE / name)} lines"


def test_there_are_twelve_in_an_order():
    assert [int(place) for place, *_ in ROWS] == list(range(1, 13))


def test_the_sums_are_right():
    assert is_near(number(r"twelve files have ([\d,]+)"), sum(length(PACKAGE / name) for _, name, *_ in ROWS))
    assert is_near(number(r"some ([\d,]+) lines"), sum(map(length, PACKAGE.rglob("*.py"))))


@each_file
def test_files_hold_what_the_page_names(row):
    _, name, _, text = row
    code = (PACKAGE / name).read_text("utf-8")
    assert [word for word in re.findall(r"`(\w+)`", text) if not re.search(rf"\b{word}\b", code)] == []


def test_files_to_go_on_with_exist():
    further = re.findall(r"`([\w/]+\.py)`", PAGE.partition("## Where to go on")[2])
    assert len(further) > 10
    assert [name for name in further if not (PACKAGE / name).exists()] == []
