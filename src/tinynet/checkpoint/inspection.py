"""What a checkpoint file holds, as text: the report of ``python -m tinynet inspect``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.checkpoint.brief import brief, printable
from tinynet.checkpoint.loading import load_with_source

if TYPE_CHECKING:
    from tinynet._arrays import Array

_MAX_TEXT = 60
_MAX_PARTS = 20
_MAX_NAME = 80
_MAX_SHAPE = 40
_MAX_ROWS = 20_000
_MAX_OTHERS = 200


def inspect_checkpoint(path: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> str:
    """Report the container, the arrays and the other values of a checkpoint file.

    Parameters
    ----------
    path : str, bytes or path-like
        The file. Nothing in it is run. Tensors are mapped and not read, but for those that have to be
        converted; no byte of the map is touched, so that a file that is cut meanwhile is an error like others.

    Returns
    -------
    str
        A few lines of text: the container, a row for each array with its shape, element type and size, the
        other values, and what `tinynet.load_checkpoint` returns.

    Raises
    ------
    CheckpointError
        If the file would be refused; the message says why.
    OSError
        If the file cannot be opened or read.
    """
    content, source = load_with_source(path, mmap=True)
    widened = {id(array) for array in source.widened}
    rows = [("name", "shape", "element type", "bytes")]
    others: list[str] = []
    arrays = numbers = nbytes = 0
    for name, value in _leaves(content):
        if isinstance(value, np.ndarray):
            arrays += 1
            numbers += value.size
            nbytes += value.nbytes
            if arrays <= _MAX_ROWS:
                rows.append(_row(name, value, id(value) in widened))
        elif len(others) <= _MAX_OTHERS:
            others.append(f"{_elide(name, _MAX_NAME)} = {_short(value)}")
    lines = [f"{printable(os.fsdecode(path))}: {source.container}, {source.size:,} bytes", "", *_table(rows)]
    lines += ["..."] * (arrays > _MAX_ROWS)
    lines += ["", f"{arrays} arrays of {numbers:,} numbers, {nbytes:,} bytes", *others[:_MAX_OTHERS]]
    lines += ["..."] * (len(others) > _MAX_OTHERS)
    lines.append(f"load_checkpoint returns {_describe(content)}")
    return "\n".join(lines)


def _leaves(content: Any) -> Iterator[tuple[str, Any]]:
    """Yield names and values of everything inside; each container once, flat lists in one piece."""
    entered: set[int] = set()
    waiting: list[Iterator[tuple[str, Any]]] = [iter([("", content)])]
    while waiting:
        for name, value in waiting[-1]:
            if not isinstance(value, (dict, list, tuple)):
                yield name, value
            elif id(value) not in entered:
                entered.add(id(value))
                if _is_flat(value):
                    yield name, value
                else:
                    waiting.append(_parts(name, value))
                    break
        else:
            waiting.pop()


def _is_flat(value: Any) -> bool:
    return not isinstance(value, dict) and all(isinstance(part, (int, float, str, type(None))) for part in value)


def _parts(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    prefix = f"{name}/" if name else ""
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield prefix + _short(key), part


def _row(name: str, array: Array, widened: bool) -> tuple[str, str, str, str]:
    element = f"{array.dtype} (of bfloat16)" if widened else str(array.dtype)
    shape = _elide(str(array.shape), _MAX_SHAPE)
    return _elide(name, _MAX_NAME) or "(the whole)", shape, element, f"{array.nbytes:,}"


def _table(rows: list[tuple[str, str, str, str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[3]]) for row in rows]


def _elide(text: str, width: int) -> str:
    """Leave out the middle of a text that is too long for its column."""
    if len(text) <= width:
        return text
    begin = (width - 3) // 2
    return f"{text[:begin]}...{text[begin + 3 - width :]}"


def _short(value: Any) -> str:
    """Return a value in one line; control characters of the file must not reach the terminal."""
    if isinstance(value, str) and value.isprintable() and len(value) <= _MAX_TEXT:
        return value
    if isinstance(value, (list, tuple)) and len(value) > 1:
        text = ", ".join(map(brief, value[:_MAX_PARTS])) + ", ..." * (len(value) > _MAX_PARTS)
        text = f"[{text}]" if isinstance(value, list) else f"({text})"
    else:
        text = brief(value)
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 3] + "..."


def _describe(content: Any) -> str:
    if isinstance(content, np.ndarray):
        return "one array"
    if isinstance(content, dict):
        if all(isinstance(value, np.ndarray) for value in content.values()):
            return f"a dict of {len(content)} arrays"
        return f"a dict with the keys {', '.join(_short(key) for key in list(content)[:20])}"
    if isinstance(content, (list, tuple)):
        return f"a {type(content).__name__} of {len(content)} values"
    return _short(content)
