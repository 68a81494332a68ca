from __future__ import annotations

import io
import sys

import pytest

from tinynet.datasets.progress import ProgressBar


def test_fills_one_line_and_ends_it(on_terminal):
    terminal = on_terminal()
    with ProgressBar("digits.gz", 2_000_000) as bar:
        bar.show(1_000_000)
        bar.show(2_000_000)
    text = terminal.getvalue()
    assert text == (
        "\rdigits.gz [###############...............]   1.0 of 2.0 MB"
        "\rdigits.gz [##############################]   2.0 of 2.0 MB\n"
    )


def test_draws_ten_times_a_second_at_most(on_terminal):
    terminal = on_terminal()
    with ProgressBar("digits.gz", 100_000) as bar:
        for done in range(50_000):
            bar.show(done)
    assert 1 <= terminal.getvalue().count("\r") <= 10


def test_ends_the_line_after_an_error(on_terminal):
    terminal = on_terminal()
    bar = ProgressBar("digits.gz", 10)
    bar.show(1)
    bar.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert terminal.getvalue().endswith("MB\n")


@pytest.mark.parametrize("stream", [io.StringIO(), None], ids=["file", "none"])
def test_is_silent_without_a_terminal(monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream)
    with ProgressBar("digits.gz", 10) as bar:
        bar.show(10)
    assert stream is None or stream.getvalue() == ""


def test_no_bar_no_line_end(on_terminal):
    terminal = on_terminal()
    with ProgressBar("digits.gz", 10):
        pass
    assert terminal.getvalue() == ""
