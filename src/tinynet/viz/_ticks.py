"""The numbers at an axis: where they stand, and in which unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from matplotlib.ticker import AutoLocator, FuncFormatter

if TYPE_CHECKING:
    from matplotlib.axis import Axis, XAxis

#: What matplotlib takes for the space of a tick is as wide as so many digits.
DIGITS = 4.7
#: How far apart numbers stand at least, in digits.
GAP = 1.5


class _ApartLocator(AutoLocator):
    """Puts ticks where matplotlib would, but so few that their numbers stand apart; matplotlib expects short ones."""

    def __call__(self) -> Any:
        axis = cast("Axis", self.axis)
        space = axis.get_tick_space()
        first, last = axis.get_view_interval()
        for intervals in range(max(1, min(9, space)), 0, -1):
            self.set_params(nbins=intervals)
            ticks = np.asarray(super().__call__())
            longest = max(map(len, axis.get_major_formatter().format_ticks(ticks.tolist())), default=0)
            if len(ticks) < 2 or longest + GAP <= abs((ticks[1] - ticks[0]) / (last - first)) * space * DIGITS:
                break
        return ticks


def keep_numbers_apart(axis: XAxis) -> None:
    """Let the numbers below a picture stand apart, unless somebody has chosen where they stand."""
    if type(axis.get_major_locator()) is AutoLocator:
        axis.set_major_locator(_ApartLocator())


def name_units(axis: Axis, unit: float) -> None:
    """Write at the ticks of an axis what so many units are."""
    if unit != 1:
        axis.set_major_formatter(FuncFormatter(lambda count, _: f"{float(count) * unit:g}"))
