"""Tests of what surrounds every picture: settings that would spoil it, and errors on the way."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from looks import illegible_texts
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from test_conventions import ALL, LEGIBLE, ONE_AXES, cases

import tinynet as tn

#: Every public picture, the pad among them, which is a class.
EVERY = {**ALL, "pad": (tn.viz.DigitPad, (tn.Sequential(tn.Dense(784, 4, rng=0), tn.Softmax()),))}
#: Settings, each of which would spoil a picture that followed it.
SPOILING = {
    "axes.formatter.use_mathtext": True,
    "axes.grid": True,
    "axes.labelsize": 30,
    "axes.titlelocation": "right",
    "axes.titlepad": 100,
    "axes.titlesize": 30,
    "axes.titley": 0.5,
    "figure.autolayout": True,
    "figure.titlesize": 40,
    "image.aspect": "auto",
    "image.origin": "lower",
    "legend.fontsize": 30,
    "legend.title_fontsize": 30,
    "text.parse_math": False,
    "xtick.labelsize": 30,
    "xtick.minor.visible": True,
    "ytick.labelsize": 30,
    "ytick.minor.visible": True,
}


def pixels(picture):
    """Return a picture, small, as numbers."""
    figure = picture if isinstance(picture, Figure) else picture.figure
    figure.set_dpi(30)
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba()).copy()


def test_every_public_function_is_tested_here():
    assert {draw.__name__ for draw, _ in EVERY.values()} == set(tn.viz.__all__)


@cases(EVERY)
def test_a_picture_that_fails_leaves_no_figure(draw, data, monkeypatch):
    def fail(*args, **options):
        raise RuntimeError("no title today")

    monkeypatch.setattr(Axes, "set_title", fail)
    monkeypatch.setattr(Figure, "suptitle", fail)
    other = plt.figure()
    with pytest.raises(RuntimeError, match="no title today"):
        draw(*data)
    assert plt.get_fignums() == [other.number]


@cases(ONE_AXES)
@pytest.mark.parametrize("ax", ["a figure", 0, ()])
def test_what_is_no_axes_is_refused_by_name(draw, data, ax):
    ax = Figure() if ax == "a figure" else ax
    with pytest.raises(TypeError, match=f"^{draw.__name__}: ax must be plain matplotlib Axes in a figure, .* got"):
        draw(*data, ax=ax)
    assert plt.get_fignums() == []


@cases(EVERY)
def test_a_picture_looks_the_same_whatever_the_settings_are(draw, data):
    usual = pixels(draw(*data))
    with plt.rc_context({key: value for key, value in SPOILING.items() if key in plt.rcParams}):
        np.testing.assert_array_equal(pixels(draw(*data)), usual)


@cases(ONE_AXES)
def test_no_grid_lies_over_a_picture_on_axes_that_have_one(draw, data):
    with plt.rc_context({"axes.grid": True}):
        _, ax = plt.subplots()
    draw(*data, ax=ax)
    assert not any(line.get_visible() for line in ax.get_xgridlines())
    assert draw is tn.viz.plot_gradient_flow or not any(line.get_visible() for line in ax.get_ygridlines())


def test_dollar_signs_are_drawn_as_they_are_written_where_formulas_are_switched_off():
    with plt.rc_context({"text.parse_math": False} if "text.parse_math" in plt.rcParams else {}):
        title = tn.viz.plot_weights([[1.0]], title="$5").title
    assert title.get_parse_math()  # which draws \\$ as $
    assert title.get_text() == r"\$5"


@pytest.mark.parametrize(
    "name",
    ["bias", "one neuron", "10 classes", "boundary of 26 classes", "one histogram", "gradient flow, long names"],
)
def test_a_figure_grows_with_its_text(name):
    inches = LEGIBLE[name]().get_size_inches()
    with plt.rc_context({"font.size": 24, "figure.dpi": 50}):
        figure = LEGIBLE[name]()
        np.testing.assert_allclose(figure.get_size_inches(), 2.4 * inches)
        assert illegible_texts(figure) == []
