"""Pictures are drawn without a screen, leave no figure behind and change no setting."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest


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
