"""Values in a few words, at the lengths where they are cut."""

from __future__ import annotations

from typing import Any

import pytest

from tinynet.checkpoint.brief import brief, printable


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a" * 60, repr("a" * 60)), ("a" * 61, repr("a" * 60) + "..."), (b"ab", "b'ab'"), (10**70, "1" + "0" * 59),
        ([1, 2.5], "[1, 2.5]"), ((1, None), "(1, None)"), ((1,), "(1,)"), ([1], "[1]"), ((), "()"),
        ([0] * 8, "[0, 0, 0, 0, 0, 0, 0, 0]"), ([0] * 9, "a list of 9 values"), (("a",), "a tuple of 1 values"),
        ({1, 2}, "a set of 2 values"), ({}, "a value of type dict"),
    ],
)  # fmt: skip
def test_brief(value: Any, text: str) -> None:
    assert brief(value) == text


def test_paths_are_escaped_where_a_terminal_could_obey() -> None:
    assert printable("a b.pth") == "a b.pth"
    assert printable("\x1b.pth") == r"'\x1b.pth'"
    assert printable(b"a") == "b'a'"
