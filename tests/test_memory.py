"""Memory that is used again: never while an array lies in it."""

from __future__ import annotations

import runpy
import sys
import threading

import numpy as np
import pytest

from tinynet import _memory
from tinynet._memory import KEPT, LARGEST, LINE, SMALLEST, empty, zeros

FLOAT32 = np.dtype(np.float32)
SHAPE = (3, SMALLEST // 4)


@pytest.fixture(autouse=True)
def _no_blocks(monkeypatch):
    monkeypatch.setattr(_memory, "_own", _memory._Blocks())


def address(array):
    return array.__array_interface__["data"][0]


def test_memory_that_nothing_uses_is_used_again():
    first = address(empty(SHAPE, FLOAT32))
    assert address(empty(SHAPE, FLOAT32)) == first
    assert address(empty(SHAPE[::-1], np.dtype(np.int32))) == first  # the size counts, not the shape
    assert address(empty((2, SMALLEST // 4), FLOAT32)) == first  # a little smaller fits, too
    assert address(empty((7, SMALLEST // 4), FLOAT32)) != first


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x,
        lambda x: x[1:],
        lambda x: x.T.reshape(-1, 3)[5:, :1],
        lambda x: x.view(np.uint8),
        lambda x: np.lib.stride_tricks.as_strided(x, (2, 2), (4, 4)),
        lambda x: memoryview(x),
    ],
)
def test_memory_that_a_view_lies_in_is_left_alone(view):
    kept = view(zeros(SHAPE, FLOAT32))
    other = empty(SHAPE, FLOAT32)
    other[...] = 7
    assert not np.asarray(kept).any()
    first = address(other)
    del other
    assert address(empty(SHAPE, FLOAT32)) == first


def test_arrays_begin_where_a_line_of_the_cache_does():
    arrays = [empty((3, SMALLEST // 4 + i), FLOAT32) for i in range(4)]
    assert [address(array) % LINE for array in arrays] == [0, 0, 0, 0]


def test_of_free_memory_that_used_last_comes_first():
    first, last = (empty(SHAPE, FLOAT32) for _ in range(2))
    expected = address(last)
    del first
    last = None
    assert address(empty(SHAPE, FLOAT32)) == expected


def test_two_arrays_in_use_do_not_overlap():
    arrays = [empty(SHAPE, FLOAT32) for _ in range(5)]
    assert len({address(array) for array in arrays}) == 5
    assert sum(block.nbytes for block, _ in _memory._own.blocks) == 5 * (arrays[0].nbytes + LINE)


@pytest.mark.parametrize("nbytes", [SMALLEST - 4, LARGEST + 4])
def test_small_and_huge_arrays_are_not_kept(nbytes):
    assert empty((nbytes // 4,), FLOAT32).nbytes == nbytes
    assert _memory._own.blocks == []


def test_what_is_kept_is_bounded():
    kept = [empty((LARGEST // 8 - i,), FLOAT32) for i in range(2 * KEPT // LARGEST + 3)]
    assert KEPT - LARGEST <= sum(block.nbytes for block, _ in _memory._own.blocks) <= KEPT
    assert len({address(array) for array in kept}) == len(kept)


def test_what_was_used_last_is_kept_longest():
    hot = address(empty((LARGEST // 4,), FLOAT32))
    for i in range(8):
        kept = [empty((LARGEST // 64 - i,), FLOAT32) for _ in range(10)]
        assert address(empty((LARGEST // 4,), FLOAT32)) == hot
        del kept


def test_a_debugger_that_looks_at_local_variables_does_no_harm():
    def trace(frame, event, argument):
        frame.f_locals  # noqa: B018 - a snapshot, which holds references to the local variables
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        module = runpy.run_path(_memory.__file__)
    finally:
        sys.settrace(before)
    arrays = [module["empty"](SHAPE, FLOAT32) for _ in range(3)]
    assert len({address(array) for array in arrays}) == 3


def test_what_is_interrupted_and_what_interrupts_take_different_memory():
    """As a signal handler or a finalizer may, between any two lines."""
    inner = []

    def trace(frame, event, argument):
        if frame.f_code.co_filename == _memory.__file__ and event == "line" and len(inner) < 20:
            sys.settrace(None)
            inner.append(empty(SHAPE, FLOAT32))
            sys.settrace(trace)
        return trace if frame.f_code.co_filename == _memory.__file__ else None

    for _ in range(2):
        empty(SHAPE, FLOAT32)
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        outer = [empty(SHAPE, FLOAT32) for _ in range(3)]
    finally:
        sys.settrace(before)
    assert len(inner) == 20
    arrays = [*inner, *outer]
    assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])


def test_memory_is_used_again_after_an_error(monkeypatch):
    first = address(empty(SHAPE, FLOAT32))
    with pytest.raises(MemoryError):
        empty((1 << 40,), FLOAT32)
    with monkeypatch.context() as patch:
        patch.setattr(_memory, "_free_block", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            empty(SHAPE, FLOAT32)
    assert address(empty(SHAPE, FLOAT32)) == first


def test_who_holds_the_blocks_does_no_harm():
    kept = empty(SHAPE, FLOAT32)
    held = [block for block, _ in _memory._own.blocks]
    assert not np.shares_memory(kept, empty(SHAPE, FLOAT32))
    del held


def test_threads_share_no_memory():
    first = empty(SHAPE, FLOAT32)
    place = address(first)
    del first
    found = []
    thread = threading.Thread(target=lambda: found.append(address(empty(SHAPE, FLOAT32))))
    thread.start()
    thread.join()
    assert found != [place]


def test_zeros_are_zero_in_used_memory():
    empty(SHAPE, FLOAT32).fill(3)
    assert not zeros(SHAPE, FLOAT32).any()
