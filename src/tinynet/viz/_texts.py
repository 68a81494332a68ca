"""Texts in pictures: class names cut so that they stay apart, and what a user wrote drawn as it was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


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
