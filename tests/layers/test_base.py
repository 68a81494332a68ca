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


class Sharing(tn.Layer):
    """Returns its parameter as its gradient, and the incoming gradient twice."""

    def __init__(self):
        super().__init__(params={"a": np.ones((1, 2))})

    def _forward(self, x, training):
        return x + self.params["a"], None

    def _backward(self, context, grad):
        return self.params["a"], {"a": self.params["a"] if self.name else grad}


def test_gradients_share_memory_with_nothing():
    net = tn.Sequential(Sharing(), Sharing(), tn.Sequential(Sharing()))
    net.forward(np.ones((1, 2)), training=True)
    grad = np.ones((1, 2))
    arrays = [grad, net.backward(grad), *net.grads.values(), *net.params.values()]
    for i, a in enumerate(arrays):
        assert not any(np.shares_memory(a, b) for b in arrays[i + 1 :])


class Clipped(tn.ReLU):
    def _forward(self, x, training):
        y = np.clip(x, 0, 6)
        return y, y


class Residual(tn.Sequential):
    def _forward(self, x, training):
        y, context = super()._forward(x, training)
        return x + y, context

    def _backward(self, context, grad):
        grad_x, grads = super()._backward(context, grad)
        return grad_x + grad, grads


def test_a_subclass_with_a_forward_of_its_own_is_not_passed_by():
    x = np.array([[-1.0, 3.0, 10.0]])
    for layer in (Clipped(), Residual(tn.Dense(3, 3, rng=0, dtype="float64"), tn.ReLU())):
        expected = layer.forward(x, training=True)
        assert np.array_equal(layer(x), expected)
        assert np.array_equal(tn.Sequential(layer)(x), expected)
        assert not np.array_equal(expected, x)


OTHERS = {
    tn.Dense: ((3, 2), {"rng": 0}),
    tn.Conv2d: ((2, 2, 1), {"rng": 0}),
    tn.MaxPool2d: ((1,), {}),
    tn.AvgPool2d: ((1,), {}),
    tn.BatchNorm: ((2,), {}),
}
KINDS = [tn.ReLU, tn.LeakyReLU, tn.Sigmoid, tn.Tanh, tn.Softmax, tn.LogSoftmax, tn.Flatten, tn.Dropout, *OTHERS]


@pytest.mark.parametrize("kind", KINDS)
def test_a_subclass_may_build_on_the_forward_that_it_overrides(kind):
    class Doubled(kind):
        def _forward(self, x, training):
            y, context = super()._forward(x, training)
            return 2 * y, context

    args, kwargs = OTHERS.get(kind, ((), {}))
    x = np.array([[-1.0, 2.0, 3.0]])
    if kind in (tn.Conv2d, tn.MaxPool2d, tn.AvgPool2d, tn.BatchNorm):
        x = np.arange(16.0).reshape(2, 2, 2, 2)
    for layer in (Doubled(*args, **kwargs), tn.Sequential(Doubled(*args, **kwargs))):
        np.testing.assert_allclose(layer(x), 2 * kind(*args, **kwargs)(x), rtol=1e-6)


def test_a_subclass_with_a_backward_of_its_own_is_not_passed_by():
    class Doubled(tn.Dense):
        def _backward(self, context, grad):
            return super()._backward(context, 2 * grad)

    layer = Doubled(2, 1, rng=0)
    layer.forward([[1.0, 2.0]], training=True)
    layer.backward([[1.0]], input_gradient=False)
    assert layer.grads["weight"].tolist() == [[2, 4]]


def test_a_subclass_that_overrides_neither_keeps_the_shortcuts():
    class Other(tn.Dense):
        pass

    assert Other._infer is tn.Dense._infer
    assert Other._parameter_gradients is tn.Dense._parameter_gradients


def test_a_layer_is_told_whether_it_trains():
    class Told(tn.Layer):
        def _forward(self, x, training):
            heard.append(training)
            return x, None

    heard = []
    Told()(np.ones((1, 1)))
    Told().forward(np.ones((1, 1)))
    Told().forward(np.ones((1, 1)), training=True)
    assert heard == [False, False, True]


class Bad(tn.Layer):
    """Does one thing wrong, whatever it is told to."""

    def __init__(self, forward=lambda x: (x, None), backward=lambda grad: (grad, {"a": np.ones(1)})):
        super().__init__(params={"a": np.ones(1)})
        self.rules = forward, backward

    def _forward(self, x, training):
        return self.rules[0](x)

    def _backward(self, context, grad):
        return self.rules[1](grad)


@pytest.mark.parametrize(
    ("layer", "error", "message"),
    [
        (Bad(lambda x: x * 2), TypeError, r"Bad: _forward must return a tuple \(output, context\)"),
        (Bad(backward=lambda grad: grad), TypeError, r"Bad: _backward must return a tuple \(grad_x, grads\)"),
        (Bad(lambda x: (np.multiply(x, 2, out=x), None)), ValueError, "read-only"),
        (Bad(lambda x: ("text", None)), TypeError, "Bad: the output of _forward"),
        (Bad(backward=lambda grad: (grad, {})), ValueError, r"gradients for \['a'\], got \[\]"),
        (Bad(backward=lambda grad: (grad, None)), ValueError, "got None"),
        (Bad(backward=lambda grad: (grad, {"a": np.ones(2)})), tn.ShapeError, r"'a' must have shape \(1,\)"),
        (Bad(backward=lambda grad: (grad[:1], {"a": np.ones(1)})), tn.ShapeError, r"shape \(2, 3\), got \(1, 3\)"),
        (Bad(backward=lambda grad: (None, {"a": np.ones(1)})), TypeError, "^Bad: the gradient of the input"),
        (Bad(backward=lambda grad: (grad, {"a": "text"})), TypeError, "^Bad: the gradient of 'a'"),
    ],
)
def test_mistakes_of_a_layers_author_are_named(layer, error, message):
    with pytest.raises(error, match=message):
        layer.backward(layer.forward(np.ones((2, 3)), training=True))


def test_a_layer_that_upcasts_is_cast_back():
    net = tn.Sequential(Bad(lambda x: (x * np.array([1.0, 2.0]), None)), tn.ReLU())
    x = np.ones((1, 2), np.float32)
    bare = tn.Sequential(Wide(), tn.ReLU())
    assert bare(x).dtype == bare.forward(x, training=True).dtype == np.float32
    assert net(x).dtype == np.float64  # its parameter is


def test_gradients_that_are_upcast_are_cast_back_and_kept_apart():
    class Twice(tn.Layer):
        def __init__(self):
            super().__init__(params={"a": np.ones(2, np.float32), "b": np.ones(2, np.float32)})

        def _forward(self, x, training):
            return x, np.float64 if x[0, 0] else np.float32

        def _backward(self, context, grad):
            both = np.ones(2, context)
            return grad * np.ones(2), {"a": both, "b": both}

    layer = Twice()
    for x in ([[0.0, 2.0]], [[1.0, 2.0]]):
        layer.forward(x, training=True)
        arrays = [layer.backward([[3.0, 4.0]]), *layer.grads.values()]
        assert {array.dtype for array in arrays} == {np.dtype("float32")}
        assert not np.shares_memory(layer.grads["a"], layer.grads["b"])


class Wide(tn.Layer):
    def _forward(self, x, training):
        return x * np.array([1, 2]), None


def test_every_row_must_give_one():
    class Sum(tn.Layer):
        def _forward(self, x, training):
            return x.sum(axis=0, keepdims=True), None

    with pytest.raises(tn.ShapeError, match=r"every row must give one, but 100 rows gave the shape \(1, 2\)"):
        tn.Sequential(Sum())(np.ones((200, 2)), batch_size=100)


def test_a_forgotten_super_init_is_named():
    class Forgetful(tn.Layer):
        def __init__(self):
            pass

        def _forward(self, x, training):
            return x, None

    message = r"Forgetful.__init__ must call super\(\).__init__\(\)"
    for call in (lambda x: Forgetful()(x), lambda x: Forgetful().backward(x), lambda x: Forgetful().params["a"]):
        with pytest.raises(AttributeError, match=message):
            call(np.ones((1, 1)))
    for attribute in ("name", "label", "params", "buffers", "dtype", "_grads", "_pending"):
        with pytest.raises(AttributeError, match=message):
            getattr(Forgetful(), attribute)


@pytest.mark.parametrize("array", [[1.0], np.ones(1, int), np.ones(1, np.float16), np.ma.ones(1), np.ones(1, ">f4")])
def test_parameters_must_be_float_arrays(array):
    with pytest.raises(TypeError, match="parameter 'a'"):
        tn.Layer(params={"a": array})


def test_a_failed_forward_forgets_the_one_before():
    layer = tn.Dense(2, 2, rng=0)
    y = layer.forward(np.ones((1, 2)), training=True)
    with pytest.raises(tn.ShapeError):
        layer.forward(np.ones((1, 3)), training=True)
    with pytest.raises(tn.BackwardError):
        layer.backward(y)


def test_an_incomplete_layer_says_what_is_missing():
    class Half(tn.Layer):
        pass

    with pytest.raises(
        NotImplementedError, match=r"Half does not define _forward \(a layer overrides _forward, not forward\)"
    ):
        Half()(np.ones((1, 1)))


@pytest.mark.parametrize("attribute", ["name", "params", "dtype"])
def test_what_networks_are_built_on_is_fixed(attribute):
    layer = tn.ReLU(name="act")
    assert repr(layer) == "ReLU(name='act')"
    with pytest.raises(AttributeError, match=f"ReLU 'act': {attribute} is fixed"):
        setattr(layer, attribute, None)
    with pytest.raises(AttributeError, match="layers is fixed"):
        tn.Sequential(layer).layers = ()


def test_a_single_number_is_no_batch():
    with pytest.raises(tn.ShapeError, match="ReLU expects an input of shape"):
        tn.ReLU()(3.0)


def test_a_mixin_with_a_forward_of_its_own_is_not_passed_by():
    class Raised:
        def _forward(self, x, training):
            y, context = super()._forward(x, training)
            return y + 1000, context

    class RaisedDense(Raised, tn.Dense):
        pass

    layer = RaisedDense(2, 2, rng=0)
    assert np.array_equal(layer([[1, 2]]), layer.forward([[1, 2]], training=True))


def test_results_can_be_written_to_and_are_no_buffers():
    class Constant(tn.Layer):
        def __init__(self):
            super().__init__(buffers={"value": np.ones((1, 2))})

        def _forward(self, x, training):
            return self.buffers["value"], None

    layer = Constant()
    layer([[0.0]])[...] = 5
    assert layer.buffers["value"].tolist() == [[1, 1]]


def test_a_buffer_is_named_as_one():
    with pytest.raises(TypeError, match=r"^Layer, buffer 'b': dtype must be"):
        tn.Layer(buffers={"b": np.ones(1, np.float16)})


def test_parameters_and_buffers_have_one_dtype_and_names_of_their_own():
    one, other = np.ones(1, np.float32), np.ones(1, np.float64)
    for buffers in ({"b": other}, {"w": one}):
        with pytest.raises(TypeError, match="one dtype, and names of their own"):
            tn.Layer(params={"w": one}, buffers=buffers)
