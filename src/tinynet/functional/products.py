"""Products of matrices in pieces that OpenBLAS takes without copies, on the thread that asks for them.

It copies ("packs") what it multiplies into an order of its own, and shares large products between its threads. Both
it spares a product of at most 100^3 multiplications. A piece of this size runs at the full speed of a core, so that
the threads of `tinynet._threads`, each with pieces of its own, are done sooner than those of OpenBLAS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinynet import _threads
from tinynet._memory import empty
from tinynet._threads import share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tinynet._arrays import Array

#: Multiplications in a piece. What has at most `ALONE`, OpenBLAS takes on one thread even where it copies, and where
#: one of both is a vector.
PIECE, ALONE = 1_000_000, 460_000
#: How many products one sum in a piece has. `product` takes up to `DEEPEST` at once.
DEPTH, DEEPEST = 384, 640
#: Rows and columns of a piece; with long sums fewer columns, but whole registers, of `LANE` float32 numbers each.
HEIGHT, WIDTH, LANE = 64, 48, 16
#: Both, where the rows of both matrices lie along the sum: they are multiplied number by number.
ALONG = 16, 64
#: In so many parts a product is shared, whatever the number of threads: the order of the sums is the same on all.
PARTS = 8
#: So many bytes of sums are kept until they are added.
KEPT_BYTES = 1 << 24


def product(a: Array, b: Array, out: Array) -> None:
    """Compute ``a @ b`` in `out`: (M, K) times (..., K, N)."""
    if _at_once(a, b):
        np.matmul(a, b, out=out)
    elif a.shape[1] <= DEEPEST:
        _pieces(a, b, out)
    else:
        for index in np.ndindex(b.shape[:-2]):
            sum_of_products(a[None], b[index][None], out[index])


def sum_of_products(a: Array, b: Array, out: Array) -> None:
    """Compute the sum over r of ``a[r] @ b[r]`` in `out`: (R, M, K) times (R, K, N)."""
    count, rest = (0, a.shape[2]) if _at_once(a, b) else divmod(a.shape[2], DEPTH)
    parts = len(a) * (count + (rest > 0))
    if parts == 1:
        product(a[0], b[0], out)
    elif parts * out.nbytes > KEPT_BYTES:  # a half and then the other
        half, end = len(a) // 2, max(1, count // 2) * DEPTH
        sum_of_products(*((a[:half], b[:half]) if half else (a[:, :, :end], b[:, :end])), out)
        other = empty(out.shape, out.dtype)
        sum_of_products(*((a[half:], b[half:]) if half else (a[:, :, end:], b[:, end:])), other)
        out += other
    else:
        sums = empty((len(a), count + (rest > 0), *out.shape), out.dtype)
        end = count * DEPTH
        if count:
            deep = a[:, :, :end].reshape(len(a), -1, count, DEPTH).swapaxes(1, 2)
            _pieces(deep, b[:, :end].reshape(len(b), count, DEPTH, -1), sums[:, :count])
        if rest:
            multiply = np.matmul if _at_once(a, b) else _pieces
            multiply(a[:, :, end:], b[:, end:], sums[:, -1])
        np.add.reduce(sums.reshape(-1, *out.shape), axis=0, out=out)


def shared_product(a: Array, b: Array, out: Array) -> None:
    """Compute `product` of two matrices on all threads: each takes some rows of `a`, or a part of the sums."""
    nbytes, (m, k) = a.nbytes + b.nbytes + out.nbytes, a.shape
    if _at_once(a, b):
        np.matmul(a, b, out=out)
    elif k <= DEEPEST or PARTS * out.nbytes > KEPT_BYTES:
        step = -(-m // PARTS)
        share(lambda i: product(a[i : i + step], b, out[i : i + step]), range(0, m, step), nbytes)
    else:
        step = -(-k // (PARTS * DEPTH)) * DEPTH
        sums = empty((-(-k // step), *out.shape), out.dtype)

        def add_up(i: int) -> None:
            part = slice(i * step, (i + 1) * step)
            sum_of_products(a[None, :, part], b[None, part], sums[i])

        share(add_up, range(len(sums)), nbytes)
        np.add.reduce(sums, axis=0, out=out)


def _at_once(a: Array, b: Array) -> bool:
    """Whether the product of two matrices is left to OpenBLAS in one piece."""
    return _threads.THREADS == 1 or a.shape[-2] * b.shape[-2] * b.shape[-1] <= ALONE


def _pieces(a: Array, b: Array, out: Array) -> None:
    """Compute ``a @ b`` in `out`, a block of rows times a block of columns at a time."""
    (m, k), n = a.shape[-2:], b.shape[-1]
    along = b.strides[-2] == b.itemsize == a.strides[-1]
    height, width = ALONG
    if not along:
        height = min(m, HEIGHT)
        width = min(WIDTH, PIECE // (height * k) // LANE * LANE)
        width *= max(1, ALONE // (height * k * width))  # wider where that leaves it small
    for rows in _blocks(m, height):
        for columns in _blocks(n, width):
            # To (..., blocks of rows, 1, rows, K) times (..., 1, blocks of columns, K, columns).
            tall, wide = min(height, rows.stop - rows.start), min(width, columns.stop - columns.start)
            blocks = a[..., rows, :].reshape(*a.shape[:-2], -1, 1, tall, k)
            stack = b[..., None, :, columns].reshape(*b.shape[:-2], 1, k, -1, wide).swapaxes(-3, -2)
            places = out[..., rows, columns]
            places = places.reshape(*out.shape[:-2], places.shape[-2] // tall, tall, -1, wide).swapaxes(-3, -2)
            np.matmul(blocks, stack, out=places)


def _blocks(length: int, size: int) -> Iterator[slice]:
    """Yield what whole blocks cover, and the rest."""
    whole = length - length % size
    if whole:
        yield slice(0, whole)
    if whole < length:
        yield slice(whole, length)
