"""Which keys are counted, and at which number of them it is enough."""

from __future__ import annotations

from typing import Any

import pytest
from builders import Fragment, push, torch_zip
from loading_helpers import load
from refusals import refusal

import tinynet as tn
from tinynet.checkpoint.pickles import interpreter, keys


def numbers_counted(key: Any, before: Any = None) -> int:
    rules = keys.KeyRules()
    left = rules._numbers_left
    assert rules.checked(key, before) == key
    return left - rules._numbers_left


@pytest.mark.parametrize(
    ("key", "before", "counted"),
    [
        (4095, None, 0), (-4095, None, 0), (4096, None, 1), (-4096, None, 1), (5.0, None, 1), (5.0, 4.0, 1),
        (5000, 5001, 0), (5000, 5000, 0), (5000, 4999, 0), (5000, 5002, 1), (5000, 4998, 1), (5000, 4999.0, 1),
        ("a", None, 0), (True, None, 0), (2**60 - 1, None, 1),
    ],
)  # fmt: skip
def test_odd_numbers_are_counted_unless_they_come_in_a_row(key: Any, before: Any, counted: int) -> None:
    assert numbers_counted(key, before) == counted


def test_numbers_in_a_row_are_seen_one_after_another() -> None:
    rules = keys.KeyRules()
    left = rules._numbers_left
    assert list(rules.each([*range(5000, 5010), "a", 5010])) == [*range(5000, 5010), "a", 5010]
    assert left - rules._numbers_left == 2  # the first, and the one behind the text


def test_numbers_in_a_row_as_keys_may_have_texts_between_them() -> None:
    rules = keys.KeyRules()
    left = rules._numbers_left
    target: dict[Any, Any] = {}
    rules.fill(target, [5000, "x", 5001, "y", "a", "z", 5002, "x"])
    assert target == {5000: "x", 5001: "y", "a": "z", 5002: "x"}
    assert left - rules._numbers_left == 1


def test_only_so_many_odd_numbers_and_tuples_are_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_MAX_NUMBERS", 2)
    monkeypatch.setattr(keys, "_MAX_TUPLES", 2)
    rules = keys.KeyRules()
    assert list(rules.each([1.5, 2.5, (1,), (2,) * 8])) == [1.5, 2.5, (1,), (2,) * 8]
    with pytest.raises(tn.CheckpointError, match="more than 2 odd numbers as keys"):
        rules.checked(3.5)
    with pytest.raises(tn.CheckpointError, match="too long or too many tuples"):
        rules.checked((3,))
    with pytest.raises(tn.CheckpointError, match="too long or too many tuples"):
        keys.KeyRules().checked((2,) * 9)


@pytest.mark.parametrize("key", [2**60, -(2**60), float("nan"), [1]])
def test_what_is_no_key(key: Any) -> None:
    for written in (key, (1, key)):
        with pytest.raises(tn.CheckpointError, match="cannot be a key here"):
            keys.KeyRules().checked(written)


def test_only_so_many_memos_are_out_of_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "_MAX_ODD_MEMOS", 2)
    texts = [Fragment(push("a") + b"q" + bytes([number])) for number in (5, 6, 9, 9, 10, 20)]
    assert load(torch_zip(push(texts[:5]))) == ["a"] * 5
    assert "the pickle stores more than 2 memos out of order" in refusal(torch_zip(push(texts)))
