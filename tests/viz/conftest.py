"""Pictures are drawn without a screen, leave no figure behind and change no setting."""

from __future__ import annotations

import gc

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest


@pytest.fixture(autouse=True, scope="module")
def rarely_collected():
    """Look for garbage rarely: figures are so many objects that it would take a fifth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    yield
    gc.set_threshold(*before)


@pytest.fixture(autouse=True)
def clean_pyplot(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a picture must not show itself")

    monkeypatch.setattr(plt, "show", refuse)
    plt.close("all")  # what doctests have left
    before = dict(matplotlib.rcParams)
    yield
    plt.close("all")
    assert dict(matplotlib.rcParams) == before


@pytest.fixture
def rng():
    return np.random.default_rng(0)
