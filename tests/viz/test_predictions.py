"""Tests of the picture of images and predictions."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.ft2font import FT2Font

import tinynet as tn
from tinynet.viz import plot_predictions
from tinynet.viz._axes import RIGHT, WRONG
from tinynet.viz._texts import percentage

PROBABILITIES = np.array([[0.7, 0.2, 0.06, 0.04], [0.1, 0.2, 0.3, 0.4], [0.02, 0.95, 0.02, 0.01]])


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, size=(3, 28, 28), dtype=np.uint8)


def pictures_of(figure):
    return [ax for ax in figure.axes if ax.images]


def bars_of(figure):
    return [ax for ax in figure.axes if not ax.images]


def words_above(figure):
    return " ".join(figure._suptitle.get_text().split())


def title_of(ax):
    return ax.get_title(loc="left")


@pytest.mark.parametrize(
    ("reshape", "count"),
    [
        (lambda x: x, 3),
        (lambda x: x.reshape(3, 784), 3),
        (lambda x: x.reshape(3, 1, 28, 28), 3),
        (lambda x: x / 255, 3),
        (lambda x: x[0], 1),
        (lambda x: x[:1].reshape(1, 784), 1),
        (lambda x: x[0].ravel(), 1),
        (lambda x: x[:1, None], 1),
    ],
    ids=["images", "rows", "channel", "float", "one image", "one row", "one flat", "one channel"],
)
def test_takes_images_as_they_come(images, reshape, count):
    given = reshape(images)
    figure = plot_predictions(given, PROBABILITIES[:count])
    drawn = [ax.images[0] for ax in pictures_of(figure)]
    np.testing.assert_array_equal([image.get_array() for image in drawn], given.reshape(count, 28, 28))
    assert {image.get_interpolation() for image in drawn} == {"none"}


def test_one_image_may_have_one_row_of_probabilities(images):
    assert len(pictures_of(plot_predictions(images[0], PROBABILITIES[0], 1))) == 1


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        (lambda x: x // 2, (0, 255)),
        (lambda x: x / 510, (0, 1)),
        (lambda x: x // 200, (0, 1)),
        (lambda x: (x / 255 - 0.5) / 0.25, (-2, 2)),
    ],
    ids=["pixels", "shares", "black and white", "standardised"],
)
def test_paper_and_ink_are_the_same_in_every_image(scale, expected):
    images = np.arange(256, dtype=np.uint8).repeat(3)[:768].reshape(3, 16, 16)
    images[:, 0, 0], images[:, 0, 1] = 0, 255
    figure = plot_predictions(scale(images), PROBABILITIES)
    assert {(ax.images[0].norm.vmin, ax.images[0].norm.vmax) for ax in pictures_of(figure)} == {expected}


def test_right_and_wrong_differ_by_mark_and_by_colour(images):
    figure = plot_predictions(images, PROBABILITIES, [0, 1, 1])
    key = "bars: the 3 largest probabilities; blue: the true class, orange: a wrong prediction, grey: others"
    assert words_above(figure) == f"Predictions: 2 of 3 right {key}"
    right, wrong, also_right = pictures_of(figure)
    assert [text.get_text() for ax in (right, wrong, also_right) for text in ax.texts] == ["✓", "✗", "✓"]
    for ax, colour in ((right, RIGHT), (wrong, WRONG), (also_right, RIGHT)):
        assert ax.texts[0].get_color() == colour
        assert {to_hex(spine.get_edgecolor()) for spine in ax.spines.values()} == {colour.lower()}
    assert title_of(right) == "predicted: 0\ntrue: 0"
    assert title_of(wrong) == "predicted: 3\ntrue: 1"


def test_the_font_has_the_marks(images):
    (mark,) = pictures_of(plot_predictions(images[0], PROBABILITIES[0], 0))[0].texts
    font = FT2Font(findfont(FontProperties(family=mark.get_fontfamily())))
    assert {ord("✓"), ord("✗")} <= set(font.get_charmap())


def test_without_labels_nothing_is_right_or_wrong(images):
    figure = plot_predictions(images, PROBABILITIES)
    assert words_above(figure) == "Predictions bars: the 3 largest probabilities"
    assert not any(ax.texts for ax in pictures_of(figure))
    assert title_of(figure.axes[0]) == "predicted: 0"
    assert {to_hex(bar.get_facecolor()) for bar in figure.axes[3].patches} == {to_hex("gray")}


def test_bars_show_the_most_probable_classes(images):
    figure = plot_predictions(images, PROBABILITIES, [0, 1, 1], class_names=list("abcd"))
    bars = bars_of(figure)[1]
    assert [bar.get_width() for bar in bars.patches] == [0.4, 0.3, 0.2]
    assert [text.get_text() for text in bars.texts] == ["d", "40 %", "c", "30 %", "b", "20 %"]
    assert [to_hex(bar.get_facecolor()) for bar in bars.patches] == [WRONG.lower(), to_hex("gray"), RIGHT.lower()]
    assert bars.get_xlim() == (0, 1)


def test_all_bars_keep_the_order_of_the_classes(images):
    (bars,) = bars_of(plot_predictions(images[1], PROBABILITIES[1], top=10))
    assert [bar.get_width() for bar in bars.patches] == PROBABILITIES[1].tolist()


@pytest.mark.parametrize(("count", "options"), [(3, {"top": 0}), (21, {})])
def test_without_bars_the_probability_stands_beside_the_class(count, options):
    figure = plot_predictions(np.zeros((count, 4, 4)), PROBABILITIES[[0] * count], **options)
    assert len(figure.axes) == count
    assert title_of(figure.axes[0]) == "0 (70 %)"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "< 1 %"),
        (0.001, "< 1 %"),
        (0.005, "< 1 %"),
        (0.00501, "1 %"),
        (0.9949, "99 %"),
        (0.995, "> 99 %"),
        (np.float32(0.005), "< 1 %"),
        (0.126, "13 %"),
        (0.99, "99 %"),
        (0.9999, "> 99 %"),
        (1, "> 99 %"),
    ],
)
def test_percentages_claim_no_certainty(share, text):
    assert percentage(share) == text


@pytest.mark.parametrize(
    ("count", "options", "words"),
    [
        (1, {}, "bars: the 3 largest probabilities"),
        (1, {"top": 4}, "bars: probabilities of the classes"),
        (1, {"top": 0}, ""),
        (3, {"top": 0}, "Predictions"),
    ],
)
def test_words_above_say_what_the_bars_are_if_there_are_any(images, count, options, words):
    assert words_above(plot_predictions(images[:count], PROBABILITIES[:count], **options)) == words


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pixels_of_any_finite_magnitude_keep_their_colours(dtype):
    largest = np.finfo(dtype).max
    image = np.array([[-largest, 0], [largest / 2, largest]], dtype)
    (drawn,) = pictures_of(plot_predictions(image, PROBABILITIES[0]))[0].images
    np.testing.assert_allclose(drawn.norm(drawn.get_array()), [[0, 0.5], [0.75, 1]])
    drawn.figure.canvas.draw()


def test_images_make_room_for_names(images):
    figure = plot_predictions(images, PROBABILITIES, [0, 3, 1], class_names=["Ankle boot", "b", "c", "T-shirt/top"])
    assert [title_of(ax) for ax in pictures_of(figure)] == [
        "predicted: Ankle boot\ntrue: Ankle boot",
        "predicted: T-shirt/top\ntrue: T-shirt/top",
        "predicted: b\ntrue: b",
    ]


def test_long_names_are_cut_with_an_ellipsis(images):
    names = ["a name that is much longer than an image is wide", "b", "c", "d"]
    assert title_of(plot_predictions(images, PROBABILITIES, class_names=names).axes[0]).endswith("…")


@pytest.mark.parametrize("top", [0, 2])
def test_a_class_has_one_name_wherever_it_stands(images, top):
    names = [f"all of these begin alike and end in {k}" for k in range(4)]
    figure = plot_predictions(images, PROBABILITIES, [0, 3, 1], class_names=names, top=top)
    captions = [re.sub(r"predicted: | \(.*\)|true: ", "", title_of(ax)).split("\n") for ax in pictures_of(figure)]
    assert all(predicted == true for predicted, true in captions)
    assert len({predicted for predicted, _ in captions}) == 3
    bars = {text.get_text() for ax in bars_of(figure) for text in ax.texts if "%" not in text.get_text()}
    assert {predicted for predicted, _ in captions} <= bars or not top


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"images": np.zeros((2, 28, 28))}, tn.ShapeError, "2 images but 3 rows of probabilities"),
        ({"images": np.zeros((3, 10))}, tn.ShapeError, r"expects images of shape .* got \(3, 10\)"),
        ({"images": np.zeros((3, 3, 28, 28))}, tn.ShapeError, r"got \(3, 3, 28, 28\)"),
        ({"images": np.zeros((3, 0, 0))}, tn.ShapeError, r"got \(3, 0, 0\)"),
        ({"images": np.full((3, 4, 4), np.nan)}, ValueError, "finite pixels"),
        ({"images": [["a"]]}, TypeError, "real numbers"),
        ({"probabilities": np.ones((3, 2, 2)) / 2}, tn.ShapeError, r"probabilities of shape \(N, classes\)"),
        ({"probabilities": np.zeros((0, 4))}, tn.ShapeError, r"got \(0, 4\)"),
        ({"probabilities": PROBABILITIES * 2}, ValueError, "row 0 is none; for logits, apply .*softmax"),
        ({"probabilities": [[1, 0], [0, 1], [-1, 2]]}, ValueError, "row 2 is none"),
        ({"probabilities": np.full((3, 4), np.nan)}, ValueError, "row 0"),
        ({"labels": [0, 1]}, tn.ShapeError, "2 labels but 3 rows"),
        ({"labels": [[0, 1, 2]]}, tn.ShapeError, r"labels of shape \(N,\) .*got \(1, 3\)"),
        ({"labels": [0, 1, 4]}, ValueError, "below 4, the number of classes, got 4"),
        ({"labels": [0, -1, 2]}, ValueError, "at least 0.*got -1"),
        ({"labels": [0.0, 1.0, 2.0]}, TypeError, "integers"),
        ({"top": 1.5}, TypeError, "plot_predictions: top must be an integer, got 1.5"),
        ({"top": True}, TypeError, "top must be an integer, got True"),
        ({"cmap": "nocolours"}, ValueError, "plot_predictions: cmap .* got 'nocolours'"),
        ({"labels": []}, tn.ShapeError, r"labels of shape \(N,\) with N of at least 1, got \(0,\)"),
        ({"images": [], "probabilities": []}, tn.ShapeError, r"probabilities of shape \(N, classes\), got \(0,\)"),
        (
            {"images": np.zeros((201, 4, 4)), "probabilities": np.ones((201, 1))},
            ValueError,
            r"draws up to 200 images, got 201; choose some, as in images\[:16\]",
        ),
        ({"top": -1}, ValueError, "top must be at least 0, got -1"),
        ({"class_names": ["cat", "dog"]}, ValueError, "2 class_names for 4 classes"),
    ],
)
def test_refuses_what_does_not_fit_before_a_figure_opens(images, changes, error, message):
    arguments = {"images": images, "probabilities": PROBABILITIES, **changes}
    with pytest.raises(error, match=message):
        plot_predictions(**arguments)
    assert plt.get_fignums() == []
