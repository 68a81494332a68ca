"""Images as they come: the one rule by which `Sequential.predict`, `fit` and the pictures take them.

What the network takes is taken as it is. Anything else is one image or a stack of them, and is laid out as the
network needs it. Images of uint8 are pixels, 0..255, and are divided by 255; all other numbers stay as they are. Rows
for a network of rows are no images: what numbers in a table mean is not known, so uint8 stays as it is there, too.
"""

from __future__ import annotations

from math import isqrt, prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinynet._arrays import FLOAT32, as_array, check_positive
from tinynet._chunks import chunk_rows, gather
from tinynet._composition import walk
from tinynet.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Callable

    from tinynet._arrays import Array
    from tinynet.layers.base import Shape
    from tinynet.network import Sequential

#: Square images are tried up to this side, for errors and for the sizes of maps.
LARGEST_SIDE = 256
#: Of fewer rows and columns, a network of rows hardly looks at images.
SMALLEST_IMAGE = 5


class Layout(NamedTuple):
    """How an array becomes a batch: whether it is one sample, the shape of a sample, and whether these are images."""

    single: bool
    sample: Shape
    images: bool

    def scales(self, x: Array) -> bool:
        """Whether `x` is pixels, which are divided by 255."""
        return self.images and x.dtype == np.uint8


def evaluate_images(
    network: Sequential, x: Any, batch_size: int | None, keep: Callable[[Array], Array], owner: str
) -> Array:
    """Return what `keep` makes of the output for the images `x`.

    A memory map and uint8 are laid out and scaled in chunks, and no more than is kept of the output stays in memory.
    """
    array: Array = x if isinstance(x, np.memmap) else as_array(x, owner)
    layout = find_layout(network, array.shape, owner)
    if layout is None:
        return keep(network(array, batch_size=batch_size))  # which tells what it expects
    if layout.single:
        array = array[None]
    if array.dtype != np.uint8 and not isinstance(array, np.memmap):
        return keep(network(array.reshape(len(array), *layout.sample), batch_size=batch_size))
    if batch_size is None:
        rows = chunk_rows(array, [], network.dtype)
    else:
        rows = check_positive(batch_size, f"{network.label}: batch_size")
    return gather(
        array, rows, lambda part: keep(network(lay_out(part, layout, network.dtype), batch_size=batch_size))
    )


def as_batch(network: Sequential, x: Any, owner: str) -> Array:
    """Return the images `x` as the batch that `network` takes, of its dtype; in memory, and maybe `x` itself."""
    array = as_array(x, owner)
    layout = find_layout(network, array.shape, owner)
    if layout is None:
        return network._as_input(array)
    return network._as_input(lay_out(array[None] if layout.single else array, layout, network.dtype))


def find_layout(network: Sequential, shape: Shape, owner: str) -> Layout | None:
    """Return the first layout that `network` takes; None where only its layers can tell what is wrong."""
    refusals = []
    for layout in _layouts(shape):
        refusal = _refusal(network, layout.sample)
        if refusal is None:
            return layout
        refusals.append(refusal)
    if not shape or not any(
        hasattr(layer, "in_features") or hasattr(layer, "in_channels") for layer in walk(network)
    ):
        return None
    expected = _expected(network)
    if expected is None:  # not the image is wrong: what got furthest tells which layer is
        _, error = max(reversed(refusals), key=lambda refusal: refusal[0])
        raise ShapeError(f"{owner}: {error}")
    raise ShapeError(f"{owner} takes {expected}; got {shape}")


def lay_out(images: Array, layout: Layout, dtype: np.dtype[Any] | None) -> Array:
    """Return a stack of images in its layout, pixels scaled to 0..1."""
    batch = images.reshape(len(images), *layout.sample)
    if layout.scales(batch):
        return np.divide(batch, 255, dtype=dtype or FLOAT32)
    return batch


def _layouts(shape: Shape) -> Iterator[Layout]:
    """Yield what an array of `shape` may be: a batch first, then one sample, rows of the pixels of squares last."""
    singles = [False, True] if len(shape) < 4 else [False]
    for single in singles:
        sample = shape if single else shape[1:]
        yield Layout(single, sample, len(sample) > 1)
        if len(sample) > 1:
            yield Layout(single, (prod(sample),), True)
        if len(sample) == 2:
            yield Layout(single, (1, *sample), True)
    if len(shape) in (1, 2) and isqrt(shape[-1]) ** 2 == shape[-1]:
        yield Layout(len(shape) == 1, (1, isqrt(shape[-1]), isqrt(shape[-1])), True)


def _refusal(network: Sequential, sample: Shape) -> tuple[int, str] | None:
    """Return how many layers of `network` take `sample`, and what the next one says; None if all take it."""
    passed = 0
    try:
        for _ in network._shapes(sample):
            passed += 1
    except ShapeError as error:
        return passed, str(error)
    return None


def _expected(network: Sequential) -> str | None:
    """Return in words what `network` takes, or None if it takes no image of any size."""
    for layer in walk(network):
        if features := getattr(layer, "in_features", 0):
            side = isqrt(features)
            if side * side != features or side < SMALLEST_IMAGE:
                return f"rows of shape (N, {features}), or images of {features} pixels"
            image = f"{side}, {side}"
            return f"rows of shape (N, {features}), or images of shape ({image}), (N, {image}) or (N, 1, {image})"
        if channels := getattr(layer, "in_channels", 0):
            sides = _sides(network, channels)
            if sides is None:
                return None
            if channels > 1:
                return f"images of shape ({channels}, H, W) or (N, {channels}, H, W){sides}"
            return f"images of shape (H, W), (N, H, W) or (N, 1, H, W){sides}, or rows of square ones"
    return None


def _sides(network: Sequential, channels: int) -> str | None:
    """Return in words which sides the images may have: nothing if all, None if none."""
    sides = [side for side in range(1, LARGEST_SIDE + 1) if _refusal(network, (channels, side, side)) is None]
    if not sides:
        return None
    if sides[-1] == LARGEST_SIDE:
        return ""
    # Pooling leaves out what fills no window, so neighbouring sizes may do as well.
    return f" with H and W {sides[0]}" if len(sides) == 1 else f" with H and W in {sides[0]}..{sides[-1]}"
