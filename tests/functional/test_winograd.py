"""Windows in pairs: the outputs and gradients of plain products, for two thirds of the multiplications."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from loops import conv2d
from window_pairs import take_pairs

import tinynet as tn
from tinynet import functional as fn
from tinynet.functional import columns, convolution_gradients, windows, winograd
from tinynet.functional.convolution import conv2d_columns

FEW = st.integers(1, 3)


@pytest.fixture
def by_pairs(monkeypatch):
    """Take windows in pairs however few there are; a call decides."""
    take_pairs(monkeypatch)
    return partial(take_pairs, monkeypatch)


def columns_of(x, weight, stride=(1, 1)):
    return conv2d_columns(x, weight, False, stride, (0, 0))


def step(x, weight, bias, grad, **sizes):
    return [fn.conv2d(x, weight, bias, **sizes), *fn.conv2d_backward(grad, x, weight, **sizes)]


def output_shape(x, weight, stride, padding):
    counts = windows.window_counts("", x.shape[2:], weight.shape[2:], stride, padding)
    return (len(x), len(weight), *counts)


@st.composite
def convolutions(draw):
    """Draw images, filters of three columns, a bias or none, a gradient, stride and padding: whole numbers.

    Their halves are exact, and so are all sums, in whatever order.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kh, padding = draw(FEW), (draw(st.integers(0, 2)), draw(st.integers(0, 2)))
    size = draw(st.integers(max(1, kh - 2 * padding[0]), 7)), draw(st.integers(max(1, 3 - 2 * padding[1]), 8))
    x = rng.integers(-9, 10, (draw(FEW), draw(FEW), *size)).astype(draw(st.sampled_from([np.float32, np.float64])))
    weight = rng.integers(-9, 10, (draw(FEW), x.shape[1], kh, 3)).astype(x.dtype)
    bias = rng.integers(-9, 10, len(weight)).astype(x.dtype) if draw(st.booleans()) else None
    stride = draw(FEW), 1
    grad = rng.integers(-9, 10, output_shape(x, weight, stride, padding)).astype(x.dtype)
    return x, weight, bias, grad, {"stride": stride, "padding": padding}


@given(convolutions(), st.sampled_from([1, 500, windows.GROUP_BYTES]))
def test_pairs_give_what_plain_products_give(case, group):
    *arrays, sizes = case
    x, weight, bias, _ = arrays
    found = []
    for chosen in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(windows, "GROUP_BYTES", group)
            take_pairs(patch, chosen)
            found.append(step(*arrays, **sizes))
    for by_pairs, plainly in zip(*found):
        assert by_pairs.dtype == x.dtype
        assert np.array_equal(by_pairs, plainly)
    assert np.array_equal(found[0][0], conv2d(x, weight, bias, sizes["stride"], sizes["padding"]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_layer_of_many_channels_takes_them(dtype, monkeypatch):
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(32, 32, 6, 7)).astype(dtype), rng.normal(size=(33, 32, 3, 3)).astype(dtype)
    grad = rng.normal(size=(32, 33, 4, 5)).astype(dtype)
    assert columns_of(x, weight).paired
    found = step(x, weight, np.arange(33, dtype=dtype), grad)
    monkeypatch.setattr(winograd, "FEWEST_SAMPLES", 33)
    assert not columns_of(x, weight).paired
    exact = step(*(a.astype("float64") for a in (x, weight, np.arange(33), grad)))
    for array, expected in zip(found, exact):
        error = np.abs(array - expected).max() / np.abs(expected).max()
        assert error < 20 * np.finfo(dtype).eps, error / np.finfo(dtype).eps


@pytest.mark.parametrize(
    ("samples", "channels", "filters", "kernel", "stride", "expected"),
    [
        (32, 32, 32, (3, 3), (1, 1), True),
        (32, 32, 32, (1, 3), (3, 1), True),
        (16, 64, 64, (3, 3), (1, 1), True),
        (16, 63, 64, (3, 3), (1, 1), False),
        (16, 64, 63, (3, 3), (1, 1), False),
        (15, 99, 99, (3, 3), (1, 1), False),
        (31, 32, 32, (3, 3), (1, 1), False),
        (99, 31, 99, (3, 3), (1, 1), False),
        (99, 99, 31, (3, 3), (1, 1), False),
        (32, 32, 32, (3, 2), (1, 1), False),
        (32, 32, 32, (3, 4), (1, 1), False),
        (32, 32, 32, (3, 3), (1, 2), False),
    ],
)
def test_when_it_pays(samples, channels, filters, kernel, stride, expected):
    x, weight = np.zeros((samples, channels, 8, 8)), np.zeros((filters, channels, *kernel))
    assert columns_of(x, weight, stride).paired is expected


@pytest.mark.parametrize("large", [np.inf, -np.inf, np.nan, 1.1e15, -1.1e15])
@pytest.mark.parametrize("where", ["image", "weight"])
@pytest.mark.parametrize("group", [1, windows.GROUP_BYTES])
def test_numbers_beyond_all_bounds_are_left_to_plain_products(large, where, group, by_pairs, monkeypatch):
    monkeypatch.setattr(windows, "GROUP_BYTES", group)
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(2, 2, 6, 6)).astype("f4"), rng.normal(size=(2, 2, 3, 3)).astype("f4")
    {"image": x, "weight": weight}[where][1, 1, 2, 1] = large
    grad = rng.normal(size=(2, 2, 4, 4)).astype("f4")
    assert not columns_of(x, weight).paired
    found = step(x, weight, None, grad)
    by_pairs(False)
    for a, b in zip(found, step(x, weight, None, grad)):
        assert np.array_equal(a, b, equal_nan=True)


def test_numbers_of_every_moderate_size_are_taken_in_pairs(by_pairs):
    x, weight = np.full((1, 1, 3, 4), 1e15), np.full((1, 1, 3, 3), -1e15)
    assert columns_of(x, weight).paired
    np.testing.assert_allclose(fn.conv2d(x, weight), -9e30, rtol=1e-12)


def test_an_infinite_bias_gives_an_infinite_output(by_pairs):
    x, weight = np.ones((9, 1, 3, 5)), np.ones((1, 1, 3, 3))
    assert (fn.conv2d(x, weight, [-np.inf]) == -np.inf).all()


def transposed(forward, backward, shapes_in, shapes_out):
    """Tell whether ``<forward(x), y> = <x, backward(y)>`` for whole numbers x and y."""
    rng = np.random.default_rng(0)
    x, y = ([rng.integers(-9, 10, shape).astype(float) for shape in shapes] for shapes in (shapes_in, shapes_out))
    outputs, gradients = forward([a.copy() for a in x]), backward([a.copy() for a in y])
    return sum((a * b).sum() for a, b in zip(outputs, y)) == sum((a * b).sum() for a, b in zip(x, gradients)) != 0


@pytest.mark.parametrize("width", [3, 4, 5, 8])
def test_what_takes_gradients_back_is_the_transpose_of_the_sums_of_pixels(width):
    planes = [(2, 3, winograd.pairs(width - 2), 5)] * 4

    def forward(images):
        sums = [np.full(shape, np.nan) for shape in planes]
        winograd.transform_images(images[0], sums)
        return sums

    def backward(grads):
        rows = np.full((2, 3, width, 5), np.nan)
        winograd.transform_images_backward(grads, rows)
        return [rows]

    assert transposed(forward, backward, [(2, 3, width, 5)], planes)


def test_what_takes_gradients_back_is_the_transpose_of_the_sums_of_weights_and_products():
    planes, pixels = [(4, 2, 3, 1)] * 4, (2, 4, 3, 5)
    assert transposed(
        lambda x: winograd.transform_filters(x[0]),
        lambda y: [winograd.transform_filters_backward(y)],
        [(4, 2, 3, 3)],
        planes,
    )

    def backward(halves):
        grads = [halves[0], np.empty(pixels), np.empty(pixels), halves[1]]
        winograd.transform_outputs_backward(grads)
        return grads

    assert transposed(winograd.transform_outputs, backward, [pixels] * 4, [pixels] * 2)


def test_pixels_are_read_once_and_kept(by_pairs):
    rng = np.random.default_rng(0)
    layer = tn.Conv2d(2, 3, 3, rng=0, dtype="float64")
    x, grad = rng.normal(size=(4, 2, 5, 5)), rng.normal(size=(4, 3, 3, 3))
    layer.forward(x, training=True)
    expected = fn.conv2d_backward(grad, x, layer.params["weight"])
    x[...] = np.nan
    assert np.allclose(layer.backward(grad), expected[0])
    assert np.allclose(layer.grads["weight"], expected[1])


@pytest.mark.parametrize("bias", [True, False])
def test_gradients_beside_central_differences(by_pairs, bias):
    layer = tn.Conv2d(2, 3, (2, 3), (2, 1), 1, bias, rng=0, dtype="float64")
    x = np.random.default_rng(0).normal(size=(2, 2, 4, 5))
    assert max(tn.check_gradients(layer, x).values()) < 1e-7


@pytest.mark.parametrize("samples", [63, 64, 128])
def test_no_two_rows_of_a_plane_have_the_same_place_in_a_cache(samples, by_pairs):
    rng = np.random.default_rng(0)
    x, weight = (rng.integers(-3, 4, shape) * 1.0 for shape in ((samples, 2, 4, 18), (3, 2, 3, 3)))
    found = columns_of(x, weight)
    assert found.paired
    assert all(matrices.strides[1] % columns.ALIASED for matrices in found.matrices())
    y = fn.conv2d(x, weight)
    by_pairs(False)
    assert np.array_equal(y, fn.conv2d(x, weight))


def test_no_images():
    empty = np.zeros((0, 2, 4, 5))
    y, *grads = step(empty, np.ones((3, 2, 3, 3)), np.ones(3), np.zeros((0, 3, 2, 3)))
    assert y.shape == (0, 3, 2, 3)
    assert [grad.shape for grad in grads] == [(0, 2, 4, 5), (3, 2, 3, 3), (3,)]
    assert not any(grad.any() for grad in grads)


@pytest.mark.parametrize("chosen", [True, False])
@pytest.mark.parametrize("samples", [1, 99])
@pytest.mark.parametrize(("of_grad", "of_x"), [("f8", "f4"), ("f4", "f8")])
def test_gradients_have_the_dtype_of_the_gradient(of_grad, of_x, chosen, samples, by_pairs):
    by_pairs(chosen)
    x, weight = np.ones((samples, 2, 4, 5), of_x), np.ones((3, 2, 3, 3), of_x)
    grads = fn.conv2d_backward(np.ones((samples, 3, 2, 3), of_grad), x, weight)
    assert [grad.dtype for grad in grads] == [np.dtype(of_grad)] * 3


def test_a_window_without_a_partner_has_no_gradient_there(by_pairs, monkeypatch):
    case = np.ones((1, 1, 3, 7)), np.ones((1, 1, 3, 3)), None, np.ones((1, 1, 1, 5))
    expected = step(*case)
    monkeypatch.setattr("tinynet.functional.gradient_planes.empty", lambda shape, dtype: np.full(shape, 77, dtype))
    for found, array in zip(step(*case), expected):
        assert np.array_equal(found, array)


def test_huge_gradients_give_no_warning(by_pairs):
    x, weight = np.ones((1, 1, 3, 6), "f4"), np.ones((1, 1, 3, 3), "f4")
    for large in (3e38, np.inf):
        grads = fn.conv2d_backward(np.full((1, 1, 1, 4), large, "f4"), x, weight)
        assert not any(np.isfinite(grad).all() for grad in grads)


def test_as_many_rows_come_together_as_the_cache_holds(by_pairs, monkeypatch):
    """Rows of windows for the products, rows of the image for its gradient: with all planes, and what they give."""
    x, weight = np.ones((5, 2, 12, 8), "f4"), np.ones((3, 2, 3, 3), "f4")
    found = columns_of(x, weight)
    rows, planes, filters, pairs, images, itemsize = 2, 4, 3, 3, 5, 4
    monkeypatch.setattr(windows, "GROUP_BYTES", rows * planes * filters * pairs * images * itemsize)
    assert [group for group, _ in found.groups(3)] == [slice(i, i + 2) for i in range(0, 10, 2)]
    covered = list(convolution_gradients._covered_alike(12, found, windows.GROUP_BYTES // 4))
    assert [rows for rows, _, _ in covered] == [
        slice(0, 1, 1),
        slice(1, 2, 1),
        slice(10, 11, 1),
        slice(11, 12, 1),
        slice(2, 6, 1),
        slice(6, 10, 1),
    ]
    assert covered[-1][1:] == (slice(4, 7), slice(0, 3))


@pytest.mark.parametrize("large", [np.inf, 3e38])
def test_weights_that_grew_after_forward_give_no_warning(large, by_pairs):
    layer = tn.Conv2d(1, 1, 3, rng=0)
    layer.forward(np.ones((1, 1, 3, 4)), training=True)
    layer.params["weight"][0, 0, 0] = large, 0, -large if np.isinf(large) else large
    layer.backward(np.ones((1, 1, 1, 2)))
    assert np.isfinite(layer.grads["weight"]).all()
