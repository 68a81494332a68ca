"""Where random numbers come from."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn
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


@pytest.mark.parametrize(
    ("call", "owner"),
    [
        (lambda rng: tn.Dense(2, 3, rng=rng), "Dense"),
        (lambda rng: tn.Conv2d(2, 3, 1, rng=rng), "Conv2d"),
        (lambda rng: tn.Dropout(rng=rng), "Dropout"),
        (lambda rng: tn.initializers.he_normal((2, 3), rng=rng), "he_normal"),
        (lambda rng: tn.initializers.glorot_uniform((2, 3), rng=rng), "glorot_uniform"),
        (lambda rng: tn.functional.dropout_mask(3, 0.5, rng=rng), "dropout_mask"),
        (lambda rng: tn.check_gradients(tn.ReLU(), [[1.0]], rng=rng), "check_gradients"),
        (lambda rng: tn.datasets.synthetic_digits(3, rng=rng), "synthetic_digits"),
    ],
)
def test_everything_that_draws_refuses_alike(call, owner):
    with pytest.raises(TypeError, match=rf"^{owner}: rng must be a numpy\.random\.Generator"):
        call("a")
