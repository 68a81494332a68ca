"""Tests of the gallery: each picture has a script, a page of its own and a place among the others."""

from __future__ import annotations

import functools
import re
import runpy

import matplotlib.pyplot as plt
import pytest

import tinynet as tn

#: Several scripts draw the same digits, which takes longer than all else.
DIGITS = functools.cache(tn.datasets.synthetic_digits)
PICTURES = [name for name in tn.viz.__all__ if name.startswith(("plot_", "draw_"))]


@pytest.fixture
def gallery(root):
    return root / "docs" / "gallery"


@pytest.mark.parametrize("name", PICTURES)
def test_each_picture_has_a_page_and_is_shown_among_the_others(name, gallery):
    pages = [(gallery / page).read_text("utf-8") for page in (f"{name}.rst", "index.rst")]
    for page in [*pages, (gallery.parent / "api" / "viz.rst").read_text("utf-8")]:
        (options,) = re.findall(rf"\.\. plot:: gallery/{name}\.py\n((?: +:.*\n)+)", page)
        assert re.search(r":alt: \S.{30}", options)
    assert f"`tinynet.viz.{name}`" in pages[0]
    assert f"\n   {name}\n" in pages[1]


@pytest.mark.parametrize("name", PICTURES)
def test_scripts_run_where_the_examples_are_and_draw_one_figure(name, gallery, root, monkeypatch):
    monkeypatch.chdir(root)
    monkeypatch.setattr(tn.datasets, "synthetic_digits", DIGITS)
    runpy.run_path(str(gallery / f"{name}.py"))
    assert len(plt.get_fignums()) == 1


def test_there_is_no_script_without_a_picture(gallery):
    assert {path.stem for path in gallery.glob("*.py")} == set(PICTURES)
