"""What may be trained on, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Union

import numpy as np

from tinynet._arrays import as_array
from tinynet._images import Layout, evaluate_images, find_layout, lay_out
from tinynet.errors import ShapeError
from tinynet.functional.entropy import check_labels
from tinynet.losses import CrossEntropy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tinynet._arrays import Array
    from tinynet.network import Sequential

    Rows = Union[slice, np.ndarray[Any, Any]]


class Data(NamedTuple):
    """Samples, their targets, whether these are classes, so that there is an accuracy, and what becomes of images."""

    x: Array
    y: Array
    classes: bool
    layout: Layout | None

    def batch(self, rows: Rows, dtype: np.dtype[Any] | None) -> tuple[Array, Array]:
        """Return some samples, images as the network needs them, and their targets."""
        x = self.x[rows]
        return (x if self.layout is None else lay_out(x, self.layout, dtype)), self.y[rows]

    def evaluated(self, core: Sequential) -> Array:
        """Return what the network gives for all samples, in inference."""
        if self.layout is None:
            return core(self.x)
        return evaluate_images(core, self.x, None, lambda y: y, "fit")


def check_data(core: Sequential, loss: Any, x: Any, y: Any, what: str) -> Data:
    """Return samples and targets as arrays; what is one already is neither copied nor cast.

    One sample goes through the network, so that what does not fit is told before anything is trained.
    """
    x, y = as_array(x, f"{what}: x"), as_array(y, f"{what}: y")
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y) or len(x) == 0:
        raise ShapeError(f"{what} needs as many targets as samples, at least one, got x {x.shape} and y {y.shape}")
    layout = _layout(core, x, what)
    first = x[:1] if layout is None else lay_out(x[:1], layout, core.dtype)
    with np.errstate(over="ignore", invalid="ignore"):  # training will notice
        output = core(first)
    if isinstance(loss, CrossEntropy) and output.ndim == 2 and output.shape[1] == 1:
        raise ShapeError(
            f"{what}: CrossEntropy needs an output for each class, and this network has a single one; for yes or no "
            "let it end in Dense(..., 2) and Softmax()"
        )
    if isinstance(loss, CrossEntropy) and output.ndim == 2 and y.ndim != 1 and y.shape[1:] != output.shape[1:]:
        c = output.shape[1]
        raise ShapeError(
            f"{what} needs y of shape (N,), class indices, or (N, {c}), a row of probabilities for each sample, "
            f"got {y.shape}"
        )
    if output.ndim == 2 and y.ndim == 1 and (y.dtype.kind in "iu" or isinstance(loss, CrossEntropy)):
        check_labels(y, output.shape[1], f"{what}: y")
        loss(output, y[:1])
        return Data(x, y, True, layout)
    loss(output, y[:1])
    return Data(x, y, isinstance(loss, CrossEntropy), layout)


def _layout(core: Sequential, x: Array, what: str) -> Layout | None:
    """Return how images as they come are laid out, None for what the network takes as it is."""
    layout = find_layout(core, x.shape, what)
    if layout is not None and layout.single:
        raise ShapeError(f"{what} needs a stack of samples, got one of shape {x.shape}; one is a stack as x[None]")
    if layout is None or (layout.sample == x.shape[1:] and not layout.scales(x)):
        return None
    return layout


def looks_like_pixels(data: Data) -> bool:
    """Tell whether the first samples are whole numbers in 0..255, some of them large, and will not be scaled."""
    head = np.asarray(data.x[:64])
    if data.layout is not None and data.layout.scales(head):
        return False
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
