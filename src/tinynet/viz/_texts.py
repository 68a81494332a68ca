"""Texts in pictures: names cut so that they stay apart, what a user wrote as it was written, shares and lines."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The width of a letter in inches, in text of ten points and in small text beside it.
LETTER, SMALL_LETTER = 0.075, 0.068


def plain(text: str) -> str:
    """Return `text` so that matplotlib draws each of its dollar signs, and no formula between two of them."""
    return text.replace("$", r"\$")


def shorten(name: str, width: int, tail: int = 0) -> str:
    """Return `name` cut to `width` characters, with an ellipsis before the last `tail` if any were lost."""
    if len(name) <= width:
        return name
    return name[: max(0, width - tail - 1)].rstrip() + "…" + name[len(name) - tail :].lstrip()


def shorten_all(names: Sequence[str], width: int) -> list[str]:
    """Return the names cut to `width` characters: at the end, or in the middle where only that keeps them apart.

    Names that even so cannot be told apart get their number in front.
    """
    for tail in (0, width // 2):
        cut = [shorten(name, width, tail) for name in names]
        if len(set(cut)) == len(set(names)):
            return cut
    return [shorten(f"{index}: {name}", width) for index, name in enumerate(names)]


def plural(count: int, noun: str) -> str:
    """Return the count and the noun, as in 1 neuron, 2 neurons."""
    return f"{count:,} {noun}" + "s" * (count != 1)


def accuracy_in_words(right: int, count: int) -> str:
    """Return how many of `count` samples are right, as a share and as a number."""
    return f"Accuracy {100 * right / count:.2f} %: {right:,} of {plural(count, 'sample')} right"


def wrap(text: str, inches: float) -> str:
    """Return `text` in lines that are not longer than so many inches."""
    return textwrap.fill(text, max(12, int(inches / LETTER)))


def percentage(share: float) -> str:
    """Return a share as a reader wants it: 97 %, but neither 100 % nor 0 %, for a network is never certain."""
    percent = round(100 * float(share))
    return "> 99 %" if percent >= 100 else "< 1 %" if percent <= 0 else f"{percent} %"
