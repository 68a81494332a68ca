"""What a file is that is no checkpoint, said in a sentence."""

from __future__ import annotations

from tinynet.checkpoint.source import Source

_SIGNATURES = (
    (b"version https://git-lfs", 'it is not the file but a Git LFS pointer to it: run "git lfs pull"'),
    (b"\x93NUMPY", "it is one NumPy array without a name (.npy): read it with numpy.load"),
    (b"\x1f\x8b", "it is compressed with gzip: unpack it first"),
    (b"BZh", "it is compressed with bzip2: unpack it first"),
    (b"\xfd7zXZ", "it is compressed with xz: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "it is compressed with zstd: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "it is a 7z archive: unpack it first"),
    (b"Rar!", "it is a RAR archive: unpack it first"),
    (b"\x89HDF", "it is an HDF5 file, perhaps of Keras"),
    (b"GGUF", "it is a GGUF file"),
    (b"PK\5\6", "it is a zip file without members"),
)


def describe_format(source: Source, head: bytes) -> str:
    """Name the format of a file that is not read, and say what can be done."""
    if not head:
        return "it is empty"
    for signature, sentence in _SIGNATURES:
        if head.startswith(signature):
            return sentence
    if head[257:262] == b"ustar":
        return "it is a tar archive; torch < 0.1.10 wrote such, and they are not read"
    if source.size >= 22 and source.read(source.size - 22, 4) == b"PK\5\6":
        return "it is a zip file that does not start with its first member: bytes were put before it"
    text = head.lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html", b"<?xml")):
        return "it is a web page, perhaps an error of the site that it was downloaded from"
    if text.startswith((b"{", b"[")):
        return "it is JSON or other text"
    return f"it is not a checkpoint of a known format; it begins with {head[:16]!r}"
