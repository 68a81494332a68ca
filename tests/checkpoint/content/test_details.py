"""Where in a file an error is, how deep modules may lie, and which of TorchScript's classes are read."""

from __future__ import annotations

import pytest
from builders import FOUR, Fragment, Member, instance, items, name, pickled, push, storage, tensor, torch_zip
from loading_helpers import WEIGHT, assert_same, load
from refusals import refusal

from tinynet.checkpoint.content import modules

LONE = "it is a storage without a tensor, which is not supported"


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ([], ""),
        (["a"], "'a': "),
        (["a", 5], "'a/5': "),
        ([*"abcdefghij"], "'a/b/c/d/e/f/g/h': "),
        (["k" * 199], f"'{'k' * 199}': "),
        (["k" * 200], f"\"'{'k' * 60}'...\": "),
    ],
)
def test_an_error_names_the_keys_that_lead_to_it(keys: list[object], where: str) -> None:
    value = storage()
    for key in reversed(keys):
        value = push({key: value})
    assert refusal(torch_zip(value, {"0": FOUR.tobytes()})) == f"<file>: {where}{LONE}"


def test_a_number_alone_is_no_checkpoint() -> None:
    message = "<file>: it is a pickle that was not written by torch.save and holds no NumPy arrays"
    assert refusal(pickled(push(5))) == message


def test_a_class_alone_is_named() -> None:
    assert refusal(torch_zip(name("m", "x"))) == "<file>: it is 'm.x', which is neither tensor nor plain value"


@pytest.mark.parametrize("body", [push(5) + b")\x81", name("m", "x") + push([1]) + b"\x81"])
def test_an_object_of_no_class(body: bytes) -> None:
    assert "the pickle makes an object of a value of type" in refusal(torch_zip(Fragment(body)))


@pytest.mark.parametrize(("module", "attribute"), [("m", 5), (5, "x"), (5, 5)])
def test_a_name_that_is_no_text(module: object, attribute: object) -> None:
    refusal(torch_zip(Fragment(push(module) + push(attribute) + b"\x93"), protocol=4))


def test_an_ordered_dict_made_as_an_object() -> None:
    written = Fragment(name("collections", "OrderedDict") + b")\x81(" + items({"w": tensor(storage())}) + b"u")
    assert_same(load(torch_zip(written, {"0": FOUR.tobytes()})), {"w": WEIGHT["weight"]})
    empty = Fragment(name("collections", "OrderedDict") + b")\x81")
    assert load(torch_zip(push({"a": empty}))) == {"a": {}}


def nested(depth: int) -> bytes:
    made = None
    for _ in range(depth):
        children = {} if made is None else {"m": made}
        made = instance("my", "Net", {"_parameters": {"w": tensor(storage())}, "_modules": children})
    assert made is not None
    return torch_zip(made, {"0": FOUR.tobytes()})


def test_modules_may_be_nested_as_deep_as_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modules, "MAX_DEPTH", 2)
    assert list(load(nested(3))) == ["w", "m.w", "m.m.w"]
    assert "'m.m.m': it is no module, or modules are nested too deep" in refusal(nested(4))


def test_names_in_modules_may_be_as_long_as_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modules, "_MAX_NAME", 3)
    assert list(load(nested(2))) == ["w", "m.w"]
    monkeypatch.setattr(modules, "_MAX_NAME", 2)
    assert "a part of it has the name 'w'" in refusal(nested(2))


SOURCE = b"""class A(Module):
  __parameters__ = ["w", ]
class Plain:
  __parameters__ = ["scratch", ]
class B(Module):
  __buffers__ = ["v", ]
class C\xff(Module):
  __parameters__ = ["u\xff", ]
  __buffers__ = []
"""


def test_classes_of_torchscript() -> None:
    part = tensor(storage())
    b = instance("__torch__", "B", {"v": part, "scratch": part})
    c = instance("__torch__", "C\ufffd", {"u\ufffd": part, "scratch": part})
    a = instance("__torch__", "A", {"w": part, "scratch": part, "b": b, "c": c})
    code = Member("archive/code/__torch__.py", SOURCE)
    data = torch_zip(a, {"0": FOUR.tobytes()}, extra=(Member("archive/constants.pkl", b"\x80\x02)."), code))
    assert list(load(data)) == ["w", "b.v", "c.u\ufffd"]
