"""The examples, run as a visitor does but without PyTorch; their mistakes are made in this process, to save time."""

from __future__ import annotations

import ast
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
def training_script(root):
    return root / "examples" / "train_mnist_numpy.py"


@pytest.fixture
def drawing_script(root):
    return root / "examples" / "draw_digit.py"


@pytest.fixture
def run(root, script, tmp_path):
    """Run an example in a new process in which `import torch` fails."""

    def run_script(*arguments, script=script, **environment):
        (tmp_path / "torch.py").write_text("raise ImportError('torch must not be imported')")
        hidden = {"MPLBACKEND", "DISPLAY", "WAYLAND_DISPLAY", "TINYNET_DATA"}
        env = {key: value for key, value in os.environ.items() if key not in hidden}
        env["PYTHONPATH"] = os.pathsep.join([str(tmp_path), str(root / "src")])
        command = [sys.executable, str(script), *map(str, arguments)]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={**env, **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
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


@pytest.mark.parametrize(("kind", "name", "least"), [((), "mnist_numpy", 90), (("--cnn",), "mnist_cnn", 80)])
def test_training(run, training_script, tmp_path, kind, name, least):
    output = run(*kind, "--dataset", "synthetic", "--epochs", 2, script=training_script)
    assert "2,000 synthetic digits to learn from\n" in output
    assert re.search(rf"0 +Moved +\(N, {'1, 28, 28' if kind else '784'}\) +0\n", output)
    assert len(re.findall(r"^epoch \d/2  loss \d\.\d{4}  accuracy ", output, flags=re.MULTILINE)) == 2
    (percent,) = re.findall(r"^accuracy: (\d+\.\d\d) % of 500 test images$", output, flags=re.MULTILINE)
    assert float(percent) > least
    pictures = [f"{name}_{picture}.png" for picture in ("loss", "confusion_matrix", "neurons")]
    assert saved(output) == [str(Path("output", file)) for file in [f"{name}.pth", *pictures]]
    for picture in pictures:
        assert (tmp_path / "output" / picture).read_bytes().startswith(b"\x89PNG")
    # The checkpoint is that of the network that was tested.
    module = runpy.run_path(str(training_script))
    net = module["convolutional_network" if kind else "dense_network"](1)
    tn.from_torch_state_dict(tmp_path / "output" / f"{name}.pth", net)
    images, labels, _ = module["load_digits"]("test", "synthetic", None)
    x = tn.datasets.normalize(images).reshape(-1, *([1, 28, 28] if kind else [784]))
    assert f"{100 * (net.predict(x) == labels).mean():.2f}" == percent


def test_the_convolutional_network_of_the_examples(root, training_script, mnist_dir):
    path = root / "examples" / "mnist_cnn.pth"
    assert path.stat().st_size < 300_000
    net = tn.from_torch_state_dict(path, runpy.run_path(str(training_script))["convolutional_network"](0))
    images, labels = tn.datasets.load_mnist("test", root=mnist_dir)
    assert (net.predict(images.reshape(-1, 1, 28, 28) / np.float32(255)) == labels).mean() >= 0.99


def test_moved_images_are_the_same_but_for_a_pixel(training_script):
    make = runpy.run_path(str(training_script))["Moved"]
    moved = make((1, 28, 28), 0)
    images = np.zeros((2, 1, 28, 28), np.float32)
    images[:, 0, 10, 20] = [1, 2]
    places = set()
    for _ in range(60):
        (_, _, row, column) = (y := moved.forward(images, training=True)).nonzero()
        assert y.shape == images.shape
        assert (row[0], column[0], *y[y > 0]) == (row[1], column[1], 1, 2)
        places.add((int(row[0]) - 10, int(column[0]) - 20))
    assert places == {(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)}
    assert np.array_equal(moved(images), images)
    rows = make((784,), 0).forward(np.ones((1, 784)), training=True)
    assert rows.shape == (1, 784)
    with pytest.raises(tn.ShapeError, match=r"takes images of shape \(784,\), got \(100,\)"):
        tn.Sequential(tn.Dense(2, 100), make((784,), 0))


def test_the_pad_saves_a_seven(run, drawing_script, tmp_path):
    assert run("--save", "seven.png", script=drawing_script) == "drew a 7, predicted 7\nsaved seven.png\n"
    assert (tmp_path / "seven.png").read_bytes().startswith(b"\x89PNG")


def test_the_pad_opens_and_reacts(drawing_script, monkeypatch):
    plt = pytest.importorskip("matplotlib.pyplot")
    events = pytest.importorskip("matplotlib.backend_bases")
    seen = []

    def draw_a_line():
        (number,) = plt.get_fignums()
        canvas = plt.figure(number).canvas
        places = [(x, canvas.figure.bbox.height / 2) for x in (100, 200)]
        for name, place in zip(("button_press_event", "motion_notify_event"), places):
            canvas.callbacks.process(name, events.MouseEvent(name, canvas, *place, 1))
        seen.append(canvas.figure.axes[0].images[0].get_array().sum())
        plt.close("all")

    plt.close("all")  # what other tests left
    monkeypatch.setattr(plt, "show", draw_a_line)
    monkeypatch.setattr(plt, "get_backend", lambda: "TkAgg")
    monkeypatch.setattr(sys, "argv", [str(drawing_script)])
    runpy.run_path(str(drawing_script), run_name="__main__")
    assert seen[0] > 1000


@pytest.fixture
def convolutional(root):
    """The arguments that name the convolutional checkpoint, and those that name its network."""
    examples = root / "examples"
    network = f"{examples / 'train_mnist_numpy.py'}:convolutional_network"
    return ["--weights", str(examples / "mnist_cnn.pth")], ["--network", network]


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("mnist_predict.py", ["--dataset", "synthetic", "--count", "2"], r"\naccuracy: 9\d\.\d\d %\n"),
        ("draw_digit.py", ["--save", "seven.png"], "^drew a 7, predicted 7\n"),
    ],
)
def test_a_convolutional_checkpoint_with_its_network(
    root, convolutional, name, arguments, expected, tmp_path, monkeypatch, capsys
):
    pytest.importorskip("matplotlib").use("Agg")
    monkeypatch.chdir(tmp_path)
    weights, network = convolutional
    monkeypatch.setattr(sys, "argv", [name, *arguments, *weights, *network])
    runpy.run_path(str(root / "examples" / name), run_name="__main__")
    assert re.search(expected, capsys.readouterr().out)
    pytest.importorskip("matplotlib.pyplot").close("all")


@pytest.mark.parametrize("name", ["mnist_predict.py", "draw_digit.py"])
def test_a_convolutional_checkpoint_alone_gets_the_option_that_helps(root, convolutional, name, monkeypatch, capsys):
    weights, network = convolutional
    pytest.importorskip("matplotlib").use("Agg")
    monkeypatch.setattr(sys, "argv", [name, *weights, *(["--save", "none.png"] if name == "draw_digit.py" else [])])
    with pytest.raises(SystemExit):
        runpy.run_path(str(root / "examples" / name), run_name="__main__")
    error = capsys.readouterr().err
    assert 'tn.Conv2d(1, 8, 3, name="conv1")' in error
    assert error.endswith(
        f"with --network FILE.py:FUNCTION. That of train_mnist_numpy.py --cnn is {' '.join(network)}\n"
    )


NETWORKS = """
import tinynet as tn
dense = tn.Dense
number = 3
def nothing(): return None
def nested():
    inside = tn.Sequential(tn.ReLU(), tn.Dense(784, 10, name="out"))
    return tn.Sequential(tn.Sequential(), inside, tn.Softmax())
net = nested()
"""


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ("networks.py", "networks.py: the name of the function is missing, as in networks.py:FUNCTION"),
        ("networks.py:", "networks.py:: the name of the function is missing, as in networks.py:FUNCTION"),
        ("none.py", "--network must be FILE.py:FUNCTION, got 'none.py', and there is no file 'none.py'"),
        ("none.py:dense", "got 'none.py:dense', and there is no file 'none.py'"),
        ("networks.py:number", "--network networks.py:number: networks.py defines no function 'number'"),
        ("networks.py:nothing", "nothing() must return a tn.Sequential, got NoneType"),
        ("networks.py:dense", "missing 2 required positional arguments"),
    ],
)
@pytest.mark.parametrize("name", ["mnist_predict.py", "draw_digit.py"])
def test_mistakes_with_the_network_get_one_line(fail, root, tmp_path, name, network, message):
    (tmp_path / "networks.py").write_text(NETWORKS)
    save = ["--save", "none.png"] if name == "draw_digit.py" else []
    assert message in fail("--network", network, *save, script=root / "examples" / name)


@pytest.mark.parametrize("name", ["nested", "net"])  # a function, and a network as it is
def test_a_network_inside_the_network_is_drawn(script, name, tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib").use("Agg")
    monkeypatch.chdir(tmp_path)
    Path("networks.py").write_text(NETWORKS)
    tn.save_checkpoint(tn.to_torch_state_dict(runpy.run_path("networks.py")["nested"]()), "nested.pth")
    arguments = ["--weights", "nested.pth", "--network", f"networks.py:{name}", "--dataset", "synthetic"]
    monkeypatch.setattr(sys, "argv", [str(script), *arguments, "--count", "1"])
    runpy.run_path(str(script), run_name="__main__")
    assert "saved output/neurons.png" in capsys.readouterr().out.replace(os.sep, "/")
    pytest.importorskip("matplotlib.pyplot").close("all")


def test_the_table_says_what_a_digit_is_mistaken_for_most_often(script, capsys):
    table = runpy.run_path(str(script))["print_digits"]
    table(np.array([1, 1, 1, 1, 2, 2, 3]), np.array([1, 7, 7, 2, 2, 1, 3]))
    header, *rows = [line.rsplit("  ", 1)[1].strip() for line in capsys.readouterr().out.strip().splitlines()]
    assert (header, rows) == ("most often mistaken for", ["7 (2 times)", "1 (once)", "none"])


def test_both_examples_load_networks_alike(script, drawing_script):
    def source(path):
        text = path.read_text("utf-8")
        (function,) = [node for node in ast.parse(text).body if getattr(node, "name", "") == "load_network"]
        return ast.get_source_segment(text, function)

    assert source(script) == source(drawing_script)


@pytest.fixture
def fail(script, tmp_path, monkeypatch, capsys):
    """Run an example in this process and return the line with which it gives up."""
    pytest.importorskip("matplotlib").use("Agg")
    monkeypatch.chdir(tmp_path)

    def run_script(*arguments, script=script):
        dataset = [] if script.name == "draw_digit.py" else ["--dataset", "synthetic"]
        monkeypatch.setattr(sys, "argv", [str(script), *dataset, *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            runpy.run_path(str(script), run_name="__main__")
        assert stop.value.code == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"{script.name}: ")
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "--epochs must be at least 1, got 0"),
        (["--batch-size", "-3"], "--batch-size must be at least 1, got -3"),
        (["--lr", "nan"], "--lr must be positive and finite, got nan"),
        (["--seed", "-1"], "--seed must be at least 0, got -1"),
        (["--lr", "1e30", "--epochs", "5"], "at step 1, the loss is nan: layer"),
    ],
)
def test_mistakes_in_training_get_one_line(fail, monkeypatch, training_script, arguments, message):
    digits = tn.datasets.synthetic_digits(20, rng=0)
    monkeypatch.setattr(tn.datasets, "synthetic_digits", lambda n, rng: digits)
    assert message in fail(*arguments, script=training_script)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "matplotlib has no screen, or no toolkit to open a window with; --save FILE draws into a file"),
        (["--weights", "none.pth"], "there is no weights file none.pth; name one with --weights"),
        (["--save", "pad.png", "--std", "0"], "DigitPad: std must be positive and finite, got 0"),
        (["--save", "none/pad.png"], "No such file or directory"),
    ],
)
def test_mistakes_with_the_pad_get_one_line(fail, drawing_script, arguments, message):
    assert message in fail(*arguments, script=drawing_script)


def test_output_that_cannot_be_written_gets_one_line(fail, script, training_script, tmp_path):
    (tmp_path / "file").write_text("in the way")
    for path in (script, training_script):
        assert "--output-dir file cannot be made: File exists" in fail("--output-dir", "file", script=path)


@pytest.mark.parametrize("content", ["not a checkpoint", "several\nlines\nof text\n", "(lp0\nI1\na.", ""])
def test_a_file_that_is_no_checkpoint_gets_one_line(fail, tmp_path, content):
    (tmp_path / "bad.pth").write_text(content)
    assert "bad.pth" in fail("--weights", "bad.pth")


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((10, 100), "takes rows of shape (N, 100), or images of shape (10, 10)"),
        ((3, 784), "must tell 10 digits apart, but give 3 classes"),
    ],
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
