"""What surrounds every picture: settings under which it looks right, and no figure left behind by an error."""

from __future__ import annotations

import functools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, TypeVar, cast

import matplotlib.pyplot as plt

from tinynet.viz._axes import check_axes

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
    "figure.titlesize": "large",
    "image.aspect": "equal",
    "legend.title_fontsize": "small",
    "text.parse_math": True,  # new in matplotlib 3.6
    "text.usetex": False,
    "xtick.labelsize": "medium",
    "xtick.minor.visible": False,
    "ytick.labelsize": "medium",
    "ytick.minor.visible": False,
}


def picture(function: Function) -> Function:
    """Let a function that draws refuse a wrong `ax`, draw under `SETTINGS`, and close its figure if it fails."""

    @functools.wraps(function)
    def draw(*args: Any, **options: Any) -> Any:
        check_axes(options.get("ax"), function.__name__)
        before = plt.get_fignums()
        try:
            with _settings():
                return function(*args, **options)
        except BaseException:
            for number in set(plt.get_fignums()).difference(before):
                plt.close(number)
            raise

    return cast("Function", draw)


@contextmanager
def _settings() -> Iterator[None]:
    """Set `SETTINGS` for a while; `rc_context` would also put back the backend, which closes figures before 3.6."""
    current: Any = plt.rcParams
    before = {key: current[key] for key in SETTINGS if key in current}
    current.update({key: SETTINGS[key] for key in before})
    try:
        yield
    finally:
        current.update(before)
