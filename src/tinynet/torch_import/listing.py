"""Lists of a file's names in errors: short enough to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinynet.checkpoint.brief import brief

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST = 40


def listed(names: Iterable[str]) -> str:
    """Return the names, or the first of them and how many there are beside."""
    texts = list(names)
    more = f" and {len(texts) - _MOST:,} more" if len(texts) > _MOST else ""
    return ", ".join(texts[:_MOST]) + more


def entries(content: Iterable[object]) -> str:
    """Return the keys of a file's dict as Python writes them, each of them short."""
    return listed(brief(key) for key in content) or "none"
