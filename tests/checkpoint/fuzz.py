"""A seeded fuzzer: mutated checkpoints must give a result or a `CheckpointError`, and nothing else.

The test suite runs it for a few seconds; by hand it runs for as long as one likes::

    python tests/checkpoint/fuzz.py --seconds 3600 --seed 1

Every third input is a file that is mapped, and must be judged as its copy is.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import pickletools
import random
import struct
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from builders import Fragment, Member, call, legacy, name, pickled, push, torch_zip, zip_file
from fuzz_files import BODIES, FILES, LEGACY, STORAGES

import tinynet as tn

TOKENS = [bytes([code]) for code in range(256)]
TOKENS += [
    b"K\x00",
    b"K\xff",
    b"J\xff\xff\xff\xff",
    b"\x8a\x08" + b"\xff" * 7 + b"\x3f",
    b"h\x00",
    b"q\x00",
    b")R",
]
TOKENS += [b")\x81", b"}b", b"(t", b"Nt", push("w"), name("torch", "Size"), name("builtins", "set")]
TOKENS += [call(name("collections", "OrderedDict")), struct.pack("<I", 2**32 - 1), struct.pack("<q", -1)]


def mutate(rng: random.Random, data: bytes) -> bytes:
    """One to four changes: bytes flipped, removed, repeated or replaced by pieces of pickles."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(out) + 1)
        end = min(len(out), at + rng.choice((1, 1, 2, 4, 8, 40)))
        how = rng.randrange(6)
        if how == 0 and at < len(out):
            out[at] ^= 1 << rng.randrange(8)
        elif how == 1 and at < len(out):
            out[at] = rng.randrange(256)
        elif how == 2:
            del out[at:end]
        elif how == 3:
            out[at:at] = out[at:end]
        elif how == 4:
            out[at:at] = rng.choice(TOKENS)
        else:
            out[at:end] = rng.choice(TOKENS)
    return bytes(out)


def instructions(body: bytes) -> list[bytes]:
    """The instructions of a fragment, one by one."""
    starts = [position for _, _, position in pickletools.genops(body + b".")]
    return [body[begin:end] for begin, end in zip(starts, starts[1:])]


NUMBERS = [push(n) for n in (-1, 0, 1, 2, 3, 4, 5, 16, 255, 2**31, 2**60, 2**62, 2**63, 2**64, True, 1.0, None)]
SPARE = sorted({piece for body in BODIES for piece in instructions(body)}) + NUMBERS


def mutate_instructions(rng: random.Random, body: bytes) -> bytes:
    """One to three changes of whole instructions, so that what follows still means something."""
    pieces = instructions(body)
    for _ in range(rng.randint(1, 3)):
        at, other = rng.randrange(len(pieces)), rng.randrange(len(pieces))
        how = rng.randrange(6)
        if how == 0:
            pieces[at] = rng.choice(SPARE)
        elif how == 1:
            pieces.insert(at, rng.choice(SPARE))
        elif how == 2:
            pieces[at], pieces[other] = pieces[other], pieces[at]
        elif how == 3:
            pieces[at] = pieces[other]
        elif how == 4 and len(pieces) > 1:
            del pieces[at]
        else:
            numbers = [i for i, piece in enumerate(pieces) if piece in NUMBERS]
            if numbers:
                pieces[rng.choice(numbers)] = rng.choice(NUMBERS)
    return b"".join(pieces)


def inputs(seed: int) -> Iterator[bytes]:
    """Mutated pickles in sound files, and mutated files, without end."""
    rng = random.Random(seed)
    while True:
        kind = rng.randrange(4)
        if kind == 0:
            body = mutate_instructions(rng, rng.choice(BODIES))
            yield torch_zip(Fragment(body), STORAGES, crc=0)
        elif kind == 1:
            body, storages = rng.choice(LEGACY)
            yield legacy(Fragment(mutate_instructions(rng, body)), storages)
        elif kind == 2:
            yield zip_file(
                [
                    Member("x/data.pkl", mutate(rng, pickled(rng.choice(BODIES)))),
                    *(Member(f"x/data/{key}", data) for key, data in STORAGES.items()),
                ]
            )
        else:
            yield mutate(rng, rng.choice(FILES))


def check(data: bytes) -> bool:
    """Load `data`; whether it loaded. Anything but a result or a refusal by a check is an error."""
    try:
        return holds(tn.load_checkpoint(io.BytesIO(data)))
    except tn.CheckpointError as error:
        return refused(error, data)


def check_mapped(data: bytes, path: Path) -> bool:
    """Load `data` from a file, copied and mapped, to the same result."""
    path.write_bytes(data)
    copied = mapped = None
    with contextlib.suppress(tn.CheckpointError):
        copied = tn.load_checkpoint(path)
    try:
        mapped = tn.load_checkpoint(path, mmap=True)
    except tn.CheckpointError as error:
        refused(error, data)
    if repr(copied) != repr(mapped):
        raise AssertionError(f"copied {copied!r}, mapped {mapped!r}: {data!r}")
    return mapped is not None


def holds(loaded: Any) -> bool:
    assert not isinstance(loaded, np.generic)
    return True


def refused(error: tn.CheckpointError, data: bytes) -> bool:
    if error.__cause__ is not None:
        raise AssertionError(f"refused by the safety net: {error!r} for {data!r}") from error
    if not str(error).isprintable() or len(str(error)) > 1000:
        raise AssertionError(f"no sentence for a terminal: {error!r} for {data!r}")
    return False


def main() -> None:
    """Run for some time and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=None, help="stop after this many inputs")
    options = parser.parse_args()
    started = time.monotonic()
    loaded = count = 0
    with tempfile.TemporaryDirectory() as folder:
        for data in inputs(options.seed):
            try:
                # A name for each, as a mapped file must not change.
                path = Path(folder, f"{count}.pth")
                loaded += check(data) if count % 3 else check_mapped(data, path)
            except BaseException:
                print(f"seed {options.seed}, input {count}: {data!r}")
                raise
            if not count % 3:
                path.unlink()
            count += 1
            if count == options.count or time.monotonic() - started > options.seconds:
                break
    print(f"{count} inputs: {loaded} loaded, {count - loaded} refused, in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
