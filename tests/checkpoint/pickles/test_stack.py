"""Which keys lead to the value that is being read when an error occurs."""

from __future__ import annotations

from typing import Any

import pytest

from tinynet.checkpoint.pickles.stack import Stack

LONG = "k" * 200


@pytest.mark.parametrize(
    ("values", "marks", "where"),
    [
        ([], [0], ""),
        ([{}, "a", {}, "b"], [0, 1, 3], "'a/b': "),
        ([{}, "a"], [0], "'a': "),  # a dict of one item has no group
        ([{}, "a", 1, "b", {}], [0, 1], "'b': "),
        ([{}, "a", [], {}, "one"], [0, 1], "'a/one': "),
        ([{}, 5, "text", 7], [0, 1], ""),
        ([[], "text", {}], [0, 1], ""),
        ([{}, LONG[1:]], [0], f"'{LONG[1:]}': "),
        ([{}, LONG], [0], ""),
        ([part for key in "abcdefghij" for part in ({}, key)], [0], "'c/d/e/f/g/h/i/j': "),
    ],
)
def test_where(values: list[Any], marks: list[int], where: str) -> None:
    stack = Stack()
    stack.values[:], stack.marks[:] = values, marks
    assert stack.where() == where
