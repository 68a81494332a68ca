"""The example, run as a visitor runs it but without PyTorch; its mistakes are made in this process, to save time."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinynet as tn

PICTURES = ["confusion_matrix.png", "neurons.png", "predictions.png", "weights.png"]


@pytest.fixture
def script(root):
    return root / "examples" / "mnist_predict.py"


@pytest.fixture
def run(root, script, tmp_path):
    """Run the example in a new process in which `import torch` fails."""

    def run_script(*arguments, **environment):
        (tmp_path / "torch.py").write_text("raise ImportError('torch must not be imported')")
        hidden = {"MPLBACKEND", "DISPLAY", "WAYLAND_DISPLAY", "TINYNET_DATA"}
        env = {key: value for key, value in os.environ.items() if key not in hidden}
        env["PYTHONPATH"] = os.pathsep.join([str(tmp_path), str(root / "src")])
        command = [sys.executable, str(script), *map(str, arguments)]
        done = subprocess.run(
            command, cwd=tmp_path, env={**env, **environment}, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run_script


def accuracy(output):
    """Return the accuracy that the example printed, on a line of its own."""
    (percent,) = re.findall(r"^accuracy: (\d+\.\d\d) %$", output, flags=re.MULTILINE)
    return float(percent)


def saved(output):
    return re.findall(r"^saved (.+)$", output, flags=re.MULTILINE)


def test_synthetic_digits(run, tmp_path):
    output = run("--dataset", "synthetic", "--index", 7, "--count", 4)
    assert "1,000 synthetic digits\n" in output
    assert accuracy(output) > 95
    # Every layer with its parameters, every digit, the one image with its ten probabilities.
    assert re.search(r"fc1 +Dense 'fc1' +\(N, 128\) +100,480\n", output)
    assert re.findall(r"^ +(\d) +100 +\d+ +\d+\.\d\d %", output, flags=re.MULTILINE) == [str(k) for k in range(10)]
    assert re.search(r"^image 7: label \d, prediction \d$", output, flags=re.MULTILINE)
    probabilities = re.findall(r"^  \d  (\d\.\d{4})  #*$", output, flags=re.MULTILINE)
    assert len(probabilities) == 10
    assert sum(map(float, probabilities)) == pytest.approx(1, abs=1e-3)
    # The pictures are where it says.
    expected = {str(Path("output", name)) for name in [*PICTURES, "image_7.png"]}
    assert set(saved(output)) == expected
    for name in saved(output):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_mnist(run, mnist_dir, tmp_path):
    output = run("--output-dir", tmp_path / "a" / "b", TINYNET_DATA=str(mnist_dir))
    assert "10,000 MNIST test images\n" in output
    assert accuracy(output) >= 98.5
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == PICTURES


@pytest.fixture
def fail(script, tmp_path, monkeypatch, capsys):
    """Run the example in this process and return the line with which it gives up."""
    pytest.importorskip("matplotlib").use("Agg")
    monkeypatch.chdir(tmp_path)

    def run_script(*arguments):
        monkeypatch.setattr(sys, "argv", [str(script), "--dataset", "synthetic", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            runpy.run_path(str(script), run_name="__main__")
        assert stop.value.code == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("mnist_predict.py: ")
        return line

    return run_script


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--weights", "none.pth"], "there is no weights file none.pth; name one with --weights"),
        (["--index", "1000"], "--index must be from 0 to 999, got 1000"),
        (["--index", "-1"], "--index must be from 0 to 999, got -1"),
        (["--count", "0"], "--count must be from 1 to 200, got 0"),
        (["--count", "300"], "--count must be from 1 to 200, got 300"),
        (["--std", "0"], "--std must be positive and finite, got 0"),
        (["--std", "nan"], "--std must be positive and finite, got nan"),
        (["--std", "inf"], "--std must be positive and finite, got inf"),
        (["--mean", "inf"], "--mean must be finite, got inf"),
        (["--mean", "nan"], "--mean must be finite, got nan"),
    ],
)
def test_mistakes_get_one_line(fail, arguments, message):
    assert message in fail(*arguments)


def test_output_that_cannot_be_written_gets_one_line(fail, tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert "--output-dir file cannot be made: File exists" in fail("--output-dir", "file")


@pytest.mark.parametrize("content", ["not a checkpoint", "several\nlines\nof text\n", "(lp0\nI1\na.", ""])
def test_a_file_that_is_no_checkpoint_gets_one_line(fail, tmp_path, content):
    (tmp_path / "bad.pth").write_text(content)
    assert "bad.pth" in fail("--weights", "bad.pth")


@pytest.mark.parametrize(
    ("shape", "message"),
    [((10, 100), "shape (N, 100), got"), ((3, 784), "must tell 10 digits apart, but give 3 classes")],
)
def test_weights_for_something_else_get_one_line(fail, monkeypatch, tmp_path, shape, message):
    weights = tmp_path / "other.pth"
    weights.touch()
    load = tn.from_torch_state_dict
    state_dict = {"fc.weight": np.zeros(shape, np.float32)}
    monkeypatch.setattr(tn, "from_torch_state_dict", lambda path: load(state_dict))
    assert message in fail("--weights", weights)


@pytest.fixture
def load_digits(script):
    return runpy.run_path(str(script))["load_digits"]


@pytest.fixture
def no_mnist(monkeypatch):
    def load_mnist(*args, **kwargs):
        raise FileNotFoundError("MNIST is not on this machine")

    monkeypatch.setattr(tn.datasets, "load_mnist", load_mnist)


@pytest.mark.usefixtures("no_mnist")
def test_without_mnist_it_says_so_and_draws_its_own(load_digits, capsys):
    images, labels, what = load_digits("auto", None)
    assert (images.shape, labels.shape, what) == ((1000, 28, 28), (1000,), "synthetic digits")
    (line,) = capsys.readouterr().out.splitlines()
    assert "synthetic digits" in line


@pytest.mark.usefixtures("no_mnist")
def test_without_mnist_but_asked_for_it_is_an_error(load_digits):
    with pytest.raises(FileNotFoundError, match="not on this machine"):
        load_digits("mnist", None)
