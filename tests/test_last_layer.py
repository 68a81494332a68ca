"""Where a network ends, as `predict_proba`, `fit` and the pictures see it."""

from __future__ import annotations

import pytest

import tinynet as tn
from tinynet._ending import last_layer


class Renamed(tn.Dropout):
    """Is a Dropout under another name."""


class Halved(tn.Dropout):
    """Changes numbers in inference as well."""

    def _forward(self, x, training):
        return x / 2, None


class More(tn.Sequential):
    """Does more than its layers."""

    def _forward(self, x, training):
        return 2 * x, None


SOFTMAX = tn.Softmax()


@pytest.mark.parametrize(
    "after",
    [
        (),
        (tn.Dropout(0.5),),
        (tn.Flatten(), Renamed(0.5)),
        (tn.Sequential(),),
        (tn.Sequential(tn.Dropout(0.5), tn.Sequential()), tn.Flatten()),
    ],
    ids=str,
)
def test_what_changes_no_number_in_inference_counts_for_nothing(after):
    assert last_layer(tn.Sequential(tn.Dense(2, 2), SOFTMAX, *after)) is SOFTMAX
    assert last_layer(tn.Sequential(tn.Dense(2, 2), tn.Sequential(SOFTMAX, *after))) is SOFTMAX


@pytest.mark.parametrize("last", [tn.ReLU(), Halved(0.5), More(), tn.BatchNorm(2), tn.LogSoftmax()], ids=str)
def test_what_may_change_numbers_is_the_end(last):
    assert last_layer(tn.Sequential(tn.Dense(2, 2), SOFTMAX, last, tn.Dropout(0.5))) is last


def test_a_network_of_nothing_has_no_end():
    assert last_layer(tn.Sequential(tn.Flatten(), tn.Sequential(tn.Dropout(0.5)))) is None
    assert last_layer(tn.Sequential()) is None


def test_probabilities_may_be_followed_by_what_changes_none():
    net = tn.Sequential(tn.Dense(2, 3, rng=0), tn.Softmax(), tn.Dropout(0.5))
    assert net.predict_proba([[1.0, 2.0]]).sum().round(6) == 1
    with pytest.raises(ValueError, match="this one ends in nothing"):
        tn.Sequential(tn.Flatten()).predict_proba([[1.0]])
