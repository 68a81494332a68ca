"""The columns of windows: copied once, kept, and the same however often they are asked for."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet._memory import LINE
from tinynet.functional import conv2d, conv2d_backward, windows
from tinynet.functional.columns import ALIASED, WindowColumns

X = np.random.default_rng(0).normal(size=(3, 2, 7, 6))


def columns_by_hand(x, kernel, stride, ones):
    """Return (Ho, kh (kw C + ones), Wo N), window by window."""
    (kh, kw), (down, right) = kernel, stride
    ho, wo = (x.shape[2] - kh) // down + 1, (x.shape[3] - kw) // right + 1
    result = np.ones((ho, kh, kw * x.shape[1] + ones, wo, len(x)))
    for i, j, u, v in np.ndindex(ho, wo, kh, kw):
        pixels = x[:, :, i * down + u, j * right + v].T
        result[i, u, v * x.shape[1] : (v + 1) * x.shape[1], j] = pixels
    return result.reshape(ho, -1, wo * len(x))


@pytest.mark.parametrize("group", [1, windows.GROUP_BYTES])
@pytest.mark.parametrize(
    ("kernel", "stride", "ones"), [((3, 2), (1, 1), True), ((2, 3), (2, 2), False), ((1, 2), (3, 1), True)]
)
def test_they_come_the_same_again_after_the_images_are_gone(kernel, stride, ones, group, monkeypatch):
    monkeypatch.setattr(windows, "GROUP_BYTES", group)
    rows = np.array(windows.to_rows(X), order="C")
    found = WindowColumns(windows.to_images(rows), kernel, stride, (0, 0), ones)
    expected = columns_by_hand(X, kernel, stride, ones)
    for _ in range(2):
        assert np.array_equal(np.concatenate([columns for _, (columns,) in found.groups(1)]), expected)
        rows[...] = np.nan


def test_of_a_kernel_of_one_column_nothing_is_copied():
    rows = np.zeros((7, 2, 6, 3))
    found = WindowColumns(windows.to_images(rows), (3, 1), (1, 1), (0, 0), False)
    assert all(np.shares_memory(columns, rows) for _, (columns,) in found.groups(1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("samples", "apart"), [(127, False), (128, True), (256, True)])
def test_no_two_rows_have_the_same_place_in_a_cache(samples, apart, dtype):
    x = np.random.default_rng(0).integers(-3, 4, (samples, 2, 4, 9)).astype(dtype)  # eight windows beside each other
    group, (matrices,) = next(WindowColumns(x, (3, 2), (1, 1), (0, 0), True).groups(1))
    assert matrices.strides[1] % ALIASED != 0
    assert matrices.strides[1] - 8 * samples * matrices.itemsize == (LINE if apart else 0)
    assert np.array_equal(matrices, columns_by_hand(x, (3, 2), (1, 1), True)[group])


def test_convolutions_with_gaps_between_rows_of_windows():
    rng = np.random.default_rng(0)
    x, weight = rng.integers(-3, 4, (128, 2, 4, 9)), rng.integers(-3, 4, (3, 2, 3, 2))
    grad = rng.integers(-3, 4, (128, 3, 2, 8))
    parts = np.split(np.arange(128), [63])  # which have none
    assert np.array_equal(
        conv2d(x, weight, [1, 2, 3]), np.concatenate([conv2d(x[p], weight, [1, 2, 3]) for p in parts])
    )
    found = conv2d_backward(grad, x, weight)
    of_parts = [conv2d_backward(grad[p], x[p], weight) for p in parts]
    assert np.array_equal(found[0], np.concatenate([grad_x for grad_x, _, _ in of_parts]))
    assert np.array_equal(found[1], sum(grad_weight for _, grad_weight, _ in of_parts))
