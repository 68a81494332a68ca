"""Winograd's minimal filtering F(2, 3): two neighbouring outputs of three weights for four products, not six.

Four pixels d and three weights g give ``y0 = d0 g0 + d1 g1 + d2 g2`` and ``y1 = d1 g0 + d2 g1 + d3 g2``, which are
``m0 + m1 + m2`` and ``m1 - m2 + m3`` with the products, one for each of four planes,

    m0 = (d0 - d2) g0                     m1 = (d1 + d2) (g0 + g1 + g2) / 2
    m3 = (d3 - d1) g2                     m2 = (d2 - d1) (g0 - g1 + g2) / 2

In a convolution they are products of matrices, and the sums before and after them are few beside them. All three
transforms are linear; each has one that takes gradients back. Derived in :doc:`/derivations/winograd`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tinynet._arrays import Array
    from tinynet.functional.windows import Pair

#: What a row of windows is computed from: so many sums of pixels, and as many of weights.
PLANES = 4
#: The plane whose products are in both outputs with a plus, as a bias is.
BIAS_PLANE = 1
#: With fewer images or channels, or a smaller product of both, the sums cost more than they save (measured).
FEWEST_SAMPLES, FEWEST_CHANNELS, SMALLEST_PRODUCT = 16, 32, 1024
#: Larger pixels and weights are left to the plain products: nothing may overflow that would not there, and no
#: infinity meet another one of its own making.
LARGEST = 1e15


def pays(x: Array, weight: Array, stride: Pair) -> bool:
    """Whether the filters are three columns wide and move by one, and it is worth while."""
    filters, channels, _, kw = weight.shape
    samples, fewest = len(x), min(filters, channels)
    enough = samples >= FEWEST_SAMPLES and fewest >= FEWEST_CHANNELS and samples * fewest >= SMALLEST_PRODUCT
    return kw == 3 and stride[1] == 1 and enough and is_moderate(weight)


def is_moderate(x: Array) -> bool:
    """Whether no number is beyond `LARGEST`, or NaN."""
    return bool(x.max() <= LARGEST and x.min() >= -LARGEST)


def pairs(windows: int) -> int:
    """Return how many pairs there are of windows beside each other; the last may have no partner."""
    return (windows + 1) // 2


def transform_images(rows: Array, planes: Sequence[Array]) -> None:
    """Write to `planes`, each (H, C, T, N), the sums of pixels of rows (H, C, W, N), which have T pairs of windows.

    A window without a partner needs no fourth sum, which is 0.
    """
    d0, d1, d2, d3 = _pixels(rows)
    np.subtract(d0, d2, out=planes[0])
    np.add(d1, d2, out=planes[1])
    np.subtract(d2, d1, out=planes[2])
    whole = d3.shape[2]
    np.subtract(d3, d1[:, :, :whole], out=planes[3][:, :, :whole])
    planes[3][:, :, whole:] = 0


def transform_images_backward(grads: Sequence[Array], rows: Array) -> None:
    """Write to `rows`, (H, C, W, N), the gradient of the pixels, from those of the sums; the first is lost."""
    d0, d1, d2, d3 = _pixels(rows)
    u0, u1, u2, u3 = grads
    rows[:, :, -2:] = 0
    d0[...] = u0
    np.subtract(u2, u0, out=u0)
    u0 += u1
    d2 += u0
    np.subtract(u1, u2, out=d1)
    whole = d3.shape[2]
    d1[:, :, :whole] -= u3[:, :, :whole]
    d3 += u3[:, :, :whole]


def _pixels(rows: Array) -> tuple[Array, Array, Array, Array]:
    """View the first, second, third and, where both windows are there, fourth pixel of all pairs of windows."""
    return rows[:, :, 0:-2:2], rows[:, :, 1:-1:2], rows[:, :, 2::2], rows[:, :, 3::2]


def transform_filters(weight: Array) -> list[Array]:
    """Return the sums of the weights (F, C, kh, 3), four of (F, C, kh, 1)."""
    g0, g1, g2 = (weight[..., k : k + 1] for k in range(3))
    with np.errstate(over="ignore", invalid="ignore"):
        outer, inner = (g0 + g2) / 2, g1 / 2
        return [g0, outer + inner, outer - inner, g2]


def transform_filters_backward(grads: Sequence[Array]) -> Array:
    """Return the gradient of the weights, (F, C, kh, 3), from those of the sums, four of (F, C, kh, 1)."""
    outer = (grads[1] + grads[2]) / 2
    return np.concatenate([grads[0] + outer, (grads[1] - grads[2]) / 2, outer + grads[3]], axis=3)


def transform_outputs(products: Sequence[Array]) -> list[Array]:
    """Return the outputs of the first and of the second windows of all pairs, in memory of the four products."""
    m0, m1, m2, m3 = products
    m0 += m1
    m0 += m2
    m3 += m1
    m3 -= m2
    return [m0, m3]


def transform_outputs_backward(grads: Sequence[Array]) -> None:
    """Write the gradients of the inner two of four products; those of the outer two are those of the outputs."""
    with np.errstate(over="ignore", invalid="ignore"):
        np.add(grads[0], grads[3], out=grads[1])
        np.subtract(grads[0], grads[3], out=grads[2])
