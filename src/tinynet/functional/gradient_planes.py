"""The gradient of a convolution's output, laid out as the products take it that give all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from tinynet._memory import empty
from tinynet._threads import share
from tinynet.functional import winograd
from tinynet.functional.windows import row_groups, to_rows

if TYPE_CHECKING:
    from tinynet._arrays import Array
    from tinynet.functional.columns import WindowColumns


def gradient_planes(grad: Array, columns: WindowColumns) -> list[Array]:
    """Return a gradient (N, F, Ho, Wo) as contiguous (Ho, F, Wo N), or for pairs of windows as four (Ho, F, T N)."""
    rows = np.ascontiguousarray(to_rows(grad))
    ho, filters, wo, n = rows.shape
    if not columns.paired:
        return [rows.reshape(ho, filters, wo * n)]

    def separate(group: slice, first: Array, second: Array) -> None:
        first[...] = rows[group, :, 0::2]
        second[:, :, : wo // 2] = rows[group, :, 1::2]
        second[:, :, wo // 2 :] = 0

    return planes_of_pairs(separate, columns, filters, rows.dtype)


def planes_of_pairs(
    write: Callable[[slice, Array, Array], None],
    columns: WindowColumns,
    filters: int,
    dtype: np.dtype[Any],
    together: int = 1,
) -> list[Array]:
    """Return `gradient_planes` for pairs of windows: `write` gets some rows, and where their gradients belong.

    These are two (rows, F, T, N), for the first and the second windows of all pairs. The rows are multiples of
    `together`; what is left over below has no gradient.
    """
    ho, n = columns.counts[0], columns.samples
    planes = empty((winograd.PLANES, ho, filters, columns.beside, n), dtype)
    planes[:, ho - ho % together :] = 0

    def write_group(group: slice) -> None:
        rows = list(planes[:, group])
        write(group, rows[0], rows[3])
        winograd.transform_outputs_backward(rows)

    share(write_group, row_groups(ho, planes[:, 0].nbytes, together), planes.nbytes)
    return list(planes.reshape(winograd.PLANES, ho, filters, columns.beside * n))
