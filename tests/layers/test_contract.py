"""What every layer promises: gradients, purity, memory, dtypes, errors. One list of cases for all of them."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from cases import CASES, DRAWS, TRAINS_OTHERWISE
from hypothesis import given, settings
from hypothesis import strategies as st

import tinynet as tn

few = settings(max_examples=8)  # of what hardly depends on the numbers drawn
every_layer = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
every_named_layer = pytest.mark.parametrize(("name", "case"), CASES.items(), ids=CASES)


def state(layer):
    """Return all that a layer, or a network and its layers, remembers, as bytes."""
    return pickle.dumps([vars(part) for part in [layer, *getattr(layer, "layers", ())]])


@every_layer
@given(data=st.data())
def test_gradients_match_central_differences(case, data):
    layer, x = data.draw(case)
    errors = tn.check_gradients(layer, x)
    assert set(errors) == {"x", *layer.params}


@every_named_layer
@given(data=st.data())
def test_inference_equals_training_forward_and_touches_no_state(name, case, data):
    layer, x = data.draw(case)
    before = state(layer)
    y = layer(x)
    assert np.array_equal(y, layer.forward(x))
    assert state(layer) == before
    trained = layer.forward(x, training=True)
    if name not in TRAINS_OTHERWISE:
        np.testing.assert_allclose(trained, y, rtol=1e-12, atol=1e-15)
    with pytest.raises(tn.BackwardError):
        type(layer).backward(copy.deepcopy(layer), y)


@every_layer
@few
@given(data=st.data())
def test_evaluating_for_training_is_pure_and_forward_gives_the_same(case, data):
    layer, x = data.draw(case)
    before = state(layer)
    y = layer._evaluate(x, True)[0].copy()
    assert np.array_equal(layer._evaluate(x, True)[0], y)
    assert state(layer) == before
    assert np.array_equal(layer.forward(x, training=True), y)


@every_named_layer
@few
@given(data=st.data())
def test_only_marked_layers_change_in_a_training_forward(name, case, data):
    layer, x = data.draw(case)
    other = copy.deepcopy(layer)
    layer.forward(x, training=True)
    layer.backward(np.ones_like(layer(x)))
    assert (state(copy.deepcopy(layer)) == state(other)) == (name not in TRAINS_OTHERWISE)


@every_layer
@few
@given(data=st.data())
def test_nothing_given_is_written_to_and_nothing_returned_is_shared(case, data):
    layer, x = data.draw(case)
    kept_x, kept = x.copy(), {key: value.copy() for key, value in layer.params.items()}
    x.flags.writeable = False
    inferred, y = layer(x), layer.forward(x, training=True)
    grad = np.ones_like(y)
    grad.flags.writeable = False
    grad_x = layer.backward(grad)
    assert np.array_equal(x, kept_x)
    assert all(np.array_equal(layer.params[key], kept[key]) for key in kept)
    arrays = [x, inferred, y, grad, grad_x, *layer.grads.values(), *layer._state().values()]
    for i, a in enumerate(arrays):
        assert not any(np.shares_memory(a, b) for b in arrays[i + 1 :])


@every_layer
@few
@given(data=st.data())
def test_overwriting_input_and_output_between_forward_and_backward_changes_no_gradient(case, data):
    layer, x = data.draw(case)
    grad = np.linspace(-1, 1, layer(x).size).reshape(layer(x).shape)
    other = copy.deepcopy(layer)
    other.forward(x, training=True)
    expected, expected_grads = other.backward(grad), other.grads
    x = x.copy()
    y = layer.forward(x, training=True)
    x[...], y[...] = 7, 7
    assert np.array_equal(layer.backward(grad), expected)
    assert all(np.array_equal(layer.grads[key], value) for key, value in expected_grads.items())


@every_layer
@few
@given(data=st.data())
def test_backward_consumes_what_forward_remembered(case, data):
    layer, x = data.draw(case)
    with pytest.raises(tn.BackwardError, match=r"forward\(x, training=True\)"):
        layer.backward(layer(x))
    y = layer.forward(x, training=True)
    layer.backward(y)
    with pytest.raises(tn.BackwardError):
        layer.backward(y)


@every_layer
@few
@given(data=st.data())
def test_backward_without_the_gradient_of_the_input_fills_the_same_gradients(case, data):
    layer, x = data.draw(case)
    twin = copy.deepcopy(layer)
    y = layer.forward(x, training=True)
    twin.forward(x, training=True)
    grad = np.random.default_rng(0).standard_normal(y.shape).astype(y.dtype)
    layer.backward(grad)
    assert twin.backward(grad, input_gradient=False) is None
    assert twin.grads.keys() == layer.grads.keys()
    assert all(np.array_equal(twin.grads[key], value) for key, value in layer.grads.items())
    with pytest.raises(tn.BackwardError):
        twin.backward(grad)


@every_named_layer
@few
@given(data=st.data())
def test_backward_belongs_to_the_last_of_two_forwards(name, case, data):
    layer, x = data.draw(case)
    once = copy.deepcopy(layer)
    grad = np.ones_like(layer(x))
    layer.forward(x[::-1] * 0.5, training=True)
    if name in DRAWS:
        once = copy.deepcopy(layer)  # a copy draws next what the original does
    once.forward(x, training=True)
    layer.forward(x, training=True)
    layer(x * 0.25)  # inference in between is no forward
    assert np.array_equal(layer.backward(grad), once.backward(grad))
    assert all(np.array_equal(layer.grads[key], once.grads[key]) for key in once.grads)


@every_layer
@few
@given(data=st.data())
def test_gradients_are_overwritten_not_accumulated(case, data):
    layer, x = data.draw(case)
    for _ in range(2):
        layer.forward(x, training=True)
        layer.backward(np.ones_like(layer(x)))
        assert list(layer.grads) == list(layer.params)
    twice = {key: value.copy() for key, value in layer.grads.items()}
    layer.forward(x, training=True)
    layer.backward(np.ones_like(layer(x)))
    assert all(np.array_equal(layer.grads[key], twice[key]) for key in twice)


@every_layer
@few
@given(data=st.data())
def test_a_gradient_of_another_shape_is_refused_and_costs_nothing(case, data):
    layer, x = data.draw(case)
    y = layer.forward(x, training=True)
    with pytest.raises(tn.ShapeError, match="expects a gradient of shape"):
        layer.backward(np.ones((*y.shape, 2)))
    layer.backward(y)


@every_layer
@few
@given(data=st.data())
def test_input_is_cast_to_the_dtype_of_the_parameters(case, data):
    layer, x = data.draw(case)
    x = np.abs(x).round()
    kinds = {kind: x.astype(kind) for kind in ("float32", "float16", "int64", "uint8", "bool", ">f8")}
    special = {"list": x.tolist(), "list of int": x.astype(int).tolist(), "fortran": np.asfortranarray(x)}
    expected, of_truth = layer(x), layer(x.astype(bool).astype(float))
    for kind, array in {**kinds, **special}.items():
        y = layer(array)
        keeps_float64 = layer.dtype is not None or kind in ("fortran", "list", ">f8")
        assert y.dtype == (np.float64 if keeps_float64 else np.float32), kind
        np.testing.assert_allclose(y, of_truth if kind == "bool" else expected, rtol=1e-6, atol=1e-6, err_msg=kind)


WRONG = ["text", None, [[1j]], [["a"]], [[object()]], [[1, 2], [3]], np.ma.masked_array([[1.0]], [[True]])]


@every_layer
@few
@given(data=st.data())
def test_what_is_no_array_of_numbers_is_refused_by_name(case, data):
    layer, _ = data.draw(case)
    for wrong in WRONG:
        with pytest.raises(TypeError, match=type(layer).__name__):
            layer(wrong)


@every_layer
@few
@given(data=st.data())
def test_an_empty_batch_gives_an_empty_result(case, data):
    layer, x = data.draw(case)
    y = layer.forward(x[:0], training=True)
    assert y.shape == (0, *layer(x).shape[1:])
    assert layer.backward(y).shape == x[:0].shape
    assert all(not grad.any() for grad in layer.grads.values())


@every_layer
@given(data=st.data())
def test_rows_do_not_depend_on_each_other_in_inference(case, data):
    layer, x = data.draw(case)
    np.testing.assert_allclose(np.concatenate([layer(row[None]) for row in x]), layer(x), rtol=1e-12, atol=1e-12)


@every_layer
@few
@given(data=st.data())
def test_copies_and_pickles_are_equal_and_independent(case, data):
    layer, x = data.draw(case)
    layer.forward(x, training=True)
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert np.array_equal(other(x), layer(x))
        assert all(np.array_equal(other._state()[key], array) for key, array in layer._state().items())
        assert not any(np.shares_memory(other._state()[key], array) for key, array in layer._state().items())
        assert repr(other) == repr(layer)
        assert other.grads == {}
        with pytest.raises(tn.BackwardError):
            other.backward(layer(x))


@every_layer
def test_many_threads_get_the_same_bits(case):
    layer, x = _example(case)
    x = np.resize(x, (64, *x.shape[1:]))
    expected = layer(x).tobytes()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: layer(x).tobytes(), range(200))) == {expected}


def _example(case):
    found = []

    @given(data=st.data())
    def draw(data):
        found.append(data.draw(case))

    draw()
    return max(found, key=lambda pair: pair[1].size)
