"""Where random numbers come from."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet._random import as_generator


def test_a_generator_goes_on_where_it_stands_and_a_seed_begins_anew():
    rng = np.random.default_rng(5)
    assert as_generator(rng, "fit") is rng
    assert as_generator(5, "fit").random() == as_generator(np.int64(5), "fit").random() == rng.random()
    assert as_generator(None, "fit").random() != as_generator(None, "fit").random()


@pytest.mark.parametrize(("rng", "error"), [("a", TypeError), (1.5, TypeError), (-1, ValueError)])
def test_what_is_no_source_is_refused_under_the_name_of_who_asks(rng, error):
    with pytest.raises(
        error, match=r"^fit: rng must be a numpy\.random\.Generator, a seed of at least 0 or None, got "
    ):
        as_generator(rng, "fit")
