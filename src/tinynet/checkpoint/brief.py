"""Values of a file in a few words, for errors. Never `repr`, which a small nested value can keep busy for years."""

from __future__ import annotations

from typing import Any

_MAX_TEXT = 60
_MAX_PARTS = 8
_SCALARS = (int, float, complex, bool, range, type(None))


def printable(text: Any) -> str:
    """Return a file's path as it is, or escaped where it holds what a terminal could obey."""
    return text if type(text) is str and text.isprintable() else repr(text)


def brief(value: Any) -> str:
    """Return at most some hundred characters: scalars in full, text cut, containers if they are short and flat."""
    kind = type(value)
    if kind in (str, bytes, bytearray):
        return repr(value) if len(value) <= _MAX_TEXT else f"{value[:_MAX_TEXT]!r}..."
    if kind in _SCALARS:
        return repr(value)[:_MAX_TEXT]
    if kind in (tuple, list):
        if len(value) <= _MAX_PARTS and all(type(part) in _SCALARS for part in value):
            parts = ", ".join(map(brief, value))
            return f"[{parts}]" if kind is list else f"({parts},)" if len(value) == 1 else f"({parts})"
        return f"a {kind.__name__} of {len(value)} values"
    if kind is set:
        return f"a set of {len(value)} values"
    return f"a value of type {kind.__name__}"
