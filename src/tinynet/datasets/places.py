"""The folders in which data sets are looked for and kept."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT_VARIABLE = "TINYNET_DATA"


def data_places(root: str | os.PathLike[str] | None, name: str) -> list[Path]:
    """Return where the data set `name` may lie, in the order to look: `root`, ``TINYNET_DATA``, the user's cache.

    Those that are not set are left out. A download goes to the first.
    """
    from pathlib import Path

    places = []
    if root is not None:
        folder = os.fspath(root) if isinstance(root, (str, os.PathLike)) else None
        if not isinstance(folder, str):
            raise TypeError(f"load_{name}: root must be a path, as text or path-like, got {root!r}")
        places.append(Path(_with_home(folder)))
    if os.environ.get(ENVIRONMENT_VARIABLE):
        places.append(Path(_with_home(os.environ[ENVIRONMENT_VARIABLE])))
    cache = _user_cache()
    if cache is not None:
        places.append(cache / "tinynet" / name)
    return places


def _with_home(folder: str) -> str:
    """Replace a leading ``~``; that of an unknown user stays as it is, where `Path.expanduser` would raise."""
    return os.path.expanduser(folder)  # noqa: PTH111


def _user_cache() -> Path | None:
    """Return the user's cache folder by the custom of the platform, or None for a user without a home."""
    from pathlib import Path

    try:
        if sys.platform == "win32":
            local = os.environ.get("LOCALAPPDATA")
            return Path(local) if local else Path.home() / "AppData" / "Local"
        xdg = os.environ.get("XDG_CACHE_HOME", "")
        if os.path.isabs(xdg):  # noqa: PTH117 - the XDG specification: others are to be ignored
            return Path(xdg)
        return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    except RuntimeError:
        return None
