"""Work that the cores share: threads of Python, in which NumPy's operations run at the same time.

OpenBLAS has threads of its own, but its threads wait for what the others have copied, most of all where two cores
share no cache, and every other operation of NumPy takes one core. So what is done to images is cut into pieces, and
the threads take them in turn. That pays only where OpenBLAS is quick with small matrices and leaves them to the
thread that asks, as it does on processors with AVX-512: elsewhere there is one thread, and no pieces.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Callable, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import ThreadPoolExecutor

    Item = TypeVar("Item")

#: To start a thread takes as long as to read and write about so many bytes.
WORTH_BYTES = 1 << 20
#: Of images a few rows are one piece: more threads would find nothing to do.
MOST = 8


def _threads() -> int:
    """Return how many threads share work: those that OpenBLAS would use, or 1."""
    if not _small_products_are_quick():
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for variable in ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"):  # in the order of OpenBLAS
        asked = os.environ.get(variable, "")
        if asked.isdecimal() and int(asked) > 0:
            return min(cores, int(asked), MOST)
    return min(cores, MOST)


def _small_products_are_quick() -> bool:
    """Whether NumPy has an OpenBLAS with a way of its own for small matrices, which it has for AVX-512."""
    show_config: Any = np.show_config
    try:
        config = show_config(mode="dicts")  # since NumPy 1.26
        blas = config["Build Dependencies"]["blas"]["name"]
        found = config["SIMD Extensions"]["found"]
    except (TypeError, KeyError):
        return False
    return (
        "openblas" in blas
        and not {"X86_V4", "AVX512_SKX"}.isdisjoint(found)
        and "OPENBLAS_CORETYPE" not in os.environ
    )


THREADS = _threads()


def share(work: Callable[[Item], None], items: Iterable[Item], nbytes: int) -> None:
    """Call ``work(item)`` for every item, on all threads where the items have at least `WORTH_BYTES` altogether.

    Whoever is done takes the next one, so that a core which is busy elsewhere takes fewer. What they write must not
    overlap. An error ends the work and is raised here.
    """
    # Busy is a helper, and what a signal handler or a finalizer interrupts: the locks of a pool are not for them.
    if THREADS == 1 or nbytes < WORTH_BYTES or _own.busy:
        for item in items:
            work(item)
        return
    try:
        _own.busy = True
        _share(work, deque(items))
    finally:
        _own.busy = False


def _share(work: Callable[[Item], None], waiting: deque[Item]) -> None:
    """Call `work` for all that is waiting: this thread from the left, the others from the right."""
    turn, running, ended = threading.Condition(), 0, False
    errors: list[BaseException] = []
    handling: dict[str, Any] = {**np.geterr(), "call": np.geterrcall()}  # a new thread would not know it

    def take(next_item: Callable[[], Item]) -> None:
        while True:
            try:
                item = next_item()
            except IndexError:
                return
            work(item)

    def help_out() -> None:
        nonlocal running
        with turn:
            if ended:  # it comes too late
                return
            running += 1
        try:
            _own.busy = True
            with np.errstate(**handling):
                take(waiting.pop)
        except BaseException as error:
            errors.append(error)
            waiting.clear()
        finally:
            with turn:
                running -= 1
                turn.notify()

    try:
        _ask(help_out, min(THREADS, len(waiting)) - 1)
        take(waiting.popleft)
    finally:
        waiting.clear()
        with turn:
            ended = True
            turn.wait_for(lambda: running == 0)
    if errors:
        raise errors.pop(0)


def _ask(work: Callable[[], None], count: int) -> None:
    """Ask `count` threads to do `work`; fewer will where the system gives no more, or Python is about to end."""
    global _pool
    try:
        if _pool is None:
            from concurrent.futures import ThreadPoolExecutor  # not needed by whom shares nothing

            _pool = ThreadPoolExecutor(MOST, "tinynet")
        for _ in range(count):
            _pool.submit(work)
    except RuntimeError:
        pass


class _Own(threading.local):
    """What a thread knows of itself."""

    busy = False


_own = _Own()


def _forget_pool() -> None:
    """Begin anew in a child process, which has none of the threads of its parent."""
    global _pool
    _pool = None


_pool: ThreadPoolExecutor | None = None
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)
