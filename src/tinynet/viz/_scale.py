"""How numbers become colours: a scale around zero, what has no place on it, and which words stand out on a colour."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import Colormap

from tinynet._arrays import check_flag, check_real

if TYPE_CHECKING:
    from tinynet._arrays import Array

#: Blue below zero, red above it; legible for colour-blind readers.
DIVERGING = "coolwarm"
#: What has no place on a scale: NaN and infinity. Of the CSS colours the one farthest from `DIVERGING`, black and
#: white, the backgrounds of the styles: 37 in CIELAB as readers of any colour vision see it (Machado et al. 2009).
NOT_FINITE = "lime"
#: matplotlib subtracts the ends of a scale, which overflows beyond the first; ends below the second are 0 to it.
HUGE, TINY = 1e300, 1e-280


class Scaled(NamedTuple):
    """Numbers in float64 and a unit in which matplotlib can calculate with them; NaN for what is not finite."""

    cells: Array
    limit: float
    unit: float


def scaled(values: Array, limit: float) -> Scaled:
    """Return what to draw of `values` on a scale from -limit to limit."""
    unit = unit_of(limit)
    cells = finite_or_nan(values).astype(float)
    with np.errstate(over="ignore", under="ignore"):
        cells /= unit
    far = 1e6 * limit / unit  # where the colour is that of the limit, and differences are still finite
    return Scaled(cells.clip(-far, far), limit / unit, unit)


def unit_of(limit: float) -> float:
    """Return the unit of a scale from -limit to limit: 1, unless that is huge or tiny."""
    return HUGE if limit > HUGE else 1 / HUGE if limit < TINY else 1.0


def finite_or_nan(values: Array) -> Array:
    """Return a copy of `values` with NaN in place of infinity."""
    copy: Array = np.where(np.isfinite(values), values, np.nan)
    return copy


def colour_map(cmap: Any, owner: str) -> Colormap:
    """Return the colour map of that name."""
    if not isinstance(cmap, (str, Colormap)):
        raise TypeError(f"{owner}: cmap must be the name of a colour map, got {cmap!r}")
    try:
        return plt.get_cmap(cmap)
    except ValueError:
        known = 'such as "coolwarm", "gray" or others of matplotlib.pyplot.colormaps()'
        raise ValueError(f"{owner}: cmap must be the name of a colour map, {known}, got {cmap!r}") from None


def ends_in_words(cmap: Any) -> tuple[str, str]:
    """Return what to call what lies above zero and below it: by its colour where that is known."""
    return ("red", "blue") if cmap == DIVERGING else ("above zero", "below zero")


def scale_limit(values: Array, owner: str, *, limit: float | None = None, robust: bool = False) -> float:
    """Return how far a scale around zero reaches to both sides: to `limit`, else as `natural_limit` says."""
    robust = check_flag(robust, f"{owner}: robust")
    return natural_limit(values, robust=robust) if limit is None else check_limit(limit, owner)


def check_limit(limit: float, owner: str) -> float:
    """Return how far someone wants a scale to reach."""
    try:
        reach = check_real(limit, f"{owner}: limit")
    except OverflowError:  # an integer of more than 308 digits
        reach = math.inf
    if not (math.isfinite(reach) and reach > 0):
        raise ValueError(f"{owner}: limit must be a positive finite number, got {reach}")
    return reach


def natural_limit(values: Array, *, robust: bool = False) -> float:
    """Return the largest finite magnitude or, if `robust`, their 99th percentile; 1 where that is 0."""
    if robust and (sizes := abs(values[np.isfinite(values)])).size and (percentile := np.percentile(sizes, 99)):
        return float(percentile)
    return largest_magnitude(values) or 1.0


def largest_magnitude(values: Array) -> float:
    """Return the largest finite magnitude, 0 where nothing is finite."""
    return float(abs(values[np.isfinite(values)]).max(initial=0.0))


def are_light(colours: Array) -> Array:
    """Return for colours (..., 3 or 4) whether dark words stand out on them better than light ones."""
    light: Array = colours[..., :3] @ (0.299, 0.587, 0.114) > 0.5  # how bright red, green and blue look
    return light


def not_finite_note(values: Array, before: str = "\n") -> str:
    """Return for a title, after `before`, how many numbers are not finite, and their colour; or nothing."""
    count = count_not_finite(values)
    return f"{before}{count:,} not finite ({NOT_FINITE})" if count else ""


def count_not_finite(values: Array) -> int:
    """Return how many of `values` are NaN or infinity."""
    return int(values.size - np.isfinite(values).sum())
