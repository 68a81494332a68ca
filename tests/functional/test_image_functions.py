"""Convolution and pooling beside slow loops that say what they mean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from loops import avg_pool2d, conv2d, max_pool2d

import tinynet as tn
from tinynet import functional as fn
from tinynet.functional import convolution_gradients, max_pooling, windows

FEW = st.integers(1, 3)


def used_memory(shape, dtype):
    """Memory that is not 0, as `empty` may give it."""
    return np.full(shape, 77, dtype)


@st.composite
def direction(draw, half):
    kernel, stride = draw(FEW), draw(FEW)
    padding = draw(st.integers(0, kernel // 2 if half else 2))
    return kernel, stride, padding, draw(st.integers(max(1, kernel - 2 * padding), 5))


@st.composite
def images(draw, half=True):
    """Draw images and, for both directions, a window, its stride and a padding, at most half of it with `half`."""
    kernel, stride, padding, size = zip(draw(direction(half)), draw(direction(half)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = rng.standard_normal((draw(FEW), draw(FEW), *size))
    return x.round(draw(st.sampled_from([0, 6]))), kernel, stride, padding, rng


@given(images(half=False), st.booleans())
def test_conv2d(case, bias):
    x, kernel, stride, padding, rng = case
    weight = rng.standard_normal((2, x.shape[1], *kernel))
    b = rng.standard_normal(2) if bias else None
    expected = conv2d(x, weight, b, stride, padding)
    y = fn.conv2d(x, weight, b, stride=stride, padding=padding)
    np.testing.assert_allclose(y, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("images", [1, 50])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 1), (1, 2)])
def test_a_bias_counts_whether_it_is_added_or_a_weight_of_ones(images, kernel):
    """Which of them it is depends on the numbers of windows and weights, and on the width of the kernel."""
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((images, 7, 4, 4)), rng.standard_normal((2, 7, *kernel))
    without, bias = fn.conv2d(x, weight), np.array([1e3, np.inf])
    y = fn.conv2d(x, weight, bias)
    np.testing.assert_allclose(y, without + bias[:, None, None], rtol=1e-12)
    grad = rng.standard_normal(y.shape)
    np.testing.assert_allclose(fn.conv2d_backward(grad, x, weight)[2], grad.sum(axis=(0, 2, 3)), rtol=1e-10)


@given(images())
def test_max_pool2d(case):
    x, kernel, stride, padding, _ = case
    expected = max_pool2d(x, kernel, stride, padding)
    assert np.array_equal(fn.max_pool2d(x, kernel, stride=stride, padding=padding), expected)


@given(images(), st.booleans())
def test_avg_pool2d(case, counted):
    x, kernel, stride, padding, _ = case
    expected = avg_pool2d(x, kernel, stride, padding, counted)
    y = fn.avg_pool2d(x, kernel, stride=stride, padding=padding, count_include_pad=counted)
    np.testing.assert_allclose(y, expected, rtol=1e-10, atol=1e-12)


@given(images(half=False))
def test_the_gradient_of_a_convolution_is_its_transpose(case):
    """<dY, conv(X)> = <dX, X> = <dW, W>, for any X and W, as the convolution is linear in both."""
    x, kernel, stride, padding, rng = case
    weight = rng.standard_normal((2, x.shape[1], *kernel))
    y = fn.conv2d(x, weight, stride=stride, padding=padding)
    grad = rng.standard_normal(y.shape)
    dx, dw, db = fn.conv2d_backward(grad, x, weight, stride=stride, padding=padding)
    for inner in ((dx * x).sum(), (dw * weight).sum()):
        np.testing.assert_allclose(inner, (grad * y).sum(), rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(db, grad.sum(axis=(0, 2, 3)), rtol=1e-10, atol=1e-12)


@given(images(), st.booleans())
def test_pooling_passes_on_the_whole_gradient(case, counted):
    """Of a maximum all goes to one element; of a mean all to the elements that count."""
    x, kernel, stride, padding, rng = case
    sizes = {"stride": stride, "padding": padding}
    y = fn.max_pool2d(x, kernel, **sizes)
    grad = rng.standard_normal(y.shape)
    np.testing.assert_allclose(fn.max_pool2d_backward(grad, x, y, kernel, **sizes).sum(), grad.sum(), atol=1e-10)
    sizes["count_include_pad"] = counted
    dx = fn.avg_pool2d_backward(grad, x.shape, kernel, **sizes)
    np.testing.assert_allclose((dx * x).sum(), (grad * fn.avg_pool2d(x, kernel, **sizes)).sum(), atol=1e-10)


def test_without_more_words_windows_touch_and_zeros_around_an_image_count():
    x = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    assert fn.avg_pool2d(x, 2).tolist() == [[[[2.5]]]]
    assert fn.avg_pool2d(x, 2, padding=1).tolist() == [[[[0.25, 0.5], [0.75, 1.0]]]]
    assert fn.avg_pool2d_backward([[[[4.0]]]], (1, 1, 2, 2), 2).tolist() == np.ones((1, 1, 2, 2)).tolist()
    assert fn.avg_pool2d_backward(4 * x, (1, 1, 2, 2), 2, padding=1).tolist() == x.tolist()


def test_a_mean_that_rounding_makes_too_large_gives_no_warning():
    assert fn.avg_pool2d(np.full((1, 1, 1, 11), np.finfo(float).max), (1, 11)).tolist() == [[[[np.inf]]]]


@pytest.mark.parametrize(
    ("kernel", "shape"),
    [((2, 3), (1, 1, 3, 3)), ((2, 2), (1, 2, 3, 4)), ((2, 2), (2, 1, 4, 3)), ((2, 2), (1, 1, 4, 4))],
)
def test_what_no_window_of_a_maximum_covers_has_no_gradient(kernel, shape, monkeypatch):
    monkeypatch.setattr(max_pooling, "empty", used_memory)
    x = np.random.default_rng(0).standard_normal(shape)
    y = fn.max_pool2d(x, kernel)
    grad = fn.max_pool2d_backward(np.ones_like(y), x, y, kernel)
    assert sorted(np.unique(grad)) == [0, 1]
    assert grad.sum() == y.size


def test_what_no_window_of_a_convolution_covers_has_no_gradient(monkeypatch):
    monkeypatch.setattr(convolution_gradients, "empty", used_memory)
    x, weight = np.ones((1, 1, 10, 2)), np.ones((1, 1, 3, 1))
    grad, _, _ = fn.conv2d_backward(np.ones((1, 1, 2, 2)), x, weight, stride=(4, 1))
    assert grad[0, 0, :, 0].tolist() == grad[0, 0, :, 1].tolist() == [1, 1, 1, 0, 1, 1, 1, 0, 0, 0]


@pytest.mark.parametrize(("kernel", "code"), [((15, 15), "u1"), ((20, 15), "u2"), ((300, 1), "u2"), ((1, 300), "u2")])
def test_places_in_large_windows_can_be_told(kernel, code):
    x = np.zeros((1, 1, *kernel))
    x[..., -1, -1] = 1
    _, places = max_pooling.max_pool2d_and_places(x, kernel, kernel, (0, 0))
    assert places.dtype == code
    assert places.tolist() == [[[[x.size - 1]]]]


@pytest.mark.parametrize(
    ("kernel", "stride"), [((2, 3), (2, 3)), ((2, 3), (3, 2)), ((3, 2), (2, 3)), ((2, 2), (3, 4))]
)
def test_rows_of_windows_are_taken_apart_unless_they_overlap(kernel, stride, monkeypatch):
    x = np.random.default_rng(0).standard_normal((2, 3, 11, 12))
    y, places = max_pooling.max_pool2d_and_places(x, kernel, stride, (0, 0))
    grad = np.random.default_rng(1).standard_normal(y.shape)
    arguments = grad, places, x.shape, kernel, stride, (0, 0)
    expected = max_pooling.max_pool2d_backward_kernel(*arguments)
    parts = []

    def share(work, items, nbytes):
        parts.append(list(items))
        for item in reversed(parts[-1]):
            work(item)

    monkeypatch.setattr("tinynet.functional.windows.GROUP_BYTES", 1)
    monkeypatch.setattr(max_pooling, "share", share)
    assert np.array_equal(max_pooling.max_pool2d_backward_kernel(*arguments), expected)
    apart, found = max_pooling.max_pool2d_and_places(x, kernel, stride, (0, 0))
    assert np.array_equal(apart, y)
    assert np.array_equal(found, places)
    assert list(map(len, parts)) == [1 if stride[0] < kernel[0] else y.shape[2], y.shape[2]]


@pytest.mark.parametrize("large", [np.inf, 3e38])
def test_huge_gradients_of_overlapping_windows_give_no_warning(large):
    grad = np.array([[[[large, -large if np.isinf(large) else large]]]], np.float32)
    x = np.array([[[[0, 1, 0]]]], np.float32)
    found = fn.max_pool2d_backward(grad, x, [[[[1, 1]]]], (1, 2), stride=1)[0, 0, 0]
    assert not np.isfinite(found[1])
    assert found[0] == found[2] == 0


@pytest.mark.parametrize("group", [1, windows.GROUP_BYTES])
def test_gradients_of_convolutions_that_overflow_give_no_warning(group, monkeypatch):
    monkeypatch.setattr(windows, "GROUP_BYTES", group)
    huge = np.full((1, 1, 2, 1), 1e154)  # each product is a number yet
    _, dw, _ = fn.conv2d_backward(np.repeat(huge, 5, axis=2), np.repeat(huge, 5, axis=2), [[[[1.0]]]])
    assert np.isinf(dw).all()
    huge = np.full((1, 1, 2, 1), 1e200)
    for grad in (huge, huge * [[[[1.0], [-1.0]]]]):
        dx, dw, _ = fn.conv2d_backward(grad, huge, huge[:, :, :1])
        assert np.isinf(dx).all()
        assert not np.isfinite(dw).any()


def test_a_gradient_that_only_the_sum_of_all_rows_overflows_gives_no_warning():
    x, grad = np.ones((1, 1, 4, 2), np.float32), np.full((1, 1, 4, 1), 1e38, np.float32)
    assert (fn.conv2d_backward(grad, x, np.ones((1, 1, 1, 2), np.float32))[1] == np.inf).all()


def test_no_images_have_no_gradient():
    assert fn.avg_pool2d_backward(np.zeros((0, 1, 1, 1)), (0, 1, 2, 2), 2).shape == (0, 1, 2, 2)


X = np.zeros((2, 3, 5, 5))
W = np.zeros((4, 3, 2, 2))
Y = np.zeros((2, 3, 2, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fn.conv2d(X[0], W), r"conv2d expects images of shape \(N, C, H, W\), got \(3, 5, 5\)"),
        (lambda: fn.conv2d(X, W[:, :2]), r"conv2d expects x \(N, C, H, W\) and weight .*, got x \(2, 3, 5, 5\)"),
        (lambda: fn.conv2d(X, W[0]), r"conv2d expects x .* weight \(3, 2, 2\)"),
        (lambda: fn.conv2d(X, W[:0]), r"conv2d expects x .* weight \(0, 3, 2, 2\)"),
        (lambda: fn.conv2d(X, W, np.zeros(3)), r"conv2d expects bias \(4,\) for weight \(4, 3, 2, 2\), got \(3,\)"),
        (lambda: fn.conv2d(X[..., :1], W), r"conv2d: a window of \(2, 2\) does not fit into an image of \(5, 1\)"),
        (
            lambda: fn.conv2d_backward(X, X, W),
            r"conv2d_backward expects grad \(2, 4, 4, 4\) .*, got \(2, 3, 5, 5\)",
        ),
        (lambda: fn.max_pool2d(X[0], 2), r"max_pool2d expects images of shape \(N, C, H, W\), got \(3, 5, 5\)"),
        (lambda: fn.max_pool2d(X, 6), r"max_pool2d: a window of \(6, 6\) does not fit into an image of \(5, 5\)"),
        (
            lambda: fn.max_pool2d_backward(X, X, Y, 2),
            r"max_pool2d_backward expects .* \(2, 3, 2, 2\) for x ",
        ),
        (
            lambda: fn.max_pool2d_backward(Y, X, X, 2),
            r"max_pool2d_backward expects .* \(2, 3, 2, 2\) for x ",
        ),
        (lambda: fn.avg_pool2d(X[0], 2), r"avg_pool2d expects images of shape \(N, C, H, W\), got \(3, 5, 5\)"),
        (
            lambda: fn.avg_pool2d_backward(X, X.shape, 2),
            r"avg_pool2d_backward expects .* \(2, 3, 2, 2\) for x ",
        ),
        (lambda: fn.avg_pool2d_backward(Y, list(X.shape), 2), r"avg_pool2d_backward expects x_shape \(N, C, H, W\)"),
        (lambda: fn.avg_pool2d_backward(Y, X.shape[1:], 2), r"avg_pool2d_backward expects x_shape \(N, C, H, W\)"),
        (lambda: fn.avg_pool2d_backward(Y, X.shape, 6), r"avg_pool2d_backward: a window of \(6, 6\) does not fit"),
    ],
)
def test_wrong_shapes_are_named(call, message):
    with pytest.raises(tn.ShapeError, match=f"^{message}"):
        call()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fn.conv2d(X, W, stride=0), ValueError, "conv2d: stride must be at least 1, got 0"),
        (lambda: fn.conv2d(X, W, padding=-1), ValueError, "conv2d: padding must be at least 0, got -1"),
        (lambda: fn.conv2d(X, W, padding=(1, 2, 3)), ValueError, "conv2d: padding must be one integer or a pair"),
        (lambda: fn.max_pool2d(X, 2.0), TypeError, "max_pool2d: kernel_size must be an integer, got 2.0"),
        (lambda: fn.avg_pool2d(X, 3, padding=2), ValueError, "avg_pool2d: padding must be at most half the window"),
        (lambda: fn.avg_pool2d_backward(Y, (2, 3, -1, 5), 2), ValueError, "avg_pool2d_backward: each size of"),
    ],
)
def test_wrong_sizes_are_named(call, error, message):
    with pytest.raises(error, match=f"^{message}"):
        call()
