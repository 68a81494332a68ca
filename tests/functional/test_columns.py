"""The columns of windows: copied once, kept, and the same however often they are asked for."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet.functional import conv2d, conv2d_backward, windows
from tinynet.functional.columns import WindowColumns

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
        assert np.array_equal(np.concatenate([group for _, group in found.groups(1)]), expected)
        rows[...] = np.nan


def test_of_a_kernel_of_one_column_nothing_is_copied():
    rows = np.zeros((7, 2, 6, 3))
    found = WindowColumns(windows.to_images(rows), (3, 1), (1, 1), (0, 0), False)
    assert all(np.shares_memory(group, rows) for _, group in found.groups(1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("samples", [127, 128, 256])
def test_no_two_rows_have_the_same_place_in_a_cache(samples, dtype):
    x = np.random.default_rng(0).integers(-3, 4, (samples, 2, 4, 9)).astype(dtype)  # eight windows beside each other
    columns = WindowColumns(x, (3, 2), (1, 1), (0, 0), True)
    group, matrices = next(columns.groups(1))
    assert matrices.strides[1] % 4096 != 0
    assert (matrices.strides[1] == 8 * samples * matrices.itemsize) == (samples == 127)
    assert np.array_equal(matrices, columns_by_hand(x, (3, 2), (1, 1), True)[group])
    weight = np.random.default_rng(1).integers(-3, 4, (3, 2, 3, 2)).astype(dtype)
    y = conv2d(x, weight, [1, 2, 3])
    half = slice(samples // 2)
    assert np.array_equal(y[half], conv2d(x[half], weight, [1, 2, 3]))
    found = conv2d_backward(y, x, weight)
    parts = [conv2d_backward(y[part], x[part], weight) for part in (half, slice(samples // 2, samples))]
    assert np.array_equal(found[0], np.concatenate([grad_x for grad_x, _, _ in parts]))
    assert np.array_equal(found[1], parts[0][1] + parts[1][1])
