from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn
from tinynet.datasets import normalize, synthetic_digits
from tinynet.datasets.strokes import STROKES
from tinynet.datasets.synthetic import _pieces


@pytest.fixture(scope="module")
def digits():
    return synthetic_digits(1000, rng=0)


def test_form(digits):
    images, labels = digits
    assert images.shape == (1000, 28, 28)
    assert images.dtype == np.uint8
    assert labels.shape == (1000,)
    assert labels.dtype == np.int64


def test_labels_are_balanced_and_shuffled(digits):
    labels = digits[1]
    assert np.bincount(labels).tolist() == [100] * 10
    assert not np.array_equal(labels, np.sort(labels))
    assert not np.array_equal(labels[:10], labels[10:20])


@pytest.mark.parametrize("n", [1, 7, 25])
def test_labels_are_balanced_as_far_as_they_can_be(n):
    counts = np.bincount(synthetic_digits(n, rng=n)[1], minlength=10)
    assert counts.sum() == n
    assert counts.max() - counts.min() <= 1


def test_a_single_digit_may_be_any():
    assert len({int(synthetic_digits(1, rng=seed)[1][0]) for seed in range(40)}) > 5


def test_the_seed_decides():
    images, labels = synthetic_digits(100, rng=np.random.default_rng(0))
    same_images, same_labels = synthetic_digits(100, rng=0)
    np.testing.assert_array_equal(images, same_images)
    np.testing.assert_array_equal(labels, same_labels)
    assert not np.array_equal(synthetic_digits(100, rng=1)[0], images)


def test_a_generator_goes_on():
    rng = np.random.default_rng(0)
    first, second = synthetic_digits(10, rng=rng)[0], synthetic_digits(10, rng=rng)[0]
    assert not np.array_equal(first, second)


def test_the_global_state_is_not_touched():
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - what must not change
    synthetic_digits(3)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_ink_is_like_mnist(digits):
    x = digits[0] / 255
    assert 0.11 < x.mean() < 0.135  # MNIST: 0.131
    assert 0.28 < x.std() < 0.32  # 0.308
    assert 0.15 < (x > 0).mean() < 0.20  # 0.19
    assert x.max(axis=(1, 2)).min() > 0.9, "every digit has ink"


def test_digits_are_centred_by_mass_and_fill_twenty_pixels(digits):
    images = digits[0].astype(float)
    mass = images.sum(axis=(1, 2))
    for axis in (1, 2):
        centre = images.sum(axis=axis) @ np.arange(28) / mass
        assert np.abs(centre - 14).max() < 1
        assert np.abs(centre - 14).mean() < 0.3
    for image in digits[0] > 128:
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        assert 18 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 21


def test_no_two_digits_are_alike(digits):
    assert len(np.unique(digits[0].reshape(1000, -1), axis=0)) == 1000


@pytest.mark.parametrize("digit", range(10))
def test_curves_run_through_the_points_of_their_strokes(digit):
    for variant, text in enumerate(STROKES[digit]):
        start, end = _pieces(digit, variant)
        on_curve = np.concatenate([start, end])
        for point in text.replace("/", "").split():
            expected = np.array(point.split(","), float) / 100
            assert np.abs(on_curve - expected).max(axis=1).min() < 1e-12
        assert np.hypot(*(end - start).T).max() < 0.12, "no piece is long enough to be seen as straight"


def test_a_network_trained_on_mnist_recognises_them(digits, root):
    network = tn.from_torch_state_dict(root / "examples" / "mnist_model.pth")
    images, labels = digits
    right = network.predict(normalize(images)) == labels
    assert right.mean() > 0.98
    assert np.bincount(labels[right], minlength=10).min() >= 93, "each digit"


def test_none():
    images, labels = synthetic_digits(0)
    assert images.shape == (0, 28, 28)
    assert labels.shape == (0,)


def test_bad_counts_are_refused():
    with pytest.raises(ValueError, match="n must be at least 0, got -1"):
        synthetic_digits(-1)
    with pytest.raises(TypeError):
        synthetic_digits(2.5)
