"""Work that threads share: each item once, errors told, and without threads the same."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from tinynet import _threads

OPENBLAS = {"Build Dependencies": {"blas": {"name": "scipy-openblas"}}, "SIMD Extensions": {"found": ["X86_V4"]}}


@pytest.fixture
def threads(monkeypatch, request):
    monkeypatch.setattr(_threads, "THREADS", request.param)
    return request.param


@pytest.mark.parametrize("threads", [1, 2, 5], indirect=True)
@pytest.mark.parametrize("nbytes", [0, _threads.WORTH_BYTES])
@pytest.mark.parametrize("count", [0, 1, 3, 40])
def test_every_item_is_worked_on_once(threads, nbytes, count):
    done = []
    _threads.share(done.append, iter(range(count)), nbytes)
    assert sorted(done) == list(range(count))


@pytest.mark.parametrize("threads", [3], indirect=True)
def test_several_threads_work_at_once(threads):
    meeting = threading.Barrier(3, timeout=60)
    _threads.share(lambda item: meeting.wait(), range(3), _threads.WORTH_BYTES)


@pytest.mark.parametrize("threads", [3], indirect=True)
def test_below_what_is_worth_a_thread_none_is_asked(threads):
    workers = set()
    _threads.share(lambda item: workers.add(threading.get_ident()), range(50), _threads.WORTH_BYTES - 1)
    assert workers == {threading.get_ident()}


@pytest.mark.parametrize("threads", [1, 2], indirect=True)
@pytest.mark.parametrize("here", [True, False])
def test_an_error_ends_the_work_and_is_raised(threads, here):
    caller, begun = threading.get_ident(), threading.Barrier(threads, timeout=60)
    done = []

    def work(item):
        if item in (0, 999):  # the first that either thread takes
            begun.wait()
            if (threading.get_ident() == caller) == (here or threads == 1):
                raise ZeroDivisionError(item)
        time.sleep(0.001)
        done.append(item)

    with pytest.raises(ZeroDivisionError):
        _threads.share(work, range(1000), _threads.WORTH_BYTES)
    assert len(done) < 900
    count = len(done)
    time.sleep(0.01)
    assert len(done) == count  # nobody goes on


@pytest.mark.parametrize("threads", [2], indirect=True)
def test_numpy_treats_overflow_as_where_the_work_was_shared(threads):
    meeting = threading.Barrier(2, timeout=60)

    def overflow(item):
        meeting.wait()
        np.float32(1e38) * np.float32(10)

    with np.errstate(over="ignore"):
        _threads.share(overflow, range(2), _threads.WORTH_BYTES)
    with np.errstate(over="raise"), pytest.raises((FloatingPointError, threading.BrokenBarrierError)):
        _threads.share(overflow, range(2), _threads.WORTH_BYTES)


@pytest.mark.parametrize("threads", [2], indirect=True)
def test_a_function_that_numpy_calls_is_called_in_all_threads(threads):
    meeting, calls = threading.Barrier(2, timeout=60), []

    def overflow(item):
        meeting.wait()
        np.float32(1e38) * np.float32(10)

    with np.errstate(over="call", call=lambda *arguments: calls.append(arguments[0])):
        _threads.share(overflow, range(2), _threads.WORTH_BYTES)
    assert calls == ["overflow"] * 2


@pytest.mark.parametrize("threads", [4], indirect=True)
def test_where_the_system_gives_no_threads_one_does_all(threads, monkeypatch):
    asked = []

    class Exhausted:
        def submit(self, work):
            asked.append(work)  # as a pool does, which another thread of it may still take from
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_threads, "_pool", Exhausted())
    done = []
    _threads.share(done.append, range(9), _threads.WORTH_BYTES)
    assert done == list(range(9))
    asked[0]()  # too late, and there is nothing to do


@pytest.mark.parametrize("threads", [2], indirect=True)
def test_who_takes_work_later_than_asked_is_waited_for(threads, monkeypatch):
    """A pool that cannot start a thread raises an error, though a thread that it has may take the work."""
    helpers = []

    class Late:
        def submit(self, work):
            helpers.append(threading.Thread(target=work))
            helpers[0].start()
            begun.wait(60)
            raise RuntimeError("can't start new thread")

    begun, done = threading.Event(), []

    def work(item):
        begun.set()
        time.sleep(0.05)
        done.append(item)

    monkeypatch.setattr(_threads, "_pool", Late())
    _threads.share(work, range(3), _threads.WORTH_BYTES)
    assert sorted(done) == [0, 1, 2]
    helpers[0].join()


@pytest.mark.parametrize("threads", [2], indirect=True)
def test_who_is_interrupted_while_sharing_asks_nobody(threads, monkeypatch):
    """A signal handler may run while locks of the pool are taken: it would wait for ever."""

    class Pool:
        def submit(self, work):
            inner = []
            _threads.share(lambda item: inner.append(threading.get_ident()), range(3), _threads.WORTH_BYTES)
            assert inner == [threading.get_ident()] * 3
            submitted.append(work)

    submitted, done = [], []
    monkeypatch.setattr(_threads, "_pool", Pool())
    for _ in range(2):
        _threads.share(done.append, range(3), _threads.WORTH_BYTES)
    assert len(submitted) == 2
    assert done == [0, 1, 2] * 2


@pytest.mark.skipif(not hasattr(_threads.os, "fork"), reason="needs os.fork")
def test_a_child_process_has_threads_of_its_own():
    script = """
import os, threading
from tinynet import _threads
_threads.THREADS = 2
def work(item): meeting.wait()
meeting = threading.Barrier(2, timeout=30)
_threads.share(work, range(2), _threads.WORTH_BYTES)
child = os.fork()
meeting = threading.Barrier(2, timeout=30)
_threads.share(work, range(2), _threads.WORTH_BYTES)
if not child: os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, timeout=100
    )
    assert (found.stdout.strip(), found.stderr) == ("7", "")


def test_at_the_end_of_python_work_is_still_done():
    script = """
import atexit
from tinynet import _threads
_threads.THREADS = 2
done = []
@atexit.register
def last():
    _threads.share(done.append, range(5), _threads.WORTH_BYTES)
    print(sorted(done))
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=100)
    assert (found.stdout.strip(), found.stderr) == ("[0, 1, 2, 3, 4]", "")


@pytest.mark.parametrize(
    ("environment", "cores", "expected"),
    [
        ({}, 1, 1),
        ({}, 3, 3),
        ({}, 64, _threads.MOST),
        ({"OMP_NUM_THREADS": "2"}, 4, 2),
        ({"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "1"}, 4, 1),
        ({"OMP_NUM_THREADS": "2", "GOTO_NUM_THREADS": "3"}, 4, 3),
        ({"OPENBLAS_NUM_THREADS": "9"}, 4, 4),
        ({"OPENBLAS_NUM_THREADS": "0", "OMP_NUM_THREADS": "many"}, 4, 4),
        ({"OPENBLAS_CORETYPE": "Haswell"}, 4, 1),
    ],
)
def test_as_many_threads_as_openblas_would_take(environment, cores, expected, monkeypatch):
    for name in ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_CORETYPE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(np, "show_config", lambda mode: OPENBLAS)
    monkeypatch.setattr(_threads.os, "sched_getaffinity", lambda process: range(cores), raising=False)
    assert _threads._threads() == expected
    monkeypatch.delattr(_threads.os, "sched_getaffinity")
    monkeypatch.setattr(_threads.os, "cpu_count", lambda: cores)
    assert _threads._threads() == expected
    monkeypatch.setattr(_threads.os, "cpu_count", lambda: None)
    assert _threads._threads() == 1


@pytest.mark.parametrize(
    ("blas", "features", "expected"),
    [
        ("scipy-openblas", ["X86_V3", "X86_V4"], True),
        ("openblas64", ["AVX2", "AVX512_SKX"], True),
        ("scipy-openblas", ["X86_V3"], False),
        ("accelerate", ["X86_V4"], False),
    ],
)
def test_only_where_openblas_is_quick_with_small_products(blas, features, expected, monkeypatch):
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    config = {"Build Dependencies": {"blas": {"name": blas}}, "SIMD Extensions": {"found": features}}
    monkeypatch.setattr(np, "show_config", lambda mode: config)
    assert _threads._small_products_are_quick() == expected


def test_an_old_numpy_does_not_say_and_a_strange_one_says_something_else(monkeypatch):
    monkeypatch.setattr(np, "show_config", lambda: None)
    assert not _threads._small_products_are_quick()
    monkeypatch.setattr(np, "show_config", lambda mode: {})
    assert not _threads._small_products_are_quick()
