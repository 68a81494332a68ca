"""Settings for the whole suite, and where the optional material lies."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

os.environ.setdefault("MPLBACKEND", "Agg")  # no windows, also from the doctests
# The tests run in as many processes as there are cores: more threads would wait for each other. Read when NumPy is.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

settings.register_profile(
    "tinynet",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.too_slow],
)
# For mutation testing a failure need not be made small: that it is one says all.
settings.register_profile("mutation", settings.get_profile("tinynet"), phases=[Phase.explicit, Phase.generate])
settings.load_profile("tinynet")

DEFAULT_RNG = np.random.default_rng


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """Let what a test draws without a seed be the same in every run, and not what it draws with a small one."""
    seeds = itertools.count(10**9)
    np.random.default_rng = lambda seed=None: DEFAULT_RNG(next(seeds) if seed is None else seed)


ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def wild_dir() -> Path:
    """The folder of real checkpoints from other people, which is no part of the project."""
    folder = ROOT.parent / "shared" / "wild"
    if not folder.is_dir():
        pytest.skip(f"needs the real checkpoints in {folder}")
    return folder


@pytest.fixture(scope="session")
def mnist_dir() -> Path:
    """The folder of the real MNIST files."""
    folder = Path(os.environ.get("TINYNET_DATA", ROOT.parent / "shared" / "mnist"))
    if not folder.is_dir():
        pytest.skip(f"needs the MNIST files in {folder}; TINYNET_DATA names another folder")
    return folder
