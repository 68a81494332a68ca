"""What is said of files that are no checkpoints, word for word."""

from __future__ import annotations

import pytest
from builders import one_tensor
from refusals import refusal

PAGE = "it is a web page, perhaps an error of the site that it was downloaded from"
TEXT = "it is JSON or other text"
SENTENCES = {
    "tar": (
        b"pickle" + bytes(94 + 157) + b"ustar\x00" + bytes(300),
        "it is a tar archive; torch < 0.1.10 wrote such, and they are not read",
    ),
    "bytes-before-a-zip-file": (
        b"MZ" + bytes(62) + one_tensor(),
        "it is a zip file that does not start with its first member: bytes were put before it",
    ),
    "doctype": (b"<!DOCTYPE html>", PAGE),
    "html": (b" \r\n<HTML>", PAGE),
    "xml": (b"<?xml version='1.0'?>", PAGE),
    "json": (b'\n{"a": 1}', TEXT),
    "json-list": (b"[1, 2]", TEXT),
    "unknown": (b"w" * 17, f"it is not a checkpoint of a known format; it begins with b'{'w' * 16}'"),
}


@pytest.mark.parametrize(("data", "sentence"), SENTENCES.values(), ids=SENTENCES)
def test_sentence(data: bytes, sentence: str) -> None:
    assert refusal(data) == f"<file>: {sentence}"
