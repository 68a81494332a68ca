"""Tests of the confusion matrix."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from looks import colour_bars

import tinynet as tn
from tinynet.viz import plot_confusion_matrix

LABELS = [0, 0, 0, 0, 1, 1, 2]
TAKEN_FOR = [0, 0, 0, 1, 1, 1, 0]
SHARES = [[0.75, 0.25, 0], [0, 1, 0], [1, 0, 0]]


def texts_of(ax, classes):
    """Return what is written into the cells, row by row."""
    words = np.full((classes, classes), "", dtype="U9")
    for text in ax.texts:
        column, row = np.subtract(text.get_position(), 0.5).astype(int)
        words[row, column] = text.get_text()
    return words.tolist()


def test_rows_are_true_and_columns_predicted():
    ax = plot_confusion_matrix(LABELS, TAKEN_FOR)
    assert texts_of(ax, 3) == [["3", "1", ""], ["", "2", ""], ["1", "", ""]]
    np.testing.assert_allclose(np.reshape(ax.collections[0].get_array(), (3, 3)), SHARES)
    assert ax.yaxis_inverted()  # class 0 on top
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "true class")


def test_title_is_the_accuracy():
    accuracy, key = plot_confusion_matrix(LABELS, TAKEN_FOR).get_title().splitlines()
    assert (accuracy, key) == ("Accuracy 71.43 %: 5 of 7 samples right", "in the cells: samples, if any")
    one = plot_confusion_matrix([1], [1], normalize=True).get_title()
    assert one == "Accuracy 100.00 %: 1 of 1 sample right\nin the cells: % of the true class, if any"


def test_shares_are_written_in_percent():
    ax = plot_confusion_matrix(LABELS, TAKEN_FOR, normalize=True)
    assert texts_of(ax, 3) == [["75.0", "25.0", ""], ["", "100.0", ""], ["100.0", "", ""]]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint64])
def test_labels_of_every_integer_type(dtype):
    labels = np.array([0, 1, 44, 44], dtype=dtype)
    shares = plot_confusion_matrix(labels, labels).collections[0].get_array()
    assert np.flatnonzero(shares).tolist() == [0, 46, 44 * 46]


def test_probabilities_count_by_their_largest():
    probabilities = np.eye(4)[TAKEN_FOR] * 0.9
    ax = plot_confusion_matrix(LABELS, probabilities)
    shares = np.reshape(ax.collections[0].get_array(), (4, 4))
    np.testing.assert_allclose(shares[:3, :3], SHARES)
    assert not shares[3].any()  # a class that never occurs has its row all the same


def test_rare_errors_can_be_seen_beside_a_dark_diagonal():
    mesh = plot_confusion_matrix(LABELS, TAKEN_FOR).collections[0]
    assert (mesh.norm.vmin, mesh.norm.vmax) == (0, 1)
    none, rare, all_ = (np.mean(mesh.cmap(mesh.norm(share))[:3]) for share in (0.0, 0.001, 1.0))
    assert none > rare + 0.03 > all_ + 0.03


def test_counts_are_light_on_dark_cells_and_dark_on_light_ones():
    ax = plot_confusion_matrix([0, 1, 1] + [2] * 50, [0, 1, 0] + [2] * 49 + [0])
    colours = {tuple(text.get_position()): text.get_color() for text in ax.texts}
    assert colours[2.5, 2.5] == "white"
    assert colours[0.5, 2.5] == "black"


def test_colour_bar_tells_the_shares():
    (bar,) = colour_bars(plot_confusion_matrix(LABELS, TAKEN_FOR).figure)
    assert bar.get_ylabel() == "share of the true class (row)"
    labels = [label.get_text() for label in bar.get_yticklabels()]
    assert labels == ["0 %", "0.1 %", "1 %", "10 %", "50 %", "100 %"]
    np.testing.assert_allclose(bar.get_yticks(), [0, 0.001, 0.01, 0.1, 0.5, 1])


def test_names_stand_at_rows_and_columns():
    ax = plot_confusion_matrix(
        LABELS, TAKEN_FOR, class_names=["cat", "dog", "a very long name of a bird, longer than a line"]
    )
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        assert [label.get_text() for label in labels] == ["cat", "dog", "a very long name of a bird,…"]


@pytest.mark.parametrize("classes", [2, 26])
@pytest.mark.parametrize(
    "name", ["all of these long names begin alike and end in {}", "a long name with {} in it, not far from the end"]
)
def test_names_that_are_cut_stay_apart(classes, name):
    names = [name.format(k) for k in range(classes)]
    labels = np.arange(classes)
    for ax in (None, plt.figure().subplots()):
        drawn = plot_confusion_matrix(labels, labels, class_names=names, ax=ax)
        words = [label.get_text() for label in drawn.get_yticklabels()]
        assert len(set(words)) == classes
        assert all("…" in word and len(word) <= 28 for word in words)


def test_names_that_no_cut_keeps_apart_are_numbered():
    names = ["x" * 40 + middle + "y" * 40 for middle in "ab"]
    ax = plot_confusion_matrix([0, 1], [0, 1], class_names=names)
    assert [label.get_text()[:3] for label in ax.get_yticklabels()] == ["0: ", "1: "]


@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("layout", [None, "constrained", "own figure"])
def test_colour_bar_is_as_high_as_the_matrix(classes, layout):
    ax = None
    if layout != "own figure":
        _, (ax, _) = plt.subplots(1, 2, figsize=(9, 3), constrained_layout=layout == "constrained")
    names = [f"a rather long name of class {k}" for k in range(classes)]
    ax = plot_confusion_matrix(np.arange(classes), np.arange(classes), class_names=names, ax=ax)
    ax.figure.draw_without_rendering()
    (bar,) = colour_bars(ax.figure)
    matrix, key = ax.get_window_extent(), bar.get_window_extent()
    np.testing.assert_allclose([key.y0, key.y1], [matrix.y0, matrix.y1], atol=1)
    assert matrix.x1 < key.x0 < key.x1 < matrix.x1 + 0.1 * matrix.width


def test_many_classes_have_colours_only_and_some_names():
    labels = np.arange(100)
    ax = plot_confusion_matrix(labels, labels)
    assert not ax.texts
    assert [label.get_text() for label in ax.get_yticklabels()][:7] == ["0", "3", "6", "9", "12", "15", "18"]
    assert max(ax.figure.get_size_inches()) < 16


@pytest.mark.parametrize(
    ("labels", "predictions", "options", "error", "message"),
    [
        ([0, 1], [0, 1, 1], {}, tn.ShapeError, "2 labels but 3 predictions"),
        ([], np.zeros((0, 3)), {}, tn.ShapeError, r"probabilities of shape \(N, classes\).*got \(0, 3\)"),
        ([], [], {}, tn.ShapeError, r"predictions of shape \(N,\) with N of at least 1, got \(0,\)"),
        ([], [0], {}, tn.ShapeError, r"labels of shape \(N,\) with N of at least 1, got \(0,\)"),
        ([0, 50_000], [0, 1], {}, ValueError, "draws up to 1,000 classes, got 50,001"),
        (np.array([0, 2**63], np.uint64), [0, 1], {}, ValueError, "draws up to 1,000 classes, got 9,223,"),
        (
            [0, 1],
            np.array([0, 2**64 - 1], np.uint64),
            {},
            ValueError,
            "draws up to 1,000 classes, got 18,44",
        ),
        ([0], np.ones((1, 1001)), {}, ValueError, "draws up to 1,000 classes, got 1,001"),
        ([0], [0], {"cmap": "nocolours"}, ValueError, "plot_confusion_matrix: cmap .* got 'nocolours'"),
        (np.array([], int), np.array([], int), {}, tn.ShapeError, r"predictions of shape \(N,\) .*got \(0,\)"),
        ([0], np.zeros((1, 1, 3), int), {}, tn.ShapeError, r"predictions of shape \(N,\) .*got \(1, 1, 3\)"),
        ([0, 1], [0.0, 1.0], {}, TypeError, "predictions to be class indices"),
        (["a", "b"], [0, 1], {}, TypeError, "labels to be class indices"),
        ([0, 3], np.eye(3)[:2], {}, ValueError, "labels of at least 0 and below 3.*got 3"),
        ([0, -1], [0, 1], {}, ValueError, "got -1"),
        ([0, 2], [0, 1], {"class_names": list("ab")}, ValueError, "below 2"),
        ([0, 1], np.eye(2), {"class_names": list("abc")}, ValueError, "3 class_names for 2 classes"),
        ([0, 1], [[0, 1], [np.nan, 1]], {}, ValueError, "expects probabilities, got NaN in row 1$"),
    ],
)
def test_refuses_what_does_not_fit_before_a_figure_opens(labels, predictions, options, error, message):
    with pytest.raises(error, match=message):
        plot_confusion_matrix(labels, predictions, **options)
    assert plt.get_fignums() == []
