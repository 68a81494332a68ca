"""Tests of the texts in pictures."""

from __future__ import annotations

import pytest

from tinynet.viz._texts import shorten, shorten_all


@pytest.mark.parametrize(
    ("names", "cut"),
    [
        (["cat", "dog"], ["cat", "dog"]),
        (["elephant", "rhinoceros"], ["elephant", "rhinoce…"]),
        (["chapter one", "chapter two"], ["cha…one", "cha…two"]),
        (["abcdefgh_abcdefgh", "abcdefgh.abcdefgh"], ["0: abcd…", "1: abcd…"]),
        (["the same name"] * 2, ["the sam…"] * 2),
    ],
)
def test_names_are_cut_where_they_stay_apart(names, cut):
    assert shorten_all(names, 8) == cut


@pytest.mark.parametrize("tail", [0, 3])
def test_no_more_letters_than_there_is_room_for(tail):
    assert all(len(shorten("a few words", width, tail)) <= width for width in range(tail + 1, 12))
