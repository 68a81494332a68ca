"""Softmax and cross entropy in one go, against the two of them."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet.functional import cross_entropy, cross_entropy_backward, softmax
from tinynet.functional.fused import softmax_entropy_kernel


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_it_is_loss_and_gradient(dtype, soft, scale):
    rng = np.random.default_rng(0)
    logits = (scale * rng.normal(size=(7, 4))).astype(dtype)
    targets = softmax(rng.normal(size=(7, 4))).astype(dtype) if soft else rng.integers(0, 4, 7)
    before = logits.copy()
    loss, grad = softmax_entropy_kernel(logits, targets)
    assert loss == pytest.approx(cross_entropy(logits, targets, from_logits=True), rel=1e-6)
    expected = cross_entropy_backward(logits, targets, from_logits=True)
    np.testing.assert_allclose(grad, expected, rtol=1e-6, atol=np.finfo(dtype).eps)
    assert grad.dtype == dtype
    assert np.array_equal(logits, before)
    assert not np.shares_memory(grad, logits)


def test_a_class_without_hope():
    logits = np.array([[0.0, -np.inf]])
    assert softmax_entropy_kernel(logits, np.array([0])) == (0.0, pytest.approx(np.zeros((1, 2))))
    assert softmax_entropy_kernel(logits, np.array([[1.0, 0.0]]))[0] == 0.0
    assert softmax_entropy_kernel(logits, np.array([1]))[0] == np.inf
    assert np.isnan(softmax_entropy_kernel(np.array([[np.inf, 0.0]]), np.array([0]))[0])


def test_a_class_of_probability_0_counts_nothing_whatever_was_in_memory():
    targets = np.eye(4)
    dirty = [np.full((4, 4), np.nan) for _ in range(7)]  # NumPy hands out their memory again
    del dirty
    loss, _ = softmax_entropy_kernel(np.zeros((4, 4)), targets)
    assert loss == pytest.approx(np.log(4))
