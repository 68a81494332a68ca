"""The table of layers that a network shows of itself, as text and as HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from tinynet.layers.parameters import count

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from tinynet._arrays import Array

    Row = tuple[str, str, Optional[tuple[int, ...]], int]

HEADER = ("#", "layer", "output", "parameters")


def summary_text(label: str, params: Mapping[str, Array], dtype: np.dtype[Any] | None, rows: list[Row]) -> str:
    """Return the table as aligned text, the numbers flush right."""
    cells = [HEADER, *map(_cells, rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(4)]
    lines = [
        f"  {a:>{widths[0]}}  {b:<{widths[1]}}  {c:<{widths[2]}}  {d:>{widths[3]}}".rstrip() for a, b, c, d in cells
    ]
    return "\n".join([_title(label, params, dtype), *lines])


def summary_html(label: str, params: Mapping[str, Array], dtype: np.dtype[Any] | None, rows: list[Row]) -> str:
    """Return the table as HTML, as notebooks show it."""
    from html import escape  # only notebooks pay for it

    head = "".join(f"<th>{escape(cell)}</th>" for cell in HEADER)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _cells(row)) + "</tr>" for row in rows)
    title = escape(_title(label, params, dtype))
    return f"<table><caption>{title}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _title(label: str, params: Mapping[str, Array], dtype: np.dtype[Any] | None) -> str:
    return f"{label}: {count(params):,} parameters" + ("" if dtype is None else f", {dtype}")


def _cells(row: Row) -> tuple[str, str, str, str]:
    prefix, label, shape, parameters = row
    output = "unknown" if shape is None else f"({', '.join(['N', *map(str, shape)])})"
    return prefix, label, output, f"{parameters:,}"
