"""Assigning parameters copies values; names, shapes and dtypes stay."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn
from tinynet.layers.parameters import count


@pytest.fixture
def layer():
    return tn.Dense(2, 3, rng=0, name="fc1")


def test_assignment_copies_into_the_array_that_is_there(layer):
    weight, given = layer.params["weight"], np.arange(6.0).reshape(3, 2)
    layer.params["weight"] = given
    assert layer.params["weight"] is weight
    assert weight.tolist() == given.tolist()
    assert weight.dtype == np.float32
    assert not np.shares_memory(weight, given)


@pytest.mark.parametrize("value", [np.zeros((2, 3)), np.zeros(6), 1.0])
def test_a_wrong_shape_is_refused_and_nothing_changes(layer, value):
    before = layer.params["weight"].copy()
    with pytest.raises(tn.ShapeError, match=r"Dense 'fc1'.*'weight' has shape \(3, 2\)"):
        layer.params["weight"] = value
    assert np.array_equal(layer.params["weight"], before)


def test_an_unknown_key_is_refused(layer):
    with pytest.raises(KeyError, match="it has weight, bias"):
        layer.params["weights"] = np.zeros((3, 2))


def test_a_wrong_type_is_refused(layer):
    with pytest.raises(TypeError, match="parameter 'weight'"):
        layer.params["weight"] = "text"


@pytest.mark.parametrize(
    "change",
    [
        lambda params: params.pop("weight"),
        lambda params: params.clear(),
        lambda params: params.popitem(),
        lambda params: params.setdefault("scale", 1),
        lambda params: params.__delitem__("weight"),
        lambda params: params.__ior__({"scale": 1}),
    ],
)
def test_parameters_cannot_come_or_go(layer, change):
    message = r"^the parameters of Dense 'fc1' are fixed: assign to one of weight, bias$"
    with pytest.raises(TypeError, match=message):
        change(layer.params)
    assert list(layer.params) == ["weight", "bias"]
    with pytest.raises(TypeError, match=r"fixed: assign to one of none$"):
        change(tn.ReLU().params)


def test_update_assigns_each(layer):
    layer.params.update({"bias": [1, 2, 3]}, weight=np.ones((3, 2)))
    assert layer.params["bias"].tolist() == [1, 2, 3]
    assert layer.params["weight"].tolist() == [[1, 1]] * 3


def test_the_parameters_of_a_network_are_those_of_its_layers(layer):
    net = tn.Sequential(layer)
    net.params["fc1.bias"] = [1, 2, 3]
    assert layer.params["bias"].tolist() == [1, 2, 3]


def test_their_numbers_are_counted():
    assert count({"weight": np.zeros((2, 3)), "bias": np.zeros(4)}) == 10


def test_parameters_of_several_dtypes_are_refused():
    with pytest.raises(TypeError, match="one dtype"):
        tn.Layer(params={"a": np.zeros(1), "b": np.zeros(1, np.float32)})
