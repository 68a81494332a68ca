"""Dropout as functions: masks in any shape and order in memory, and what is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import tinynet as tn
from tinynet import functional as fn
from tinynet.functional.dropout import draw_mask


@pytest.mark.parametrize("shape", [(), 5, (0, 3), (3, 1, 5), (2, 3, 4, 5)])
def test_masks_of_any_shape(shape):
    mask = fn.dropout_mask(shape, 0.5, rng=0)
    assert mask.dtype == np.bool_
    assert mask.shape == np.empty(shape).shape
    assert np.array_equal(mask, fn.dropout_mask(shape, 0.5, rng=0))


@pytest.mark.parametrize(("p", "share"), [(0, 1.0), (1, 0.0), (2**-40, 1.0), (1 - 2**-40, 0.0), (1 - 2**-32, 0.0)])
def test_the_ends(p, share):
    assert fn.dropout_mask(10_001, p, rng=0).mean() == share


@pytest.mark.parametrize("bits", [np.random.MT19937, np.random.PCG64, np.random.Philox, np.random.SFC64])
def test_every_kind_of_generator_drops_the_same_share(bits):
    assert abs(fn.dropout_mask(100_000, 0.5, rng=np.random.Generator(bits(0))).mean() - 0.5) < 0.01


def test_a_generator_moves_on():
    rng = np.random.default_rng(0)
    assert not np.array_equal(fn.dropout_mask(64, 0.5, rng=rng), fn.dropout_mask(64, 0.5, rng=rng))


def test_masks_of_many_seeds_differ():
    assert len({fn.dropout_mask(64, 0.5, rng=seed).tobytes() for seed in range(200)}) == 200


def test_every_random_number_makes_two_elements_of_the_mask():
    for size in (10, 9):
        bits, alike = np.random.SFC64(0), np.random.SFC64(0)
        draw_mask(np.empty(size, bool), 0.5, bits)
        assert bits.random_raw() == alike.random_raw(6)[-1]


def test_a_mask_is_drawn_in_the_order_in_which_it_lies_in_memory():
    shape = (2, 3, 1, 5)
    expected = np.empty(30, bool)
    draw_mask(expected, 0.5, np.random.SFC64(0))
    for order in itertools.permutations(range(4)):
        mask = np.empty([shape[axis] for axis in order], bool).transpose(np.argsort(order))
        draw_mask(mask, 0.5, np.random.SFC64(0))
        assert np.array_equal(mask.transpose(order).ravel(), expected)


def test_the_order_in_memory_is_kept():
    x = np.ones((4, 3, 5, 2)).transpose(2, 1, 3, 0)
    assert fn.dropout(x, x > 0, 0.5).strides == x.strides


def test_what_is_no_mask_is_refused():
    with pytest.raises(tn.ShapeError, match=r"^dropout expects a mask of the shape of x, \(2,\), got \(3,\)$"):
        fn.dropout([1.0, 2.0], [True] * 3, 0.5)
    with pytest.raises(TypeError, match=r"^dropout expects a mask of truth values, got dtype int64$"):
        fn.dropout([1.0], np.ones(1, np.int64), 0.5)
    for call in (lambda p: fn.dropout([1.0], [True], p), lambda p: fn.dropout_mask(3, p)):
        with pytest.raises(ValueError, match=r"^dropout(_mask)?: p must be in 0..1, got 2"):
            call(2)
    with pytest.raises(ValueError, match=r"^dropout_mask: each size of shape must be at least 0"):
        fn.dropout_mask((2, -1), 0.5)
    with pytest.raises(TypeError, match=r"^dropout_mask: rng must be a numpy\.random\.Generator"):
        fn.dropout_mask(2, 0.5, rng="seed")
