"""Tests of the picture of what each layer makes of one input."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from looks import colour_bars, illegible_texts
from matplotlib.colors import to_rgba

import tinynet as tn
from tinynet.viz import plot_activations


def panels_of(figure):
    bars = colour_bars(figure)
    return [ax for ax in figure.axes if ax not in bars]


def numbers_of(ax):
    """Return the artist of a row of numbers, and the numbers."""
    artist = ax.collections[0] if ax.collections else ax.images[0]
    return artist, np.ma.filled(artist.get_array().astype(float), np.nan).ravel()


def titles_of(figure):
    return [ax.get_title(loc="left") for ax in panels_of(figure)]


class Doubled(tn.Flatten):
    """Does more than its class."""

    def _forward(self, x, training):
        y, context = super()._forward(x, training)
        return 2 * y, context


def test_a_subclass_of_flatten_that_changes_numbers_is_shown():
    net = tn.Sequential(tn.Flatten(), Doubled(), tn.Dense(4, 2, rng=0))
    titles = titles_of(plot_activations(net, [1, 2, 3, 4]))
    assert [title.split(",")[0] for title in titles[1:]] == ["1 (Doubled): 4 neurons", "2 (Dense): 2 neurons"]


@pytest.fixture
def dense():
    return tn.Sequential(tn.Dense(3, 60, rng=0, name="fc1"), tn.ReLU(), tn.Dense(60, 2, rng=1), tn.Softmax())


@pytest.fixture
def convolutional():
    return tn.Sequential(
        tn.Conv2d(2, 5, 3, rng=0, name="conv1"),
        tn.Sequential(tn.BatchNorm(5), tn.ReLU(), tn.Dropout(0.5)),
        tn.MaxPool2d(2),
        tn.Flatten(),
        tn.Dense(5 * 16, 4, rng=1),
    )


def test_every_layer_is_a_row_of_numbers_on_a_scale_of_its_own(dense):
    x = np.array([[1.0, -2.0, 0.5]], np.float32)
    panels = panels_of(plot_activations(dense, x))
    expected = [x, dense[:1](x), dense[:2](x), dense[:3](x), dense(x)]
    assert len(panels) == 5
    for ax, activations in zip(panels, expected):
        artist, numbers = numbers_of(ax)
        np.testing.assert_allclose(numbers, activations[0], rtol=1e-6)
        largest = abs(activations).max()
        assert (artist.norm.vmin, artist.norm.vmax) == pytest.approx((-largest, largest))
    assert [ax.get_xlabel() for ax in panels] == ["feature", *["neuron"] * 4]


def test_titles_say_which_layer_how_many_numbers_and_how_large(dense):
    x = [[1.0, -2.0, 0.5]]
    size = [f"{abs(dense[:k](x)).max():.3g}" for k in range(1, 5)]
    figure = plot_activations(dense, x)
    assert titles_of(figure) == [
        "input: 3 features, largest magnitude 2",
        f"fc1: 60 neurons, largest magnitude {size[0]}",
        f"1 (ReLU): 60 neurons, largest magnitude {size[1]}",
        f"2 (Dense): 2 neurons, largest magnitude {size[2]}",
        f"3 (Softmax): 2 neurons, largest magnitude {size[3]}",
    ]
    assert figure._suptitle.get_text() == "Activations of 4 layers for one input"


def test_one_colour_bar_serves_all(dense):
    (bar,) = colour_bars(plot_activations(dense, [1, 2, 3]))
    assert bar.get_ylabel() == "share of the layer's largest"
    assert bar.get_ylim() == (-1, 1)


def test_feature_maps_are_images_side_by_side(convolutional, rng):
    x = rng.uniform(size=(1, 2, 10, 10)).astype(np.float32)
    panels = panels_of(plot_activations(convolutional, x))
    maps = [x, convolutional[:1](x), convolutional[1][:1](convolutional[:1](x)), convolutional[:2](x)]
    maps.append(convolutional[:3](x))
    for ax, activations in zip(panels, maps):
        assert len(ax.images) == activations.shape[1]
        largest = abs(activations).max()
        for image, values in zip(ax.images, activations[0]):
            np.testing.assert_allclose(np.ma.filled(image.get_array(), np.nan), values, rtol=1e-5, atol=1e-6)
            left, right, bottom, top = image.get_extent()
            assert (right - left, bottom - top) == values.shape[::-1]
            assert (image.norm.vmin, image.norm.vmax) == pytest.approx((-largest, largest))
            assert image.get_interpolation() == "none"
    assert [ax.get_xlabel() for ax in panels] == [*[""] * 5, "neuron"]
    assert [[text.get_text() for text in ax.texts] for ax in panels[:5]] == [["0", "1"], *[list("01234")] * 4]


def test_what_changes_no_number_is_left_out(convolutional, rng):
    titles = titles_of(plot_activations(convolutional, rng.uniform(size=(2, 10, 10))))
    assert [title.split(",")[0] for title in titles] == [
        "input: 2 channels of 10 × 10",
        "conv1: 5 maps of 8 × 8",
        "1.0 (BatchNorm): 5 maps of 8 × 8",
        "1.1 (ReLU): 5 maps of 8 × 8",
        "2 (MaxPool2d): 5 maps of 4 × 4",
        "4 (Dense): 4 neurons",
    ]


@pytest.mark.parametrize(("count", "words", "rows"), [(32, "20 maps", 3), (12, "first 12 of 20 maps", 2)])
def test_many_maps_stand_in_rows_and_are_cut_at_count(count, words, rows, rng):
    net = tn.Sequential(tn.Conv2d(1, 20, 1, rng=0))
    _, ax = panels_of(plot_activations(net, rng.uniform(size=(12, 12)), count=count))
    assert ax.get_title(loc="left").startswith(f"0 (Conv2d): {words} of 12 × 12")
    assert len(ax.images) == min(count, 20)
    corners = [(image.get_extent()[0], image.get_extent()[3]) for image in ax.images]
    assert len(set(corners)) == len(corners)
    assert len({top for _, top in corners}) == rows
    assert [text.get_text() for text in ax.texts] == [str(k) for k in range(min(count, 20))]
    for text, image in zip(ax.texts, ax.images):
        left, right, bottom, top = image.get_extent()
        x, y = text.get_position()
        assert x == (left + right) / 2
        assert bottom < y < top + 1.5 * (bottom - top)  # below its map, above the next one
    assert illegible_texts(ax.figure) == []


def test_small_maps_stand_sixteen_in_a_row(rng):
    net = tn.Sequential(tn.Conv2d(1, 20, 3, rng=0))
    _, ax = panels_of(plot_activations(net, rng.uniform(size=(12, 12))))
    tops = [image.get_extent()[3] for image in ax.images]
    assert [tops.count(top) for top in sorted(set(tops))] == [16, 4]


def test_rows_of_pixels_are_drawn_as_images(rng):
    net = tn.Sequential(tn.Dense(784, 3, rng=0))
    pixels = rng.integers(0, 256, size=(28, 28), dtype=np.uint8)
    ax = panels_of(plot_activations(net, pixels))[0]
    np.testing.assert_allclose(ax.images[0].get_array(), pixels / 255, rtol=1e-6)
    net = tn.Sequential(tn.Dense(12, 3, rng=0))
    row = rng.uniform(size=12)
    ax = panels_of(plot_activations(net, row, image_shape=(3, 4)))[0]
    np.testing.assert_allclose(ax.images[0].get_array(), row.reshape(3, 4), rtol=1e-6)
    assert ax.get_title(loc="left").startswith("input: 1 channel of 3 × 4")


def test_classes_are_named_under_the_last_row(dense):
    panels = panels_of(plot_activations(dense, [1, 2, 3], class_names=["cat", "a very long name of a dog"]))
    assert [label.get_text() for label in panels[-1].get_xticklabels()] == ["cat", "a very long n…"]
    assert panels[-1].get_xlabel() == "class"
    assert [label.get_text() for label in panels[-2].get_xticklabels()] == ["0", "1"]


def test_what_is_not_finite_has_its_own_colour_and_is_counted(rng):
    net = tn.Sequential(tn.Conv2d(1, 2, 1, rng=0), tn.Flatten(), tn.Dense(50, 2, rng=0))
    net[0].params["weight"][1] = np.inf
    with np.errstate(invalid="ignore"):
        _, maps, row = panels_of(plot_activations(net, rng.uniform(0.5, 1, size=(5, 5))))
    assert maps.get_title(loc="left").endswith(", 25 not finite (lime)")
    assert np.ma.getmaskarray(np.ma.masked_invalid(maps.images[1].get_array())).all()
    assert tuple(maps.images[1].cmap(np.ma.masked_invalid([np.nan]))[0]) == to_rgba("lime")
    assert row.get_title(loc="left").endswith("not finite (lime)")


def test_layers_behave_as_in_inference_and_nothing_changes(convolutional, rng):
    before = {key: array.copy() for key, array in {**convolutional.params, **convolutional.buffers}.items()}
    convolutional.forward(rng.uniform(size=(3, 2, 10, 10)), training=True)
    pending = convolutional._pending
    trained = {key: array.copy() for key, array in convolutional.buffers.items()}
    plot_activations(convolutional, rng.uniform(size=(2, 10, 10)))
    assert convolutional._pending is pending
    for key, array in {**before, **trained}.items():
        np.testing.assert_array_equal({**convolutional.params, **convolutional.buffers}[key], array)


def test_a_style_with_a_grid_draws_none_over_the_activations(convolutional, rng):
    with plt.rc_context({"axes.grid": True}):
        figure = plot_activations(convolutional, rng.uniform(size=(2, 10, 10)))
        figure.draw_without_rendering()
    for ax in panels_of(figure):
        assert not any(line.get_visible() for line in (*ax.get_xgridlines(), *ax.get_ygridlines()))


def test_with_large_text_the_figure_is_larger_and_no_text_covers_another(convolutional, rng):
    sizes = []
    for size in (10, 24):
        with plt.rc_context({"font.size": size}):
            figure = plot_activations(convolutional, rng.uniform(size=(2, 10, 10)), class_names=["a long name"] * 4)
            assert illegible_texts(figure) == []
        sizes.append(figure.get_size_inches())
    np.testing.assert_allclose(sizes[1], 2.4 * sizes[0])


NET = tn.Sequential(tn.Dense(3, 2, rng=0))


@pytest.mark.parametrize(
    ("net", "x", "options", "error", "message"),
    [
        (NET, np.ones((2, 3)), {}, tn.ShapeError, "draws one sample, got 2"),
        (NET, np.ones(4), {}, tn.ShapeError, r"plot_activations takes rows of shape \(N, 3\)"),
        (NET, np.ones(3), {"image_shape": (2, 2)}, tn.ShapeError, r"3 inputs make no image of shape \(2, 2\)"),
        (NET, np.ones(3), {"count": 0}, ValueError, "count must be at least 1, got 0"),
        (NET, np.ones(3), {"class_names": list("abc")}, ValueError, "3 class_names for 2 classes"),
        (NET, np.ones(3), {"cmap": "none"}, ValueError, "cmap must be the name"),
        (tn.Sequential(*[tn.ReLU() for _ in range(41)]), np.ones((1, 3)), {}, ValueError, "up to 40 layers, got 41"),
        ([NET[0]], np.ones(3), {}, TypeError, "expects a Sequential, got list"),
    ],
)
def test_refuses_what_does_not_fit_before_a_figure_opens(net, x, options, error, message):
    with pytest.raises(error, match=message):
        plot_activations(net, x, **options)
    assert plt.get_fignums() == []
