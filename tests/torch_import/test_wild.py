"""Real checkpoints of other people: what tinynet computes from them is what torch computed."""

from __future__ import annotations

import json

import numpy as np
import pytest

import tinynet as tn

SCALINGS = {
    "pixels / 255": {},
    "pixels / 255 / 255": {"std": 255.0},
    "(pixels / 255 - 0.1307) / 0.3081": {"mean": 0.1307, "std": 0.3081},
    "(pixels / 255 - 0.5) / 0.5": {"mean": 0.5, "std": 0.5},
}
LAYERS = {"flat": tn.Flatten, "relu": tn.ReLU, "softmax": tn.Softmax, "drop": None, "pad2": None}


@pytest.fixture(scope="module")
def cases(wild_dir, mnist_dir):
    manifest = json.loads((wild_dir / "manifest.json").read_text())
    images, _ = tn.datasets.load_mnist("test", root=mnist_dir, download=False)
    return wild_dir, manifest, np.load(wild_dir / "outputs.npz"), images[:256]


def linear_only(entry):
    return "outputs" in entry and all(text.startswith("Linear") for text in entry["layers"].values())


def inputs(entry, images):
    if "pad2" in entry["order"]:
        images = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    x = images.reshape(len(images), -1).astype(np.float32) / 255
    scaling = SCALINGS[entry["input"]]
    return (x - scaling.get("mean", 0)) / scaling.get("std", 1)


def build(entry):
    """Build the network of the manifest from tinynet's layers, None where one is not there yet."""
    layers = []
    for step in entry["order"]:
        if step in entry["layers"]:
            out_in = [int(n) for n in entry["layers"][step][7:-1].replace("bias=False", "1").split(",")[:2]]
            layers.append(tn.Dense(*out_in, name=step))
        elif step not in LAYERS:
            return None
        elif LAYERS[step] is not None:
            layers.append(LAYERS[step]())
    return tn.Sequential(*layers)


def assert_equal_to_torch(y, expected):
    assert np.array_equal(y.argmax(axis=1), expected.argmax(axis=1))
    np.testing.assert_allclose(y, expected, atol=1e-4 * np.abs(expected).max())


def test_networks_with_a_given_architecture(cases):
    folder, manifest, outputs, images = cases
    tried = 0
    for entry in filter(linear_only, manifest):
        net = build(entry)
        if net is not None:
            assert tn.from_torch_state_dict(folder / entry["file"], net) is net
            assert_equal_to_torch(net(inputs(entry, images)), outputs[entry["outputs"]])
            tried += 1
    assert tried > 20


def test_plain_chains_need_no_architecture(cases):
    folder, manifest, outputs, images = cases
    tried = 0
    for entry in filter(linear_only, manifest):
        steps = [step for step in entry["order"] if step not in ("flat", "drop", "pad2")]
        softmax = steps[-1] == "softmax"
        names = list(entry["layers"])
        plain = [step for name in names for step in (name, "relu")][:-1]
        if steps[: len(steps) - softmax] == plain:
            net = tn.from_torch_state_dict(folder / entry["file"], softmax=softmax)
            assert_equal_to_torch(net(inputs(entry, images)), outputs[entry["outputs"]])
            tried += 1
    assert tried > 20
