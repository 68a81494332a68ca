"""Measured figures that several pages have are the same everywhere: those of the last run of the benchmarks."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MEASURED = (ROOT / "docs/figures/performance.md").read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", ["README.md", "docs/howto/without_pytorch.md"])
def test_lines_with_ratios_are_those_that_the_benchmarks_wrote(name):
    lines = [line for line in (ROOT / name).read_text("utf-8").splitlines() if "x** |" in line]
    assert lines
    assert [line for line in lines if line not in MEASURED] == []
