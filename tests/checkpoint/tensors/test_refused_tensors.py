"""Tensors that lie about their storage, or that NumPy cannot hold, are refused by name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from builders import HOOKS, REBUILD, call, legacy, legacy_storage, name, ordered, storage, tensor, torch_zip
from refusals import DATA, holding, refusal

import tinynet as tn


def view(size: Any = (4,), stride: Any = (1,), offset: Any = 0) -> bytes:
    return holding(tensor(storage(), size, stride, offset))


BEYOND = "'weight': .* reaches beyond the end of its storage '0'"
NO_COUNT = "'weight': .* not whole numbers that can be"
TENSORS = {
    "numel-larger": (holding(tensor(storage(numel=5))), "'weight': .*5 elements of float32 but has 16 bytes"),
    "numel-smaller": (
        holding(tensor(storage(numel=3), (3,))),
        "'weight': .*3 elements of float32 but has 16 bytes",
    ),
    "numel-negative": (holding(tensor(storage(numel=-4))), "'weight': .*-4 elements"),
    "numel-2^50": (holding(tensor(storage(numel=2**50))), "1,125,899,906,842,624 elements"),
    "numel-2^58": (
        holding(tensor(storage(numel=2**58))),
        f"^<file>: 'weight': storage '0' is said to have {2**58} elements$",
    ),
    "numel-2^70": (holding(tensor(storage(numel=2**70))), "'weight': storage '0' is said to have"),
    "numel-bool": (holding(tensor(storage(numel=True))), "in an unknown way"),
    "one-key-two-dtypes": (
        torch_zip(ordered({"a": tensor(storage()), "b": tensor(storage(cls="IntStorage"))}), {"0": DATA}),
        "'b': storage '0' is said to have 4 elements of float32 and also 4 of int32",
    ),
    "one-key-two-lengths": (
        torch_zip(ordered({"a": tensor(storage()), "b": tensor(storage(numel=2))}), {"0": DATA}),
        "and also 2 of float32",
    ),
    "offset-out-of-range": (view(offset=1), BEYOND),
    "offset-negative": (view(offset=-1), NO_COUNT),
    "offset-2^62": (view(offset=2**62), NO_COUNT),
    "offset-2^58": (view(offset=2**58), NO_COUNT),
    "offset-below-2^58": (view(offset=2**58 - 1), BEYOND),
    "stride-out-of-range": (view(stride=(2,)), BEYOND),
    "stride-negative": (view(stride=(-1,), offset=3), NO_COUNT),
    "stride-wrapping-at-2^60": (view((2, 2), (2**60, 2**60)), NO_COUNT),
    "stride-2^58": (view((2,), (2**58,)), NO_COUNT),
    "stride-below-2^58": (view((2,), (2**58 - 1,)), BEYOND),
    "stride-2^57": (view((2, 2), (2**57, 2**57)), BEYOND),
    "size-negative": (view((-4,)), NO_COUNT),
    "size-float": (view((4.0,)), NO_COUNT),
    "size-bool": (view((True,)), NO_COUNT),
    "size-is-a-list": (view([4]), "'weight': a tensor has the size"),
    "expand-to-2^40": (
        view((2**40,), (0,)),
        rf"^<file>: 'weight': a tensor of shape \({2**40},\) would need more than the 134,217,728 bytes that max_",
    ),
    "expand-to-2^58": (view((2**29, 2**29), (0, 0)), NO_COUNT),
    "product-overflow": (view((2**40, 2**40), (0, 0)), NO_COUNT),
    "product-overflow-beside-zero": (view((0, 2**40, 2**40), (0, 0, 0)), NO_COUNT),
    "rank-mismatch": (view((2, 2), (1,)), "'weight': a tensor has the size"),
    "ndim-70": (view((1,) * 70, (1,) * 70), "'weight': a tensor has 70 dimensions"),
    "no-storage": (
        holding(call(REBUILD, 5, 0, (4,), (1,), False, HOOKS)),
        "something else where its storage",
    ),
    "two-arguments": (holding(call(REBUILD, storage(), 0)), "a tensor is damaged"),
    "unknown-metadata": (holding(tensor(storage(), (4,), (1,), 0, {"zero": True})), "unknown metadata"),
    "conj-of-a-real-tensor": (holding(tensor(storage(), (4,), (1,), 0, {"conj": True})), "has the metadata"),
    "neg-is-a-number": (holding(tensor(storage(), (4,), (1,), 0, {"neg": 1})), "has the metadata"),
    "view-amplification": (
        torch_zip(
            ordered({str(i): tensor(storage(numel=2**20), (2**20,)) for i in range(2000)}),
            {"0": bytes(2**22)},
        ),
        "a tensor of shape .* would need more than the .* max_bytes",
    ),
    "float8": (
        holding(
            call(
                name("torch._utils", "_rebuild_tensor_v3"),
                storage(cls="UntypedStorage", numel=16, module="torch.storage"),
                0,
                (16,),
                (1,),
                False,
                HOOKS,
                name("torch", "float8_e4m3fn"),
            )
        ),
        "'weight': its element type 'torch.float8_e4m3fn' is not supported",
    ),
    "complex32": (
        holding(
            call(
                name("torch._utils", "_rebuild_tensor_v3"),
                storage(cls="UntypedStorage", numel=16, module="torch.storage"),
                0,
                (4,),
                (1,),
                False,
                HOOKS,
                name("torch", "complex32"),
            )
        ),
        "'weight': its element type 'torch.complex32' is not supported",
    ),
    "quantized": (
        holding(call(name("torch._utils", "_rebuild_qtensor"), storage(cls="QInt8Storage", numel=16))),
        "'weight': it is (a )?quantized",
    ),
    "quantized-storage": (
        holding(tensor(storage(cls="QInt8Storage", module="torch.storage"))),
        "'weight': it is quantized .'torch.storage.QInt8Storage'.; dequantize it in PyTorch before saving$",
    ),
    "sparse": (
        holding(call(name("torch._utils", "_rebuild_sparse_tensor"), 1, ())),
        "'weight': it is a sparse tensor",
    ),
    "sparse-layout": (
        holding(call(name("torch.serialization", "_get_layout"), "torch.sparse_coo")),
        "it is a sparse tensor",
    ),
    "meta": (
        holding(call(name("torch._utils", "_rebuild_meta_tensor_no_storage"), 1, (4,), (1,), False)),
        "'weight': it is a meta tensor",
    ),
    "unknown-storage-class": (
        holding(tensor(storage(cls="MagicStorage"))),
        "unknown class 'torch.MagicStorage'",
    ),
    "a-storage-alone": (holding(storage()), "'weight': it is a storage without a tensor"),
}


@pytest.mark.parametrize(("data", "cause"), TENSORS.values(), ids=TENSORS)
def test_tensor(data: bytes, cause: str) -> None:
    assert re.search(cause, refusal(data))


@pytest.mark.parametrize("key", ["0", "weight"])
@pytest.mark.parametrize("flaw", ["offset-out-of-range", "stride-out-of-range"])
def test_bounds_hold_in_legacy_files_too(flaw: str, key: str) -> None:
    stride, offset = ((2,), 0) if flaw.startswith("stride") else ((1,), 1)
    data = legacy(ordered({key: tensor(legacy_storage(), (4,), stride, offset)}), [("0", 4, DATA)])
    assert f"{key!r}: a tensor of shape (4,)" in refusal(data)


@pytest.mark.parametrize("container", ["zip", "legacy"])
@pytest.mark.parametrize("flaw", ["expand-to-2^40", "view-amplification", "tied-amplification"])
def test_mapped_views_may_not_span_more_than_copies(flaw: str, container: str, tmp_path: Path) -> None:
    of = storage if container == "zip" else legacy_storage
    numel = 2**16 if flaw == "view-amplification" else 2**20
    if flaw == "expand-to-2^40":
        tensors = {"w": tensor(of(numel=numel), (2**40,), (0,))}
    else:
        tensors = {str(n): tensor(of(numel=numel), (numel,)) for n in range(2000 if numel < 2**20 else 300)}
    make: Any = torch_zip if container == "zip" else legacy
    stored = bytes(4 * numel)
    data = make(ordered(tensors), {"0": stored} if container == "zip" else [("0", numel, stored)])
    copied = re.sub(" bytes that .*", "", refusal(data))
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(tn.CheckpointError, match="arrays of a mapped file of its size may span") as caught:
        tn.load_checkpoint(tmp_path / "x", mmap=True, max_bytes=2**60)
    assert re.sub(" bytes that .*", "", str(caught.value)).endswith(copied.partition(": ")[2])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(("part", 0, 2), ("part", 2, 2), id="offset"),
        pytest.param(("part", 0, 2), ("part", 0, 3), id="length"),
        pytest.param(("part", 0, 2), ("0", 0, 2), id="key-of-a-storage"),
    ],
)
def test_a_part_of_a_legacy_storage_has_a_key_of_its_own(first: Any, second: Any) -> None:
    parts = {name: tensor(legacy_storage(view=view), (2,)) for name, view in (("a", first), ("b", second))}
    message = refusal(legacy(ordered(parts), [("0", 4, DATA)]))
    assert f"'b': two different parts of storages have the key {second[0]!r}" in message


def test_a_legacy_storage_has_no_key_of_a_part() -> None:
    parts = {"a": tensor(legacy_storage(view=("1", 0, 2)), (2,)), "b": tensor(legacy_storage("1"))}
    message = refusal(legacy(ordered(parts), [("0", 4, DATA), ("1", 4, DATA)]))
    assert "'b': two different parts of storages have the key '1'" in message
