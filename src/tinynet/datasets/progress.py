"""A progress bar for downloads."""

from __future__ import annotations

import sys
import time

_WIDTH = 30
_INTERVAL = 0.1


class ProgressBar:
    """One line on standard error that fills up; silent where that is not a terminal.

    As a context manager it ends the line, whatever happens.
    """

    def __init__(self, label: str, total: int) -> None:
        self._label = label
        self._total = total
        self._last = -_INTERVAL
        self._drawn = False

    def show(self, done: int) -> None:
        """Draw the bar for `done` of the total bytes, ten times a second at most."""
        now = time.monotonic()
        # sys.stderr is None in programs without a console.
        if sys.stderr is None or not sys.stderr.isatty() or (now - self._last < _INTERVAL and done < self._total):
            return
        self._last, self._drawn = now, True
        filled = _WIDTH * done // self._total
        bar = "#" * filled + "." * (_WIDTH - filled)
        sys.stderr.write(f"\r{self._label} [{bar}] {done / 1e6:5.1f} of {self._total / 1e6:.1f} MB")
        sys.stderr.flush()

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._drawn:
            sys.stderr.write("\n")
