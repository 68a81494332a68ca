"""BatchNorm: what it normalizes by in training and in inference, what it records, and its errors."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import tinynet as tn

X = np.random.default_rng(0).normal(3, 2, (6, 2, 4, 5))


def test_in_training_each_channel_gets_mean_zero_and_variance_one():
    for x in (X, X[:, :, 0, 0]):
        y = tn.BatchNorm(2, eps=0.0, dtype="float64").forward(x, training=True)
        axes = tuple(axis for axis in range(x.ndim) if axis != 1)
        np.testing.assert_allclose(y.mean(axis=axes), 0, atol=1e-12)
        np.testing.assert_allclose(y.var(axis=axes), 1)


def test_in_inference_the_running_statistics_are_used():
    layer = tn.BatchNorm(2, eps=0.25, dtype="float64")
    layer.buffers.update(running_mean=[1, 2], running_var=[0.75, 3.75])
    layer.params.update(weight=[1, 10], bias=[0, 5])
    assert layer([[2, 4], [1, 2]]).tolist() == [[1, 15], [0, 5]]


def test_inference_writes_into_an_array_that_it_may_overwrite_and_nowhere_else():
    layer, x = tn.BatchNorm(2, dtype="float64"), X.copy()
    expected = layer(x)
    assert np.array_equal(x, X)
    y, fresh = layer._infer(x, True)
    assert y is x
    assert fresh
    assert np.array_equal(y, expected)


@pytest.mark.parametrize(("momentum", "share"), [(0.1, 0.1), (0.0, 0.0), (1.0, 1.0), (None, 1.0)])
def test_a_batch_goes_into_the_running_statistics_with_its_share(momentum, share):
    layer = tn.BatchNorm(2, momentum=momentum, dtype="float64")
    layer.forward(X, training=True)
    mean, variance = X.mean(axis=(0, 2, 3)), X.var(axis=(0, 2, 3), ddof=1)
    np.testing.assert_allclose(layer.buffers["running_mean"], share * mean)
    np.testing.assert_allclose(layer.buffers["running_var"], 1 - share + share * variance)
    assert layer.buffers["num_batches_tracked"] == 1


def test_a_channel_of_equal_numbers_without_eps_gives_no_warning():
    layer = tn.BatchNorm(1, eps=0.0)
    assert np.isnan(layer.forward([[1.0], [1.0]], training=True)).all()


def test_the_gradient_in_inference_takes_the_running_statistics_as_given():
    layer = tn.BatchNorm(2, eps=0.0, dtype="float64")
    layer.buffers.update(running_mean=[1, 2], running_var=[4, 0.25])
    layer.params.update(weight=[2, 3])
    _, context = layer._forward(np.array([[5.0, 3.0]]), False)
    grad, grads = layer._backward(context, np.array([[1.0, 10.0]]))
    assert grad.tolist() == [[1, 60]]
    assert {key: array.tolist() for key, array in grads.items()} == {"weight": [2, 20], "bias": [1, 10]}


def test_a_second_batch_leaves_its_share_of_the_first():
    layer = tn.BatchNorm(1, momentum=0.25, dtype="float64")
    layer.forward([[0.0], [4.0]], training=True)  # mean 2, unbiased variance 8
    layer.forward([[6.0], [10.0]], training=True)  # mean 8, unbiased variance 8
    assert layer.buffers["running_mean"].tolist() == [0.75 * 0.5 + 0.25 * 8]
    assert layer.buffers["running_var"].tolist() == [0.75 * 2.75 + 0.25 * 8]


def test_without_momentum_every_batch_has_the_same_weight():
    layer = tn.BatchNorm(2, momentum=None, dtype="float64")
    for part in (X[:2], X[2:4], X[4:]):
        layer.forward(part, training=True)
    np.testing.assert_allclose(layer.buffers["running_mean"], X.mean(axis=(0, 2, 3)))


def test_inference_and_backward_record_nothing():
    layer = tn.BatchNorm(2, dtype="float64")
    y = layer.forward(X, training=True)
    kept = {key: array.copy() for key, array in layer.buffers.items()}
    layer(X), layer.forward(X), layer.backward(y)
    assert all(np.array_equal(layer.buffers[key], kept[key]) for key in kept)


def test_a_network_records_in_its_layers():
    norm = tn.BatchNorm(2)
    net = tn.Sequential(norm, tn.ReLU())
    net.forward(X, training=True)
    assert norm.buffers["num_batches_tracked"] == 1
    assert net.buffers["0.running_mean"] is norm.buffers["running_mean"]
    assert norm.buffers["running_mean"].all()


def test_the_state_has_the_names_of_torch():
    layer = tn.BatchNorm(3)
    assert list(layer._state()) == ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    assert list(tn.BatchNorm(3, affine=False)._state()) == ["running_mean", "running_var", "num_batches_tracked"]
    assert layer.buffers["num_batches_tracked"].dtype == np.int64
    assert layer.buffers["num_batches_tracked"].shape == ()


def test_a_channel_of_equal_numbers_gives_the_bias():
    layer = tn.BatchNorm(1)
    layer.params["bias"] = [7]
    assert layer.forward(np.full((4, 1), 1e30), training=True).tolist() == [[7]] * 4


def test_a_large_mean_costs_no_digits_of_the_variance():
    x = (10_000 + np.arange(8) % 2).astype(np.float32)[:, None]
    y = tn.BatchNorm(1, eps=0.0).forward(x, training=True)
    np.testing.assert_allclose(np.abs(y), 1, rtol=1e-3)


def test_nan_and_infinities_stay_in_their_channel():
    for special in (np.nan, np.inf):
        x = X.astype(np.float32)
        x[0, 0, 0, 0] = special
        layer = tn.BatchNorm(2)
        y = layer.forward(x, training=True)  # and no warning
        assert np.isnan(y[:, 0]).any()
        assert np.isfinite(y[:, 1]).all()
        assert np.isfinite(layer.backward(np.ones_like(y))[:, 1]).all()
        assert np.isfinite(layer.buffers["running_mean"][1])


@pytest.mark.parametrize("x", [X[:1, :, :1, :1], X[:1, :, 0, 0]])
def test_one_number_in_a_channel_has_no_variance(x):
    layer = tn.BatchNorm(2, name="bn1")
    message = r"^BatchNorm 'bn1' expects .* with at least two numbers in each channel in training, got \(1, 2"
    with pytest.raises(tn.ShapeError, match=message):
        layer.forward(x, training=True)
    assert layer.buffers["num_batches_tracked"] == 0
    assert layer(x).shape == x.shape


@pytest.mark.parametrize("shape", [(0, 2), (0, 2, 3, 3)])
def test_an_empty_batch_changes_nothing(shape):
    layer = tn.BatchNorm(2)
    y = layer.forward(np.zeros(shape), training=True)
    assert y.shape == layer.backward(y).shape == shape
    assert layer.buffers["num_batches_tracked"] == 0
    assert layer.buffers["running_var"].tolist() == [1, 1]
    assert not layer.grads["weight"].any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_dtype_of_the_parameters_stays(dtype):
    layer = tn.BatchNorm(2, dtype=dtype)
    y = layer.forward(X, training=True)
    arrays = [layer(X), y, layer.backward(y), *layer.grads.values(), *layer.params.values()]
    arrays += [layer.buffers["running_mean"], layer.buffers["running_var"]]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}


def test_a_pickle_goes_on_where_the_original_stood():
    layer = tn.BatchNorm(2)
    layer.forward(X, training=True)
    other = pickle.loads(pickle.dumps(layer))
    for each in (layer, other):
        each.forward(X + 1, training=True)
    assert np.array_equal(other(X), layer(X))
    assert other.buffers["num_batches_tracked"] == 2


@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 4, 4), (5, 2, 4), (2,), (5, 2, 4, 4, 1)])
def test_a_wrong_shape_is_named(shape):
    layer = tn.BatchNorm(2, name="bn1")
    got = r", ".join(map(str, shape))
    message = rf"^BatchNorm 'bn1' expects an input of shape \(N, 2\) or \(N, 2, H, W\), got \({got},?\)"
    for call in (layer, lambda x: layer.forward(x, training=True)):
        with pytest.raises(tn.ShapeError, match=message):
            call(np.zeros(shape))


def test_a_wrong_dtype_is_named():
    with pytest.raises(TypeError, match=r"^BatchNorm: dtype must be float32 or float64"):
        tn.BatchNorm(2, dtype="float16")


def test_a_wrong_shape_is_named_before_there_is_a_batch():
    with pytest.raises(tn.ShapeError, match=r"^BatchNorm expects .*, got \(N, 3\)$"):
        tn.BatchNorm(2)._output_shape((3,))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0,), ValueError, "num_features must be at least 1"),
        ((2.0,), TypeError, "num_features must be an integer"),
        ((2, -1.0), ValueError, "eps must be a finite number of at least 0"),
        ((2, np.inf), ValueError, "eps must be a finite number of at least 0"),
        ((2, "small"), TypeError, "eps must be a number"),
        ((2, True), TypeError, "eps must be a number"),
        ((2, 1e-5, 1.5), ValueError, r"momentum must be in 0..1, got 1.5"),
        ((2, 1e-5, "fast"), TypeError, "momentum must be a number"),
        ((2, 1e-5, 0.1, "no"), TypeError, "affine must be True or False, got 'no'"),
    ],
)
def test_bad_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=f"BatchNorm: {message}"):
        tn.BatchNorm(*arguments)


@pytest.mark.parametrize(
    "text", ["BatchNorm(3)", "BatchNorm(3, eps=0.001, momentum=None, affine=False, name='bn1')", "BatchNorm(1)"]
)
def test_repr_rebuilds_the_layer(text):
    assert repr(eval(text, vars(tn))) == text
