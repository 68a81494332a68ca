"""Helpers of the tests that see files refused."""

from __future__ import annotations

import io
from typing import Any

import pytest
from builders import FOUR, Member, ordered, pickled, storage, tensor, torch_zip, zip_file

import tinynet as tn

DATA = FOUR.tobytes()
PICKLE = pickled(ordered({"weight": tensor(storage())}))


def archive(*members: Member, **options: Any) -> bytes:
    """A zip file of a sound data.pkl and data/0, and more."""
    return zip_file([Member("archive/data.pkl", PICKLE), Member("archive/data/0", DATA), *members], **options)


def holding(value: Any, protocol: int = 2) -> bytes:
    """A zip file whose state dict has `value` under the key "weight"."""
    return torch_zip(ordered({"weight": value}), {"0": DATA}, protocol=protocol)


def raw(body: bytes) -> bytes:
    """A zip file whose data.pkl is exactly `body`."""
    return zip_file([Member("archive/data.pkl", body), Member("archive/data/0", DATA)])


def refusal(data: bytes, **options: Any) -> str:
    with pytest.raises(tn.CheckpointError) as caught:
        tn.load_checkpoint(io.BytesIO(data), **options)
    assert caught.value.__cause__ is None, "refused by the safety net instead of a check"
    message = str(caught.value)
    assert message.startswith("<file>: ")
    assert len(message) < 700
    return message
