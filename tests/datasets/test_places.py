from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tinynet.datasets.places import data_places


def test_order(tmp_path, monkeypatch, cache):
    monkeypatch.setenv("TINYNET_DATA", str(tmp_path / "variable"))
    assert data_places(tmp_path / "root", "mnist") == [tmp_path / "root", tmp_path / "variable", cache]


@pytest.mark.parametrize("value", [None, ""])
def test_an_unset_variable_is_no_place(monkeypatch, cache, value):
    if value is not None:
        monkeypatch.setenv("TINYNET_DATA", value)
    assert data_places(None, "mnist") == [cache]


def test_the_tilde_is_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYNET_DATA", "~/b")
    assert data_places("~/a", "mnist")[:2] == [tmp_path / "home" / "a", tmp_path / "home" / "b"]


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "{tmp}/xdg"}, "{tmp}/xdg"),
        ("linux", {}, "{tmp}/home/.cache"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "{tmp}/home/.cache"),
        ("linux", {"LOCALAPPDATA": "{tmp}/local"}, "{tmp}/home/.cache"),
        ("darwin", {}, "{tmp}/home/Library/Caches"),
        ("darwin", {"XDG_CACHE_HOME": "{tmp}/xdg"}, "{tmp}/xdg"),
        ("win32", {"LOCALAPPDATA": "{tmp}/local", "XDG_CACHE_HOME": "{tmp}/xdg"}, "{tmp}/local"),
        ("win32", {}, "{tmp}/home/AppData/Local"),
    ],
)
def test_cache_of_each_platform(tmp_path, monkeypatch, platform, variables, expected):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(tmp=tmp_path))
    monkeypatch.setattr(sys, "platform", platform)
    assert data_places(None, "mnist") == [Path(expected.format(tmp=tmp_path)) / "tinynet" / "mnist"]


def test_a_user_without_a_home_has_no_cache(monkeypatch):
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("LOCALAPPDATA")
    monkeypatch.setattr(Path, "home", no_home)
    assert data_places(None, "mnist") == []
