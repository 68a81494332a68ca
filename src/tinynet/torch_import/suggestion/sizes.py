"""Guess padding and pooling: the simplest choice that leads from an image to as many numbers as a layer takes."""

from __future__ import annotations

from typing import NamedTuple

MNIST, CIFAR = 28, 32
OTHER_SIDES = (64, 224, 128, 96, 48, 256, 16, 14, 8)
MAX_CONVOLUTIONS = 64
MAX_CHOICES = 4  # kept for every size on the way

# What makes a choice less simple than no padding, or the same for all, and a pooling wherever the channels change.
PADDING_CHANGES = 1
OTHER_POOLING = 2
AVERAGE = 4  # over all that is left, at the end, in place of the last pooling

Pair = tuple[int, int]


class Convolution(NamedTuple):
    """What the search needs to know, such as whether the names leave room for a pooling after it."""

    takes: int
    gives: int
    kernel: Pair
    room: bool = True


class Choice(NamedTuple):
    """Padding of each convolution, whether max-pooling by 2 follows, and the average-pooling at the end, if any."""

    cost: int
    image: Pair
    paddings: tuple[Pair, ...]
    pools: tuple[bool, ...]
    average: Pair | None = None


class _Path(NamedTuple):
    cost: int
    paddings: tuple[Pair, ...] = ()
    pools: tuple[bool, ...] = ()


def guess(convolutions: list[Convolution], features: int | None) -> list[Choice]:
    """Return choices that give `features` numbers, the simplest first; None stands for one number a channel.

    Empty where none was found. They are for the most usual size of images for which there are any; what is as simple
    or simpler for another usual size comes last.
    """
    if len(convolutions) > MAX_CONVOLUTIONS:
        return []
    usual = (CIFAR, MNIST) if convolutions[0].takes == 3 else (MNIST, CIFAR)
    found: list[Choice] = []
    for side in (*usual, *OTHER_SIDES):
        if found and side not in usual:
            break
        choices = _choices(convolutions, features, (side, side))
        found += [choice for choice in choices[:1] if choice.cost <= found[0].cost] if found else choices
    return found


def _choices(convolutions: list[Convolution], features: int | None, image: Pair) -> list[Choice]:
    # For every size, and whether the convolution before was padded, the simplest ways there.
    ways: dict[tuple[Pair, bool | None], list[_Path]] = {(image, None): [_Path(0)]}
    for i, layer in enumerate(convolutions):
        pooled = layer.room and (i + 1 == len(convolutions) or convolutions[i + 1].gives != layer.gives)
        further: dict[tuple[Pair, bool | None], list[_Path]] = {}
        for (size, padded), paths in ways.items():
            for padding, pool, after, cost in _steps(layer, size, padded, pooled):
                found = [_Path(p.cost + cost, (*p.paddings, padding), (*p.pools, pool)) for p in paths]
                is_padded = padded if layer.kernel == (1, 1) else padding != (0, 0)
                further.setdefault((after, is_padded), []).extend(found)
        ways = {key: sorted(paths, key=lambda p: p.cost)[:MAX_CHOICES] for key, paths in further.items()}
    channels = convolutions[-1].gives
    choices = []
    for (size, _), paths in ways.items():
        if features == channels * size[0] * size[1]:
            choices += [Choice(p.cost, image, p.paddings, p.pools) for p in paths]
        elif features in (None, channels):
            choices += [Choice(p.cost + _average_cost(p), image, p.paddings, p.pools, size) for p in paths]
    return sorted(choices, key=lambda choice: choice.cost)[:MAX_CHOICES]


def _average_cost(path: _Path) -> int:
    return AVERAGE + (OTHER_POOLING if path.pools[-1] else -OTHER_POOLING)


def _steps(layer: Convolution, size: Pair, padded: bool | None, pooled: bool) -> list[tuple[Pair, bool, Pair, int]]:
    """Return paddings, poolings, the sizes that they lead to and what they cost."""
    kh, kw = layer.kernel
    steps = []
    for padding in dict.fromkeys([(0, 0), ((kh - 1) // 2, (kw - 1) // 2)] if kh % 2 and kw % 2 else [(0, 0)]):
        h, w = size[0] + 2 * padding[0] - kh + 1, size[1] + 2 * padding[1] - kw + 1
        if min(h, w) < 1:
            continue
        is_padded = padding != (0, 0)
        cost = PADDING_CHANGES * (padded not in (None, is_padded) and (kh, kw) != (1, 1))
        for pool in (False, True) if min(h, w) > 1 else (False,):
            after = (h // 2, w // 2) if pool else (h, w)
            steps.append((padding, pool, after, cost + OTHER_POOLING * (pool != pooled and min(h, w) > 1)))
    return steps
