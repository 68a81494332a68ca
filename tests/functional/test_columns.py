"""The columns of windows: copied once, kept, and the same however often they are asked for."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet.functional import windows
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
