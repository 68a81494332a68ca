"""What may be trained on, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Union

import numpy as np

from tinynet._arrays import as_array
from tinynet.errors import ShapeError
from tinynet.functional.entropy import check_labels
from tinynet.losses import CrossEntropy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tinynet._arrays import Array
    from tinynet.layers import Layer

    Rows = Union[slice, np.ndarray[Any, Any]]


class Data(NamedTuple):
    """Samples, their targets, and whether these are classes, so that there is an accuracy."""

    x: Array
    y: Array
    classes: bool


def check_data(core: Layer, loss: Any, x: Any, y: Any, what: str) -> Data:
    """Return samples and targets as arrays; such as are some already are neither copied nor cast.

    One sample goes through the network, so that what does not fit is told before anything is trained.
    """
    x, y = as_array(x, f"{what}: x"), as_array(y, f"{what}: y")
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y) or len(x) == 0:
        raise ShapeError(f"{what} needs as many targets as samples, at least one, got x {x.shape} and y {y.shape}")
    with np.errstate(over="ignore", invalid="ignore"):  # training will notice
        output = core(x[:1])
    if isinstance(loss, CrossEntropy) and output.ndim == 2 and y.ndim != 1 and y.shape[1:] != output.shape[1:]:
        c = output.shape[1]
        raise ShapeError(
            f"{what} needs y of shape (N,), class indices, or (N, {c}), a row of probabilities for each sample, "
            f"got {y.shape}"
        )
    if output.ndim == 2 and y.ndim == 1 and (y.dtype.kind in "iu" or isinstance(loss, CrossEntropy)):
        check_labels(y, output.shape[1], f"{what}: y")
        loss(output, y[:1])
        return Data(x, y, True)
    loss(output, y[:1])
    return Data(x, y, isinstance(loss, CrossEntropy))


def looks_like_pixels(x: Array) -> bool:
    """Tell whether the first samples are whole numbers in 0..255, some of them large."""
    head = np.asarray(x[:64])
    return bool(head.size) and bool(
        head.min() >= 0 and 128 <= head.max() <= 255 and (head.dtype.kind in "iu" or (head == np.rint(head)).all())
    )


def batches(samples: int, batch_size: int, rng: np.random.Generator | None) -> Iterator[Rows]:
    """Yield which rows make up each batch; with `rng`, in a random order."""
    order = None if rng is None else rng.permutation(samples)
    for start in range(0, samples, batch_size):
        if order is None:
            yield slice(start, start + batch_size)
        else:
            rows = order[start : start + batch_size]
            rows.sort()  # files are read forwards; in which order a batch has its samples does not matter
            yield rows
