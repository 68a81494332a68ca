"""The flat vector of many arrays: their order in it, and that its parts lie in memory as the arrays do."""

from __future__ import annotations

import numpy as np

from tinynet.optimizers.flat import Layout


def test_the_vector_holds_numbers_in_the_order_of_memory():
    # Only a matrix can lie column after column and be taken so; other arrays are laid out by rows.
    rows, vector = np.arange(6, dtype=np.float32).reshape(2, 3), np.array([6, 7], np.float32)
    columns = np.asfortranarray(np.arange(8, 14, dtype=np.float32).reshape(3, 2))
    image = np.asfortranarray(np.arange(14, 26, dtype=np.float32).reshape(1, 2, 3, 2))
    arrays = {"rows": rows, "vector": vector, "columns": columns, "image": image}
    layout = Layout(arrays)
    out = layout.empty()
    assert out.dtype == np.float32
    assert layout.gather(list(arrays.values()), out) is out
    assert out.tolist() == [*range(8), 8, 10, 12, 9, 11, 13, *range(14, 26)]
    views = layout.views(out)
    assert views["rows"].flags.c_contiguous
    assert views["columns"].flags.f_contiguous
    for name, array in arrays.items():
        assert np.array_equal(views[name], array)
        assert np.shares_memory(views[name], out)
