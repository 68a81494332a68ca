"""Tests of the pictures of weight matrices."""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from looks import COLOUR_VISION, cielab, colour_bars, illegible_texts
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_rgb, to_rgba

import tinynet as tn
from tinynet.viz import plot_network_weights, plot_weights
from tinynet.viz._scale import DIVERGING, NOT_FINITE

SMALL, LARGE = (4, 6), (60, 70)


def cells_of(ax, shape):
    """Return the artist that holds the cells and its values, rows from top to bottom."""
    for mesh in ax.collections:
        if isinstance(mesh, QuadMesh):
            return mesh, np.ma.asarray(mesh.get_array()).reshape(shape)
    return ax.images[0], ax.images[0].get_array()


@pytest.mark.parametrize("shape", [SMALL, LARGE], ids=["seaborn", "image"])
def test_every_weight_is_drawn_where_it_belongs(shape, rng):
    weights = rng.normal(size=shape)
    ax = plot_weights(weights)
    artist, values = cells_of(ax, shape)
    np.testing.assert_allclose(values, weights)
    assert ax.yaxis_inverted()  # row 0 on top
    assert sorted(ax.get_ylim()) == [0, shape[0]]
    assert ax.get_xlim() == (0, shape[1])
    if shape == LARGE:
        assert tuple(artist.get_extent()) == (0, shape[1], shape[0], 0)
    else:
        assert isinstance(artist, QuadMesh)


@pytest.mark.parametrize("shape", [SMALL, LARGE], ids=["seaborn", "image"])
@pytest.mark.parametrize("shift", [-3.0, 0.0, 3.0])
def test_zero_is_in_the_middle_of_the_scale(shape, shift, rng):
    weights = rng.normal(size=shape) + shift
    artist, _ = cells_of(plot_weights(weights), shape)
    largest = abs(weights).max()
    assert (artist.norm.vmin, artist.norm.vmax) == (-largest, largest)


def test_colour_bar_shows_the_whole_scale_and_what_it_means(rng):
    ax = plot_weights(rng.normal(size=SMALL))
    (bar,) = colour_bars(ax.figure)
    artist, _ = cells_of(ax, SMALL)
    assert bar.get_ylabel() == "weight"
    np.testing.assert_allclose(bar.get_ylim(), (artist.norm.vmin, artist.norm.vmax))


def test_axes_and_title_have_words():
    ax = plot_weights(tn.Dense(6, 4, rng=0, name="fc1"))
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("fc1: 4 neurons × 6 inputs", "input j", "neuron i")
    assert plot_weights(tn.Dense(6, 1, rng=0)).get_title() == "Dense: 1 neuron × 6 inputs"
    assert plot_weights(np.ones((4, 6)), title="mine").get_title() == "mine"


@pytest.mark.parametrize("shape", [(3, 5), (128, 784)])
def test_ticks_name_the_cells_whose_middle_they_mark(shape):
    ax = plot_weights(np.ones(shape))
    for axis, count in ((ax.xaxis, shape[1]), (ax.yaxis, shape[0])):
        places = axis.get_ticklocs()
        assert [label.get_text() for label in axis.get_ticklabels()] == [f"{place - 0.5:g}" for place in places]
        assert places[0] == 0.5
        assert places[-1] < count
        assert 2 <= len(places) <= 11


def test_values_are_written_where_they_fit(rng):
    assert [text.get_text() for text in plot_weights([[0.5, -1.25]]).texts] == ["0.50", "-1.25"]
    assert not plot_weights(rng.normal(size=(10, 64))).texts
    assert not plot_weights([[0.5, -1.25]], annotate=False).texts
    assert len(plot_weights(rng.normal(size=(10, 64)), annotate=True).texts) == 640
    _, small = plt.subplots(figsize=(1.5, 1))
    assert not plot_weights(rng.normal(size=SMALL), ax=small).texts
    _, given = plt.subplots()
    assert len(plot_weights(rng.normal(size=SMALL), ax=given).texts) == 24


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([87.0, 120.0], ["87", "120"]),
        ([87.0, -120.25], ["87.0", "-120.2"]),
        ([87.5, 0.5], ["87.5", "0.5"]),
        ([0.05, -0.02], ["0.05", "-0.02"]),
        ([0.0125, 0.05], ["0.012", "0.050"]),
        ([3.0, -0.0], ["3", "0"]),
        ([1.25, -0.001], ["1.25", "0.00"]),
        ([2500.4, -3.0], ["2500", "-3"]),
        ([1e-4, -2.5e-4, 0.0], ["1e-4", "-2.5e-4", "0"]),
        ([3e20, -1.0], ["3e20", "-1e0"]),
        ([1.7e308, -1e-320], ["1.7e308", "-1e-320"]),
    ],
)
def test_values_are_written_as_a_person_would(values, words):
    assert [text.get_text() for text in plot_weights([values]).texts] == words


def test_values_beside_what_is_not_finite():
    assert [text.get_text() for text in plot_weights([[np.nan, 1e-4, 2e-4]]).texts] == ["1e-4", "2e-4"]


def test_what_is_not_finite_can_be_told_from_all_else_in_both_styles():
    others = np.vstack([plt.get_cmap(DIVERGING)(np.linspace(0, 1, 256))[:, :3], np.zeros(3), np.ones(3)])
    for kind, matrix in COLOUR_VISION.items():
        distances = np.linalg.norm(cielab(others, matrix) - cielab(np.array(to_rgb(NOT_FINITE)), matrix), axis=-1)
        assert distances.min() > 30, kind


@pytest.mark.parametrize(("shape", "width"), [(SMALL, 1), ((20, 640), 20)])
def test_bias_is_a_column_of_its_own_on_the_same_scale(shape, width):
    layer = tn.Dense(shape[1], shape[0], rng=0)
    layer.params["bias"][...] = np.arange(shape[0])
    ax = plot_weights(layer, bias=True)
    gap = (width + 1) // 2
    artist, values = cells_of(ax, (shape[0], shape[1] + gap + width))
    np.testing.assert_array_equal(values[:, : shape[1]], layer.params["weight"])
    assert np.ma.getmaskarray(np.ma.masked_invalid(values[:, shape[1] : shape[1] + gap])).all()
    np.testing.assert_array_equal(values[:, -width:], np.repeat(np.arange(shape[0])[:, None], width, axis=1))
    assert artist.norm.vmax == shape[0] - 1
    assert ax.get_xticklabels()[-1].get_text() == "bias"
    assert ax.get_xticks()[-1] == shape[1] + gap + width / 2
    assert colour_bars(ax.figure)[0].get_ylabel() == "weight, bias"
    assert ax.get_title() == f"Dense: {shape[0]} neurons × {shape[1]} inputs"


@pytest.mark.parametrize("shape", [SMALL, LARGE], ids=["seaborn", "image"])
def test_what_is_not_finite_has_its_own_colour_and_is_counted(shape, rng):
    weights = rng.normal(size=shape)
    weights[1, 2], weights[3, 0] = np.nan, -np.inf
    ax = plot_weights(weights)
    assert ax.get_title().endswith("\n2 not finite (lime)")
    artist, _ = cells_of(ax, shape)
    assert artist.norm.vmax == abs(weights[np.isfinite(weights)]).max()
    marks = ax.images[-1]
    assert np.argwhere(np.ma.getdata(marks.get_array()) == 1).tolist() == [[1, 2], [3, 0]]
    assert marks.cmap(marks.norm(1.0)) == to_rgba(NOT_FINITE)
    assert tuple(marks.get_extent()) == (0, shape[1], shape[0], 0)


@pytest.mark.parametrize("shape", [(500, 700), (10, 20_000), (20_000, 10)])
def test_a_single_nan_among_very_many_weights_can_be_seen(shape):
    weights = np.zeros(shape)
    weights[7, 7] = np.nan
    figure = plot_weights(weights).figure
    for dpi in (60, 100):
        figure.set_dpi(dpi)
        figure.canvas.draw()
        red, green, blue = np.moveaxis(np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int), -1, 0)
        assert ((green > 200) & (red < 80) & (blue < 80)).sum() >= 2


LIMITS = {"float32": 3.4e38, "float64": 1.79e308, "tiny": 1e-310}


@pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS)
@pytest.mark.parametrize("shape", [SMALL, LARGE], ids=["seaborn", "image"])
def test_weights_of_any_finite_magnitude_have_their_colours(shape, limit, rng):
    dtype = "float32" if limit == 3.4e38 else "float64"
    shares = rng.uniform(-1, 1, size=shape)
    shares[0, :2] = -1, 1
    ax = plot_weights((shares * limit).astype(dtype))
    ax.figure.draw_without_rendering()
    artist, values = cells_of(ax, shape)
    np.testing.assert_allclose(artist.norm(values), (shares + 1) / 2, atol=1e-6)
    (bar,) = colour_bars(ax.figure)
    assert artist.colorbar.extend == "neither"
    highest = max(float(text.get_text().replace("\N{MINUS SIGN}", "-")) for text in bar.get_yticklabels()[1:-1])
    power = float(bar.yaxis.get_offset_text().get_text() or 1)
    assert 0.4 * limit < highest * power < 1.01 * limit


def test_a_limit_far_from_the_weights_is_drawn():
    for weights, limit in (([[0.5, -1.0]], 1e308), ([[1e308, -1e308]], 1.0), ([[1e200, -1e308]], 1e-300)):
        ax = plot_weights(weights, limit=limit)
        ax.figure.draw_without_rendering()
        artist, values = cells_of(ax, (1, 2))
        shares = [0.5, 0.5] if limit > 1 else [1, 0]
        np.testing.assert_allclose(np.clip(artist.norm(values)[0], 0, 1), shares, atol=1e-6)


@pytest.mark.parametrize("weights", [np.zeros((2, 3)), np.full((2, 3), np.nan)], ids=["zeros", "all NaN"])
def test_without_a_magnitude_the_scale_is_one(weights):
    artist, _ = cells_of(plot_weights(weights), (2, 3))
    assert (artist.norm.vmin, artist.norm.vmax) == (-1, 1)


def test_limit_sets_the_scale_and_the_bar_points_beyond_it(rng):
    weights = rng.normal(size=LARGE)
    inside, outside = plot_weights(weights, limit=100), plot_weights(weights, limit=0.5)
    assert inside.images[0].norm.vmax == 100
    assert outside.images[0].norm.vmax == 0.5
    assert inside.images[0].colorbar.extend == "neither"
    assert outside.images[0].colorbar.extend == "both"


def test_robust_leaves_the_largest_hundredth_out_of_the_scale(rng):
    weights = rng.normal(size=LARGE)
    weights[0, 0] = 1000
    ax = plot_weights(weights, robust=True)
    assert ax.images[0].norm.vmax == np.percentile(abs(weights), 99)
    assert ax.images[0].colorbar.extend == "both"
    assert ax.images[0].colorbar.ax.get_ylabel() == "weight\nclipped at the ends"
    almost_nothing = np.zeros(LARGE)
    almost_nothing[0, 0] = 2
    assert plot_weights(almost_nothing, robust=True).images[0].norm.vmax == 2


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        (np.ones(3), tn.ShapeError, r"plot_weights expects weights of shape \(neurons, inputs\).*got \(3,\)"),
        (np.ones((2, 3, 3)), tn.ShapeError, r"got \(2, 3, 3\)"),
        (np.ones((0, 3)), tn.ShapeError, r"got \(0, 3\)"),
        ([["a", "b"]], TypeError, "real numbers"),
        (np.ones((2, 2)) * 1j, TypeError, "real numbers"),
        (tn.ReLU(), TypeError, "got ReLU; plot_network_weights draws a whole network"),
        (tn.Sequential(tn.Dense(2, 2)), TypeError, "plot_network_weights"),
        (None, TypeError, "real numbers"),
    ],
)
def test_refuses_what_is_no_matrix_before_a_figure_opens(weights, error, message):
    with pytest.raises(error, match=message):
        plot_weights(weights)
    assert plt.get_fignums() == []


def test_refuses_a_title_that_is_no_text():
    with pytest.raises(TypeError, match="plot_weights: title must be a text, got 5"):
        plot_weights(np.ones((2, 2)), title=5)
    assert plt.get_fignums() == []


def test_refuses_a_bias_that_is_not_there():
    with pytest.raises(ValueError, match=r"fc1 has no bias to show; leave out bias=True"):
        plot_weights(tn.Dense(3, 2, bias=False, name="fc1"), bias=True)


@pytest.mark.parametrize("limit", [0, -1, np.nan, np.inf])
@pytest.mark.parametrize(
    "draw", [lambda **k: plot_weights(np.ones((2, 2)), **k), lambda **k: plot_network_weights([tn.Dense(2, 2)], **k)]
)
def test_refuses_a_limit_that_is_none(draw, limit):
    with pytest.raises(ValueError, match="limit must be a positive finite number"):
        draw(limit=limit)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"limit": "1"}, TypeError, "limit must be a number, got '1'"),
        ({"limit": True}, TypeError, "limit must be a number, got True"),
        ({"limit": 10**400}, ValueError, "limit must be a positive finite number, got inf"),
        ({"cmap": "nocolours"}, ValueError, "cmap must be the name of a colour map.*got 'nocolours'"),
        ({"cmap": 5}, TypeError, "cmap must be the name of a colour map, got 5"),
    ],
)
@pytest.mark.parametrize(
    ("draw", "data"), [(plot_weights, np.ones((2, 2))), (plot_network_weights, [tn.Dense(2, 2)])]
)
def test_refuses_other_arguments_before_a_figure_opens(draw, data, options, error, message):
    with pytest.raises(error, match=f"{draw.__name__}: {message}"):
        draw(data, **options)
    assert plt.get_fignums() == []


def test_an_svg_of_a_large_matrix_stays_below_a_megabyte(rng):
    file = io.BytesIO()
    plot_weights(rng.uniform(-1, 1, size=(512, 512))).figure.savefig(file, format="svg")
    assert len(file.getvalue()) < 1_000_000


def test_network_has_a_panel_for_every_weight_matrix():
    inner = tn.Sequential(tn.Dense(4, 3, rng=1), tn.ReLU())
    net = tn.Sequential(tn.Dense(70, 40, rng=0, name="fc1"), tn.ReLU(), tn.Dense(40, 4, rng=2), inner)
    figure = plot_network_weights(net)
    bars = colour_bars(figure)
    panels = [ax for ax in figure.axes if ax not in bars]
    assert [ax.get_title() for ax in panels] == [
        "fc1: 40 neurons × 70 inputs",
        "2 (Dense): 4 neurons × 40 inputs",
        "3.0 (Dense): 3 neurons × 4 inputs",
    ]
    assert len(bars) == 3
    for ax, layer in zip(panels, (net[0], net[2], inner[0])):
        weights = layer.params["weight"]
        artist, values = cells_of(ax, weights.shape)
        np.testing.assert_array_equal(values, weights)
        assert artist.norm.vmax == abs(weights).max()


def test_network_shares_one_limit_and_shows_the_biases_there_are():
    figure = plot_network_weights([tn.Dense(4, 3), tn.Dense(3, 2, bias=False)], bias=True, limit=2)
    first, second = figure.axes[:2]
    assert {cells_of(ax, -1)[0].norm.vmax for ax in (first, second)} == {2}
    assert [ax.get_xticklabels()[-1].get_text() for ax in (first, second)] == ["bias", "2"]


def test_network_can_leave_the_largest_hundredth_out_of_the_scales():
    layer = tn.Dense(70, 40, rng=0)
    layer.params["weight"][0, 0] = 1000
    figure = plot_network_weights([layer], robust=True)
    assert figure.axes[0].images[0].norm.vmax == np.percentile(abs(layer.params["weight"]), 99)


def test_many_layers_stand_in_two_columns():
    figure = plot_network_weights([tn.Dense(40, 40) for _ in range(5)])
    lefts = {round(ax.get_subplotspec().colspan.start) for ax in figure.axes if ax.get_title()}
    assert lefts == {0, 1}


def test_the_panels_of_a_network_are_not_drawn_while_they_are_made(monkeypatch):
    def refuse(*args, **options):
        raise AssertionError("a figure of many panels takes long to draw")

    monkeypatch.setattr(FigureCanvasAgg, "draw", refuse)
    figure = plot_network_weights([tn.Dense(4, 3, rng=0) for _ in range(3)])
    assert len(figure.axes) == 6
    assert len(figure.axes[0].texts) == 12


def test_more_layers_than_a_figure_holds_are_refused():
    with pytest.raises(ValueError, match="plot_network_weights draws up to 40 layers, got 41; draw parts"):
        plot_network_weights([tn.Dense(1, 1)] * 41)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("network", "error", "message"),
    [
        (tn.Dense(2, 2), TypeError, "got Dense; plot_weights draws one layer"),
        ([tn.ReLU()], ValueError, "no layer of this network has a weight matrix"),
        ([], ValueError, "no layer"),
    ],
)
def test_refuses_what_is_no_network(network, error, message):
    with pytest.raises(error, match=message):
        plot_network_weights(network)
    assert plt.get_fignums() == []


def test_filters_are_rows_of_their_numbers():
    layer = tn.Conv2d(2, 3, (2, 1), rng=0)
    ax = plot_weights(layer)
    assert ax.get_title() == "Conv2d: 3 filters × 4 weights (2 channels of 2 × 1)"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("weight j", "filter i")
    assert illegible_texts(ax.figure) == []
    np.testing.assert_array_equal(cells_of(ax, (3, 4))[1], layer.params["weight"].reshape(3, 4))


def test_a_convolutional_network_shows_filters_and_dense_layers_and_no_batch_normalization():
    net = tn.Sequential(tn.Conv2d(1, 2, 3), tn.BatchNorm(2), tn.ReLU(), tn.Flatten(), tn.Dense(8, 3))
    titles = [ax.get_title() for ax in plot_network_weights(net).axes if ax.get_title()]
    assert titles == ["0 (Conv2d): 2 filters × 9 weights (1 channel of 3 × 3)", "4 (Dense): 3 neurons × 8 inputs"]
