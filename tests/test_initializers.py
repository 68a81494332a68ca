"""The variances, bounds, seeds and errors of the initializers."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet import ShapeError, initializers

CASES = [
    (initializers.he_normal, 2 / 300),
    (initializers.he_uniform, 2 / 300),
    (initializers.glorot_normal, 2 / 700),
    (initializers.glorot_uniform, 2 / 700),
]
every_initializer = pytest.mark.parametrize(("initializer", "variance"), CASES)


@every_initializer
def test_variance_and_mean(initializer, variance):
    w = initializer((400, 300), rng=0, dtype=np.float64)
    assert w.var() == pytest.approx(variance, rel=0.02)
    assert abs(w.mean()) < 4 * (variance / w.size) ** 0.5


@pytest.mark.parametrize(("initializer", "variance"), CASES[1::2])
def test_uniform_bounds_are_reached_and_kept(initializer, variance):
    w = np.abs(initializer((400, 300), rng=0, dtype=np.float64))
    bound = (3 * variance) ** 0.5
    assert 0.999 * bound < w.max() <= bound


@every_initializer
def test_convolution_kernels_count_their_area(initializer, variance):
    kernels = initializer((40, 12, 5, 5), rng=0, dtype=np.float64)
    dense = initializer((40 * 25, 12 * 25), rng=0, dtype=np.float64)
    assert kernels.var() == pytest.approx(dense.var(), rel=0.06)


@every_initializer
def test_seeds_and_dtypes(initializer, variance):
    a, b, c = (initializer((3, 4), rng=seed) for seed in (1, 1, 2))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    assert a.dtype == np.float32
    assert initializer((3, 4), rng=1, dtype="float64").astype(np.float32).tolist() == a.tolist()


@every_initializer
@pytest.mark.parametrize("shape", [(), (3,), (0, 3), (3, 0)])
def test_bad_shapes_are_refused(initializer, variance, shape):
    with pytest.raises(ShapeError, match="positive sizes"):
        initializer(shape)


@pytest.mark.parametrize("initializer", [case[0] for case in CASES] + [initializers.zeros])
def test_bad_dtypes_are_refused(initializer):
    with pytest.raises(TypeError, match="float32 or float64"):
        initializer((2, 2), dtype=np.int32)


def test_zeros():
    assert not initializers.zeros((2, 3), rng=0).any()
