"""In which order layers can stand: what their names say, and what their widths allow."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_CHOICES = 5  # listed in an error
MAX_STEPS = 100_000  # of the search for orders: layers of distinct widths need two each, equal widths multiply


class Widths(NamedTuple):
    """How many numbers, or channels, a layer takes and gives."""

    takes: int
    gives: int


def is_sorted(keys: Iterable[str]) -> bool:
    """Return whether a format has sorted the keys: torch registers weights before biases, the alphabet does not."""
    keys = list(keys)
    return keys == sorted(keys) and any(key.rpartition(".")[2] == "bias" for key in keys)


def by_number(keys: list[str]) -> list[str] | None:
    """Return `keys` sorted by the one number in which all of them differ, None where there is none."""
    parts = [re.split(r"(\d+)", key) for key in keys]
    if len({len(p) for p in parts}) != 1:
        return None
    differing = [i for i, column in enumerate(zip(*parts)) if len(set(column)) > 1]
    if len(differing) != 1 or differing[0] % 2 == 0:  # re.split puts the numbers at odd places
        return None
    return [key for _, key in sorted((int(p[differing[0]]), key) for p, key in zip(parts, keys))]


def is_chain(layers: Iterable[Widths]) -> bool:
    """Return whether every layer takes what the one before it gives."""
    layers = list(layers)
    return all(a.gives == b.takes for a, b in zip(layers, layers[1:]))


def search(layers: Sequence[Widths]) -> tuple[list[list[int]], bool]:
    """Return up to `MAX_CHOICES` orders that form a chain, as places in `layers`, and whether these are all.

    What comes first in `layers` comes first in the first of them, wherever there is a choice.
    """
    surplus = Counter(layer.gives for layer in layers)
    surplus.subtract(layer.takes for layer in layers)
    if sum(abs(count) for count in surplus.values()) > 2:  # a chain enters every width as often as it leaves it
        return [], True
    takers: dict[int, list[int]] = {}
    for i, layer in enumerate(layers):
        takers.setdefault(layer.takes, []).append(i)
    choices: list[list[int]] = []
    path: list[int] = []
    used: set[int] = set()
    open_choices = [iter(range(len(layers)))]  # for every place of the path, the layers still to try there
    for _ in range(MAX_STEPS):
        i = next(open_choices[-1], -1)
        if i < 0:
            open_choices.pop()
            if not path:
                return choices, True
            used.remove(path.pop())
        elif i not in used:
            path.append(i)
            used.add(i)
            open_choices.append(iter(takers.get(layers[i].gives, ())))
            if len(path) == len(layers):
                choices.append(path.copy())
                if len(choices) == MAX_CHOICES:
                    break
    return choices, False
