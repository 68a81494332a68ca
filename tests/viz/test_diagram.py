"""Tests of the picture of a network as neurons and the weights between them."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from looks import colour_bars, illegible_texts
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgba

import tinynet as tn
from tinynet.viz import draw_network

COLOURS = plt.get_cmap("coolwarm")


def network(*sizes):
    pairs = zip(sizes[:-1], sizes[1:])
    return tn.Sequential(*[tn.Dense(*pair, rng=k, name=f"fc{k + 1}") for k, pair in enumerate(pairs)])


def lines_of(ax):
    """Return for each pair of columns its lines, from (x, y) to (x, y), with their colours and widths."""
    return [
        list(zip(artist.get_segments(), artist.get_colors(), artist.get_linewidths()))
        for artist in ax.collections
        if isinstance(artist, LineCollection)
    ]


def circles_of(ax):
    """Return for each column the places and the colours of its circles."""
    scatters = [artist for artist in ax.collections if isinstance(artist, PathCollection)]
    return [(np.asarray(artist.get_offsets()), artist.get_facecolors()) for artist in scatters]


def texts_of(ax, part):
    return [text.get_text() for text in ax.texts if part in text.get_text()]


def test_every_weight_is_a_line_whose_colour_and_width_tell_it():
    net = network(3, 2)
    ax = draw_network(net)
    (lines,) = lines_of(ax)
    (inputs, _), (neurons, _) = circles_of(ax)
    weights = net[0].params["weight"]
    assert len(lines) == 6
    limit = abs(weights).max()
    for segment, colour, width in lines:
        j = int(np.flatnonzero((inputs == segment[0]).all(axis=1)).item())
        i = int(np.flatnonzero((neurons == segment[1]).all(axis=1)).item())
        share = weights[i, j] / limit
        np.testing.assert_allclose(colour[:3], COLOURS((share + 1) / 2)[:3], atol=0.01)
        assert colour[3] == pytest.approx(0.15 + 0.85 * abs(share), rel=1e-5)
        assert width == pytest.approx(0.2 + 2.8 * abs(share), rel=1e-5)
    widths = [width for _, _, width in lines]
    assert widths == sorted(widths)  # the largest are drawn last


def test_columns_go_from_left_to_right_and_neurons_from_top_to_bottom():
    columns = circles_of(draw_network(network(3, 4, 2)))
    assert [set(places[:, 0]) for places, _ in columns] == [{0}, {1}, {2}]
    assert [places[:, 1].tolist() for places, _ in columns] == [[1, 0, -1], [1.5, 0.5, -0.5, -1.5], [0.5, -0.5]]


def test_circles_have_the_colours_of_the_biases_and_inputs_none():
    net = network(2, 3)
    net[0].params["weight"] = [[1, -2], [0, 1], [0.5, 0]]
    net[0].params["bias"] = [1, 0, -4]
    (_, inputs), (_, neurons) = circles_of(draw_network(net))
    assert (inputs == 1).all()
    np.testing.assert_allclose(neurons, COLOURS([0.625, 0.5, 0.0]), atol=0.01)
    (lines,) = lines_of(draw_network(net))
    assert max(width for _, _, width in lines) == pytest.approx(0.2 + 2.8 * 0.5)  # the bias is twice as large
    (_, (_, without)) = circles_of(draw_network([tn.Dense(2, 3, bias=False)]))
    assert (without == 1).all()


def test_of_many_neurons_those_with_the_largest_weights_are_drawn():
    net = network(784, 5)
    net[0].params["weight"] = np.full((5, 784), 1e-3)
    net[0].params["weight"][:, [7, 100, 783]] = [[1, -2, 3]] * 5
    ax = draw_network(net, nodes=3)
    numbers = [text.get_text() for text in ax.texts if text.get_text().isdigit()]
    assert numbers[:3] == ["7", "100", "783"]
    assert len(numbers) == 6
    assert texts_of(ax, "784") == ["input\n3 of 784 inputs"]
    assert ax.get_title().endswith("\ndrawn: only those with the largest weights")
    (lines,) = lines_of(ax)
    assert len(lines) == 9
    assert max(width for _, _, width in lines) == pytest.approx(3)


def test_titles_of_columns_name_layers_and_what_stands_between_them():
    net = tn.Sequential(
        tn.Dense(3, 4, name="fc1"), tn.BatchNorm(4), tn.ReLU(), tn.Sequential(tn.Dense(4, 2), tn.Softmax())
    )
    ax = draw_network(net)
    assert texts_of(ax, "neuron") == ["fc1\n4 neurons", "3.0 (Dense)\n2 neurons"]
    assert texts_of(ax, "input") == ["input\n3 inputs"]
    assert texts_of(ax, "ReLU") == ["BatchNorm\nReLU"]
    assert texts_of(ax, "Softmax") == ["Softmax"]
    assert ax.get_title() == "Network with 2 layers of weights\nlines: weights, circles: biases"
    (bar,) = colour_bars(ax.figure)
    assert bar.get_ylabel() == "share of the layer's largest"
    assert bar.get_ylim() == (-1, 1)


def marks_of(ax):
    """Return for each column whether its neurons are circles or squares, by the corners of the mark."""
    scatters = [artist for artist in ax.collections if isinstance(artist, PathCollection)]
    return ["square" if len(artist.get_paths()[0].vertices) == 5 else "circle" for artist in scatters]


def test_a_convolution_gives_maps_and_lines_are_sums_of_the_weights_that_look_at_them():
    net = tn.Sequential(tn.Conv2d(1, 2, 3, rng=0, name="conv"), tn.ReLU(), tn.Flatten(), tn.Dense(8, 3, rng=1))
    net[0].params["bias"] = [10, 0]
    ax = draw_network(net)
    first, second = lines_of(ax)
    widths = sorted(0.2 + 2.8 * abs(net[0].params["weight"].sum(axis=(2, 3)) / 10).ravel())
    np.testing.assert_allclose([width for _, _, width in first], widths, rtol=1e-5)
    sums = net[3].params["weight"].reshape(3, 2, 4).sum(axis=2)  # a map is four pixels of a row
    np.testing.assert_allclose(
        [width for *_, width in second], sorted(0.2 + 2.8 * abs(sums / abs(sums).max()).ravel()), rtol=1e-5
    )
    assert [len(places) for places, _ in circles_of(ax)] == [1, 2, 3]
    assert marks_of(ax) == ["square", "square", "circle"]
    assert texts_of(ax, "map") == ["conv\n2 maps\nof 2 × 2"]
    assert texts_of(ax, "channel") == ["input\n1 channel\nof 4 × 4"]
    assert ax.get_title().splitlines()[1:] == [
        "lines: weights, circles and squares: biases",
        "squares: maps, with lines that are sums of weights",
    ]


def test_sizes_of_maps_are_told_where_they_are_known():
    def sizes(*layers, **options):
        return [
            text.partition("of ")[2]
            for text in texts_of(draw_network(layers, **options), "\n")
            if "map" in text or "ch" in text
        ]

    conv, dense = tn.Conv2d(3, 2, 3, rng=0), tn.Dense(8, 2, rng=1)
    pooled = conv, tn.Sequential(tn.MaxPool2d(2), tn.Flatten()), dense
    assert sizes(*pooled) == ["", ""]  # of 6 × 6 or 7 × 7 pixels
    assert sizes(tn.Conv2d(3, 3, 1), tn.MaxPool2d(2), *pooled[:1], tn.Flatten(), dense) == ["", "", "2 × 2"]
    assert sizes(conv, tn.Flatten(), tn.Dense(18, 2)) == ["5 × 5", "3 × 3"]
    assert sizes(conv) == ["", ""]
    assert sizes(*pooled, image_shape=np.array([7, 6])) == ["7 × 6", "5 × 4"]
    assert sizes(conv, image_shape=(28, 20)) == ["28 × 20", "26 × 18"]


def test_inputs_that_are_no_maps_of_the_layer_before_have_a_column_of_their_own():
    ax = draw_network([tn.ReLU(), tn.Conv2d(1, 2, 3, rng=0), tn.Dense(9, 3, rng=1)])
    assert texts_of(ax, "as a row") == ["as a row\n9 inputs"]
    assert texts_of(ax, "ReLU") == ["ReLU"]
    assert {segment[0][0] for segment, _, _ in lines_of(ax)[1]} == {2}


def test_with_large_text_none_covers_another():
    net = [tn.Conv2d(1, 8, 3, rng=0), tn.ReLU(), tn.Flatten(), tn.Dense(8 * 16, 10, rng=1)]
    with plt.rc_context({"font.size": 24}):
        assert illegible_texts(draw_network(net, class_names=[f"long name {k}" for k in range(10)]).figure) == []


def test_classes_are_named_beside_the_last_column():
    ax = draw_network(network(3, 2), class_names=["cat", "a very long name of a dog"])
    names = {text.get_text(): text.get_position() for text in ax.texts if text.get_position()[0] > 1}
    assert {name: y for name, (_, y) in names.items()} == {"cat": 0.5, "a very long name…": -0.5}


def test_what_is_not_finite_has_its_own_colour_and_is_counted():
    net = network(2, 2)
    net[0].params["weight"][1, 0] = np.inf
    net[0].params["bias"][0] = np.nan
    ax = draw_network(net)
    assert ax.get_title().endswith("\n2 not finite (lime)")
    (lines,) = lines_of(ax)
    assert sum(tuple(colour) == to_rgba("lime") for _, colour, _ in lines) == 1
    assert tuple(circles_of(ax)[1][1][0]) == to_rgba("lime")


@pytest.mark.parametrize(
    ("net", "options", "error", "message"),
    [
        (tn.Dense(2, 2), {}, TypeError, "expects a network, got Dense"),
        ([tn.ReLU()], {}, ValueError, "no layer of this network has a weight matrix"),
        (network(2, 2), {"nodes": 0}, ValueError, "nodes must be at least 1, got 0"),
        (network(2, 2), {"nodes": 2.5}, TypeError, "nodes must be an integer, got 2.5"),
        (network(2, 2), {"class_names": list("abc")}, ValueError, "3 class_names for 2 classes"),
        (network(2, 2), {"image_shape": 28}, TypeError, r"image_shape must be \(height, width\), got 28"),
        ([tn.Conv2d(1, 2, 5)], {"image_shape": (4, 9)}, tn.ShapeError, r"takes no images of shape \(4, 9\): Conv2d"),
        (network(2, 2), {"cmap": "none"}, ValueError, "cmap must be the name"),
        (network(*[2] * 21), {}, ValueError, "draws up to 20 columns, got 21"),
    ],
)
def test_refuses_what_does_not_fit_before_a_figure_opens(net, options, error, message):
    with pytest.raises(error, match=f"draw_network.*{message}"):
        draw_network(net, **options)
    assert plt.get_fignums() == []
