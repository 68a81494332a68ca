"""Whole pickled modules and TorchScript files give their state dict."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import pytest
from builders import (
    FOUR,
    Fragment,
    Member,
    call,
    instance,
    legacy,
    legacy_storage,
    name,
    ordered,
    push,
    storage,
    tensor,
    torch_zip,
)
from loading_helpers import SIX, WEIGHT, assert_same, load

import tinynet as tn
from tinynet.checkpoint.content import torchscript


def module(
    parameters: Any = (), buffers: Any = (), modules: Any = (), transient: Any = None, **more: Any
) -> Fragment:
    state = {"training": True, "_parameters": ordered(parameters), "_buffers": ordered(buffers)}
    if transient is not None:
        state["_non_persistent_buffers_set"] = call(name("__builtin__", "set"), transient)
    return instance("my.models", "Net", {**state, "_modules": ordered(modules), **more})


def test_whole_module_gives_its_state_dict() -> None:
    def part(key: str) -> Fragment:
        return tensor(storage(key))

    inner = module([("weight", part("1")), ("bias", None)], [("mean", part("2")), ("scratch", part("3"))],
                   transient=["scratch"])  # fmt: skip
    outer = module([("scale", part("0"))], modules=[("a", inner), ("gone", None), ("b", inner)], kernel_size=3)
    arrays = {str(n): (FOUR * (n + 1)).astype("f4") for n in range(4)}
    loaded = load(torch_zip(push(outer), {key: array.tobytes() for key, array in arrays.items()}))
    expected = {"scale": "0", "a.weight": "1", "a.mean": "2", "b.weight": "1", "b.mean": "2"}
    assert_same(loaded, {key: arrays[number] for key, number in expected.items()})


def test_whole_module_in_a_legacy_file() -> None:
    cls = Fragment(push(("module", name("my.models", "Net"), "models.py", "class Net: ...")) + b"Q")
    state = {
        "_parameters": ordered({"w": tensor(legacy_storage())}),
        "_buffers": ordered(()),
        "_modules": ordered(()),
    }
    data = legacy(Fragment(cls + b")\x81" + push(state) + b"b"), [("0", 4, FOUR.tobytes())])
    assert_same(load(data), {"w": WEIGHT["weight"]})


def test_module_whose_parts_are_met_before_it() -> None:
    inner = module([("w", tensor(storage()))])
    modules = Fragment(ordered([("fc", inner)]) + b"q\x07")
    state = {"_parameters": ordered(()), "_buffers": ordered(()), "_modules": Fragment(b"h\x07")}
    body = push({"modules": modules, "model": instance("my.models", "Net", state), "again": Fragment(b"h\x07")})
    loaded = load(torch_zip(body, {"0": FOUR.tobytes()}))
    layer = {"fc": {"w": WEIGHT["weight"]}}
    assert_same(loaded, {"modules": layer, "model": {"fc.w": WEIGHT["weight"]}, "again": layer})
    assert loaded["modules"] is loaded["again"]


def test_module_whose_plain_dict_of_parts_is_met_before_it() -> None:
    modules = Fragment(push({"fc": module([("w", tensor(storage()))])}) + b"q\x07")
    state = {"_parameters": {}, "_modules": Fragment(b"h\x07")}
    body = push({"modules": modules, "model": instance("my.models", "Net", state)})
    loaded = load(torch_zip(body, {"0": FOUR.tobytes()}))
    assert_same(loaded["model"], {"fc.w": WEIGHT["weight"]})


def test_module_inside_a_checkpoint() -> None:
    body = push({"epoch": 3, "model": module([("w", tensor(storage()))])})
    assert_same(load(torch_zip(body, {"0": FOUR.tobytes()})), {"epoch": 3, "model": {"w": WEIGHT["weight"]}})


LINEAR = """class Linear(Module):
  __parameters__ = ["weight", "bias", ]
  __buffers__ = ["mean", ]
  weight : Tensor
  def forward(self, x):
    return x
class Other(Module):
  __parameters__ = ["scratch", ]
"""
NET = "class Net(Module):\n  __parameters__ = []\n  __buffers__ = []\n  fc : __torch__.layers.Linear\n"


def script(*code: Member) -> bytes:
    state = {
        "mean": tensor(storage("1")),
        "scratch": tensor(storage()),
        "weight": tensor(storage()),
        "bias": None,
    }
    linear = instance("__torch__.layers", "Linear", state)
    pair = instance("__torch__", "Pair", {"x": tensor(storage())})
    sizes = call(name("torch.jit._pickle", "build_intlist"), [1, 2])
    tagged = call(name("torch.jit._pickle", "restore_type_tag"), {"a": 1}, "Dict[str, int]")
    net = instance("__torch__", "Net", {"training": False, "pair": pair, "fc": linear, "sizes": sizes, "d": tagged})
    constants = Member("archive/constants.pkl", b"\x80\x02).")
    return torch_zip(net, {"0": FOUR.tobytes(), "1": SIX[:4].tobytes()}, extra=(constants, *code))


def test_torchscript_gives_its_state_dict() -> None:
    data = script(
        Member("archive/code/__torch__.py", NET.encode(), method=8),
        Member("archive/code/__torch__/layers.py", LINEAR.encode(), method=8),
    )
    assert_same(load(data), {"fc.weight": WEIGHT["weight"], "fc.mean": SIX[:4]})


def test_torchscript_searches_each_source_file_once(monkeypatch: pytest.MonkeyPatch) -> None:
    searched = []
    split = torchscript._bodies
    monkeypatch.setattr(torchscript, "_bodies", lambda code, objects: searched.append(code) or split(code, objects))
    objects = b"".join(instance("__torch__.a", f"C{n % 3}", {"x": n}) for n in range(300))
    code = Member("archive/code/__torch__/a.py", LINEAR.encode())
    constants = Member("archive/constants.pkl", b"\x80\x02).")
    loaded = load(torch_zip(Fragment(b"](" + objects + b"e"), extra=(code, constants)))
    assert loaded == [{"x": n} for n in range(300)]
    assert searched == [LINEAR.encode()]


def test_torchscript_with_many_names_takes_no_quadratic_time() -> None:
    count = 100_000  # of which the product is an hour
    listed = "".join(f'"q{n}", ' for n in range(count)) + '"w", '
    code = Member("archive/code/__torch__.py", f"class Net(Module):\n  __parameters__ = [{listed}]\n".encode())
    constants = Member("archive/constants.pkl", b"\x80\x02).")
    state = {**{f"p{n}": None for n in range(count)}, "w": tensor(storage())}
    data = torch_zip(instance("__torch__", "Net", state), {"0": FOUR.tobytes()}, extra=(code, constants))
    started = perf_counter()
    assert_same(load(data), {"w": WEIGHT["weight"]})
    assert perf_counter() - started < 20


def test_torchscript_without_its_code_is_refused() -> None:
    with pytest.raises(tn.CheckpointError, match=r"__torch__\.Net"):
        load(script())
