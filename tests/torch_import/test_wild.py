"""Real checkpoints of other people: what tinynet computes from them is what torch computed."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import tinynet as tn

SCALINGS = {
    "pixels as they are, 0..255": lambda pixels: pixels,
    "pixels / 255": lambda pixels: pixels / 255,
    "pixels / 255 / 255": lambda pixels: pixels / 255 / 255,
    "(pixels / 255 - 0.1307) / 0.3081": lambda pixels: (pixels / 255 - 0.1307) / 0.3081,
    "(pixels / 255 - 0.5) / 0.5": lambda pixels: (pixels / 255 - 0.5) / 0.5,
}
KINDS = {"Linear": tn.Dense, "Conv2d": tn.Conv2d, "BatchNorm2d": tn.BatchNorm}
STEPS = {
    "flat": tn.Flatten,
    "mp2": lambda: tn.MaxPool2d(2),
    "mp2s1": lambda: tn.MaxPool2d(2, stride=1),
    "ap2": lambda: tn.AvgPool2d(2),
    "ap3": lambda: tn.AvgPool2d(3),
    "drop": lambda: tn.Dropout(0.5),
    "drop2d": lambda: tn.Dropout(0.5),
    "relu": tn.ReLU,
    "sigmoid": tn.Sigmoid,
    "tanh": tn.Tanh,
    "leaky": lambda: tn.LeakyReLU(0.01),
    "softmax": tn.Softmax,
    "logsm": tn.LogSoftmax,
}


@pytest.fixture(scope="module")
def manifest(wild_dir):
    return json.loads((wild_dir / "manifest.json").read_text())


@pytest.fixture(scope="module")
def cases(manifest, wild_dir):
    """Every file with outputs of torch, but the one whose images are resized: that is no layer here."""
    entries = [entry for entry in manifest if "outputs" in entry]
    found = [entry for entry in entries if "resize32" not in entry["order"]]
    assert len(found) == len(entries) - 1 == 45
    return found


@pytest.fixture(scope="module")
def outputs(wild_dir):
    return np.load(wild_dir / "outputs.npz")


@pytest.fixture(scope="module")
def images(mnist_dir):
    return tn.datasets.load_mnist("test", root=mnist_dir, download=False)[0][:256]


def is_convolutional(entry):
    return any(text.startswith("Conv2d") for text in entry["layers"].values())


def inputs(entry, images):
    """Return what torch was given, of shape (N, 1, H, W)."""
    if "pad2" in entry["order"]:
        images = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    return SCALINGS[entry["input"]](images[:, None].astype(np.float32))


def file_name(name):
    return name.replace("_orig_mod.", "")


def build(entry):
    """Build the network of the manifest: its layers in its order."""
    layers = []
    for step in entry["order"]:
        if step in entry["layers"]:
            kind, arguments = re.fullmatch(r"(\w+)\((.*)\)", entry["layers"][step]).groups()
            numbers = [int(text) for text in arguments.split(",") if "=" not in text]
            named = dict(text.split("=") for text in arguments.split(",") if "=" in text)
            options = {"padding": int(named.pop("padding"))} if "padding" in named else {}
            if kind == "Linear":
                options["bias"] = f"{step}.bias" in entry["tensors"]
            elif named:
                options["bias"] = {"False": False}[named.pop("bias")]
            assert not named
            layers.append(KINDS[kind](*numbers, **options, name=file_name(step)))
        elif step != "pad2":  # done by `inputs`
            layers.append(STEPS[step]())
    return tn.Sequential(*layers)


def assert_equal_to_torch(y, expected, entry):
    assert np.array_equal(y.argmax(axis=1), expected.argmax(axis=1)), entry["file"]
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-4 * np.abs(expected).max(), err_msg=entry["file"])


def test_networks_by_the_layers_and_the_order_of_the_manifest(cases, wild_dir, outputs, images):
    for entry in cases:
        net = build(entry)
        assert tn.from_torch_state_dict(wild_dir / entry["file"], net) is net
        assert_equal_to_torch(net(inputs(entry, images)), outputs[entry["outputs"]], entry)


def test_the_manifest_has_every_kind_of_layer_and_scaling(cases):
    """So that the tests above say what they seem to say."""
    steps = {step for entry in cases for step in entry["order"]}
    assert steps >= {"flat", "mp2", "ap2", "ap3", "drop", "drop2d", "relu", "sigmoid", "logsm", "softmax", "pad2"}
    kinds = {text.partition("(")[0] for entry in cases for text in entry["layers"].values()}
    assert kinds == set(KINDS)
    assert {entry["input"] for entry in cases} == set(SCALINGS)


def test_plain_chains_need_no_architecture(cases, wild_dir, outputs, images):
    tried = 0
    for entry in cases:
        steps = [step for step in entry["order"] if step not in ("flat", "drop", "pad2")]
        softmax = steps[-1] == "softmax"
        plain = [step for name in entry["layers"] for step in (name, "relu")][:-1]
        if not is_convolutional(entry) and steps[: len(steps) - softmax] == plain:
            net = tn.from_torch_state_dict(wild_dir / entry["file"], softmax=softmax)
            x = inputs(entry, images)
            assert_equal_to_torch(net(x.reshape(len(x), -1)), outputs[entry["outputs"]], entry)
            tried += 1
    assert tried > 20


def there_and_back(net):
    return {key: array.tobytes() for key, array in tn.to_torch_state_dict(net).items()}


def test_what_is_written_of_a_network_is_what_was_read(cases, wild_dir):
    for entry in filter(is_convolutional, cases):
        net = tn.from_torch_state_dict(wild_dir / entry["file"], build(entry))
        written = tn.to_torch_state_dict(net)
        assert set(written) == {file_name(key) for key in entry["tensors"]}
        again = tn.from_torch_state_dict(written, build(entry))
        assert there_and_back(again) == there_and_back(net)


def suggested(path):
    """Return the network of the error for a file without a given network."""
    with pytest.raises(tn.CheckpointError) as caught:
        tn.from_torch_state_dict(path)
    message = str(caught.value)
    assert len(message.splitlines()) <= 40
    start = message.index("tn.Sequential(\n")
    return eval(message[start : message.index("\n)", start) + 2], {"tn": tn})


def test_suggested_networks_fit_their_files(manifest, wild_dir, images):
    """Whether they are right only their authors know; sizes and names are."""
    tried = 0
    for entry in manifest:
        if not any(len(tensor["shape"]) == 4 for tensor in (entry["tensors"] or {}).values()):
            continue
        net = suggested(wild_dir / entry["file"])
        assert tn.from_torch_state_dict(wild_dir / entry["file"], net) is net
        channels = next(iter(net)).in_channels
        x = images[:2, None].repeat(channels, axis=1)
        if channels == 3:
            x = np.pad(x, ((0, 0), (0, 0), (2, 2), (2, 2)))
        assert net(x / 255).shape == (2, 10)
        tried += 1
    assert tried == 23


def without_dropout(order):
    """Return steps that change the outputs, ReLU before the max-pooling that it commutes with, no last softmax."""
    steps = " ".join(step for step in order if step not in ("drop", "drop2d", "softmax", "logsm"))
    return steps.replace("mp2 relu", "relu mp2").split()


def test_suggested_networks_are_mostly_the_right_ones(cases, wild_dir):
    right = 0
    names = {"ReLU": "relu", "MaxPool2d": "mp2", "AvgPool2d": "ap", "Flatten": "flat", "Softmax": "softmax"}
    for entry in filter(is_convolutional, cases):
        net, true = suggested(wild_dir / entry["file"]), build(entry)
        order = [layer.name or names[type(layer).__name__] for layer in net]
        padding_of = {layer.name: getattr(layer, "padding", None) for layer in true if layer.name}
        right += without_dropout(order) == without_dropout(map(file_name, entry["order"])) and all(
            getattr(layer, "padding", None) == padding_of[layer.name] for layer in net if layer.name
        )
    assert right >= 15  # of 19
