"""Tests of where the numbers at an axis stand."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from looks import illegible_texts
from matplotlib.ticker import MultipleLocator

from tinynet.viz._ticks import keep_numbers_apart, name_units


def axes(width, low, high):
    _, ax = plt.subplots(figsize=(width, 2), layout="constrained")
    ax.set(xlim=(low, high), yticks=[])
    keep_numbers_apart(ax.xaxis)
    return ax


def test_short_numbers_stand_where_matplotlib_puts_them():
    ax, (_, usual) = axes(6, -3, 3), plt.subplots(figsize=(6, 2), layout="constrained")
    usual.set(xlim=(-3, 3), yticks=[])
    assert ax.get_xticks().tolist() == usual.get_xticks().tolist()


def test_long_numbers_stand_apart_at_any_size():
    ax = axes(6, -1.0025e-3, -1.0e-3)
    counts = []
    for width in (3, 6, 12):
        ax.figure.set_size_inches(width, 2)
        assert illegible_texts(ax.figure) == []
        counts.append(len(ax.get_xticks()))
    assert 2 < counts[0] <= counts[1] < counts[2]


def test_the_axis_may_run_backwards():
    assert axes(6, 3, -3).get_xticks().tolist() == axes(6, -3, 3).get_xticks().tolist()


def test_who_chose_the_ticks_keeps_them():
    _, ax = plt.subplots()
    ax.set_xticks([0, 1], ["a", "b"])
    keep_numbers_apart(ax.xaxis)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["a", "b"]
    locator = MultipleLocator(2)
    ax.xaxis.set_major_locator(locator)
    keep_numbers_apart(ax.xaxis)
    assert ax.xaxis.get_major_locator() is locator


def test_ticks_tell_what_so_many_units_are():
    ax = axes(6, 0, 1)
    name_units(ax.xaxis, 1e300)
    labels = [text.get_text() for text in ax.get_xticklabels()]
    np.testing.assert_allclose([float(label) for label in labels], ax.get_xticks() * 1e300)
    assert illegible_texts(ax.figure) == []
