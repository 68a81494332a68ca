"""Tests of the picture of how large the weights of each layer are."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

import tinynet as tn
from tinynet.viz import plot_weight_histograms


def bars_of(ax):
    """Return the middles, the heights and the width of the bars."""
    bars = ax.patches
    middles = np.array([bar.get_x() + bar.get_width() / 2 for bar in bars])
    return middles, np.array([bar.get_height() for bar in bars]), bars[0].get_width()


@pytest.fixture
def net():
    convolution = tn.Conv2d(1, 4, 3, rng=0, name="conv1")
    return tn.Sequential(convolution, tn.BatchNorm(4), tn.Flatten(), tn.Sequential(tn.Dense(100, 7, rng=1)))


def test_each_layer_with_a_matrix_has_a_panel_that_counts_all_its_weights(net):
    figure = plot_weight_histograms(net)
    assert [ax.get_title().splitlines()[0] for ax in figure.axes] == ["conv1: 36 weights", "3.0 (Dense): 700 weights"]
    for ax, layer in zip(figure.axes, (net[0], net[3][0])):
        weights = layer.params["weight"]
        limit = abs(weights).max()
        middles, counts, width = bars_of(ax)
        expected, _ = np.histogram(weights.astype(float), 50, (-limit, limit))
        assert counts.tolist() == expected.tolist()
        assert counts.sum() == weights.size
        assert width == pytest.approx(2 * limit / 50)
        np.testing.assert_allclose(middles, np.linspace(-limit, limit, 101)[1::2], atol=1e-6)
        assert ax.get_xlim() == pytest.approx((-limit, limit))
    assert figure._suptitle.get_text() == "Weights of 2 layers"


@pytest.mark.parametrize(("levels", "bars"), [(127, 51), (30, 61), (7, 15)])
def test_each_bar_counts_equally_many_multiples_of_a_step(levels, bars):
    multiples = np.arange(-levels, levels + 1)
    layer = tn.Dense(len(multiples), 4, rng=0)
    layer.params["weight"] = np.tile(multiples * np.float32(0.013), (4, 1))
    ax = plot_weight_histograms([layer]).axes[0]
    middles, counts, width = bars_of(ax)
    assert len(counts) == bars
    assert len(set(counts[1:-1])) == 1
    assert counts.sum() == 4 * len(multiples)
    np.testing.assert_allclose(middles, -middles[::-1], atol=1e-6)
    assert ax.get_xlim()[1] >= middles[-1] + width / 2 - 1e-6


def test_weights_of_any_finite_magnitude_are_counted():
    for scale in (1.79e308, 3e-310):
        layer = tn.Dense(4, 2, rng=0, dtype="float64")
        layer.params["weight"] = [[-scale, scale, scale, 0.6 * scale], [0, scale / 3, -scale, scale]]
        (ax,) = plot_weight_histograms([layer], bins=4).axes
        ax.figure.draw_without_rendering()
        assert bars_of(ax)[1].tolist() == [2, 0, 2, 4]
        mean, std = re.findall(r"mean (\S+), std (\S+)", ax.get_title())[0]
        shares = layer.params["weight"] / scale
        assert float(mean) == pytest.approx(scale * shares.mean(), rel=0.1)
        assert float(std) == pytest.approx(scale * shares.std(), rel=0.1)
        assert max(float(text.get_text()) for text in ax.get_xticklabels() if text.get_text()) > 0.3 * scale


@pytest.mark.parametrize("limit", [1e308, 1e-308])
def test_a_limit_far_from_the_weights_is_drawn(net, limit):
    figure = plot_weight_histograms(net, limit=limit)
    figure.draw_without_rendering()
    assert bars_of(figure.axes[0])[1].sum() == (36 if limit > 1 else 0)


def test_more_layers_than_a_figure_holds_are_refused():
    with pytest.raises(ValueError, match="plot_weight_histograms draws up to 40 layers, got 41"):
        plot_weight_histograms([tn.Dense(1, 1)] * 41)


def test_axes_have_words(net):
    first, second = plot_weight_histograms(net).axes
    assert (first.get_xlabel(), first.get_ylabel(), second.get_xlabel()) == ("weight", "number of weights", "weight")


def test_titles_tell_mean_and_standard_deviation():
    layer = tn.Dense(2, 2)
    layer.params["weight"] = [[1, 3], [1, 3]]
    (ax,) = plot_weight_histograms([layer]).axes
    assert ax.get_title() == "0 (Dense): 4 weights\nmean 2, std 1"


def test_bars_have_the_colours_of_the_weights(net):
    colours = plt.get_cmap("coolwarm")
    ax = plot_weight_histograms(net, bins=5).axes[0]
    drawn = [bar.get_facecolor() for bar in ax.patches]
    np.testing.assert_allclose(drawn, [colours(x) for x in (0.1, 0.3, 0.5, 0.7, 0.9)], atol=0.01)


def test_one_limit_serves_all_and_what_lies_beyond_is_counted(net):
    weights = net[0].params["weight"]
    figure = plot_weight_histograms(net, limit=0.1)
    assert {ax.get_xlim() for ax in figure.axes} == {(-0.1, 0.1)}
    inside = int((abs(weights) <= 0.1).sum())
    assert bars_of(figure.axes[0])[1].sum() == inside
    assert figure.axes[0].get_title().endswith(f"\n{36 - inside} beyond the scale")


def test_biases_are_marks_below_the_bars(net):
    net[3][0].params["bias"] = np.linspace(-5, 5, 7)
    ax = plot_weight_histograms(net, bias=True).axes[1]
    (marks,) = (line for line in ax.lines if line.get_marker() == "|")
    np.testing.assert_allclose(marks.get_xdata(), np.linspace(-5, 5, 7))
    assert ax.get_ylim()[0] < marks.get_ydata().min() <= marks.get_ydata().max() < 0
    assert ax.get_xlim() == (-5, 5)
    assert min(ax.get_yticks()) >= 0
    assert ax.get_xlabel() == "weight (bars), bias (lines below)"
    without = plot_weight_histograms([tn.Dense(3, 2, bias=False)], bias=True).axes[0]
    assert without.get_xlabel() == "weight"


def test_what_is_not_finite_is_left_out_and_counted():
    layer = tn.Dense(4, 2, rng=0)
    layer.params["weight"][0, :2] = np.nan, np.inf
    layer.params["bias"][1] = -np.inf
    for bias, count in ((False, 2), (True, 3)):
        (ax,) = plot_weight_histograms([layer], bias=bias).axes
        assert ax.get_title().endswith(f"\n{count} not finite")
        assert bars_of(ax)[1].sum() == 6


@pytest.mark.parametrize("value", [0, np.nan])
def test_layers_without_a_magnitude(value):
    layer = tn.Dense(4, 2, rng=0)
    layer.params["weight"][...] = value
    (ax,) = plot_weight_histograms([layer]).axes
    assert ax.get_xlim() == (-1, 1)
    assert bars_of(ax)[1].sum() == (0 if value else 8)


@pytest.mark.parametrize(
    ("network", "options", "error", "message"),
    [
        (tn.Dense(2, 2), {}, TypeError, "expects a network, got Dense"),
        ([tn.ReLU()], {}, ValueError, "no layer of this network has a weight matrix"),
        ([tn.Dense(2, 2)], {"bins": 0}, ValueError, "bins must be at least 1, got 0"),
        ([tn.Dense(2, 2)], {"bins": 2.5}, TypeError, "bins must be an integer"),
        ([tn.Dense(2, 2)], {"limit": -1}, ValueError, "limit must be a positive finite number"),
        ([tn.Dense(2, 2)], {"cmap": "none"}, ValueError, "cmap must be the name"),
    ],
)
def test_refuses_what_does_not_fit_before_a_figure_opens(network, options, error, message):
    with pytest.raises(error, match=f"plot_weight_histograms:? .*{message}|plot_weight_histograms: {message}"):
        plot_weight_histograms(network, **options)
    assert plt.get_fignums() == []
