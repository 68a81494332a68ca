"""Which objects may be keys of a dict or members of a set: checked before they are hashed.

CPython hashes tuples recursively, and the hashes of numbers are public: without these rules a small file ends the
process or keeps it busy for hours. The hashes of text and bytes are secret, a different one in every process.

An int is its own hash, and where its place in the table is taken, the next is looked at in an order that is public
too. So numbers can be chosen, even small ones, that all walk along the same taken places. Numbers in a row cannot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tinynet.checkpoint.brief import brief
from tinynet.checkpoint.pickles.inert import Name, describe
from tinynet.errors import CheckpointError

_SCALARS = (str, int, float, bool, bytes, type(None))
_MAX_TUPLE_KEY = 8
_MAX_TUPLES = 1 << 12
_MAX_NUMBERS = 1 << 14
#: Ints below this are too few to do harm.
_SMALL = 1 << 12
#: Beyond 2**61 - 1 different ints share one hash.
_HUGE = 1 << 60


class KeyRules:
    """The keys of one pickle, of which only so many may be of the kinds that can be made to collide."""

    def __init__(self) -> None:
        self._tuples_left = _MAX_TUPLES
        self._numbers_left = _MAX_NUMBERS

    def checked(self, key: Any, before: Any = None) -> Any:
        """Return the key that stands for `key`: a scalar or one short flat tuple of scalars; of a class, its name.

        `before` is the key before it: numbers in a row are not counted.
        """
        kind = type(key)
        if kind is Name:
            return key.path
        if kind is tuple:
            self._tuples_left -= 1
            if len(key) > _MAX_TUPLE_KEY or self._tuples_left < 0:
                raise CheckpointError("a dict has too long or too many tuples as keys")
            for part in key:
                _check_scalar(part)
            return key
        _check_scalar(key)
        if kind is float or (kind is int and not -_SMALL < key < _SMALL and not _in_a_row(before, key)):
            self._numbers_left -= 1
            if self._numbers_left < 0:
                raise CheckpointError(f"the dicts of the file have more than {_MAX_NUMBERS:,} odd numbers as keys")
        return key

    def each(self, keys: Iterable[Any]) -> Iterator[Any]:
        """Check members of a set one by one."""
        before = None
        for key in keys:
            yield key if type(key) is str else self.checked(key, before)
            before = key

    def count(self, keys: Iterable[Any]) -> None:
        """Account for keys that are hashed once more, in a copy."""
        for _ in self.each(keys):
            pass

    def fill(self, target: dict[Any, Any], items: Sequence[Any]) -> None:
        """Add the alternating keys and values of `items` to a dict that has none of the keys yet."""
        pairs = iter(items)
        before = None
        for key, value in zip(pairs, pairs):
            if type(key) is not str:
                before, key = key, self.checked(key, before)
            if key in target:
                raise CheckpointError(f"a dict has the key {brief(key)} twice")
            target[key] = value


def _in_a_row(before: Any, key: int) -> bool:
    return type(before) is int and -1 <= key - before <= 1


def _check_scalar(key: Any) -> None:
    kind = type(key)
    if kind not in _SCALARS:
        raise CheckpointError(f"a dict has a key of type {describe(key)}, which cannot be a key here")
    # NaN is unequal to itself.
    if (kind is int and abs(key) >= _HUGE) or key != key:
        raise CheckpointError(f"a dict has the key {brief(key)}, which cannot be a key here")
