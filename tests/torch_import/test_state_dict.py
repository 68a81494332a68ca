"""Finding the state dict inside what a file holds."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn

WEIGHTS = {"fc.weight": np.ones((2, 3), np.float32), "fc.bias": np.zeros(2, np.float32)}


def adam_state():
    return {"state": {0: {"step": 3, "exp_avg": np.ones((2, 3))}}, "param_groups": [{"lr": 0.1, "params": [0]}]}


@pytest.mark.parametrize(
    "content",
    [
        WEIGHTS,
        {"state_dict": WEIGHTS},
        {"model_state_dict": WEIGHTS, "optimizer_state_dict": adam_state(), "epoch": 3, "loss": 0.1},
        {"model": WEIGHTS, "classes": ["0", "1"], "mean": np.zeros(3)},
        {"net": WEIGHTS, "best": np.array(0.98)},
        {"checkpoint": {"model": {"state_dict": WEIGHTS}}, "config": {"lr": 0.1}},
        {"ema": {}, "anything": WEIGHTS},
    ],
)
def test_wrappers_are_looked_through(content):
    assert tn.from_torch_state_dict(content)[0].name == "fc"


def test_several_state_dicts_need_a_choice():
    content = {"model": WEIGHTS, "ema": {key: value * 2 for key, value in WEIGHTS.items()}}
    with pytest.raises(tn.CheckpointError, match="choose one with key='model', key='ema'"):
        tn.from_torch_state_dict(content)
    assert tn.from_torch_state_dict(content, key="ema").params["fc.weight"][0, 0] == 2


def test_key_leads_into_nested_entries_and_names_with_dots():
    content = {"a": {"b": WEIGHTS}, "a.c": {key: value * 3 for key, value in WEIGHTS.items()}}
    assert tn.from_torch_state_dict(content, key="a.b").params["fc.weight"][0, 0] == 1
    assert tn.from_torch_state_dict(content, key="a.c").params["fc.weight"][0, 0] == 3


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("modle", "has no entry 'modle'; its entries are 'model', 'epoch'"),
        ("epoch.x", "has no entry 'epoch.x'"),
        ("epoch", "'epoch' is no state dict"),
    ],
)
def test_a_wrong_key_is_named(key, message):
    with pytest.raises(tn.CheckpointError, match=message):
        tn.from_torch_state_dict({"model": WEIGHTS, "epoch": 3}, key=key)


@pytest.mark.parametrize("key", [5, b"model", ("model",)])
def test_a_key_of_another_type_is_refused(key):
    with pytest.raises(TypeError, match="key must be a string"):
        tn.from_torch_state_dict({"model": WEIGHTS}, key=key)


def test_the_choices_that_an_error_lists_work():
    content = {"v1.0": {"model": dict(WEIGHTS), "ema": dict(WEIGHTS)}, "nets": {"net.v1": dict(WEIGHTS)}}
    with pytest.raises(tn.CheckpointError) as caught:
        tn.from_torch_state_dict(content)
    for key in ("v1.0.model", "v1.0.ema", "nets.net.v1"):
        assert f"key={key!r}" in str(caught.value)
        assert tn.from_torch_state_dict(content, key=key)[0].name == "fc"


@pytest.mark.parametrize("other", [{"confusion": np.eye(10)}, {"mean_image": np.zeros((28, 28))}])
def test_matrices_beside_the_state_dict_do_not_hide_it(other):
    assert tn.from_torch_state_dict({"model": WEIGHTS, **other})[0].name == "fc"
    assert tn.from_torch_state_dict({**other, "a": {"b": WEIGHTS}})[0].name == "fc"


def test_a_masked_array_is_refused_by_name():
    with pytest.raises(tn.CheckpointError, match=r"fc\.weight is a masked array"):
        tn.from_torch_state_dict({"fc.weight": np.ma.array(np.ones((2, 3)))})


def test_a_tensor_that_has_no_array_is_refused_by_name():
    class Sparse:
        shape = (2, 3)

        def detach(self):
            return self

        def numpy(self, force):
            raise NotImplementedError("sparse")

    with pytest.raises(tn.CheckpointError, match=r"fc\.weight cannot be turned into an array: sparse"):
        tn.from_torch_state_dict({"fc.weight": Sparse(), "head.weight": np.ones((2, 2))})


@pytest.mark.parametrize("content", [{}, {"epoch": 3}, {"state": {0: WEIGHTS}}, {"optimizer": adam_state()}])
def test_nothing_to_find_is_said(content):
    with pytest.raises(tn.CheckpointError, match="the given mapping holds no state dict"):
        tn.from_torch_state_dict(content)


def test_names_that_collide_without_their_wrappers_are_refused():
    with pytest.raises(tn.CheckpointError, match=r"two tensors are called 'fc\.weight'"):
        tn.from_torch_state_dict({"fc.weight": np.ones((2, 3)), "_orig_mod.fc.weight": np.ones((2, 3))})


def test_a_module_instead_of_a_state_dict_gets_a_hint():
    class Module:
        def state_dict(self):
            raise AssertionError("never called")

    with pytest.raises(TypeError, match=r"pass Module\.state_dict\(\)"):
        tn.from_torch_state_dict(Module())


@pytest.mark.parametrize("source", [None, 3, [WEIGHTS], b"\x80\x02"])
def test_other_sources_are_refused(source):
    with pytest.raises(TypeError):
        tn.from_torch_state_dict(source)


def test_paths_files_and_errors_name_the_source(root, tmp_path):
    path = root / "examples" / "mnist_model.pth"
    by_path = tn.from_torch_state_dict(str(path))
    with path.open("rb") as file:
        by_file = tn.from_torch_state_dict(file)
    assert all(np.array_equal(by_path.params[key], by_file.params[key]) for key in by_path.params)
    with pytest.raises(tn.CheckpointError, match=r"mnist_model\.pth"):
        tn.from_torch_state_dict(path, tn.Sequential(tn.Dense(3, 3, name="fc1")))
    with pytest.raises(FileNotFoundError):
        tn.from_torch_state_dict(tmp_path / "nothing.pth")


def test_a_state_dict_that_many_paths_lead_to_is_one():
    shared = {"a": dict(WEIGHTS)}
    for _ in range(2):
        shared = {str(i): shared for i in range(400)}
    shared["itself"] = shared
    assert tn.from_torch_state_dict(shared)[0].name == "fc"


@pytest.mark.parametrize("name", ["\x1b]0;pwned\x07.weight", "line\nbreak.weight", "a" * 501 + ".weight"])
def test_names_that_no_tensor_has_are_refused_and_escaped(name):
    with pytest.raises(tn.CheckpointError, match="is not the name of a tensor") as caught:
        tn.from_torch_state_dict({name: np.ones((2, 2))})
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


def test_thousands_of_names_are_not_listed():
    many = {f"layer{i}.weight": np.ones((2, 3)) for i in range(3000)}
    for network in (None, tn.Sequential(tn.Dense(3, 2, name="other"))):
        with pytest.raises(tn.CheckpointError) as caught:
            tn.from_torch_state_dict(many, network)
        assert len(str(caught.value)) < 5000
