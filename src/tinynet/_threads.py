"""Work that the cores share: threads of Python, in which NumPy's operations run at the same time.

OpenBLAS has threads of its own, but its threads wait for what the others have copied, most of all where two cores
share no cache, and every other operation of NumPy takes one core. So what is done to images is cut into pieces, and
the threads take them in turn. That pays only where OpenBLAS is quick with small matrices and leaves them to the
thread that asks, as it does on processors with AVX-512: elsewhere there is one thread, and no pieces.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Any, Callable, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import Future, ThreadPoolExecutor

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
    if THREADS == 1 or nbytes < WORTH_BYTES:
        for item in items:
            work(item)
        return
    waiting = deque(items)
    errors: list[BaseException] = []
    handling = np.geterr()  # a new thread would not know it

    def take(next_item: Callable[[], Item]) -> None:
        with np.errstate(**handling):
            while True:
                try:
                    item = next_item()
                except IndexError:
                    return
                work(item)

    def help_out() -> None:
        try:
            take(waiting.pop)
        except BaseException as error:
            errors.append(error)
            waiting.clear()

    helpers = _helpers(help_out, min(THREADS, len(waiting)) - 1)
    try:
        take(waiting.popleft)
    finally:
        waiting.clear()
        for helper in helpers:
            if not helper.cancel():  # it has begun
                helper.result()
    if errors:
        raise errors[0]


def _helpers(work: Callable[[], None], count: int) -> list[Future[None]]:
    """Let up to `count` threads do `work`: fewer where the system gives no more, or Python is about to end."""
    global _pool
    helpers: list[Future[None]] = []
    try:
        if _pool is None:
            from concurrent.futures import ThreadPoolExecutor  # not needed by whom shares nothing

            _pool = ThreadPoolExecutor(MOST, "tinynet")
        for _ in range(count):
            helpers.append(_pool.submit(work))  # noqa: PERF401 - those that were there before an error count
    except RuntimeError:
        pass
    return helpers


def _forget_pool() -> None:
    """Begin anew in a child process, which has none of the threads of its parent."""
    global _pool
    _pool = None


_pool: ThreadPoolExecutor | None = None
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)
