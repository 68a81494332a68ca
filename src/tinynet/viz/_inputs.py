"""What the pictures accept: weights, images, probabilities, labels and class names, checked before any drawing."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinynet._arrays import as_array, as_real, check_positive
from tinynet.errors import ShapeError

if TYPE_CHECKING:
    from tinynet._arrays import Array


class Weights(NamedTuple):
    """A weight matrix (neurons, inputs), the bias (neurons,) if there is one, what to call them, and the window.

    That is the shape (channels, height, width) of what each filter of a convolution looks at, None of other weights.
    """

    matrix: Array
    bias: Array | None
    name: str
    window: tuple[int, int, int] | None


def as_weights(source: Any, owner: str) -> Weights:
    """Return the weights of a layer (anything with ``params["weight"]``) or those in an array."""
    params = getattr(source, "params", None)
    if not isinstance(params, Mapping):
        matrix, window = _as_matrix(source, owner)
        return Weights(matrix, None, "Weights", window)
    kind = type(source).__name__
    if "weight" not in params:
        raise TypeError(
            f"{owner} expects a layer with a weight matrix or an array of shape (neurons, inputs), got {kind}; "
            f"plot_network_weights draws a whole network"
        )
    name = getattr(source, "name", None) or kind
    bias = params.get("bias")
    matrix, window = _as_matrix(params["weight"], f"{owner}({name})")
    return Weights(matrix, None if bias is None else as_real(bias, owner), name, window)


def _as_matrix(values: Any, owner: str) -> tuple[Array, tuple[int, int, int] | None]:
    matrix = as_real(values, owner)
    window = None
    if matrix.ndim == 4:  # filters (F, C, kh, kw): each a neuron that looks at a window
        _, channels, height, width = matrix.shape
        window = channels, height, width
        matrix = matrix.reshape(len(matrix), math.prod(window))
    if matrix.ndim != 2 or matrix.size == 0:
        raise ShapeError(f"{owner} expects weights of shape (neurons, inputs), neither of them 0, got {matrix.shape}")
    return matrix, window


def square_shape(pixels: int) -> tuple[int, int] | None:
    """Return ``(side, side)`` if a square image has that many pixels."""
    side = math.isqrt(pixels)
    return (side, side) if side * side == pixels else None


def as_sides(image_shape: Any, owner: str) -> tuple[int, int]:
    """Return height and width of an image."""
    try:
        height, width = image_shape.tolist() if isinstance(image_shape, np.ndarray) else image_shape
    except (TypeError, ValueError):
        raise TypeError(f"{owner}: image_shape must be (height, width), got {image_shape!r}") from None
    what = f"{owner}: each side of image_shape"
    return check_positive(height, what), check_positive(width, what)


def as_image_shape(image_shape: Any, pixels: int, owner: str) -> tuple[int, int]:
    """Return height and width of images of so many pixels: those given, else those of a square."""
    if image_shape is None:
        shape, got = square_shape(pixels), "no square image"
    else:
        shape = as_sides(image_shape, owner)
        got = f"no image of shape {shape}"
    if shape is None or shape[0] * shape[1] != pixels:
        raise ShapeError(f"{owner}: {pixels} inputs make {got}; give image_shape=(height, width)")
    return shape


def as_images(images: Any, count: int, owner: str) -> Array:
    """Return `count` grey images as (count, height, width).

    Accepted are (N, H, W), (N, 1, H, W), (N, H * W) with square images, and where `count` is 1 an image (H, W) or the
    row of a square one.
    """
    pixels = as_real(images, owner)
    wrong = ~np.isfinite(pixels)
    if wrong.any():
        place = tuple(int(index) for index in np.argwhere(wrong)[0])
        raise ValueError(f"{owner} expects finite pixels, got {pixels[place]} at {list(place)}")
    if pixels.ndim == 4 and pixels.shape[1] == 1:
        pixels = pixels[:, 0]
    if pixels.ndim == 1 and count == 1:
        pixels = pixels[None]
    if pixels.ndim == 2:
        shape = square_shape(pixels.shape[1])
        if pixels.shape[0] == count and shape is not None:
            pixels = pixels.reshape(count, *shape)
        elif count == 1:
            pixels = pixels[None]
    if pixels.ndim != 3 or 0 in pixels.shape:
        raise ShapeError(
            f"{owner} expects images of shape (N, height, width), (N, 1, height, width), (N, height * width) of "
            f"square ones or, for one, (height, width), got {np.shape(images)}"
        )
    if len(pixels) != count:
        raise ShapeError(f"{owner} got {len(pixels)} images but {count} rows of probabilities")
    return pixels


def pixel_range(images: Any) -> tuple[float, float]:
    """Return the values of no ink and full ink: 0..1, 0..255 for whole numbers, else what occurs."""
    pixels = np.asarray(images)
    low, high = float(pixels.min()), float(pixels.max())
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    if low >= 0 and high <= 255 and pixels.dtype.kind in "ui":
        return 0.0, 255.0
    return low, high


def as_probabilities(probabilities: Any, owner: str) -> Array:
    """Return probabilities as (N, C); one row (C,) becomes (1, C)."""
    rows = as_real(probabilities, owner)
    if rows.ndim == 1:
        rows = rows[None]
    if rows.ndim != 2 or rows.size == 0:
        raise ShapeError(f"{owner} expects probabilities of shape (N, classes), got {np.shape(probabilities)}")
    # Half precision sums to 1 within 1e-2; NaN fails both comparisons.
    is_distribution = (rows >= 0).all(axis=1) & (abs(rows.sum(axis=1) - 1) < 1e-2)
    if not is_distribution.all():
        raise ValueError(
            f"{owner} expects rows of probabilities (each at least 0, sum 1), but row "
            f"{int(is_distribution.argmin())} is none; for logits, apply tinynet.functional.softmax first"
        )
    return rows


def as_labels(labels: Any, classes: int | None, owner: str, what: str = "labels") -> Array:
    """Return class indices as (N,), below `classes` where that is known; one index becomes (1,)."""
    indices = np.atleast_1d(as_array(labels, owner))
    if indices.ndim != 1 or indices.size == 0:  # first, for an empty list has no integers either
        raise ShapeError(f"{owner} expects {what} of shape (N,) with N of at least 1, got {indices.shape}")
    if indices.dtype.kind not in "ui":
        raise TypeError(f"{owner} expects {what} to be class indices (integers), got dtype {indices.dtype}")
    low, high = int(indices.min()), int(indices.max())
    if low < 0 or (classes is not None and high >= classes):
        below = "" if classes is None else f" and below {classes}, the number of classes"
        raise ValueError(f"{owner} expects {what} of at least 0{below}, got {low if low < 0 else high}")
    result: Array = indices.astype(np.int64)  # the arithmetic of unsigned labels would wrap around
    return result


def as_class_names(class_names: Iterable[Any] | None, classes: int, owner: str) -> list[str]:
    """Return one name a class: those given, else 0, 1, 2, ..."""
    names = [str(k) for k in range(classes)] if class_names is None else as_names(class_names, owner)
    if len(names) != classes:
        raise ValueError(f"{owner} got {len(names)} class_names for {classes} classes")
    return names


def as_names(names: Iterable[Any], owner: str, what: str = "class") -> list[str]:
    """Return names, of classes or of what else has names, as texts of one line each."""
    if isinstance(names, (str, bytes)) or not isinstance(names, Iterable):
        raise TypeError(f"{owner}: {what}_names must be a list with a name for each {what}, got {names!r}")
    texts = [" ".join(str(name).split()) for name in names]
    for index, text in enumerate(texts):
        if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):  # controls, halves of characters
            raise ValueError(f"{owner}: {what}_names[{index}] holds what no font can draw, got {text!r}")
    return texts
