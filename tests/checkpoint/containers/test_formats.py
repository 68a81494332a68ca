"""What is said of files that are no checkpoints, word for word."""

from __future__ import annotations

import struct

import pytest
from builders import Member, one_tensor, zip_file
from refusals import refusal

PAGE = "it is a web page, perhaps an error of the site that it was downloaded from"
NOT_OF_PYTORCH = "it is a zip file without data.pkl, so not of PyTorch"
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
    "begin-of-a-zip-file": (
        b"PK\3\4",
        "the zip file does not end with its directory: it is cut short, or something was appended to it",
    ),
    "zip-of-something-else": (
        zip_file([Member("word/"), Member("word/" + "x" * 60), *(Member(f"word/{n}") for n in range(4))]),
        f"{NOT_OF_PYTORCH}; it holds 'word/{'x' * 55}', 'word/0', 'word/1', 'word/2'",
    ),
    "zip-of-a-member-without-a-name": (
        zip_file([Member("")]),
        f"{NOT_OF_PYTORCH}; it holds ''",
    ),
    "zip-of-folders": (zip_file([Member("word/")]), f"{NOT_OF_PYTORCH}; it holds no files"),
    "header-of-safetensors-that-is-a-byte-too-long": (
        struct.pack("<Q", 3) + b"{}",
        "it is not a checkpoint of a known format; it begins with b'\\x03\\x00\\x00\\x00\\x00\\x00\\x00\\x00{}'",
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
