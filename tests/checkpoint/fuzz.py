"""A seeded fuzzer: mutated checkpoints must give a result or a `CheckpointError`, and nothing else.

The test suite runs it for a few seconds; by hand it runs for as long as one likes::

    python tests/checkpoint/fuzz.py --seconds 3600 --seed 1
"""

from __future__ import annotations

import argparse
import io
import pickletools
import random
import struct
import time
from collections.abc import Iterator
from typing import Any, Callable

import numpy as np
from builders import (
    FOUR,
    HOOKS,
    Fragment,
    Member,
    call,
    instance,
    legacy,
    legacy_storage,
    name,
    one_legacy_tensor,
    one_tensor,
    ordered,
    pickled,
    push,
    storage,
    tensor,
    torch_zip,
    zip_file,
)  # fmt: skip

import tinynet as tn

DATA = FOUR.tobytes()


def bodies(of: Callable[..., Fragment]) -> list[Fragment]:
    """Pickles of every kind that the reader knows, with storages made by `of`."""
    part = tensor(of())
    state = {"_parameters": ordered({"w": part, "b": None}), "_buffers": {}, "_modules": ordered({})}
    order = push((3, "<", None, None, None, -1, -1, 0))
    dtype = Fragment(call(name("numpy", "dtype"), "f4", False, True) + order + b"b")
    array = Fragment(
        call(name("numpy.core.multiarray", "_reconstruct"), name("numpy", "ndarray"), (0,), b"b")
        + push((1, (2, 2), dtype, False, DATA)) + b"b"
    )  # fmt: skip
    scalar = call(name("numpy.core.multiarray", "scalar"), dtype, DATA[:4])
    untyped = call(
        name("torch._utils", "_rebuild_tensor_v3"),
        of("1", "ByteStorage", 16), 0, (4,), (1,), False, HOOKS, name("torch", "uint32"),
    )  # fmt: skip
    return [
        ordered({"w": tensor(of(), (2, 2), (2, 1)), "b": tensor(of(), (2,), (2,), 1)}, {"": {"version": 1}}),
        push({"epoch": 3, "lr": [0.1, 0.2], "state_dict": ordered({"w": part}), "n": (1, (2, None))}),
        instance("models", "Net", {**state, "_modules": ordered({"fc": instance("nn", "Linear", state)})}),
        push({"array": array, "scalar": scalar, "set": call(name("builtins", "set"), [1, 2])}),
        push({"v3": untyped, "p": call(name("torch._utils", "_rebuild_parameter"), part, True, HOOKS)}),
        push({"z": tensor(of("2", "ComplexFloatStorage", 2), (2,), (1,), 0, {"conj": True})}),
    ]  # fmt: skip


STORAGES = {"0": DATA, "1": DATA, "2": DATA}
BODIES = bodies(storage)
LEGACY_STORAGES = [[("0", 4, DATA)]] * 3 + [[], [("1", 16, DATA), ("0", 4, DATA)], [("2", 2, DATA)]]
LEGACY = list(zip(bodies(legacy_storage), LEGACY_STORAGES))
FILES = [
    one_tensor(), one_tensor(method=8), one_tensor(zip64=True), one_tensor(byteorder=b"big"), one_legacy_tensor(),
    pickled(BODIES[3]), b'\x10\0\0\0\0\0\0\0{"a":{"dtype":1}}', torch_zip(BODIES[2], STORAGES),
]  # fmt: skip
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
        loaded: Any = tn.load_checkpoint(io.BytesIO(data))
    except tn.CheckpointError as error:
        if error.__cause__ is not None:
            raise AssertionError(f"refused by the safety net: {error!r} for {data!r}") from error
        return False
    assert not isinstance(loaded, np.generic)
    return True


def main() -> None:
    """Run for some time and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=None, help="stop after this many inputs")
    options = parser.parse_args()
    started = time.monotonic()
    loaded = count = 0
    for data in inputs(options.seed):
        try:
            loaded += check(data)
        except BaseException:
            print(f"seed {options.seed}, input {count}: {data!r}")
            raise
        count += 1
        if count == options.count or time.monotonic() - started > options.seconds:
            break
    print(f"{count} inputs: {loaded} loaded, {count - loaded} refused, in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
