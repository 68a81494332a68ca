"""The pad: what the mouse leaves on the paper, what the network gets, and what is shown of it."""

from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from looks import colour_bars, illegible_texts
from matplotlib.backend_bases import KeyEvent, LocationEvent, MouseEvent
from matplotlib.colors import to_hex
from matplotlib.text import Text
from test_picture import SPOILING

import tinynet as tn
from tinynet.datasets.strokes import STROKES
from tinynet.viz import DigitPad
from tinynet.viz._axes import RIGHT
from tinynet.viz._pad_panels import as_cells, names_under_cells


def dense(*last, classes=10, inputs=784):
    return tn.Sequential(tn.Dense(inputs, 16, rng=0, name="fc1"), tn.ReLU(), tn.Dense(16, classes, rng=1), *last)


def convolutional(*last):
    body = [tn.Conv2d(1, 4, 5, rng=0, name="conv1"), tn.MaxPool2d(2), tn.ReLU(), tn.Dropout(0.5), tn.Flatten()]
    return tn.Sequential(tn.Sequential(*body), tn.Dense(576, 10, rng=1), *last)


@pytest.fixture
def trained(root, monkeypatch):
    """A pad of the trained network that, to save time, shows nothing."""
    monkeypatch.setattr("tinynet.viz._pad_figure.PadFigure.show", lambda *args: None)
    return DigitPad(tn.from_torch_state_dict(root / "examples" / "mnist_model.pth"))


@pytest.fixture(autouse=True)
def few_pixels():
    """Draw coarsely, which is faster."""
    with plt.rc_context({"figure.dpi": 40}):
        yield


class Broken(tn.Layer):
    def _forward(self, x, training):
        raise KeyError("lost")


class Hand:
    """A mouse over the paper: places are (x, y) from (0, 0), the upper left corner, to (1, 1)."""

    def __init__(self, pad):
        self.pad, self.canvas = pad, pad.figure.canvas

    def pixel(self, place):
        paper = self.pad.figure.axes[0]
        return paper.transAxes.transform((place[0], 1 - place[1]))

    def send(self, name, place=(0.5, 0.5), button=1):
        self.canvas.callbacks.process(name, MouseEvent(name, self.canvas, *self.pixel(place), button))

    def stroke(self, *places, lift=True):
        self.send("button_press_event", places[0])
        for place in places[1:]:
            self.send("motion_notify_event", place)
        if lift:
            self.send("button_release_event", places[-1])

    def press(self, key):
        self.canvas.callbacks.process("key_press_event", KeyEvent("key_press_event", self.canvas, key))


@pytest.fixture(scope="module")
def used_pad():
    with plt.rc_context({"figure.dpi": 40}):
        return DigitPad(dense(tn.Softmax()))


@pytest.fixture
def pad(used_pad):
    """A pad without ink, the same for many tests, to save time; its figure is closed, so that it has no screen."""
    used_pad.clear()
    return used_pad


@pytest.fixture
def hand(pad):
    return Hand(pad)


def picture(figure):
    """Return the pixels of the screen, without drawing anew."""
    return np.asarray(figure.canvas.buffer_rgba()).copy()


def ink(pad):
    return np.asarray(pad.figure.axes[0].images[0].get_array())


def digits():
    """Yield each digit with its strokes, one way of writing it for each, as points on the paper."""
    for digit, variants in enumerate(STROKES):
        strokes = [np.array([point.split(",") for point in s.split()], float) for s in variants[0].split(" / ")]
        yield digit, [stroke / 100 * 0.6 + [0.3, 0.2] for stroke in strokes]


def test_the_trained_network_recognises_digits_drawn_with_the_mouse(trained):
    hand, seen = Hand(trained), []
    for _, strokes in digits():
        for stroke in strokes:
            hand.stroke(*stroke)
        seen.append(int(trained.probabilities.argmax()))
        hand.send("button_press_event", button=3)
    assert sum(digit == k for k, digit in enumerate(seen)) >= 9, seen


def test_the_size_and_the_place_of_a_drawing_do_not_matter(trained):
    seven, images = np.array([[0, 0], [0.6, 0], [0.2, 0.9]]), []
    for corner, size in (((0.1, 0.1), 0.4), ((0.6, 0.5), 0.4), ((0.2, 0.05), 0.9)):
        trained.draw(seven * size + corner)
        assert trained.probabilities.argmax() == 7
        images.append(trained.image)
        trained.clear()
    np.testing.assert_array_equal(images[0], images[1])
    assert images[2].mean() < images[0].mean()  # of a larger one, the same pen draws thinner lines


def test_the_image_has_the_form_of_mnist(pad, hand):
    hand.stroke((0.2, 0.1), (0.3, 0.8), (0.35, 0.82))
    image = pad.image
    assert (image.shape, image.dtype, image.max()) == ((28, 28), np.uint8, 255)
    rows = image.any(axis=1).nonzero()[0]
    assert 20 <= np.ptp(rows) + 1 <= 21  # 20 pixels, which need not begin where a pixel does
    places = np.arange(28)
    assert image.sum(axis=1) @ places / image.sum() == pytest.approx(14, abs=0.05)
    assert image.sum(axis=0) @ places / image.sum() == pytest.approx(14, abs=0.05)


def test_what_the_network_gets_is_what_is_shown(pad, hand):
    hand.stroke((0.2, 0.2), (0.7, 0.4))
    shown = np.asarray(pad.figure.axes[1].images[0].get_array())
    np.testing.assert_array_equal(shown, pad.image)
    np.testing.assert_allclose(pad.probabilities, pad._network.predict_proba(pad.image)[0], rtol=1e-6)


@pytest.mark.parametrize(
    "last",
    [(), (tn.Softmax(),), (tn.LogSoftmax(),), (tn.Softmax(), tn.Dropout(0.5))],
    ids=["scores", "softmax", "logarithms", "dropped in training"],
)
@pytest.mark.parametrize("network", [dense, convolutional])
def test_probabilities_of_all_kinds_of_networks(network, last):
    pad = DigitPad(network(*last))
    pad.draw([(0.3, 0.3), (0.6, 0.7)])
    scores = network()(pad.image.reshape((1, 784) if network is dense else (1, 1, 28, 28)) / np.float32(255))
    np.testing.assert_allclose(pad.probabilities, tn.functional.softmax(scores)[0], rtol=1e-4)
    assert [bar.get_width() for bar in pad.figure.axes[2].patches] == pytest.approx(pad.probabilities.tolist())


def test_mean_and_std_are_those_of_normalize():
    pad = DigitPad(dense(tn.Softmax()), mean=0.1307, std=0.3081)
    pad.draw([(0.3, 0.3), (0.6, 0.7)])
    x = tn.datasets.normalize(pad.image, mean=0.1307, std=0.3081)
    np.testing.assert_allclose(pad.probabilities, dense(tn.Softmax())(x)[0], rtol=1e-5)


def test_a_network_of_float64():
    net = tn.Sequential(tn.Dense(784, 3, rng=0, dtype="float64"), tn.Softmax())
    pad = DigitPad(net)
    pad.draw([(0.3, 0.3)])
    assert pad.probabilities.dtype == np.float64


def test_a_stroke_leaves_ink_along_its_way_and_nowhere_else(pad, hand):
    hand.stroke((0.25, 0.49), (0.75, 0.49))
    paper = ink(pad)
    assert paper.shape == (280, 280)
    assert (paper[140, 70:210] == 1).all()
    assert not paper[:120].any()
    assert not paper[:, :50].any()
    edge = paper[100:180, 140]
    assert ((edge > 0) & (edge < 1)).any()
    assert 22 <= edge.sum() <= 26


def test_a_click_is_a_dot(pad, hand):
    hand.stroke((0.5, 0.5))
    assert ink(pad)[140, 140] == 1
    assert 400 < ink(pad).sum() < 500
    assert pad.probabilities is not None


def test_moving_without_the_button_or_with_another_draws_nothing(pad, hand):
    hand.send("motion_notify_event", (0.5, 0.5))
    hand.send("button_press_event", (0.5, 0.5), button=2)
    hand.send("motion_notify_event", (0.6, 0.5))
    hand.stroke((1.1, 0.5), (0.5, 0.5))  # begun beside the paper
    assert not ink(pad).any()


def test_lifting_the_pen_ends_a_stroke(pad, hand):
    hand.stroke((0.2, 0.5), (0.3, 0.5))
    before = ink(pad).copy()
    hand.send("motion_notify_event", (0.7, 0.5))
    np.testing.assert_array_equal(ink(pad), before)
    hand.stroke((0.7, 0.5))
    assert ink(pad)[140, 196] == 1
    assert not ink(pad)[:, 140].any()


def test_a_pen_that_leaves_the_paper_touches_it_again_where_it_comes_back(pad, hand):
    hand.stroke((0.5, 0.2), (0.95, 0.2), (1.2, 0.5), (0.95, 0.8), (0.5, 0.8))
    assert ink(pad)[56, 200] == ink(pad)[224, 200] == 1
    assert not ink(pad)[140].any()
    hand.send("button_press_event", (0.1, 0.5))
    hand.canvas.callbacks.process("figure_leave_event", LocationEvent("figure_leave_event", hand.canvas, 0, 0))
    hand.send("motion_notify_event", (0.4, 0.5))
    assert not ink(pad)[140, 80:].any()


def test_clearing():
    pad = DigitPad(dense(tn.Softmax()))
    hand = Hand(pad)
    pad.figure.canvas.draw()
    empty = picture(pad.figure)
    for clear in (
        pad.clear,
        lambda: hand.press("c"),
        lambda: hand.send("button_press_event", (0.5, 0.5), button=3),
        lambda: hand.send("button_press_event", (1.4, 0.5), button=3),  # beside the paper
    ):
        hand.stroke((0.2, 0.2), (0.7, 0.4), lift=False)
        assert not np.array_equal(picture(pad.figure), empty)
        clear()
        hand.send("motion_notify_event", (0.5, 0.5))  # what was begun before is over
        assert not ink(pad).any()
        assert not pad.image.any()
        assert pad.probabilities is None
        np.testing.assert_array_equal(picture(pad.figure), empty)


def test_without_ink_no_layer_seems_to_give_0():
    pad = DigitPad(dense(tn.Softmax()))
    scores = pad.figure.axes[3].images[0]
    assert np.ma.getmaskarray(scores.get_array()).all()
    pad.draw([(0.2, 0.2), (0.7, 0.4)])
    assert not np.ma.getmaskarray(scores.get_array()).any()
    pad.clear()
    assert np.ma.getmaskarray(scores.get_array()).all()


def test_other_keys_do_nothing(pad, hand):
    hand.stroke((0.2, 0.2), (0.7, 0.4))
    hand.press("x")
    hand.press(None)
    assert ink(pad).any()


def test_a_toolbar_that_zooms_has_the_mouse(pad, hand):
    hand.stroke((0.2, 0.2))
    before = ink(pad).copy()
    pad.figure.canvas.widgetlock(tool := SimpleNamespace())
    hand.stroke((0.7, 0.7), (0.8, 0.8))
    hand.send("button_press_event", button=3)
    np.testing.assert_array_equal(ink(pad), before)
    pad.figure.canvas.widgetlock.release(tool)


@pytest.mark.parametrize("classes", [10, 40])
def test_every_stroke_is_on_the_screen_at_once_as_drawn_anew(classes):
    pad = DigitPad(dense(tn.Softmax(), classes=classes))
    hand, canvas = Hand(pad), pad.figure.canvas
    canvas.draw()
    for place in ((0.2, 0.2), (0.6, 0.3), (0.5, 0.7)):
        hand.stroke(place, (0.4, 0.4))
        at_once = picture(pad.figure)
        canvas.draw()
        np.testing.assert_array_equal(picture(pad.figure), at_once)


def test_bars_do_not_cover_the_names(pad):
    changing = pad._view._changing
    bars = pad.figure.axes[2]
    first_name = min(changing.index(text) for text in bars.texts)
    assert max(changing.index(bar) for bar in bars.patches) < first_name


def test_images_do_not_cover_their_frames():
    with plt.rc_context({"axes.linewidth": 8}):
        pad = DigitPad(dense(tn.Softmax()))
    pad.figure.canvas.draw()
    for ax in pad.figure.axes[:2]:
        middle = pad.figure.bbox.height - (ax.bbox.y0 + ax.bbox.y1) / 2
        inside = picture(pad.figure)[int(middle), int(ax.bbox.x0) + 1, :3]
        assert not inside.any()


def test_a_stroke_before_the_first_drawing_and_a_saved_picture(tmp_path):
    pad = DigitPad(dense(tn.Softmax()))
    hand = Hand(pad)
    hand.stroke((0.2, 0.2), (0.6, 0.3))
    pad.figure.savefig(tmp_path / "pad.png", dpi=100)
    saved = plt.imread(tmp_path / "pad.png")
    hand.stroke((0.6, 0.3), (0.5, 0.7))  # saving with another resolution has not spoilt the background
    at_once = picture(pad.figure)
    pad.figure.canvas.draw()
    np.testing.assert_array_equal(picture(pad.figure), at_once)
    assert (saved[..., :3].min(axis=2) == 0).mean() > 0.01  # the saved picture has the ink, too


def test_strokes_keep_the_look_of_the_pad_whatever_the_settings_are():
    def drawn(settings):
        with plt.rc_context({key: value for key, value in settings.items() if key in plt.rcParams}):
            pad = DigitPad(dense(tn.Softmax(), classes=3), class_names=["$5", "$6", "7"])
            pad.draw([(0.2, 0.2), (0.6, 0.3)])
            pad.figure.canvas.draw()
            pad.draw([(0.6, 0.3), (0.5, 0.7)])
            return picture(pad.figure)

    np.testing.assert_array_equal(drawn(SPOILING), drawn({}))


def test_a_canvas_that_cannot_restore_draws_everything(monkeypatch):
    monkeypatch.setattr("matplotlib.backends.backend_agg.FigureCanvasAgg.supports_blit", False)
    pad = DigitPad(dense(tn.Softmax()))
    Hand(pad).stroke((0.2, 0.2), (0.6, 0.3))
    at_once = picture(pad.figure)
    assert (at_once[..., :3].max(axis=2) == 0).mean() > 0.01
    pad.figure.canvas.draw()
    np.testing.assert_array_equal(picture(pad.figure), at_once)


def test_the_figure_keeps_the_pad_and_nothing_else_does():
    pad = DigitPad(dense(tn.Softmax()))
    alive, hand = weakref.ref(pad), Hand(SimpleNamespace(figure=pad.figure))
    del pad
    gc.collect()
    hand.stroke((0.2, 0.2), (0.6, 0.3))
    assert ink(hand.pad).any()
    plt.close(hand.pad.figure)
    del hand
    Hand(DigitPad(dense())).send("motion_notify_event")  # older releases keep the last event, and so its figure
    gc.collect()
    assert alive() is None


def test_activations_are_those_of_the_layers():
    net = convolutional(tn.Softmax())
    pad = DigitPad(net)
    pad.draw([(0.3, 0.3), (0.6, 0.7)])
    *layers, key = pad.figure.axes[3:]
    assert colour_bars(pad.figure) == [key]
    titles = [ax.get_title(loc="left") for ax in layers]
    assert titles == [
        "conv1: 4 × 24 × 24",
        "0.1 (MaxPool2d): 4 × 12 × 12",
        "0.2 (ReLU): 4 × 12 × 12",
        "1 (Dense): 10",
    ]
    x = pad.image[None, None] / np.float32(255)
    for ax, y in zip(layers, [net[0][:k](x) for k in (1, 2, 3)] + [net[:2](x)]):
        (image,) = ax.images
        drawn = image.get_array()
        np.testing.assert_allclose(np.sort(drawn.compressed()), np.sort(y, axis=None), rtol=1e-5)
        assert (image.norm.vmin, image.norm.vmax) == pytest.approx((-abs(y).max(), abs(y).max()))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.arange(4), [[0, 1, 2, 3]]),
        (np.arange(32), np.arange(32).reshape(2, 16)),
        (np.arange(8).reshape(2, 2, 2), [[0, 1, np.nan, 4, 5], [2, 3, np.nan, 6, 7]]),
        (np.arange(3).reshape(3, 1, 1), [[0, 1, 2]]),
    ],
)
def test_cells_keep_their_order(values, expected):
    np.testing.assert_array_equal(as_cells(values), expected)


@pytest.mark.parametrize("shape", [(1,), (7,), (97,), (128,), (1000,), (1, 28, 28), (5, 3, 9), (64, 2, 2)])
def test_cells_hold_every_number_once(shape):
    values = np.arange(np.prod(shape)).reshape(shape)
    cells = as_cells(values)
    np.testing.assert_array_equal(np.sort(cells[~np.isnan(cells)]), values.ravel())


def test_of_many_classes_the_most_probable_have_bars():
    names = [f"class {k}" for k in range(40)]
    pad = DigitPad(dense(tn.Softmax(), classes=40), class_names=names)
    bars = pad.figure.axes[2]
    assert not any(text.get_text() for text in bars.texts)
    pad.draw([(0.3, 0.3), (0.6, 0.7)])
    best = np.argsort(-pad.probabilities)[:16]
    assert [text.get_text() for text in bars.texts if "class" in text.get_text()] == [names[k] for k in best]
    assert bars.get_title() == f"predicted: {names[best[0]]}"
    assert [to_hex(bar.get_facecolor()) == RIGHT.lower() for bar in bars.patches] == [True] + [False] * 15


@pytest.mark.parametrize("last", [tn.Softmax(), tn.LogSoftmax()])
def test_the_scores_of_the_classes_stand_above_their_names(last):
    pad = DigitPad(dense(last, classes=20))
    pad.draw([(0.3, 0.3), (0.6, 0.7)])
    *_, scores, _ = pad.figure.axes
    assert [(text.get_text(), text.xy[0]) for text in scores.texts] == [(str(k), k) for k in range(20)]
    assert scores.images[0].get_array().shape == (1, 20)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (list("0123456789"), (list("0123456789"), False)),
        (["zero", "one"], (["zero", "one"], False)),
        ([f"{k} of a long name" for k in range(10)], ([f"{k} of a…" for k in range(10)], True)),
        ([str(k) for k in range(40)], None),
    ],
    ids=["digits", "words", "long", "many"],
)
def test_names_under_cells_stand_upright_where_they_are_long_and_are_left_out_where_they_are_many(names, expected):
    assert names_under_cells(names, 3.2) == expected


def test_names_are_drawn_as_they_are_written():
    pad = DigitPad(dense(tn.Softmax(), classes=2), class_names=["$a$", "b$"])
    pad.draw([(0.3, 0.3), (0.6, 0.7)])
    texts = [text.get_text() for text in pad.figure.axes[2].texts]
    assert {r"\$a\$", r"b\$"} <= set(texts)


def test_what_is_no_number_is_said_to_be_none():
    net = dense(tn.Softmax())
    net.params["2.bias"] = np.full(10, np.nan, np.float32)
    pad = DigitPad(net)
    with np.errstate(invalid="ignore"):
        pad.draw([(0.3, 0.3), (0.6, 0.7)])
    bars = pad.figure.axes[2]
    assert "no number" in {text.get_text() for text in bars.texts}
    assert bars.get_title() == ""


LOOKS = {
    "dense": lambda: DigitPad(dense(tn.Softmax())),
    "convolutional": lambda: DigitPad(convolutional(tn.Softmax())),
    "long names": lambda: DigitPad(
        tn.Sequential(tn.Dense(784, 10, rng=0, name="encoder.layers.11.a_name_longer_than_a_title")),
        class_names=[f"class number {k}, of a long name" for k in range(10)],
    ),
    "many layers": lambda: DigitPad(
        tn.Sequential(tn.Dense(784, 9, rng=0), *(tn.Dense(9, 9, rng=k) for k in range(20)), tn.Softmax())
    ),
    "many classes": lambda: DigitPad(dense(tn.Softmax(), classes=40)),
    "letters": lambda: DigitPad(dense(tn.Softmax(), classes=26), class_names=[*"ABCDEFGHIJKLMNOPQRSTUVWXYZ"]),
    "long names, two columns": lambda: DigitPad(
        tn.Sequential(tn.Dense(784, 10, rng=0), *(tn.Dense(10, 10, rng=k) for k in range(13)), tn.Softmax()),
        class_names=[f"class number {k}, of a long name" for k in range(10)],
    ),
    "softmax alone": lambda: DigitPad(tn.Sequential(tn.Dense(784, 2, rng=0), tn.Softmax())),
}


@pytest.mark.parametrize("make", LOOKS.values(), ids=LOOKS.keys())
def test_no_text_is_cut_off_or_covers_another(make):
    with plt.rc_context({"figure.dpi": 100}):
        pad = make()
    assert illegible_texts(pad.figure) == []
    pad.draw([(0.3, 0.3), (0.6, 0.7)])
    assert illegible_texts(pad.figure) == []


def test_it_grows_with_its_text():
    name = "long names, two columns"
    inches = LOOKS[name]().figure.get_size_inches()
    with plt.rc_context({"font.size": 24, "figure.dpi": 50}):
        pad = LOOKS[name]()
    np.testing.assert_allclose(pad.figure.get_size_inches(), 2.4 * inches)
    with plt.rc_context({"font.size": 24}):
        pad.draw([(0.3, 0.3), (0.6, 0.7)])
        assert illegible_texts(pad.figure) == []


def test_of_many_layers_the_last_ones_are_drawn():
    titles = [ax.get_title(loc="left") for ax in LOOKS["many layers"]().figure.axes[3:-1]]
    assert titles == [f"{k} (Dense): 9" for k in range(7, 21)]


def test_words_take_their_colour_from_the_style():
    with plt.style.context(["dark_background", {"figure.constrained_layout.use": True}]):
        pad = DigitPad(dense(tn.Softmax()))
        pad.draw([(0.3, 0.3), (0.6, 0.7)])
        pad.figure.canvas.draw()
    words = [text for text in pad.figure.findobj(Text) if text.get_text().strip()]
    assert len(words) > 12
    assert {to_hex(word.get_color()) for word in words} == {"#ffffff"}


def test_opens_exactly_one_figure_and_keeps_the_paper_of_the_caller():
    pad = DigitPad(dense(tn.Softmax()))
    assert plt.get_fignums() == [pad.figure.number]
    points = np.array([[0.3, 0.3], [0.6, 0.7]])
    points.flags.writeable = False
    pad.draw(points)
    pad.draw(points.tolist())
    pad.draw([(-5, 0.5), (9, 0.5)])  # reaches beyond the paper on both sides
    assert (ink(pad)[140] == 1).all()
    before = ink(pad).copy()
    with pytest.raises(ValueError, match="on the paper"):
        pad.draw([(3, 3)])
    np.testing.assert_array_equal(ink(pad), before)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (lambda: dense(inputs=2), r"^DigitPad draws 28 × 28 pixels, but the network takes rows of shape \(N, 2\)"),
        (lambda: dense(inputs=28), r"but the network takes rows of shape \(N, 28\).*; got \(1, 28, 28\)"),
        (lambda: tn.Sequential(tn.Conv2d(3, 2, 3), tn.Flatten()), r"the network takes images of shape \(3, H, W\)"),
        (
            lambda: tn.Sequential(tn.Conv2d(1, 2, 3)),
            r"DigitPad needs a network with an output of shape \(N, classes\)",
        ),
        (lambda: dense(classes=1), r"two or more, got \(1, 1\)"),
    ],
)
def test_networks_that_see_no_image_or_tell_no_classes_are_refused(network, message):
    with pytest.raises(tn.ShapeError, match=message):
        DigitPad(network())
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"network": tn.Dense(784, 10)}, TypeError, "DigitPad expects a Sequential, got Dense"),
        ({"class_names": list("ab")}, ValueError, "DigitPad got 2 class_names for 10 classes"),
        ({"class_names": "0123456789"}, TypeError, "DigitPad: class_names must be a list with a name for each class"),
        ({"std": 0}, ValueError, "^DigitPad: std must be positive and finite, got 0"),
        ({"std": "1"}, TypeError, "^DigitPad: std must be a number, got '1'"),
        ({"mean": np.nan}, ValueError, "^DigitPad: mean must be finite, got nan"),
        ({"network": tn.Sequential(Broken())}, TypeError, r"DigitPad .* layer 0 \(Broken\) raised KeyError: 'lost'"),
    ],
)
def test_mistakes_are_told_before_anything_is_drawn(options, error, message):
    with pytest.raises(error, match=message):
        DigitPad(**{"network": dense(), **options})
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("points", "error", "message"),
    [
        ([], tn.ShapeError, r"\(P, 2\), P of at least 1, got \(0,\)"),
        (np.zeros((0, 2)), tn.ShapeError, r"got \(0, 2\)"),
        ([0.5, 0.5], tn.ShapeError, r"got \(2,\)"),
        ([(0.5, np.nan)], ValueError, "finite points"),
        ([(30, 40), (100, 100)], ValueError, r"from \(0, 0\) to \(1, 1\), got numbers from 30 to 100"),
        ([("a", "b")], TypeError, "real numbers"),
    ],
)
def test_points_that_are_none_are_refused(pad, points, error, message):
    with pytest.raises(error, match=message):
        pad.draw(points)
    assert not ink(pad).any()
