"""Tests of the picture of training."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from looks import illegible_texts

import tinynet as tn
from tinynet.viz import plot_history

LOSS, VAL_LOSS = [1.0, 0.5, 0.4], [0.9, 0.6, 0.7]
ACCURACY, VAL_ACCURACY = [0.5, 0.75, 0.8], [0.6, 0.8, 0.8]


def curves_of(ax):
    """Return the numbers of each curve under its label."""
    named = [line for line in ax.lines if not line.get_label().startswith("_")]
    return {line.get_label(): np.asarray(line.get_ydata()).tolist() for line in named}


def ring_of(ax):
    """Return where the ring lies."""
    (ring,) = (line for line in ax.lines if line.get_markerfacecolor() == "none")
    return ring.get_xydata()[0].tolist()


def test_losses_and_accuracies_have_a_panel_each():
    figure = plot_history(tn.History(LOSS, ACCURACY, VAL_LOSS, VAL_ACCURACY))
    loss, accuracy = figure.axes
    assert (loss.get_xlabel(), loss.get_ylabel(), accuracy.get_ylabel()) == ("epoch", "loss", "accuracy in %")
    assert curves_of(loss) == {
        "training, during each epoch": LOSS,
        "validation, after each epoch": VAL_LOSS,
    }
    assert curves_of(accuracy) == {
        "training, during each epoch": [50, 75, 80],
        "validation, after each epoch": [60, 80, 80],
    }
    assert {tuple(line.get_xdata()) for line in loss.lines} == {(1, 2, 3), (2,)}
    assert [tuple(ring_of(ax)) for ax in (loss, accuracy)] == [(2, 0.6), (2, 80)]
    assert [ax.get_title(loc="left") for ax in (loss, accuracy)] == [
        "ring: lowest of validation, 0.6 in epoch 2",
        "ring: highest of validation, 80 % in epoch 2",
    ]
    assert figure._suptitle.get_text() == "Training: 3 epochs"


@pytest.mark.parametrize("epochs", [3, 30])
def test_one_legend_tells_curves_apart_without_their_colours_as_well(epochs):
    loss, accuracy = plot_history(tn.History(*[np.arange(1, epochs + 1) / epochs] * 4)).axes
    assert [text.get_text() for text in loss.get_legend().get_texts()] == list(curves_of(loss))
    assert accuracy.get_legend() is None
    assert len({(line.get_marker(), line.get_linestyle()) for line in loss.lines}) == 3


def test_a_line_marks_the_epoch_whose_weights_were_kept():
    history = tn.History(LOSS, ACCURACY, VAL_LOSS, VAL_ACCURACY, [0.1, 0.2, 0.3], kept=3)
    *panels, rate = plot_history(history).axes
    for ax in panels:
        (line,) = (line for line in ax.lines if line.get_linestyle() == ":")
        assert line.get_xdata() == [3, 3]
        assert line.get_label() == "the weights of epoch 3 were kept"
    assert ":" not in {line.get_linestyle() for line in rate.lines}
    assert rate.figure._suptitle.get_text() == "Training: 3 epochs, weights of epoch 3 kept"


def test_only_what_was_recorded_is_drawn():
    (ax,) = plot_history(tn.History(LOSS)).axes
    assert curves_of(ax) == {"training, during each epoch": LOSS}
    (ax,) = plot_history({"val_accuracy": VAL_ACCURACY}).axes
    assert ax.get_ylabel() == "accuracy in %"
    assert len(ax.lines) == 2


@pytest.mark.parametrize(
    ("rates", "asked", "shown"),
    [
        ([0.1, 0.1, 0.1], None, False),
        ([0.1, 0.1, 0.05], None, True),
        ([0.1, 0.1, 0.1], True, True),
        ([0.1, 0.1, 0.05], False, False),
        ([], True, False),
    ],
)
def test_the_learning_rate_is_drawn_where_it_changes(rates, asked, shown):
    figure = plot_history(tn.History(LOSS, learning_rate=rates), learning_rate=asked)
    assert [ax.get_ylabel() for ax in figure.axes] == ["loss", "learning rate"][: 1 + shown]
    if shown:
        assert figure.axes[1].lines[0].get_ydata().tolist() == rates


def test_no_line_joins_the_learning_rates_of_an_epoch():
    history = tn.History(LOSS, learning_rate=[0.4, 0.2, 0.0], first_learning_rate=[0.1, 0.3, 0.2])
    _, ax = plot_history(history).axes
    last, first = ax.lines
    assert first.get_xydata().tolist() == [[0, 0.1], [1, 0.3], [2, 0.2]]
    assert last.get_xydata().tolist() == [[1, 0.4], [2, 0.2], [3, 0.0]]
    assert {(line.get_linestyle(), line.get_marker()) for line in ax.lines} == {("None", "o")}
    assert (first.get_markerfacecolor(), last.get_markerfacecolor()) == ("none", last.get_color())
    words = "in the first step (hollow) and the last (filled)\nof each epoch; between them not recorded"
    assert ax.get_title(loc="left") == words
    constant = tn.History(LOSS, learning_rate=[0.4] * 3, first_learning_rate=[0.1, 0.4, 0.4])
    assert len(plot_history(constant).axes) == 2


def test_a_dictionary_of_an_older_record_has_no_first_rates():
    _, ax = plot_history({"loss": LOSS, "learning_rate": [0.4, 0.2, 0.0]}).axes
    assert ax.lines[0].get_xydata().tolist() == [[1, 0.4], [2, 0.2], [3, 0.0]]
    assert ax.lines[0].get_linestyle() == "None"
    assert ax.get_title(loc="left") == "in the last step of each epoch"


def test_the_axis_of_epochs_begins_at_0_where_the_learning_rate_does():
    rates = {"loss": LOSS, "learning_rate": [0.4, 0.2, 0.0]}
    for first, left in (([0.1, 0.3, 0.2], 0), ([0.1], 1)):  # of fewer first rates than last ones, none is drawn
        for ax in plot_history({**rates, "first_learning_rate": first}).axes:
            assert ax.get_xlim()[0] == pytest.approx(left, abs=0.1)


@pytest.mark.parametrize(
    ("loss", "scale"),
    [([1.0, 0.5], "linear"), ([1.0, 0.01], "log"), ([1.0, 0.0], "linear"), ([1.0, -0.01], "linear")],
)
def test_losses_of_several_magnitudes_have_a_scale_of_logarithms(loss, scale):
    (ax,) = plot_history(tn.History(loss)).axes
    assert ax.get_yscale() == scale
    ax.figure.draw_without_rendering()
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert "0.5" in labels or scale == "linear"


def test_what_is_not_finite_is_left_out_and_counted():
    (ax,) = plot_history(tn.History(LOSS, val_loss=[np.inf, np.nan, 0.7])).axes
    assert list(curves_of(ax))[1:] == ["validation, after each epoch (2 not finite)"]
    assert ring_of(ax) == [3, 0.7]
    assert np.isnan(ax.lines[1].get_ydata()[:2]).all()
    (ax,) = plot_history(tn.History(LOSS, val_loss=[np.inf] * 3)).axes
    assert len(ax.lines) == 2


def test_title_says_why_training_ended():
    history = tn.History([1.0], stopped="interrupted in epoch 2")
    assert plot_history(history)._suptitle.get_text() == "Training: 1 epoch\nstopped: interrupted in epoch 2"


def test_with_large_text_none_covers_another():
    with plt.rc_context({"font.size": 24}):
        history = tn.History(LOSS, ACCURACY, VAL_LOSS, VAL_ACCURACY, [0.1, 0.2, 0.3], kept=3, stopped="at once")
        assert illegible_texts(plot_history(history)) == []


def test_many_epochs_have_no_marks():
    (ax,) = plot_history(tn.History(list(range(1, 100)))).axes
    assert ax.lines[0].get_marker() in ("", "None")


def test_draws_what_fit_returns(rng):
    x, y = rng.normal(size=(30, 4)), rng.integers(0, 3, size=30)
    net = tn.Sequential(tn.Dense(4, 3, rng=0), tn.Softmax())
    history = tn.fit(net, x, y, epochs=2, validation_data=(x, y), rng=0, progress=False)
    loss, _ = plot_history(history).axes
    assert curves_of(loss)["validation, after each epoch"] == history.val_loss


@pytest.mark.parametrize(
    ("history", "error", "message"),
    [
        (tn.History(), ValueError, "there is no epoch to draw"),
        ({"seconds": [1.0]}, ValueError, "there is no epoch to draw"),
        ([1.0, 0.5], TypeError, "expects a History, as fit returns it, got list"),
        ({"loss": [[1.0]]}, tn.ShapeError, r"loss to be a list with a number for each epoch, got \(1, 1\)"),
        ({"loss": ["low"]}, TypeError, "plot_history: loss expects an array of real numbers"),
    ],
)
def test_refuses_what_is_no_record_before_a_figure_opens(history, error, message):
    with pytest.raises(error, match=message):
        plot_history(history)
    assert plt.get_fignums() == []
