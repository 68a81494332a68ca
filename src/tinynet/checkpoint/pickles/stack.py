"""The stack of a pickle: values, and the marks that keep groups of them apart."""

from __future__ import annotations

from typing import Any

from tinynet.errors import CheckpointError


class Stack:
    """Values that are put on top and taken from there, but never from below the last mark."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.marks: list[int] = [0]  # how many values there were at each mark that is still open

    def mark(self) -> None:
        """Begin a group."""
        self.marks.append(len(self.values))

    def top(self) -> Any:
        """Return the value on top, which stays."""
        if len(self.values) <= self.marks[-1]:
            raise CheckpointError("the pickle uses the value on top of its stack where none is")
        return self.values[-1]

    def take(self) -> Any:
        """Take the value on top."""
        if len(self.values) <= self.marks[-1]:
            raise CheckpointError("the pickle takes a value from its stack where none is")
        return self.values.pop()

    def take_two(self) -> tuple[Any, Any]:
        """Take the two values on top, the lower first."""
        if len(self.values) - 2 < self.marks[-1]:
            raise CheckpointError("the pickle takes two values from its stack where fewer are")
        upper = self.values.pop()
        return self.values.pop(), upper

    def take_group(self) -> list[Any]:
        """Take what was put on the stack since the last mark, and the mark."""
        if len(self.marks) == 1:
            raise CheckpointError("the pickle ends a group that it never began")
        begin = self.marks.pop()
        items = self.values[begin:]
        del self.values[begin:]
        return items

    def where(self) -> str:
        """Return the keys under which the current value would be stored, for the beginning of an error."""
        path: list[str] = []
        for begin, end in zip(self.marks, [*self.marks[1:], len(self.values)]):
            fills_dict = begin > 0 and isinstance(self.values[begin - 1], dict)
            path += _keys(self.values[begin:end], fills_dict)
        path = [key for key in path if len(key) < 200]
        return f"{'/'.join(path[-8:])!r}: " if path else ""


def _keys(group: list[Any], fills_dict: bool) -> list[str]:
    """Return the keys in a group whose values are still to come: of the dict below it, and of dicts in it."""
    keys = []
    if fills_dict:  # keys and values take turns; what is above the last key is the beginning of its value
        last = next((at for at in range((len(group) - 1) & ~1, -1, -2) if type(group[at]) is str), None)
        if last is not None:
            keys = [group[last]]
            group = group[last + 1 :]
    # A dict with one item takes it without a group.
    return keys + [key for lower, key in zip(group, group[1:]) if isinstance(lower, dict) and type(key) is str]
