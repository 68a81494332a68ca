"""Whole modules whose parts are no parts of a module are refused."""

from __future__ import annotations

import re

import pytest
from builders import Fragment, Member, instance, name, ordered, push, storage, tensor, torch_zip
from refusals import DATA, refusal


def module(**state):
    return instance("my.models", "Net", {"_parameters": ordered(()), "_modules": ordered(()), **state})


def file_of(value, *code):
    return torch_zip(push(value), {"0": DATA}, extra=code)


WEIGHT = tensor(storage())
INNER = module(_parameters=ordered({"w": WEIGHT}))
NET = b"class Net(Module):\n  __parameters__ = []\n  __buffers__ = []\n"
MODULES = {
    "list-of-transient-buffers": (
        file_of(module(_non_persistent_buffers_set=["a"])),
        "the module of the class 'my.models.Net' is damaged",
    ),
    "list-of-parameters": (file_of(module(_parameters=[1])), "'my.models.Net'"),
    "list-of-buffers": (file_of(module(_buffers=[1])), "the module of the class 'my.models.Net' is damaged"),
    "number-among-the-parameters": (
        file_of(module(_parameters=ordered({"w": 5}))),
        "'w': it is not a tensor but a value of type int",
    ),
    "two-tensors-of-one-name": (
        file_of(module(_parameters=ordered({"a.w": WEIGHT}), _modules=ordered({"a": INNER}))),
        "'a.w': two tensors of the module have this name",
    ),
    "number-among-the-modules": (file_of(module(_modules=ordered({"a": 5}))), "'a'"),
    "object-among-the-modules": (
        file_of(module(_modules=ordered({"a": instance("m", "Thing", {"x": 1})}))),
        "'m.Thing' among the modules is no module",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "cause"), MODULES.values(), ids=MODULES)
def test_module(data, cause):
    message = refusal(data)
    assert re.search(cause, message), message


def test_torchscript_module_without_a_state():
    code = Member("archive/code/__torch__.py", NET)
    data = file_of(
        Fragment(name("__torch__", "Net") + b")\x81"), Member("archive/constants.pkl", b"\x80\x02)."), code
    )
    message = refusal(data)
    assert "the module of the class '__torch__.Net' is damaged" in message, message
