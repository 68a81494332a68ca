"""Files that are small and ask for much: memory, or time. By hand, with what each takes::

python tests/checkpoint/bombs.py FOLDER [KIND ...]
"""

from __future__ import annotations

import struct
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from builders import (
    FOUR,
    HOOKS,
    REBUILD,
    Fragment,
    Member,
    call,
    legacy,
    name,
    ordered,
    pickled,
    push,
    safetensors,
    storage,
    tensor,
    torch_zip,
    zip_file,
)
from loading_helpers import load_in_child

MIB = 1 << 20


def bomb(instructions: bytes, count: int) -> bytes:
    return zip_file([Member("archive/data.pkl", pickled(b"(" + instructions * count + b"t"), method=8)])


def references(count: int, preparation: bytes, instructions: bytes) -> bytes:
    """A file that prepares values in its memo, and has a list of what `instructions` make of them, `count` times."""
    body = b"(" + preparation + b"](" + instructions * count + b"et"
    return torch_zip(Fragment(body), {"0": FOUR.tobytes(), "1": b""}, method=8)


def objects_of_one_state(count: int, items: int) -> bytes:
    """Objects of an unknown class that share the dict of their attributes."""
    state = b"}q\x01(" + b"".join(push(n) + b"N" for n in range(items)) + b"u"
    return references(count, name("m", "C") + b"q\x00" + state, b"h\x00)\x81h\x01b")


def modules_of_one_state(count: int, items: int) -> bytes:
    """Modules that share the dict of their parameters."""
    weight = tensor(storage()) + b"q\x02"
    parameters = b"}(" + push("w") + weight + b"".join(push(f"p{n}") + b"h\x02" for n in range(items)) + b"u"
    state = b"}(" + push("_parameters") + parameters + push("_modules") + b"}uq\x01"
    return references(count, name("m", "Net") + b"q\x00" + state, b"h\x00)\x81h\x01b")


def names(count: int) -> bytes:
    """Many mentions of one class, by the same two long texts."""
    return references(count, push("m" * 250) + b"q\x00" + push("C" * 248) + b"q\x01", b"h\x00h\x01\x93")


def different_names(count: int) -> bytes:
    """As many classes of one module with a long name."""
    classes = b"".join(b"h\x00" + push(f"C{n}") + b"\x93" for n in range(count))
    return references(1, push("m" * 450) + b"q\x00", classes)


def empty_tensors(count: int) -> bytes:
    """Tensors without elements, whose 32 dimensions take memory all the same."""
    shape = (0,) + (1,) * 31
    arguments = push((storage("1", numel=0), 0, shape, shape, False, HOOKS))
    return references(count, REBUILD + b"q\x00" + arguments + b"q\x01", b"h\x00h\x01R")


BOMBS = {
    "attributes": lambda: objects_of_one_state(20_000, 3_000),
    "modules": lambda: modules_of_one_state(20_000, 3_000),
    "names": lambda: names(695_000),
    "empty-tensors": lambda: empty_tensors(800_000),
    "sets": lambda: bomb(b"\x8f", 5_000_000),
    "dicts-in-the-memo": lambda: bomb(b"}\x94", 2_000_000),
    "dicts-with-an-item": lambda: bomb(b"}NNs", 1_000_000),
    "numbers-in-the-memo": lambda: bomb(b"M\xff\xff\x94", 2_000_000),
    "calls": lambda: torch_zip(
        Fragment(name("collections", "OrderedDict") + b"q\x00(" + b"h\x00)R" * 650_000 + b"t\x86")
    ),
    "wide-text": lambda: zip_file(
        [Member("archive/data.pkl", pickled(push("a" * (39 * MIB) + "\U0001f600")), method=8)]
    ),
    "bytes-copied": lambda: torch_zip(
        Fragment(
            name("_codecs", "encode") + b"q\x00" + push("a" * (20 * MIB)) + push("latin1") + b"\x86q\x01R("
            + b"h\x00h\x01R" * 200 + b"t\x86"
        ),
        method=8,
    ),
    "storage": lambda: torch_zip(
        ordered({"x": tensor(storage(numel=300 * MIB, cls="ByteStorage"), (300 * MIB,))}),
        {"0": bytes(300 * MIB)}, method=8, crc=0,
    ),
    "expanded-view": lambda: torch_zip(ordered({"x": tensor(storage(), (2**28,), (0,))}), {"0": FOUR.tobytes()}),
    "many-views": lambda: torch_zip(
        Fragment(
            b"}(" + push("a") + tensor(storage(numel=MIB), (MIB,)) + b"".join(
                push(str(n)) + tensor(storage(numel=MIB), (MIB,)) for n in range(2000)
            ) + b"u"
        ),
        {"0": bytes(4 * MIB)},
    ),
}  # fmt: skip


GRID = 2**40  # multiples of it have one place in any hash table that fits into memory


@lru_cache(maxsize=1)  # a second each
def chosen_ints(bits: int, below: int) -> list[int]:
    """Ints that fill two thirds of a table of 2**bits places, and of which many walk along the places of many others.

    Where the place of a number is taken, CPython goes on to (5 * place + rest + 1), with five bits less of the rest
    each time: in the end all go the same way. So that way is filled first, and then come numbers that get onto it.
    """
    size = 1 << bits
    way = [1]
    while len(way) < size * 2 // 3 * 3 // 4:
        way.append((5 * way[-1] + 1) % size)
    step = np.full(size, size)
    step[way] = np.arange(len(way))
    rest = np.random.default_rng(0).integers(size, below, 40 * size)
    numbers, place = rest, rest % size
    while rest.any():
        keep = step[place] < size
        numbers, rest, place = numbers[keep], rest[keep] >> 5, place[keep]
        place = (5 * place + rest + 1) % size
    late = np.unique(numbers[step[place] < len(way) // 4])
    return [*way, *late[: size * 2 // 3 - len(way)].tolist()]


def short(text: str) -> bytes:
    """The shortest instruction for a text, of protocol 4."""
    raw = text.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def dict_of(keys: Any) -> Fragment:
    return Fragment(b"}(" + b"".join(push(key) + b"N" for key in keys) + b"u")


def copies_of(keys: Any, count: int) -> bytes:
    """Many calls of Counter with one dict."""
    preparation = name("collections", "Counter") + b"q\x00" + dict_of(keys) + b"\x85q\x01"
    return references(count, preparation, b"h\x00h\x01R")


def memos(numbers: Any, gets: int) -> bytes:
    """Values stored under these numbers, of which the last is taken again and again."""
    puts = b"".join(b"r" + struct.pack("<I", number) for number in numbers)
    get = b"j" + struct.pack("<I", numbers[-1])
    return torch_zip(Fragment(b"](N" + puts + get * gets + b"e"), method=8)


def modules_with_long_names(count: int, length: int) -> bytes:
    """Modules that share one table of long names, under a short name each."""
    parameters = b"}(" + b"".join(push(f"{n}".rjust(length, "n")) + b"h\x01" for n in range(100)) + b"u"
    inner = name("m", "Net") + b")\x81" + push({"_parameters": Fragment(parameters), "_modules": {}}) + b"bq\x02"
    children = b"}(" + b"".join(push(str(n)) + b"h\x02" for n in range(count)) + b"u"
    outer = name("m", "Net") + b")\x81" + push({"_parameters": {}, "_modules": Fragment(children)}) + b"b"
    return torch_zip(Fragment(b"(" + tensor(storage()) + b"q\x01" + inner + outer + b"t"), {"0": FOUR.tobytes()},
                     method=8)  # fmt: skip


def torchscript(source: bytes, modules: int = 1) -> bytes:
    objects = b"".join(name(f"__torch__.a{n}", "Net") + b")\x81" + push({"x": n}) + b"b" for n in range(modules))
    code = [Member(f"archive/code/__torch__/a{n}.py", source, method=8) for n in range(modules)]
    return torch_zip(
        Fragment(b"](" + objects + b"e"), extra=(Member("archive/constants.pkl", b"\x80\x02)."), *code), method=8
    )


def parts(count: int) -> Fragment:
    """References to storages of legacy files, each a part with a key of its own."""
    ids = b"".join(
        b"(h\x01h\x02h\x03h\x03K\x04" + push((f"{n:x}", 0, 4)) + b"tQ" for n in range(count)
    )  # fmt: skip
    head = push("storage") + b"q\x01" + name("torch", "FloatStorage") + b"q\x02" + push("0") + b"q\x03"
    return Fragment(b"(" + head + b"](" + ids + b"et")


def numpy_arrays(count: int) -> bytes:
    """A pickle of empty arrays."""
    dtype = call(name("numpy", "dtype"), "f4", False, True)
    function = name("numpy.core.numeric", "_frombuffer")
    arguments = push((b"", dtype, (0,) + (1,) * 31, "C"))
    return pickled(b"(" + function + b"q\x00" + arguments + b"q\x01](" + b"h\x00h\x01R" * count + b"et")


def refused_with(preparation: bytes, key: bytes, depth: int) -> bytes:
    """A file whose error could quote keys that are much longer than the file."""
    bad = name("m", "C") + b")\x81"
    return torch_zip(
        Fragment(b"(" + preparation + b"}" + key + (b"}" + key) * depth + bad + b"s" * (depth + 1) + b"t"),
        method=8,
    )


NAMES = b'"a", ' * 12_000_000
HOSTILE = {
    "large-ints-as-keys": lambda: torch_zip(dict_of(n * GRID for n in range(1, 16_000)), method=8),
    "chosen-ints-as-keys": lambda: torch_zip(dict_of(chosen_ints(18, 1 << 21)), method=8),
    "chosen-ints-of-a-set": lambda: torch_zip(call(name("builtins", "set"), chosen_ints(18, 1 << 21)), method=8),
    "chosen-memo-numbers": lambda: memos(chosen_ints(18, 1 << 21), 0),
    "small-chosen-ints": lambda: references(800, b"", dict_of(chosen_ints(11, 1 << 12))),
    "as-many-chosen-ints-as-can-be": lambda: torch_zip(dict_of(chosen_ints(14, 1 << 17)), method=8),
    "ints-in-a-row": lambda: torch_zip(dict_of(range(10**6, 10**6 + 800_000)), method=8),
    "larger-ints-as-keys": lambda: torch_zip(dict_of(n * GRID for n in range(1, 40_000)), method=8),
    "floats-as-keys": lambda: torch_zip(dict_of(float(n * GRID) for n in range(1, 40_000)), method=8),
    "small-ints-as-keys": lambda: references(
        400, b"", dict_of(n * 1024 for n in range(-1023, 1024))
    ),
    "tuples-as-keys": lambda: torch_zip(dict_of((n * GRID,) * 8 for n in range(1, 40_000)), method=8),
    "members-of-a-set": lambda: torch_zip(
        Fragment(b"\x8f(" + b"".join(push(n * GRID) for n in range(1, 40_000)) + b"\x90"), method=8
    ),
    "set-of-a-list": lambda: torch_zip(call(name("builtins", "set"), [n * GRID for n in range(40_000)]), method=8),
    "copies-of-large-keys": lambda: copies_of([n * GRID for n in range(1, 8_000)], 1000),
    "copies-of-small-keys": lambda: copies_of([n * 1024 for n in range(-1023, 1024)], 100_000),
    "objects-of-large-keys": lambda: references(
        1000, name("m", "C") + b"q\x00" + dict_of(n * GRID for n in range(1, 8_000)) + b"q\x01", b"h\x00)\x81h\x01b"
    ),
    "parameters-of-large-keys": lambda: references(
        1000,
        name("m", "C") + b"q\x00}(" + push("_modules") + b"}" + push("_parameters")
        + dict_of(n * GRID for n in range(1, 8_000)) + b"uq\x01",
        b"h\x00)\x81h\x01b",
    ),
    "memo-numbers": lambda: memos([n << 20 for n in range(4, 4096)] + [(n << 20) + 1 for n in range(4, 4096)], 100),
    "memo-numbers-taken": lambda: memos([n << 20 for n in range(4, 1000)], 1_500_000),
    "memo-numbers-within-bounds": lambda: memos([n << 11 for n in range(1, 1000)], 1_500_000),
    "memoize": lambda: torch_zip(Fragment(b"N" + b"\x94" * 2_090_000), method=8),
    "wide-texts": lambda: references(1, b"", short("\U0001f600" + "a" * 9) * 2_045_000),
    "short-texts": lambda: references(1, b"", push("ab") * 2_090_000),
    "long-texts": lambda: torch_zip(push(["a" * (31 * MIB), "\xe9" * (15 * MIB)]), method=8),
    "small-tuples": lambda: references(1, b"", b")\x85" * 1_045_000),
    "tuples-of-four": lambda: references(1, b"", b"NN\x86" * 695_000),
    "lists-of-lists": lambda: references(1, b"", b"]]a" * 695_000),
    "dicts-of-dicts": lambda: references(1, b"", b"}N}s" * 520_000),
    "complex-numbers": lambda: references(
        1, name("builtins", "complex") + b"q\x00", b"h\x00" + b"G\0\0\0\0\0\0\0\0" * 2 + b"\x86R"
    ),
    "module-names": lambda: modules_with_long_names(1000, 1000),
    "module-names-of-wide-text": lambda: modules_with_long_names(1000, 200).replace(b"nnn", b"\xe2\x82\xac"),
    "torchscript-names": lambda: torchscript(b"class Net(Module):\n  __parameters__ = [" + NAMES + b"]\n"),
    "torchscript-classes": lambda: torchscript(b"class A(Module):\n" * 3_900_000),
    "torchscript-sources": lambda: torchscript("class Net(Module):\n\U0001f600".encode() + b"a" * 20 * MIB, 5),
    "torchscript-lines": lambda: torchscript(b"class Net(Module):\n" + b"  __buffers__ = []\n" * 3_300_000),
    "keys-in-an-error": lambda: refused_with(
        push("k" * (30 * MIB)) + b"q\x01", b"(" + b"h\x01" * 8 + b"t", 90
    ),
    "wide-keys-in-an-error": lambda: refused_with(
        push("\U0001f600" + "k" * (30 * MIB)) + b"q\x01", b"(" + b"h\x01" * 8 + b"t", 90
    ),
    "zip-names": lambda: zip_file(
        [Member(f"{n:x}".rjust(290, "n") + "\U0001f600", padding=1) for n in range(85_000)], zip64=True
    ),
    "zip-members": lambda: zip_file([Member(f"x/{n:x}", padding=1) for n in range((1 << 18) - 1)], zip64=True),
    "npz-members": lambda: zip_file([Member(f"{n:x}.npy", npy(), padding=1) for n in range(100_000)], zip64=True),
    "parts-of-storages": lambda: legacy(parts(300_000), [("0", 4, FOUR.tobytes())]),
    "numpy-arrays": lambda: numpy_arrays(1_000_000),
    "safetensors": lambda: safetensors({f"{n:x}": ("U8", [0], b"") for n in range(125_000)}),
    "paths": lambda: references(
        300_000, name("pathlib", "PosixPath") + b"q\x00" + push(("a" * 40,) * 64) + b"q\x01", b"h\x00h\x01R"
    ),
    "dates": lambda: references(
        695_000, name("datetime", "date") + b"q\x00" + push((b"\x07\xe8\1\1",)) + b"q\x01", b"h\x00h\x01R"
    ),
    "called-dicts": lambda: references(1, name("m", "C") + b"q\x00", b"h\x00)RNNs" * 690_000),
    "two-pickles": lambda: legacy(
        Fragment(b"(" + push("\U0001f600" + "a" * 9) * 1_000_000 + b"t"), [], version=1001
    ),
}  # fmt: skip


def npy() -> bytes:
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header


if __name__ == "__main__":
    path = Path(sys.argv[1], "bomb.pth")
    for kind, make in {**BOMBS, **HOSTILE}.items():
        if kind in sys.argv[2:] or not sys.argv[2:]:
            path.write_bytes(make())
            outcome = load_in_child(path)
            taken = f"{outcome.what} {outcome.mib:>5} MiB {outcome.seconds:.1f} s"
            print(f"{kind:28} {path.stat().st_size:>12,} bytes {taken}", flush=True)
