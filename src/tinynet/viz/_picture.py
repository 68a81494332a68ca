"""What surrounds every picture: settings under which it looks right, and no figure left behind by an error."""

from __future__ import annotations

import functools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, TypeVar, cast

import matplotlib.pyplot as plt

from tinynet.viz._axes import check_axes, text_scale

if TYPE_CHECKING:
    from collections.abc import Iterator

Function = TypeVar("Function", bound=Callable[..., Any])

#: A style may choose colours, fonts and ``font.size``; other settings would hide a part of a picture, or not fit in.
SETTINGS: dict[str, Any] = {
    "axes.formatter.use_mathtext": False,
    "axes.grid": False,
    "axes.labelsize": "medium",
    "axes.titlelocation": "center",
    "axes.titlesize": "large",
    "axes.titley": None,
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,
    "figure.titlesize": "large",
    "image.aspect": "equal",
    "image.origin": "upper",
    "legend.title_fontsize": "small",
    "text.parse_math": True,  # new in matplotlib 3.6
    "text.usetex": False,
    "xtick.labelsize": "medium",
    "xtick.minor.visible": False,
    "ytick.labelsize": "medium",
    "ytick.minor.visible": False,
}
#: Lengths in points that grow with the text.
LENGTHS = {
    "axes.labelpad": 4.0,
    "axes.titlepad": 6.0,
    "xtick.major.pad": 3.5,
    "xtick.major.size": 3.5,
    "ytick.major.pad": 3.5,
    "ytick.major.size": 3.5,
}


def picture(function: Function) -> Function:
    """Let a function that draws refuse a wrong `ax`, draw under `SETTINGS`, and close its figure if it fails."""

    @functools.wraps(function)
    def draw(*args: Any, **options: Any) -> Any:
        check_axes(options.get("ax"), function.__name__)
        before = plt.get_fignums()
        with drawing():
            drawn = function(*args, **options)
            for ax in (ax for number in _opened_since(before) for ax in plt.figure(number).axes):
                ax.tick_params(labelsize=plt.rcParams["font.size"])  # of ticks that are made later, too
        return drawn

    return cast("Function", draw)


@contextmanager
def drawing() -> Iterator[None]:
    """Draw under `SETTINGS` for a while, and close the figures that were opened if something fails."""
    before = plt.get_fignums()
    try:
        with _settings():
            yield
    except BaseException:
        for number in _opened_since(before):
            plt.close(number)
        raise


def _opened_since(before: list[int]) -> list[int]:
    """Return the numbers of the figures that are open now and were not before."""
    return [number for number in plt.get_fignums() if number not in before]


@contextmanager
def _settings() -> Iterator[None]:
    """Set `SETTINGS` and `LENGTHS` for a while; `rc_context` of matplotlib 3.5 puts back the backend, too."""
    current: Any = plt.rcParams
    wanted = {**SETTINGS, **{key: points * text_scale() for key, points in LENGTHS.items()}}
    before = {key: current[key] for key in wanted if key in current}
    current.update({key: wanted[key] for key in before})
    try:
        yield
    finally:
        current.update(before)
