"""Tests of the picture of what neurons look for."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from looks import colour_bars
from matplotlib.colors import to_rgba

import tinynet as tn
from tinynet.viz import plot_neurons


def images_of(figure):
    return [ax.images[0] for ax in figure.axes if ax not in colour_bars(figure)]


def test_each_neuron_is_an_image_of_its_weights():
    layer = tn.Dense(784, 5, rng=0, name="fc1")
    images = images_of(plot_neurons(layer))
    assert len(images) == 5
    for image, weights in zip(images, layer.params["weight"]):
        np.testing.assert_array_equal(image.get_array(), weights.reshape(28, 28))
        assert image.get_interpolation() == "none"
        assert image.axes.get_aspect() in ("equal", 1)


def test_one_scale_around_zero_and_one_colour_bar_serve_all(rng):
    weights = rng.normal(size=(6, 16)) + 2
    figure = plot_neurons(weights, count=4)
    largest = abs(weights[:4]).max()
    assert {(image.norm.vmin, image.norm.vmax) for image in images_of(figure)} == {(-largest, largest)}
    (bar,) = colour_bars(figure)
    assert bar.get_ylabel() == "weight"
    np.testing.assert_allclose(bar.get_ylim(), (-largest, largest))


MEANING = "red: ink raises the output, blue: ink lowers it"


@pytest.mark.parametrize(
    ("count", "shown", "words"),
    [(2, 2, "fc1: first 2 of 6 neurons"), (6, 6, "fc1: 6 neurons"), (32, 6, "fc1: 6 neurons")],
)
def test_title_says_which_neurons_are_drawn(count, shown, words):
    figure = plot_neurons(tn.Dense(16, 6, name="fc1"), count=count)
    assert figure._suptitle.get_text() == f"{words}\n4 × 4 weights each\n{MEANING}"
    assert [image.axes.get_title() for image in images_of(figure)] == [str(k) for k in range(shown)]


def test_other_shapes_than_squares(rng):
    weights = rng.normal(size=(3, 10))
    image = images_of(plot_neurons(weights, image_shape=(2, 5)))[0]
    np.testing.assert_array_equal(image.get_array(), weights[0].reshape(2, 5))


def test_what_is_not_finite_has_its_own_colour_and_is_counted(rng):
    weights = rng.normal(size=(3, 16))
    weights[0, 1], weights[2, 5] = np.nan, np.inf
    figure = plot_neurons(weights)
    assert figure._suptitle.get_text().endswith("\n2 not finite (lime)")
    image = images_of(figure)[0]
    assert np.argwhere(np.ma.getmaskarray(image.get_array())).tolist() == [[0, 1]]
    assert tuple(image.cmap(np.ma.masked_invalid([np.nan]))[0]) == to_rgba("lime")


def test_a_nan_in_an_image_of_more_pixels_than_the_figure_has_can_be_seen():
    weights = np.zeros((30, 400 * 400))
    weights[0, 401] = np.nan
    figure = plot_neurons(weights)
    figure.canvas.draw()
    red, green, blue = np.moveaxis(np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int), -1, 0)
    assert ((green > 200) & (red < 80) & (blue < 80)).sum() >= 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_of_any_finite_magnitude_have_their_colours(dtype):
    shares = np.linspace(-1, 1, 9)[None]
    figure = plot_neurons((shares * float(np.finfo(dtype).max)).astype(dtype))
    figure.draw_without_rendering()
    (image,) = images_of(figure)
    np.testing.assert_allclose(image.norm(image.get_array()).ravel(), (shares[0] + 1) / 2, atol=1e-6)


def test_robust_and_limit_set_the_scale(rng):
    weights = rng.normal(size=(3, 16))
    assert images_of(plot_neurons(weights, limit=0.25))[0].norm.vmax == 0.25
    assert images_of(plot_neurons(weights, robust=True))[0].norm.vmax == np.percentile(abs(weights), 99)


@pytest.mark.parametrize(
    ("weights", "options", "error", "message"),
    [
        (np.ones((2, 10)), {}, tn.ShapeError, r"10 inputs make no square image; give image_shape=\(height, width\)"),
        (np.ones((2, 10)), {"image_shape": (3, 3)}, tn.ShapeError, r"no image of shape \(3, 3\)"),
        (
            np.ones((2, 9)),
            {"image_shape": (-3, -3)},
            ValueError,
            "plot_neurons: each side of image_shape.* at least 1",
        ),
        (np.ones((2, 16)), {"image_shape": (4.0, 4.0)}, TypeError, "plot_neurons: each side of image_shape.*got 4.0"),
        (np.ones((2, 16)), {"image_shape": 4}, TypeError, r"image_shape must be \(height, width\), got 4"),
        (np.ones((2, 16)), {"image_shape": (1, 4, 4)}, TypeError, r"image_shape must be \(height, width\)"),
        (np.ones((2, 9)), {"count": 2.5}, TypeError, "plot_neurons: count must be an integer, got 2.5"),
        (np.ones((2, 9)), {"cmap": "nocolours"}, ValueError, "plot_neurons: cmap .* got 'nocolours'"),
        (np.ones(9), {}, tn.ShapeError, r"got \(9,\)"),
        (np.ones((2, 9)), {"count": 0}, ValueError, "count must be at least 1, got 0"),
        (np.ones((2, 9)), {"limit": 0}, ValueError, "limit must be a positive finite number"),
        (tn.ReLU(), {}, TypeError, "got ReLU"),
    ],
)
def test_refuses_what_is_no_image_before_a_figure_opens(weights, options, error, message):
    with pytest.raises(error, match=message):
        plot_neurons(weights, **options)
    assert plt.get_fignums() == []


def test_filters_of_a_convolution_are_images_of_their_windows():
    layer = tn.Conv2d(1, 6, (3, 5), rng=0, name="conv1")
    figure = plot_neurons(layer)
    assert figure._suptitle.get_text() == f"conv1: 6 filters\n3 × 5 weights each\n{MEANING}"
    for image, weights in zip(images_of(figure), layer.params["weight"]):
        np.testing.assert_array_equal(image.get_array(), weights[0])


def test_filters_of_several_channels_are_drawn_at_one_of_them(rng):
    layer = tn.Conv2d(8, 16, (3, 2), rng=0, name="conv2")
    for options in ({}, {"image_shape": (3, 2)}):
        with pytest.raises(tn.ShapeError, match=r"of conv2 look at 8: give it weight\[:, k:k \+ 1\].*plot_weights"):
            plot_neurons(layer, **options)
    assert plt.get_fignums() == []
    weight = layer.params["weight"]
    figure = plot_neurons(weight[:, 5:6])
    assert figure._suptitle.get_text().startswith("Weights: 16 filters\n3 × 2 weights each")
    np.testing.assert_array_equal(images_of(figure)[7].get_array(), weight[7, 5])


def test_words_for_the_colours_are_true_of_any_colour_map(rng):
    figure = plot_neurons(rng.normal(size=(3, 16)), cmap="PiYG")
    words = "above zero: ink raises the output, below zero: ink lowers it"
    assert " ".join(figure._suptitle.get_text().split()).endswith(words)
