"""What every picture promises: where it draws, what it leaves alone, and that its texts can be read."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from looks import illegible_texts
from matplotlib.axes import Axes
from matplotlib.cbook import is_math_text
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

import tinynet as tn

RNG = np.random.default_rng(0)
MATRIX = RNG.normal(size=(6, 16)).astype(np.float32)
IMAGES = RNG.integers(0, 256, size=(5, 28, 28), dtype=np.uint8)
PROBABILITIES = RNG.dirichlet(np.ones(4), size=5).astype(np.float32)
LABELS = np.array([0, 1, 2, 3, 0])


def network():
    return tn.Sequential(tn.Dense(16, 6, rng=0, name="fc1"), tn.ReLU(), tn.Dense(6, 4, rng=1), tn.Softmax())


def planar(classes=3):
    return tn.Sequential(tn.Dense(2, classes, rng=0), tn.Softmax())


def boundary(classes, **options):
    x = RNG.normal(size=(60, 2))
    return draw_boundary(x, classes, **options)


def draw_boundary(x, classes, **options):
    labels = np.arange(len(x)) % classes
    return tn.viz.plot_decision_boundary(planar(classes), x, labels, resolution=20, **options).figure


def trained(depth=2, name=None):
    layers = [tn.Dense(16, 16, rng=k, name=name and f"{name}.{k}") for k in range(depth)]
    net = tn.Sequential(*layers)
    net.backward(np.ones_like(net.forward(MATRIX, training=True)))
    return net


def history(epochs):
    falling = np.geomspace(2, 0.1, epochs).tolist()
    rising = np.linspace(0.5, 0.99, epochs).tolist()
    rates = [0.01] * (epochs - 1) + [0.001]
    return tn.History(falling, rising, falling, rising, rates, stopped=f"after epoch {epochs} by EarlyStopping()")


ONE_AXES = {
    "weights": (tn.viz.plot_weights, (MATRIX,)),
    "large weights": (tn.viz.plot_weights, (RNG.normal(size=(80, 90)),)),
    "confusion": (tn.viz.plot_confusion_matrix, (LABELS, PROBABILITIES)),
    "diagram": (tn.viz.draw_network, (network(),)),
    "gradient flow": (tn.viz.plot_gradient_flow, (trained(),)),
    "boundary": (tn.viz.plot_decision_boundary, (planar(), PROBABILITIES[:, :2].copy(), LABELS % 3)),
    "saliency": (tn.viz.plot_saliency, (network(), MATRIX[0])),
}
GRIDS = {
    "network": (tn.viz.plot_network_weights, (network(),)),
    "neurons": (tn.viz.plot_neurons, (MATRIX[:3].copy(),)),
    "predictions": (tn.viz.plot_predictions, (IMAGES[:2].copy(), PROBABILITIES[:2].copy(), LABELS[:2].copy())),
    "history": (tn.viz.plot_history, (history(5),)),
    "activations": (tn.viz.plot_activations, (network(), MATRIX[0])),
    "histograms": (tn.viz.plot_weight_histograms, (network(),)),
}
ALL = {**ONE_AXES, **GRIDS}
WITH_ARRAYS = {
    name: (draw, data) for name, (draw, data) in ALL.items() if any(isinstance(part, np.ndarray) for part in data)
}


def cases(family):
    return pytest.mark.parametrize(("draw", "data"), family.values(), ids=family.keys())


@cases(ONE_AXES)
def test_without_axes_opens_exactly_one_figure(draw, data):
    ax = draw(*data)
    assert isinstance(ax, Axes)
    assert plt.get_fignums() == [ax.figure.number]


@cases(ONE_AXES)
def test_draws_on_the_given_axes_whatever_is_current(draw, data):
    figure, (given, other) = plt.subplots(1, 2)
    plt.figure()
    current = plt.gcf()
    assert draw(*data, ax=given) is given
    assert len(plt.get_fignums()) == 2
    assert plt.gcf() is current
    assert not current.axes
    assert given.get_title()
    assert not other.get_title()
    assert not other.images
    assert not other.collections
    figure.draw_without_rendering()


@cases(ONE_AXES)
def test_draws_on_axes_of_a_figure_that_pyplot_does_not_know(draw, data):
    ax = Figure().subplots()
    assert draw(*data, ax=ax) is ax
    assert plt.get_fignums() == []


@cases(ONE_AXES)
def test_draws_on_axes_of_a_subfigure(draw, data):
    figure = plt.figure(layout="constrained")
    left, right = figure.subfigures(1, 2)
    draw(*data, ax=right.subplots())
    figure.draw_without_rendering()
    assert len(right.axes) <= 2  # the picture and its colour bar, if it has one
    assert not left.axes


@cases(GRIDS)
def test_grid_opens_exactly_one_figure_without_empty_axes_and_returns_it(draw, data):
    figure = draw(*data)
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == [figure.number]
    assert all(ax.has_data() for ax in figure.axes)


@cases(WITH_ARRAYS)
def test_leaves_read_only_inputs_as_they_are(draw, data):
    arrays = [array for array in data if isinstance(array, np.ndarray)]
    before = [array.copy() for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    try:
        picture = draw(*data)
    finally:
        for array in arrays:
            array.flags.writeable = True
    for array, old in zip(arrays, before):
        np.testing.assert_array_equal(array, old)
    ax = picture if isinstance(picture, Axes) else picture.axes[0]
    for artist in (*ax.images, *ax.collections):
        assert not any(np.shares_memory(artist.get_array(), array) for array in arrays)


@cases(WITH_ARRAYS)
def test_takes_lists_as_well(draw, data):
    draw(*[array.tolist() if isinstance(array, np.ndarray) else array for array in data])


@cases(ALL)
def test_words_take_their_colour_from_the_style(draw, data):
    with plt.style.context("dark_background"):
        picture = draw(*data)
    figure = picture if isinstance(picture, Figure) else picture.figure
    in_cells = {text for ax in figure.axes if ax.collections or ax.images for text in ax.texts}
    words = [text for text in figure.findobj(Text) if text.get_text().strip("✓✗") and text not in in_cells]
    assert {to_hex(word.get_color()) for word in words} == {"#ffffff"}


DOLLARS = ["$0 to $50", "$\\foo$", "a \\$ b$", "$"]
WITH_DOLLARS = {
    "title": lambda: tn.viz.plot_weights(MATRIX, title=DOLLARS[0]).figure,
    "layer": lambda: tn.viz.plot_weights(tn.Dense(3, 2, name=DOLLARS[1])).figure,
    "network": lambda: tn.viz.plot_network_weights([tn.Dense(3, 2, name=DOLLARS[1])]),
    "neurons": lambda: tn.viz.plot_neurons(tn.Dense(4, 2, name=DOLLARS[1])),
    "saliency": lambda: saliency(4, 1, class_names=DOLLARS[:1]),
    "histograms": lambda: tn.viz.plot_weight_histograms([tn.Dense(3, 2, name=DOLLARS[1])]),
    "diagram": lambda: tn.viz.draw_network([tn.Dense(2, 4, name=DOLLARS[1])], class_names=DOLLARS).figure,
    "boundary": lambda: boundary(4, class_names=DOLLARS, feature_names=DOLLARS[:2]),
    "gradient flow": lambda: tn.viz.plot_gradient_flow(trained(1, name=DOLLARS[1])).figure,
    "activations": lambda: activations(4, class_names=DOLLARS),
    "layer's activations": lambda: tn.viz.plot_activations(tn.Sequential(tn.Dense(3, 2, name=DOLLARS[1])), [1, 2, 3]),
    "confusion": lambda: confusion(4, class_names=DOLLARS),
    "predictions": lambda: predictions(4, 4, class_names=DOLLARS, top=4),
}


@pytest.mark.parametrize("draw", WITH_DOLLARS.values(), ids=WITH_DOLLARS.keys())
def test_dollar_signs_are_drawn_as_they_are_written(draw):
    figure = draw()
    figure.draw_without_rendering()
    texts = [text.get_text() for text in figure.findobj(Text) if "$" in text.get_text()]
    assert texts
    assert not any(is_math_text(text) for text in texts)
    drawn = {name for name in DOLLARS for text in texts if name in text.replace("\\$", "$")}
    assert drawn if len(set(texts)) == 1 else drawn == set(DOLLARS)


def names(count):
    return [f"class number {k}, of a long name" for k in range(count)]


def predictions(count, classes, **options):
    rng = np.random.default_rng(classes)
    images, labels = tn.datasets.synthetic_digits(count, rng=0)
    return tn.viz.plot_predictions(images, rng.dirichlet(np.ones(classes), size=count), labels % classes, **options)


def confusion(classes, **options):
    rng = np.random.default_rng(classes)
    labels = rng.integers(0, classes, size=3000)
    taken_for = np.where(rng.random(3000) < 0.9, labels, rng.integers(0, classes, size=3000))
    return tn.viz.plot_confusion_matrix(labels, taken_for, **options).figure


def activations(classes, **options):
    convolution = tn.Conv2d(1, 40, 5, stride=2, rng=0, name=LONG)
    net = tn.Sequential(convolution, tn.MaxPool2d(2), tn.Flatten(), tn.Dense(1440, classes, rng=1), tn.Softmax())
    return tn.viz.plot_activations(net, IMAGES[0], **options)


def saliency(pixels, classes, **options):
    net = tn.Sequential(tn.Dense(pixels, classes, rng=0), tn.Softmax())
    return tn.viz.plot_saliency(net, np.linspace(0, 1, pixels), **options).figure


LONG = "encoder.layers.11.a_name_longer_than_a_title.output"

LEGIBLE = {
    "weights": lambda: tn.viz.plot_weights(MATRIX).figure,
    "one weight": lambda: tn.viz.plot_weights([[0.3]]).figure,
    "wide weights": lambda: tn.viz.plot_weights(RNG.normal(size=(1, 300))).figure,
    "bias": lambda: tn.viz.plot_weights(tn.Dense(5, 4, rng=0, name=LONG), bias=True).figure,
    "large bias": lambda: tn.viz.plot_weights(tn.Dense(784, 128, rng=0), bias=True).figure,
    "not finite": lambda: tn.viz.plot_weights([[1.0, np.nan, 2.0], [np.inf, 0.0, 1.0]]).figure,
    "network": lambda: tn.viz.plot_network_weights(
        [tn.Dense(784, 128, name=LONG), tn.Dense(128, 64), tn.Dense(64, 10)], bias=True
    ),
    "one neuron": lambda: tn.viz.plot_neurons(tn.Dense(784, 10, name=LONG, rng=0), count=1),
    "neurons": lambda: tn.viz.plot_neurons(tn.Dense(784, 100, rng=0)),
    "wide neurons": lambda: tn.viz.plot_neurons(RNG.normal(size=(7, 100)), image_shape=(5, 20)),
    "one image": lambda: predictions(1, 10, top=10),
    "two images": lambda: predictions(2, 2),
    "one image, long names": lambda: predictions(1, 10, top=10, class_names=names(10)),
    "36 images, long names": lambda: predictions(36, 10, class_names=names(10)),
    "16 images": lambda: predictions(16, 26),
    "long names": lambda: predictions(9, 10, class_names=names(10)),
    "21 images, long names": lambda: predictions(21, 10, class_names=names(10)),
    "2 classes": lambda: confusion(2, class_names=names(2)),
    "10 classes": lambda: confusion(10),
    "10 shares": lambda: confusion(10, normalize=True),
    "26 classes": lambda: confusion(26, class_names=[*"ABCDEFGHIJKLMNOPQRSTUVWXYZ"]),
    "diagram": lambda: tn.viz.draw_network([tn.Dense(2, 1, rng=0, name=LONG)]).figure,
    "diagram of a large network": lambda: (
        tn.viz.draw_network(
            [tn.Dense(784, 128, rng=0, name=LONG), tn.ReLU(), tn.Dense(128, 26, rng=1)],
            nodes=26,
            class_names=names(26),
        ).figure
    ),
    "boundary": lambda: boundary(2),
    "boundary, long numbers": lambda: draw_boundary(1e-6 * (MATRIX[:9, :2] - 1000), 3),
    "boundary of 15 classes, long numbers": lambda: draw_boundary(
        1e-6 * (np.tile(MATRIX[:, :2], (5, 1)) - 1000), 15, class_names=names(15)
    ),
    "boundary of 30 classes, large numbers": lambda: draw_boundary(
        1e5 * (np.tile(MATRIX[:, :2], (5, 1)) - 3), 30, class_names=names(30)
    ),
    "boundary of 26 classes": lambda: boundary(26, class_names=names(26), feature_names=[LONG, LONG]),
    "gradient flow, long names": lambda: tn.viz.plot_gradient_flow(trained(5, name=LONG)).figure,
    "gradient flow through many layers": lambda: tn.viz.plot_gradient_flow(trained(80)).figure,
    "histograms": lambda: tn.viz.plot_weight_histograms(
        [tn.Dense(784, 128, name=LONG), tn.Dense(128, 64), tn.Dense(64, 10), tn.Dense(1, 1)], bias=True
    ),
    **{
        f"histograms up to {limit}": lambda limit=limit: tn.viz.plot_weight_histograms(
            [tn.Dense(8, 8, rng=0) for _ in range(3)], limit=limit
        )
        for limit in (0.00017, 0.0062, 0.0162)
    },
    "one histogram": lambda: tn.viz.plot_weight_histograms([tn.Dense(784, 128, rng=0, name=LONG)], limit=0.1),
    "activations of one layer": lambda: tn.viz.plot_activations(network()[3:], PROBABILITIES[0]),
    "activations of a convolution": lambda: activations(10),
    "activations, long names": lambda: activations(26, class_names=names(26)),
    "saliency": lambda: saliency(784, 10),
    "saliency, long names": lambda: saliency(784, 26, class_names=names(26)),
    "saliency of a wide image": lambda: saliency(100, 2, image_shape=(5, 20)),
    "saliency of a high image": lambda: saliency(100, 2, image_shape=(20, 5)),
    "one epoch": lambda: tn.viz.plot_history(history(1), learning_rate=True),
    "stopped": lambda: tn.viz.plot_history(tn.History([1.0], stopped="after epoch 1 by EarlyStopping(patience=3)")),
    "many epochs": lambda: tn.viz.plot_history(history(200)),
    "60 classes": lambda: confusion(60, class_names=names(60)),
}


@pytest.mark.parametrize("draw", LEGIBLE.values(), ids=LEGIBLE.keys())
def test_no_text_is_cut_off_or_covers_another(draw):
    assert illegible_texts(draw()) == []


def test_a_text_that_cannot_be_read_is_noticed():
    figure = plt.figure()
    figure.text(0.5, 0.5, "first")
    assert illegible_texts(figure) == []
    figure.text(0.5, 0.5, "second")
    figure.text(0.99, 0.1, "third")
    assert illegible_texts(figure) == ["third", ("second", "first")]
