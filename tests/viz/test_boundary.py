"""Tests of the picture of which points a network takes for which class."""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb

import tinynet as tn
from tinynet.viz import plot_decision_boundary
from tinynet.viz._regions import COLOURS, SURE, choose_colours, innermost_points, name_regions
from tinynet.viz.boundary import MARKS, MOST_CLASSES

X = np.array([[-1.0, -1.0], [1.0, -1.0], [0.5, 1.0], [-0.5, 1.0]])


def network(weight, bias=None, last=tn.Softmax):
    net = tn.Sequential(tn.Dense(2, len(weight), rng=0, dtype="float64"), *([last()] if last else []))
    net[0].params.update(weight=weight, bias=np.zeros(len(weight)) if bias is None else bias)
    return net


def samples_of(ax):
    return {artist.get_label(): artist for artist in ax.collections if artist.get_label()[:1] not in ("", "_")}


LEFT_AND_RIGHT = [[-30.0, 0.0], [30.0, 0.0]]


def test_regions_have_the_colours_of_the_predicted_classes():
    ax = plot_decision_boundary(network(LEFT_AND_RIGHT), X, [0, 1, 1, 0], resolution=10)
    image = ax.images[0].get_array()
    assert image.shape == (10, 10, 3)
    for half, colour in ((image[:, :4], COLOURS[0]), (image[:, 6:], COLOURS[1])):
        np.testing.assert_allclose(
            half, np.broadcast_to(1 - SURE * (1 - np.array(to_rgb(colour))), half.shape), atol=1e-3
        )
    assert tuple(ax.images[0].get_extent()) == pytest.approx((-1.2, 1.2, -1.2, 1.2))
    assert ax.images[0].origin == "lower"


def test_up_in_the_picture_is_the_second_feature():
    ax = plot_decision_boundary(network([[0.0, 0.0], [0.0, 30.0]]), X, [0, 0, 1, 1], resolution=10)
    below, above = ax.images[0].get_array()[[1, 8], 5]
    assert abs(below - (1 - SURE * (1 - np.array(to_rgb(COLOURS[0]))))).max() < 1e-3
    assert abs(above - (1 - SURE * (1 - np.array(to_rgb(COLOURS[1]))))).max() < 1e-3


def test_regions_are_paler_where_the_network_is_less_sure():
    row = plot_decision_boundary(network([[-1.0, 0.0], [1.0, 0.0]]), X, [0, 1, 1, 0]).images[0].get_array()[0]
    distances = np.linalg.norm(1 - row, axis=1)
    assert (np.diff(distances[:100]) < 0).all()
    assert (np.diff(distances[100:]) > 0).all()


def test_a_line_runs_where_two_classes_are_equally_probable():
    ax = plot_decision_boundary(network(LEFT_AND_RIGHT, [0.0, -6.0]), X, [0, 1, 1, 0])
    lines = [artist for artist in ax.collections if not isinstance(artist, PathCollection)]
    lines = lines or [artist for artist in ax.collections if artist not in samples_of(ax).values()]
    points = np.concatenate([path.vertices for artist in lines for path in artist.get_paths()])
    np.testing.assert_allclose(points[:, 0], 0.1, atol=1e-2)
    one = plot_decision_boundary(network(LEFT_AND_RIGHT, [100.0, -100.0]), X, [0, 0, 0, 0])
    assert len(one.collections) == 2  # no line, and the samples of two classes, one of which has none


def test_samples_have_the_mark_and_colour_of_their_true_class():
    ax = plot_decision_boundary(network(LEFT_AND_RIGHT), X, [1, 1, 0, 0], class_names=["left", "right"])
    samples = samples_of(ax)
    np.testing.assert_array_equal(samples["left"].get_offsets(), X[2:])
    np.testing.assert_array_equal(samples["right"].get_offsets(), X[:2])
    for k, name in enumerate(("left", "right")):
        assert tuple(samples[name].get_facecolor()[0][:3]) == to_rgb(COLOURS[k])
    shapes = [len(artist.get_paths()[0].vertices) for artist in samples.values()]
    assert shapes[0] != shapes[1]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["left", "right"]
    assert ax.get_title().splitlines()[0] == "Accuracy 50.00 %: 2 of 4 samples right"


def looks_of(winner, classes):
    colours = choose_colours(winner, classes, len(MARKS))
    return [(colour, MARKS[k % len(MARKS)]) for k, colour in enumerate(colours)]


def test_no_two_classes_look_alike(rng):
    for winner in (np.zeros((4, 4), int), rng.integers(0, MOST_CLASSES, (60, 60))):
        assert len(set(looks_of(winner, MOST_CLASSES))) == MOST_CLASSES
    assert [colour for colour, _ in looks_of(rng.integers(0, 7, (60, 60)), 7)] == list(COLOURS)


def test_regions_side_by_side_differ_in_their_colours():
    ring = np.tile(np.arange(8), (8, 1))  # 7 and 0 share a colour, unless they touch
    assert looks_of(ring, 8)[7][0] == COLOURS[0]
    for touching in (np.roll(ring, 1, axis=1), np.roll(ring, 1, axis=1).T):
        assert looks_of(touching, 8)[7][0] not in (COLOURS[0], COLOURS[6])
    assert looks_of(ring, 8)[:7] == looks_of(touching, 8)[:7]


def test_samples_have_the_colour_of_their_region():
    ax = plot_decision_boundary(rays(8), X, [7, 7, 7, 7], resolution=20)
    colour = samples_of(ax)["7"].get_facecolor()[0][:3]
    assert tuple(colour) not in (to_rgb(COLOURS[0]), to_rgb(COLOURS[6]))
    row, column = np.argwhere(rays(8).predict(points_of(20)).reshape(20, 20) == 7)[0]
    assert ((1 - ax.images[0].get_array()[row, column]) / (1 - colour)).std() < 1e-6


def points_of(resolution):
    """Return the middles of the cells of the picture of X."""
    middles = -1.2 + 2.4 * (np.arange(resolution) + 0.5) / resolution
    return np.stack(np.meshgrid(middles, middles), axis=2).reshape(-1, 2)


def rays(classes):
    """Return a network whose regions are sectors around the origin."""
    angles = 2 * np.pi * np.arange(classes) / classes
    return network(20 * np.stack([np.cos(angles), np.sin(angles)], axis=1))


@pytest.mark.parametrize("names", [None, [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ"], [f"class number {k}" for k in range(26)]])
def test_more_classes_than_colours_are_named_in_their_regions(names):
    net = rays(26)
    ax = plot_decision_boundary(net, X, [0, 1, 2, 3], class_names=names, resolution=100)
    words = [str(k) for k in range(26)] if names is None or len(names[0]) > 3 else names
    assert sorted(text.get_text() for text in ax.texts) == sorted(words)
    for text in ax.texts:
        assert words[net.predict([text.get_position()])[0]] == text.get_text()
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ([f"{k}: {name}" for k, name in enumerate(names)] if names and len(names[0]) > 3 else words)


def test_every_piece_of_a_class_is_named_where_there_is_room():
    regions = np.zeros((200, 200), int)
    regions[:, 60:120], regions[:, 120:], regions[100:103, :] = 1, 0, 2
    points = [(k, round(up, 1), round(across, 2)) for k, up, across in innermost_points(regions, [3, 3, 3])]
    assert sorted(k for k, _, _ in points) == [0, 0, 0, 0, 1, 1]
    assert all(regions[int(200 * up), int(200 * across)] == k for k, up, across in points)


def test_one_letter_needs_less_room_than_three():
    ax = plt.figure().add_subplot()
    regions = np.zeros((100, 100), int)
    regions[50:53] = 1
    for names, words in ((["a", "b"], "aab"), (["a", "bcd"], "aa")):
        before = len(ax.texts)
        name_regions(ax, regions, (0, 1, 0, 1), names)
        assert "".join(sorted(text.get_text() for text in ax.texts[before:])) == words


def test_up_to_seven_classes_have_colours_enough():
    assert not plot_decision_boundary(rays(7), X, [0, 1, 2, 3]).texts


def test_the_marks_in_the_legend_stand_out_on_a_black_background():
    with plt.style.context("dark_background"):
        legend = plot_decision_boundary(network(LEFT_AND_RIGHT), X, [0, 1, 1, 0]).get_legend()
    edges = [tuple(mark.get_edgecolor()[0][:3]) for mark in legend.findobj(PathCollection)]
    assert edges == [(1, 1, 1)] * 2


def test_axes_have_words():
    ax = plot_decision_boundary(network(LEFT_AND_RIGHT), X, [0, 1, 1, 0])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("feature 0", "feature 1")
    ax = plot_decision_boundary(network(LEFT_AND_RIGHT), X, [0, 1, 1, 0], feature_names=["width", "length"])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("width", "length")


@pytest.mark.parametrize("last", [None, tn.LogSoftmax])
def test_scores_and_logarithms_give_the_picture_of_their_probabilities(last):
    weight = [[1.0, 0.5], [-2.0, 1.0], [0.3, -1.0]]
    bias = [0.123, 0.0, 0.0]  # so that nowhere on the grid two classes are equally probable
    expected = plot_decision_boundary(network(weight, bias), X, [0, 1, 2, 0]).images[0].get_array()
    drawn = plot_decision_boundary(network(weight, bias, last), X, [0, 1, 2, 0]).images[0].get_array()
    np.testing.assert_allclose(drawn, expected, atol=1e-12)


def test_one_sample_has_a_plane_around_it():
    ax = plot_decision_boundary(network(LEFT_AND_RIGHT), [[2.0, 3.0]], [0])
    assert (ax.get_xlim(), ax.get_ylim()) == ((1, 3), (2, 4))


def test_an_svg_of_many_samples_stays_below_a_megabyte(rng):
    x, file = rng.normal(size=(20_000, 2)), io.BytesIO()
    plot_decision_boundary(network(LEFT_AND_RIGHT), x, (x[:, 0] > 0).astype(int)).figure.savefig(file, format="svg")
    assert len(file.getvalue()) < 1_000_000


NET = network(LEFT_AND_RIGHT)
SMALL_NUMBERS = tn.Sequential(tn.Dense(2, 2, rng=0))


@pytest.mark.parametrize(
    ("net", "x", "labels", "options", "error", "message"),
    [
        (NET, np.ones((3, 3)), [0, 1, 1], {}, tn.ShapeError, r"samples of shape \(N, 2\).*got \(3, 3\)"),
        (NET, np.ones((0, 2)), [], {}, tn.ShapeError, r"N of at least 1, got \(0, 2\)"),
        (NET, [[0, 1], [1, np.nan]], [0, 0], {}, ValueError, "expects finite numbers, got nan in row 1 of x$"),
        (
            SMALL_NUMBERS,
            [[0, 1e300]],
            [0],
            {},
            ValueError,
            r"got 1e\+300 in row 0 .* float32 reaches to 3e",
        ),
        (
            NET,
            [[0, 1.7e308]],
            [0],
            {},
            ValueError,
            r"got 1.7e\+308 .* float64 reaches to 1e\+300",
        ),
        (NET, X, [0, 1], {}, tn.ShapeError, "got 2 labels but 4 samples"),
        (NET, X, [0, 1, 2, 0], {}, ValueError, "labels of at least 0 and below 2.*got 2"),
        (NET, X, [0, 1, 1, 0.5], {}, TypeError, "labels to be class indices"),
        (NET, X, [0, 1, 1, 0], {"resolution": 1}, ValueError, "resolution must be at least 2, got 1"),
        (NET, X, [0, 1, 1, 0], {"class_names": list("abc")}, ValueError, "3 class_names for 2 classes"),
        (NET, X, [0, 1, 1, 0], {"feature_names": ["abc"]}, ValueError, "1 feature_names for 2 features"),
        (NET, X, [0, 1, 1, 0], {"feature_names": "xy"}, TypeError, "feature_names must be a list .*, got 'xy'"),
        (network([[1.0, 0.0]], last=None), X, [0, 0, 0, 0], {}, tn.ShapeError, r"two or more, got \(4, 1\)"),
        (network(np.ones((57, 2))), X, [0, 0, 0, 0], {}, ValueError, "draws up to 56 classes, got 57"),
        (network([[np.nan, 0.0], [0.0, 0.0]], last=None), X, [0, 0, 0, 0], {}, ValueError, "gives NaN or infinity"),
        (NET[0], X, [0, 1, 1, 0], {}, TypeError, "expects a Sequential, got Dense"),
    ],
)
def test_refuses_what_does_not_fit_before_a_figure_opens(net, x, labels, options, error, message):
    with pytest.raises(error, match=f"plot_decision_boundary.*{message}"):
        plot_decision_boundary(net, x, labels, **options)
    assert plt.get_fignums() == []
