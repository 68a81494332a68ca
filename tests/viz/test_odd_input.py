"""What pictures share in odd surroundings: settings, axes that are none, names and networks that are none."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

import tinynet as tn

NET = tn.Sequential(tn.Dense(16, 4, rng=0), tn.ReLU(), tn.Dense(4, 3, rng=1), tn.Softmax())
PLANE = tn.Sequential(tn.Dense(2, 3, rng=0), tn.Softmax())
IMAGE = np.linspace(0, 1, 16).reshape(4, 4)
POINTS, CLASSES = np.random.default_rng(0).normal(size=(9, 2)), np.arange(9) % 3


@pytest.fixture(autouse=True)
def _close_figures():
    plt.close("all")
    yield
    plt.close("all")


@pytest.mark.parametrize(
    "draw",
    [
        lambda: tn.viz.plot_weights(np.arange(900 * 200.0).reshape(900, 200)).figure,
        lambda: tn.viz.plot_neurons(NET[0]),
        lambda: tn.viz.plot_predictions(IMAGE[None], [[0.2, 0.3, 0.5]]),
        lambda: tn.viz.plot_saliency(NET, IMAGE).figure,
        lambda: tn.viz.plot_activations(NET, IMAGE),
        lambda: tn.viz.DigitPad(tn.Sequential(tn.Dense(784, 3, rng=0), tn.Softmax())).figure,
    ],
    ids=["weights", "neurons", "predictions", "saliency", "activations", "pad"],
)
def test_images_stand_upright_whatever_the_settings_say(draw):
    with plt.rc_context({"image.origin": "lower"}):
        images = [image for ax in draw().axes for image in ax.images]
    assert images
    assert {image.origin for image in images} == {"upper"}


@pytest.mark.parametrize(
    "ax", [5, lambda: plt.subplots(1, 2)[1], lambda: plt.figure(), lambda: plt.subplot(projection="polar")]
)
def test_axes_that_are_none_are_refused(ax):
    ax = ax() if callable(ax) else ax
    for draw in (
        lambda: tn.viz.plot_weights(NET[0], ax=ax),
        lambda: tn.viz.plot_saliency(NET, IMAGE, ax=ax),
        lambda: tn.viz.plot_decision_boundary(PLANE, POINTS, CLASSES, ax=ax),
    ):
        with pytest.raises(TypeError, match="ax must be plain matplotlib Axes in a figure"):
            draw()


@pytest.mark.parametrize("source", [{"a": np.ones((2, 2))}, "net", np.ones((2, 2)), ["abc"], {"a": tn.Dense(2, 2)}])
@pytest.mark.parametrize(
    "draw",
    [tn.viz.plot_network_weights, tn.viz.plot_weight_histograms, tn.viz.draw_network],
    ids=["weights", "histograms", "diagram"],
)
def test_what_is_no_network_is_refused(draw, source):
    with pytest.raises((TypeError, ValueError), match=r"expects a network, got|no layer of this network has"):
        draw(source)
    assert plt.get_fignums() == []


def test_layers_may_come_one_by_one():
    assert tn.viz.draw_network(layer for layer in NET).texts


@pytest.mark.parametrize("names", ["abc", 5, b"abc"])
def test_names_of_classes_are_a_list(names):
    with pytest.raises(TypeError, match="class_names must be a list with a name for each class, got"):
        tn.viz.plot_confusion_matrix([0, 1, 2], [0, 1, 2], class_names=names)
    with pytest.raises(TypeError, match="class_names must be a list with a name for each class, got"):
        tn.viz.plot_saliency(NET, IMAGE, class_names=names)


@pytest.mark.parametrize("name", ["\x00a", "\ud800", "a\x7f"])
def test_names_that_no_font_can_draw_are_refused(name):
    for draw in (
        lambda names: tn.viz.plot_confusion_matrix([0, 1, 2], [0, 1, 2], class_names=names),
        lambda names: tn.viz.plot_saliency(NET, IMAGE, class_names=names),
        lambda names: tn.viz.DigitPad(tn.Sequential(tn.Dense(784, 3, rng=0)), class_names=names),
    ):
        with pytest.raises(ValueError, match=r": class_names\[1\] holds what no font can draw, got '"):
            draw(["cat", name, "dog"])
    with pytest.raises(ValueError, match=r"feature_names\[0\] holds what no font can draw"):
        tn.viz.plot_decision_boundary(PLANE, POINTS, CLASSES, feature_names=[name, "length"])
    assert plt.get_fignums() == []


@pytest.mark.parametrize("flag", [-1, "", "yes", 1, np.ones(2)])
@pytest.mark.parametrize(
    ("draw", "source", "names"),
    [
        (tn.viz.plot_weights, NET[0], ["bias", "annotate", "robust"]),
        (tn.viz.plot_network_weights, NET, ["bias", "robust"]),
        (tn.viz.plot_weight_histograms, NET, ["bias"]),
        (tn.viz.plot_neurons, NET[0], ["robust"]),
        (lambda net, **options: tn.viz.plot_saliency(net, IMAGE, **options), NET, ["robust"]),
        (lambda y, **options: tn.viz.plot_confusion_matrix(y, y, **options), CLASSES, ["normalize"]),
        (tn.viz.plot_history, tn.History([1.0, 0.5]), ["learning_rate"]),
    ],
    ids=["weights", "network_weights", "histograms", "neurons", "saliency", "confusion", "history"],
)
def test_flags_are_true_or_false(draw, source, names, flag):
    for name in names:
        with pytest.raises(TypeError, match=rf"^(plot_\w+): {name} must be True or False, got "):
            draw(source, **{name: flag})
    assert plt.get_fignums() == []


def test_a_flag_may_be_one_of_numpy_but_not_missing():
    assert tn.viz.plot_weights(NET[0], bias=np.bool_(True)).get_title()
    with pytest.raises(TypeError, match=r"^plot_weights: bias must be True or False, got None"):
        tn.viz.plot_weights(NET[0], bias=None)


def test_every_class_is_in_the_legend_whatever_its_name():
    ax = tn.viz.plot_decision_boundary(PLANE, POINTS, CLASSES, class_names=["_cat", "", "an\nowl"])
    assert [text.get_text().strip() for text in ax.get_legend().get_texts()] == ["_cat", "", "an owl"]


def test_a_pad_whose_window_is_closed_draws_on():
    pad = tn.viz.DigitPad(tn.Sequential(tn.Dense(784, 3, rng=0), tn.Softmax()))
    pad.draw([(0.5, 0.5)])
    pad.figure.canvas.draw()
    plt.close(pad.figure)
    pad.draw([(0.2, 0.2)])
    pad.clear()
    assert pad.probabilities is None
