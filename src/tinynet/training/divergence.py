"""Where numbers first stopped being finite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinynet.network import Sequential

if TYPE_CHECKING:
    from tinynet._arrays import Array
    from tinynet.layers import Layer

ADVICE = "a lower learning rate, a warm-up or clip_norm= of the optimizer may help"


def first_not_finite(network: Layer, x: Array) -> str:
    """Return a sentence about the first thing on the way through `network` that is not finite: input, weight, output.

    Examples
    --------
    >>> import tinynet as tn
    >>> net = tn.Sequential(tn.Dense(2, 2, rng=0), tn.ReLU())
    >>> net[0].params["bias"] = [np.inf, 0]
    >>> first_not_finite(net, np.ones((1, 2), np.float32)).partition(";")[0]
    "layer 0 (Dense) is the first that is not finite: its 'bias' holds inf"
    """
    if not np.isfinite(x).all():
        return "the data themselves are not finite"
    return _first(network, x, "")[0] or "all layers are finite, only the loss is not"


def not_finite_sample(x: Array, taken: Array) -> tuple[int, str] | None:
    """Return which is the first sample that is not finite, and what it holds; None if all are finite.

    `x` is the batch as it was given, `taken` as the network takes it: what is finite may be too large for its dtype.

    Examples
    --------
    >>> not_finite_sample(np.array([[1.0], [1e300]]), np.array([[1.0], [np.inf]], np.float32))
    (1, '1e+300, which is too large for float32')
    """
    wrong = ~np.isfinite(taken)
    if not wrong.any():
        return None
    row = int(wrong.reshape(len(x), -1).any(axis=1).argmax())
    value = float(x[row][wrong[row]].flat[0])
    return row, f"{value:g}" + (f", which is too large for {taken.dtype}" if np.isfinite(value) else "")


def _first(layer: Layer, x: Array, place: str) -> tuple[str, Array]:
    """Return the sentence, empty if all is finite, and the output."""
    if isinstance(layer, Sequential):
        found = ""
        for i, part in enumerate(layer.layers):
            found, x = _first(part, x, f"{place}.{i}" if place else str(i))
            if found:
                break
        return found, x
    start = f"layer {place} ({layer.label}) is the first that is not finite: " if place else f"{layer.label}: "
    for key, param in layer.params.items():
        if not np.isfinite(param).all():
            return f"{start}its {key!r} holds {_first_number(param)}; {ADVICE}", x
    y = layer._evaluate(x, True)[0]
    if not np.isfinite(y).all():
        largest = f"{np.abs(x).max():.3g}"
        return f"{start}its output holds {_first_number(y)}, from inputs of up to {largest}; {ADVICE}", y
    return "", y


def _first_number(array: Array) -> float:
    """Return the first element that is not finite."""
    return float(array[~np.isfinite(array)][0])
