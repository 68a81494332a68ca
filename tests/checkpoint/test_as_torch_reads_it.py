"""Odd pickles of which PyTorch makes something else than they seem to say: read as PyTorch reads them, or refused."""

from __future__ import annotations

import io
import json
import struct

import numpy as np
import pytest
from builders import HOOKS, Fragment, Member, call, instance, name, ordered, push, storage, tensor, torch_zip

import tinynet as tn

FIRST, SECOND = np.arange(4, dtype="<f4"), np.arange(4, 8, dtype="<f4")
STORAGES = {"0": FIRST.tobytes(), "1": SECOND.tobytes()}


def load(body, **options):
    return tn.load_checkpoint(io.BytesIO(torch_zip(Fragment(body), STORAGES, **options)))


@pytest.mark.parametrize("flag", ["conj", "neg"])
def test_a_flag_that_is_off_is_refused(flag):
    with pytest.raises(tn.CheckpointError, match="metadata"):
        load(ordered({"w": tensor(storage(), (4,), (1,), 0, {flag: False})}))


@pytest.mark.parametrize("attribute", ["data", "real", "imag"])
@pytest.mark.parametrize("pair", [False, True])
def test_attributes_that_replace_a_tensor_are_refused(attribute, pair):
    state = {attribute: tensor(storage("1"))}
    rebuild = name("torch._utils", "_rebuild_parameter_with_state")
    body = call(rebuild, tensor(storage()), True, HOOKS, (None, state) if pair else state)
    with pytest.raises(tn.CheckpointError, match="replace its values"):
        load(ordered({"w": body}))


def test_other_attributes_are_left_out():
    rebuild = name("torch._utils", "_rebuild_parameter_with_state")
    body = call(rebuild, tensor(storage()), True, HOOKS, {"mask": tensor(storage("1"))})
    assert load(ordered({"w": body}))["w"].tolist() == FIRST.tolist()


def test_attributes_of_an_ordered_dict_are_no_items():
    made = name("collections", "OrderedDict") + b")\x81" + push({"w": tensor(storage("1"))}) + b"b"
    assert list(load(made + push("x") + tensor(storage()) + b"s")) == ["x"]


def test_attributes_of_a_dict_are_no_items():
    made = instance("models", "Dict", {"_metadata": 1})
    assert list(load(made + push("x") + tensor(storage()) + b"s")) == ["x"]


def test_states_that_follow_each_other_are_merged():
    parts = {"_parameters": ordered({"w": tensor(storage())}), "_modules": {}}
    body = instance("nn", "Net", parts) + push({"_buffers": ordered({"b": tensor(storage("1"))})}) + b"b"
    assert list(load(body)) == ["w", "b"]


def test_a_parameter_that_is_none_leaves_its_place_to_a_buffer():
    parts = {
        "_parameters": ordered({"a": None, "z": tensor(storage())}),
        "_buffers": ordered({"a": tensor(storage("1"))}),
        "_modules": {},
    }
    assert list(load(instance("nn", "Net", parts))) == ["z", "a"]


def test_torchscript_has_no_byte_order():
    code = b'class Net(Module):\n  __parameters__ = ["w", ]\n  __buffers__ = []\n  w : Tensor\n'
    extra = (
        Member("archive/constants.pkl", b"\x80\x02)."),
        Member("archive/code/__torch__.py", code),
    )
    body = instance("__torch__", "Net", {"w": tensor(storage())})
    assert load(body, byteorder=b"big", extra=extra)["w"].tolist() == FIRST.tolist()


@pytest.mark.parametrize("shape", [[0, 2**62], [0, 2**40, 2**40], [1] * 41, [0, 2**64 - 1]])
def test_safetensors_of_impossible_shapes(shape):
    pytest.importorskip("safetensors")
    empty = 0 in shape
    header = json.dumps({"w": {"dtype": "U8", "shape": shape, "data_offsets": [0, 0 if empty else 1]}}).encode()
    with pytest.raises(tn.CheckpointError) as caught:
        tn.load_checkpoint(io.BytesIO(struct.pack("<Q", len(header)) + header + b"\0" * (not empty)))
    assert caught.value.__cause__ is None
