"""The activations, softmax and its logarithm at the edges of the number range; their arguments."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn


@pytest.mark.parametrize("rows", [1, 40])
def test_relu_at_special_values(rows):
    x = np.array([[-np.inf, -1, -0.0, 0, 1, np.inf, np.nan]] * rows, np.float32)
    y = tn.ReLU()(x)
    assert np.array_equal(y[-1], np.array([0, 0, 0, 0, 1, np.inf, np.nan], np.float32), equal_nan=True)


def test_relu_passes_no_gradient_at_zero():
    relu = tn.ReLU()
    relu.forward([[-1.0, 0.0, 1.0]], training=True)
    assert relu.backward([[5.0, 5.0, 5.0]]).tolist() == [[0, 0, 5]]


def test_a_hundredth_passes_unless_another_share_is_given():
    assert tn.LeakyReLU()([[-2.0]]).tolist() == tn.LeakyReLU(0.01)([[-2.0]]).tolist()


@pytest.mark.parametrize("slope", [0.25, 0.0, 2, -1])
def test_leaky_relu_passes_a_share_of_the_gradient_at_zero_and_below(slope):
    leaky = tn.LeakyReLU(slope)
    assert leaky.forward([[-4.0, 0.0, 4.0]], training=True).tolist() == [[-4 * slope, 0, 4]]
    assert leaky.backward([[8.0, 8.0, 8.0]]).tolist() == [[8 * slope, 8 * slope, 8]]


def test_a_slope_of_zero_is_relu_without_nan():
    leaky = tn.LeakyReLU(0)
    assert leaky.forward([[-np.inf, np.inf]], training=True).tolist() == [[0, np.inf]]
    assert leaky.backward([[np.inf, np.inf]]).tolist() == [[0, np.inf]]


@pytest.mark.parametrize(
    ("slope", "error"),
    [(np.nan, ValueError), (np.inf, ValueError), ("0.1", TypeError), (None, TypeError), (True, TypeError)],
)
def test_a_slope_that_is_no_finite_number_is_refused(slope, error):
    with pytest.raises(error, match="LeakyReLU: negative_slope must be "):
        tn.LeakyReLU(slope)


@pytest.mark.parametrize(
    "text", ["LeakyReLU(0.01)", "LeakyReLU(-1.23456789, name='a')", "Sigmoid()", "Tanh(name='a')"]
)
def test_repr_rebuilds_the_layer(text):
    assert repr(eval(text, vars(tn))) == text


@pytest.mark.parametrize(
    "layer", [tn.ReLU(), tn.LeakyReLU(), tn.LeakyReLU(2), tn.Sigmoid(), tn.Tanh(), tn.Softmax(), tn.LogSoftmax()]
)
def test_inference_writes_into_an_array_that_it_may_overwrite_and_nowhere_else(layer):
    for rows in (1, 40, 400):
        x = np.random.default_rng(0).standard_normal((rows, 50), np.float32)
        expected, scratch = layer(x), x.copy()
        y, fresh = layer._infer(scratch, True)
        assert y is scratch
        assert fresh
        assert np.array_equal(y, expected)


@pytest.mark.parametrize("rows", [1, 2, 40])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_softmax_neither_overflows_nor_mixes_rows(rows, dtype):
    big = np.finfo(dtype).max
    x = np.zeros((rows, 3), dtype)
    x[0] = [big, 0, -big]
    y = tn.LogSoftmax()(x)
    assert y.dtype == dtype
    assert y[0].tolist() == [0, -big, -np.inf]  # twice the largest number is no number
    np.testing.assert_allclose(y[1:], -np.log(3), rtol=1e-6)


@pytest.mark.parametrize("rows", [1, 40])
@pytest.mark.parametrize("classes", [3, 100])
def test_log_softmax_is_the_logarithm_of_softmax(rows, classes):
    x = 5 * np.random.default_rng(0).standard_normal((rows, classes))
    np.testing.assert_allclose(np.exp(tn.LogSoftmax()(x)), tn.Softmax()(x), rtol=1e-12)
    x[:, 0] = -np.inf
    assert np.isneginf(tn.LogSoftmax()(x)[:, 0]).all()
    for special in (np.nan, np.inf):
        x[0, 1] = special
        assert np.isnan(tn.LogSoftmax()(x)[0]).any()
        assert not np.isnan(tn.LogSoftmax()(x)[1:]).any()
    assert np.isnan(tn.LogSoftmax()(np.full((rows, classes), -np.inf))).all()


def test_log_softmax_keeps_minus_infinity_out_of_the_gradient():
    layer = tn.LogSoftmax()
    layer.forward([[-np.inf, 0.0, 0.0]], training=True)
    np.testing.assert_allclose(layer.backward([[0.0, 1.0, 0.0]]), [[0, 0.5, -0.5]])


@pytest.mark.parametrize("rows", [1, 2, 40])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_neither_overflows_nor_mixes_rows(rows, dtype):
    big = np.finfo(dtype).max
    x = np.zeros((rows, 3), dtype)
    x[0] = [big, 0, -big]
    s = tn.Softmax()(x)
    assert s.dtype == dtype
    assert s[0].tolist() == [1, 0, 0]
    np.testing.assert_allclose(s[1:], 1 / 3, rtol=1e-6)


def test_softmax_gives_minus_infinity_the_probability_zero():
    for rows in (1, 40):
        assert tn.Softmax()([[-np.inf, 0.0, 0.0]] * rows)[0].tolist() == [0, 0.5, 0.5]


@pytest.mark.parametrize("kind", [tn.Softmax, tn.LogSoftmax])
@pytest.mark.parametrize("shape", [(3,), (2, 0), (2, 3, 1)])
def test_softmax_refuses_what_has_no_rows_of_classes(kind, shape):
    message = rf"^{kind.__name__} expects an input of shape \(N, C\) with at least one class, got \("
    with pytest.raises(tn.ShapeError, match=message):
        kind()(np.zeros(shape))
    with pytest.raises(tn.ShapeError, match=rf"^layer 1: {kind.__name__} expects an input of shape \(N, C\), got"):
        tn.Sequential(tn.MaxPool2d(2), kind())._output_shape((3, 4, 4))


@pytest.mark.parametrize("shape", [(), (3,)])
def test_flatten_needs_a_batch_axis(shape):
    with pytest.raises(tn.ShapeError, match="batch axis"):
        tn.Flatten()(np.zeros(shape))


def test_flatten_lets_samples_lie_last_and_copies_nothing_else():
    x = np.arange(24.0).reshape(2, 2, 2, 3)
    images = x.transpose(3, 1, 0, 2)  # as convolutions leave them
    y, _ = tn.Flatten()._infer(images, False)
    assert y.flags.f_contiguous
    assert np.array_equal(y, images.reshape(3, 8))
    assert np.shares_memory(tn.Flatten()._infer(x, False)[0], x)


def test_flatten_knows_the_shape_of_its_output():
    assert [tn.Flatten()._output_shape(shape) for shape in ((2, 3), (4,), None)] == [(6,), (4,), None]


def test_flatten_keeps_the_order_of_c():
    x = np.arange(24.0).reshape(2, 3, 4)
    assert np.array_equal(tn.Flatten()(np.asfortranarray(x)), x.reshape(2, 12))
