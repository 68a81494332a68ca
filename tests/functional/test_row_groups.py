"""Images are worked on a few rows at a time: how many at a time changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn
from tinynet.functional import windows
from tinynet.functional.windows import row_groups


@pytest.mark.parametrize(
    ("count", "nbytes", "together", "expected"),
    [
        (5, 1, 1, [(0, 5)]),
        (5, 40, 1, [(0, 2), (2, 4), (4, 5)]),
        (5, 1000, 1, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]),
        (7, 30, 2, [(0, 2), (2, 4), (4, 6)]),
        (7, 12, 3, [(0, 6)]),
        (2, 1, 3, []),
        (3, 0, 1, [(0, 3)]),
        (0, 1, 1, []),
    ],
)
def test_rows_are_cut_into_groups_of_so_many_bytes(monkeypatch, count, nbytes, together, expected):
    monkeypatch.setattr(windows, "GROUP_BYTES", 100)
    assert [(group.start, group.stop) for group in row_groups(count, nbytes, together)] == expected


@pytest.mark.parametrize(
    "layer",
    [
        tn.Conv2d(2, 3, (3, 2), (2, 1), (1, 0), rng=0, dtype=np.float64),
        tn.Conv2d(2, 3, 3, bias=False, rng=0, dtype=np.float64),
        tn.Conv2d(2, 3, 1, rng=0, dtype=np.float64),
        tn.Conv2d(2, 3, 2, 3, rng=0, dtype=np.float64),
        tn.MaxPool2d(2),
        tn.MaxPool2d((3, 2), (2, 1), 1),
        tn.MaxPool2d(2, 3),
    ],
    ids=repr,
)
def test_the_groups_change_no_result(monkeypatch, layer):
    rng = np.random.default_rng(1)
    x = rng.integers(-3, 4, (40, 2, 9, 8)).astype(float)
    grad = rng.normal(size=layer(x).shape)
    results = []
    for nbytes in (1, 1 << 14, 1 << 30):
        monkeypatch.setattr(windows, "GROUP_BYTES", nbytes)
        y = layer.forward(x, training=True)
        results.append([layer(x), y, layer.backward(grad), *layer.grads.values()])
    for result in results[1:]:
        for array, expected in zip(result, results[0]):
            np.testing.assert_allclose(array, expected, rtol=1e-13, atol=1e-12)


def test_a_window_may_have_more_places_than_a_byte_counts():
    layer, x = tn.MaxPool2d((20, 30)), np.zeros((1, 2, 20, 30))
    x[0, 0, 19, 29] = x[0, 1, 13, 5] = 1
    layer.forward(x, training=True)
    assert np.array_equal(layer.backward([[[[2.0]], [[3.0]]]]), x * [[[[2]], [[3]]]])
