"""A layer of one's own: what it gets from the base class, and what it is told when it is incomplete."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn


class Scale(tn.Layer):
    """y = a x, written as a user would: two functions and a parameter."""

    def __init__(self, features, name=None):
        super().__init__(params={"a": np.ones(features)}, name=name)

    def _forward(self, x, training):
        return x * self.params["a"], x

    def _backward(self, context, grad):
        return grad * self.params["a"], {"a": (grad * context).sum(axis=0)}


def test_a_layer_of_ones_own_is_checked_and_composed():
    scale = Scale(3)
    scale.params["a"] = [1, 2, 3]
    assert scale([[1, 1, 1]]).tolist() == [[1, 2, 3]]
    tn.check_gradients(scale, np.arange(6.0).reshape(2, 3))
    net = tn.Sequential(tn.Dense(2, 3, rng=0, dtype=np.float64), Scale(3, name="scale"), tn.Softmax())
    assert list(net.params) == ["0.weight", "0.bias", "scale.a"]
    tn.check_gradients(net, np.ones((2, 2)))
    assert "unknown" in repr(net)


class Leaky(tn.Layer):
    """Gives away its parameter, its input and the gradient: the base class must not."""

    def __init__(self):
        super().__init__(params={"a": np.ones((1, 2))})

    def _forward(self, x, training):
        return (self.params["a"] if x.sum() == 0 else x), None

    def _backward(self, context, grad):
        return grad, {"a": grad}


def test_the_base_class_copies_what_a_careless_layer_gives_away():
    layer, x, grad = Leaky(), np.ones((1, 2)), np.ones((1, 2))
    for y in (layer(x), layer.forward(x, training=True), tn.Sequential(layer)(x)):
        assert not np.shares_memory(y, x)
    assert not np.shares_memory(layer(np.zeros((1, 2))), layer.params["a"])
    assert not np.shares_memory(layer.backward(grad), grad)
    assert not np.shares_memory(layer.grads["a"], grad)


def test_activations_do_not_overwrite_what_a_layer_returned_for_itself():
    net = tn.Sequential(Leaky(), tn.ReLU())
    net[0].params["a"] = [[-1, 1]]
    assert net(np.zeros((1, 2))).tolist() == [[0, 1]]
    assert net[0].params["a"].tolist() == [[-1, 1]]


def test_an_incomplete_layer_says_what_is_missing():
    class Half(tn.Layer):
        pass

    with pytest.raises(NotImplementedError, match="Half does not define _forward"):
        Half()(np.ones((1, 1)))


def test_the_name_is_fixed():
    layer = tn.ReLU(name="act")
    assert layer.name == "act"
    assert repr(layer) == "ReLU(name='act')"
    with pytest.raises(AttributeError):
        layer.name = "other"
