"""Tests of the picture of which pixels a decision depends on."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from looks import colour_bars, illegible_texts
from matplotlib.colors import to_rgba

import tinynet as tn
from tinynet.viz import plot_saliency


def network(*last, dtype="float64"):
    """Return a network in which every kind of layer differs from training, with running statistics of its own."""
    net = tn.Sequential(
        tn.BatchNorm(1, dtype=dtype),
        tn.Conv2d(1, 3, 3, rng=0, dtype=dtype, name="conv"),
        tn.Sequential(tn.BatchNorm(3, dtype=dtype), tn.Tanh(), tn.Dropout(0.5, rng=1)),
        tn.AvgPool2d(2),
        tn.MaxPool2d(2),
        tn.Flatten(),
        tn.Dense(12, 5, rng=2, dtype=dtype),
        tn.LeakyReLU(0.3),
        tn.BatchNorm(5, dtype=dtype),
        tn.Dense(5, 4, rng=3, dtype=dtype),
        *last,
    )
    rng = np.random.default_rng(4)
    for key, array in [*net.params.items(), *net.buffers.items()]:
        if array.dtype.kind == "f":
            array[...] = rng.uniform(0.5, 2, array.shape) * (1 if "var" in key else rng.choice([-1, 1], array.shape))
    return net


@pytest.fixture
def image(rng):
    return rng.uniform(0, 1, size=(10, 10))


def gradient_of(ax):
    return np.ma.filled(ax.images[0].get_array(), np.nan)


def central_differences(score, image, step=1e-6):
    slopes = np.empty(image.shape)
    for index in np.ndindex(image.shape):
        above, below = image.copy(), image.copy()
        above[index] += step
        below[index] -= step
        slopes[index] = (score(above) - score(below)) / (2 * step)
    return slopes


@pytest.mark.parametrize("target", range(4))
def test_draws_the_gradient_of_the_score_as_in_inference(image, target):
    net = network()
    ax = plot_saliency(net, image, target)
    slopes = central_differences(lambda x: net(x[None, None])[0, target], image)
    assert abs(slopes).max() > 1e-3
    np.testing.assert_allclose(gradient_of(ax), slopes, rtol=1e-5, atol=1e-7 * abs(slopes).max())


@pytest.mark.parametrize("last", [tn.Softmax, tn.LogSoftmax])
@pytest.mark.parametrize("after", [[], [tn.Dropout(0.5)], [tn.Sequential(tn.Flatten(), tn.Dropout(0.5))]], ids=len)
def test_the_score_is_what_goes_into_the_softmax(image, last, after):
    plain = gradient_of(plot_saliency(network(), image, 1))
    ax = plot_saliency(network(last(), *after), image, 1)
    assert ax.get_title().endswith(" %)") == (last is tn.Softmax)
    np.testing.assert_array_equal(gradient_of(ax), plain)
    inside = tn.Sequential(network(last()), *after, name="a network of networks")
    np.testing.assert_array_equal(gradient_of(plot_saliency(inside, image, 1)), plain)


def test_of_a_softmax_alone_the_scores_are_the_input():
    ax = plot_saliency(tn.Sequential(tn.Softmax()), np.ones((1, 4)), 1)
    np.testing.assert_array_equal(gradient_of(ax), [[0, 1], [0, 0]])


def test_without_a_target_it_is_the_predicted_class(image):
    net = network(tn.Softmax())
    (predicted,) = net.predict(image)
    probability = round(100 * net.predict_proba(image)[0, predicted])
    ax = plot_saliency(net, image)
    words = f"Saliency for class {predicted}\npredicted: {predicted}"
    assert ax.get_title() in (f"{words} ({probability} %)", f"{words} (> 99 %)")
    assert plot_saliency(network(), image).get_title() == words
    np.testing.assert_array_equal(gradient_of(ax), gradient_of(plot_saliency(net, image, predicted)))


def test_names_of_classes_stand_in_the_title(image):
    title = plot_saliency(network(), image, 2, class_names=["a", "b", "a very long name of a class", "d"]).get_title()
    assert title.startswith("Saliency for class a very long nam…\npredicted: ")


def test_nothing_of_the_network_changes(image):
    net, twin = network(tn.Softmax()), network(tn.Softmax())
    batch = np.stack([image, image.T])[:, None]
    for other in (net, twin):
        other.backward(np.ones_like(other.forward(batch, training=True)))
        other.forward(batch, training=True)
    plot_saliency(net, image)
    for kind in ("params", "buffers", "grads"):
        assert getattr(net, kind).keys() == getattr(twin, kind).keys()
        for key, array in getattr(net, kind).items():
            np.testing.assert_array_equal(array, getattr(twin, kind)[key])
    grad = np.ones((2, 4))
    np.testing.assert_array_equal(net.backward(grad), twin.backward(grad))  # of the forward before the picture
    np.testing.assert_array_equal(net.forward(batch, training=True), twin.forward(batch, training=True))


def test_zero_is_in_the_middle_of_the_scale_and_the_image_is_outlined(image):
    ax = plot_saliency(network(), image, 0)
    largest = abs(gradient_of(ax)).max()
    assert (ax.images[0].norm.vmin, ax.images[0].norm.vmax) == (-largest, largest)
    assert ax.images[0].get_interpolation() == "none"
    (bar,) = colour_bars(ax.figure)
    assert bar.get_ylabel() == "gradient of the score"
    assert ax.get_xlabel().splitlines() == [
        "red: more ink raises the score",
        "blue: more ink lowers it",
        "lines: the image at 1/4 (thin)",
        "and 3/4 (thick) of its range",
    ]
    assert plot_saliency(network(), image, 0, limit=2).images[0].norm.vmax == 2
    robust = plot_saliency(network(), image, 0, robust=True)
    assert robust.images[0].norm.vmax == np.percentile(abs(gradient_of(ax)), 99)


def lines_of(ax):
    return [line for artist in ax.collections for path in artist.get_paths() for line in path.to_polygons()]


def test_lines_lie_where_the_ink_begins_and_where_it_is_almost_full():
    image = np.zeros((10, 10))
    image[3:7, 2:5] = 255
    ax = plot_saliency(network(), image, 0)
    assert {tuple(colour) for artist in ax.collections for colour in artist.get_edgecolor()} == {to_rgba("black")}
    assert [width for artist in ax.collections for width in artist.get_linewidths()] == [0.6, 1.2]
    outer, inner = lines_of(ax)
    assert [*outer.min(axis=0), *outer.max(axis=0)] == [1.25, 2.25, 4.75, 6.75]
    assert [*inner.min(axis=0), *inner.max(axis=0)] == [1.75, 2.75, 4.25, 6.25]


def test_a_hole_that_is_not_without_ink_is_still_seen():
    image = np.full((10, 10), 255)
    image[[0, -1]] = image[:, [0, -1]] = 0
    image[4:6, 4:6] = 150
    holes = [line for line in lines_of(plot_saliency(network(), image, 0)) if abs(line - 4.5).max() < 2]
    assert len(holes) == 1


def test_a_blank_image_has_no_lines():
    blank = plot_saliency(network(), np.zeros((10, 10)), 0)
    assert not [path for artist in blank.collections for path in artist.get_paths() if len(path.vertices)]


def test_with_large_text_none_covers_another(image):
    with plt.rc_context({"font.size": 24}):
        assert illegible_texts(plot_saliency(network(tn.Softmax()), image).figure) == []


def test_colour_bar_is_as_high_as_the_image(image):
    for ax in (None, plt.figure(figsize=(9, 3)).subplots()):
        ax = plot_saliency(network(), image, ax=ax)
        ax.figure.canvas.draw()
        (bar,) = colour_bars(ax.figure)
        picture, key = ax.get_window_extent(), bar.get_window_extent()
        np.testing.assert_allclose([key.y0, key.y1], [picture.y0, picture.y1], atol=1)
        assert picture.x1 < key.x0 < key.x1 < picture.x1 + 0.1 * picture.width


@pytest.mark.parametrize("shape", [(1, 12), (12,), (1, 3, 4), (3, 4)], ids=str)
def test_rows_of_pixels_are_images(shape, rng):
    net = tn.Sequential(tn.Dense(12, 3, rng=0))
    ax = plot_saliency(net, rng.uniform(size=shape), 1, image_shape=(3, 4))
    np.testing.assert_array_equal(gradient_of(ax), net[0].params["weight"][1].reshape(3, 4))


def test_pixels_are_scaled_as_predict_scales_them(image):
    net = network()
    pixels = (255 * image).astype(np.uint8)
    expected = gradient_of(plot_saliency(net, pixels / 255, 0))
    np.testing.assert_allclose(gradient_of(plot_saliency(net, pixels, 0)), expected)


def test_gradients_of_channels_are_added(rng):
    net = tn.Sequential(tn.Conv2d(3, 2, 4, rng=0), tn.Flatten())
    ax = plot_saliency(net, rng.uniform(size=(3, 4, 4)), 1)
    np.testing.assert_allclose(gradient_of(ax), net[0].params["weight"][1].sum(axis=0), rtol=1e-6)


class Same(tn.Layer):
    """Hands its input on in inference, and so needs no _backward there."""

    def _forward(self, x, training):
        return x, None


class Doubled(Same):
    """Is more than its input."""

    def _forward(self, x, training):
        return 2 * x, None


def test_layers_that_only_training_changes_need_no_gradient():
    net = tn.Sequential(Same(), tn.Dense(4, 2, rng=0))
    ax = plot_saliency(net, np.ones((1, 4)), 1)
    np.testing.assert_array_equal(gradient_of(ax).ravel(), net[1].params["weight"][1])


def test_a_layer_without_a_gradient_is_named():
    net = tn.Sequential(Doubled(name="twice"), tn.Dense(4, 2, rng=0))
    with pytest.raises(TypeError, match=r"needs the gradient of layer twice in inference, .*NotImplementedError"):
        plot_saliency(net, np.ones((1, 4)))
    assert plt.get_fignums() == []


class Broken(tn.Layer):
    def _forward(self, x, training):
        raise KeyError("lost")


def test_a_layer_of_ones_own_that_fails_is_named():
    net = tn.Sequential(tn.Dense(4, 4, rng=0), tn.Sequential(Broken()), tn.Dense(4, 2, rng=0))
    with pytest.raises(TypeError, match=r"^plot_saliency: layer 1.0 \(Broken\) raised KeyError: 'lost'"):
        plot_saliency(net, np.ones((1, 4)))
    assert plt.get_fignums() == []


def test_what_is_not_finite_has_its_own_colour_and_is_counted():
    net = tn.Sequential(tn.Dense(4, 2, rng=0))
    net[0].params["weight"][1, 2] = np.inf
    ax = plot_saliency(net, np.ones(4), 1)
    assert ax.get_title().endswith("\n1 not finite (lime)")
    assert np.ma.getmaskarray(np.ma.masked_invalid(ax.images[0].get_array())).ravel().tolist() == [0, 0, 1, 0]
    assert tuple(ax.images[0].cmap(np.ma.masked_invalid([np.nan]))[0]) == to_rgba("lime")


DENSE = tn.Sequential(tn.Dense(12, 3, rng=0))


@pytest.mark.parametrize(
    ("net", "image", "options", "error", "message"),
    [
        (DENSE, np.ones((2, 12)), {}, tn.ShapeError, r"draws one sample, got 2 in an array of shape \(2, 12\)"),
        (DENSE, np.ones(12), {}, tn.ShapeError, "12 inputs make no square image; give image_shape"),
        (DENSE, np.ones(13), {}, tn.ShapeError, r"plot_saliency takes rows of shape \(N, 12\)"),
        (DENSE, np.ones(12), {"image_shape": np.array([3, 5])}, tn.ShapeError, r"make no image of shape \(3, 5\)"),
        (DENSE, np.ones(12), {"image_shape": np.array(12)}, TypeError, r"image_shape must be \(height, width"),
        (DENSE, np.ones(12), {"target": 3}, ValueError, "target of at least 0 and below 3.*got 3"),
        (DENSE, np.ones(12), {"target": 1.0}, TypeError, "target to be class indices"),
        (DENSE, np.ones(12), {"target": True}, TypeError, "target must be the index of one class, got True"),
        (DENSE, np.ones(12), {"target": [1]}, TypeError, r"target must be the index of one class, got \[1\]"),
        (DENSE, np.ones(12), {"class_names": list("ab")}, ValueError, "2 class_names for 3 classes"),
        (DENSE, np.ones(12), {"image_shape": (3, 4), "limit": 0}, ValueError, "limit must be a positive"),
        (DENSE, np.ones(12), {"image_shape": (3, 4), "cmap": "none"}, ValueError, "cmap must be the name"),
        (DENSE[0], np.ones(12), {}, TypeError, "expects a Sequential, got Dense"),
        (tn.Sequential(), np.ones(12), {}, ValueError, "this network has no layers"),
        (tn.Sequential(tn.Conv2d(1, 2, 3)), np.ones((5, 5)), {}, tn.ShapeError, r"scores of shape \(N, classes\)"),
    ],
)
def test_refuses_what_does_not_fit_before_a_figure_opens(net, image, options, error, message):
    with pytest.raises(error, match=message):
        plot_saliency(net, image, **options)
    assert plt.get_fignums() == []
