"""From pixels to network inputs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._arrays import as_array, check_dtype, check_finite, check_real
from tinynet.errors import ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray


def normalize(
    images: ArrayLike, *, mean: float = 0.0, std: float = 1.0, dtype: DTypeLike = np.float32
) -> NDArray[Any]:
    """Scale 28x28 images to 0..1, standardise them and lay each out as one row.

    Each value becomes ``(pixel / 255 - mean) / std``. A network predicts well only if `mean` and `std` are
    those that it was trained with; 0.1307 and 0.3081, the mean and standard deviation of MNIST's training
    pixels, are common.

    Integers are taken to be pixels, 0..255. Floats are taken to be divided by 255 already, 0..1. Values
    outside these ranges are refused, since a network fed with them would be silently wrong.

    Parameters
    ----------
    images : array of shape (N, 28, 28), (28, 28), (N, 1, 28, 28) or (N, 784)
        Left unchanged.
    mean, std : float
        In units of the 0..1 scale; `std` must be positive.
    dtype : float32 or float64
        Type of the result.

    Returns
    -------
    ndarray of shape (N, 784)
        A new array; one image gives one row.

    Raises
    ------
    ShapeError
        The images have another shape.
    TypeError
        The images are neither integers nor floats, `mean` or `std` is no number, or `dtype` is another.
    ValueError
        A pixel lies outside its range or is NaN, or `mean` or `std` cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> from tinynet.datasets import normalize
    >>> image = np.full((28, 28), 51, dtype=np.uint8)
    >>> normalize(image).shape
    (1, 784)
    >>> f"{normalize(image)[0, 0]:.3f} {normalize(image, mean=0.5, std=0.5)[0, 0]:.3f}"
    '0.200 -0.600'
    """
    dtype = check_dtype(dtype, "normalize")
    mean, std = check_finite(mean, "normalize: mean"), check_real(std, "normalize: std")
    if not 0 < std < math.inf:
        raise ValueError(f"normalize: std must be positive and finite, not {std}")

    rows = _one_row_per_image(as_array(images, "normalize"))
    if rows.dtype.kind in "iu":
        _check_range(rows, 255, "integer images must hold pixels in 0..255")
        x: NDArray[Any] = np.divide(rows, 255, dtype=dtype)
    elif rows.dtype.kind == "f":
        _check_range(rows, 1, "float images must be in 0..1, divided by 255 already; pass integer pixels otherwise")
        x = rows.astype(dtype)
    else:
        raise TypeError(f"normalize: images must be integer pixels or floats in 0..1, not {rows.dtype}")
    # In place on our own array; skipped where they change nothing, as a pass over MNIST costs 20 ms.
    if mean != 0:
        x -= mean
    if std != 1:
        x /= std
    return x


def _one_row_per_image(images: NDArray[Any]) -> NDArray[Any]:
    if images.shape == (28, 28) or images.shape[1:] in ((28, 28), (1, 28, 28)):
        return images.reshape(-1, 784)
    if images.ndim == 2 and images.shape[1] == 784:
        return images
    raise ShapeError(
        f"normalize: images must have shape (N, 28, 28), (28, 28), (N, 1, 28, 28) or (N, 784), not {images.shape}"
    )


def _check_range(rows: NDArray[Any], highest: int, rule: str) -> None:
    if rows.dtype == np.uint8 or not rows.size:
        return
    low, high = rows.min(), rows.max()
    if not (low >= 0 and high <= highest):  # written so that NaN fails
        raise ValueError(f"normalize: {rule}; these reach from {low} to {high}")
