"""Tensors of every element type, view and wrapping load with exactly the values that were put in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import (
    FOUR,
    HOOKS,
    REBUILD,
    Fragment,
    call,
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

STORAGES = {
    "DoubleStorage": "f8", "FloatStorage": "f4", "HalfStorage": "f2", "LongStorage": "i8", "IntStorage": "i4",
    "ShortStorage": "i2", "CharStorage": "i1", "ByteStorage": "u1", "BoolStorage": "?",
    "ComplexFloatStorage": "c8", "ComplexDoubleStorage": "c16",
}  # fmt: skip


@pytest.mark.parametrize("order", ["little", "big", "legacy"])
@pytest.mark.parametrize("cls", STORAGES)
def test_every_dtype(cls: str, order: str) -> None:
    values = np.array([0, 1, 3, 100]).astype(STORAGES[cls])
    swapped = values.astype(values.dtype.newbyteorder(">" if order == "big" else "<"))
    if order == "legacy":
        data = legacy(ordered({"x": tensor(legacy_storage(cls=cls))}), [("0", 4, swapped.tobytes())])
    else:
        data = torch_zip(ordered({"x": tensor(storage(cls=cls))}), {"0": swapped.tobytes()}, byteorder=order.encode())
    assert_same(load(data), {"x": values})


@pytest.mark.parametrize("order", ["little", "big"])
def test_bfloat16_widens_exactly(order: str) -> None:
    bits = np.array([0x3F80, 0xC049, 0x7F80, 0x0001], "<u2" if order == "little" else ">u2")
    data = torch_zip(
        ordered({"x": tensor(storage(cls="BFloat16Storage"))}),
        {"0": bits.tobytes()},
        byteorder=order.encode(),
    )
    expected = (bits.astype("u4") << np.uint32(16)).view("f4")
    assert_same(load(data), {"x": expected})


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "uint64"])
def test_untyped_storage_with_a_dtype(dtype: str) -> None:
    values = np.array([0, 1, 2, 60000], dtype)
    of = storage(cls="UntypedStorage", numel=values.nbytes, module="torch.storage")
    rebuilt = call(name("torch._utils", "_rebuild_tensor_v3"), of, 0, (4,), (1,), False, HOOKS, name("torch", dtype))
    assert_same(load(torch_zip(ordered({"x": rebuilt}), {"0": values.tobytes()})), {"x": values})


def test_a_bool_byte_beyond_one_is_true() -> None:
    data = torch_zip(ordered({"x": tensor(storage(cls="BoolStorage"))}), {"0": bytes([0, 1, 2, 255])})
    assert load(data)["x"].view(np.uint8).tolist() == [0, 1, 1, 1]


@pytest.mark.parametrize(
    ("size", "stride", "offset", "expected"),
    [
        pytest.param((2, 3), (3, 1), 0, SIX.reshape(2, 3), id="contiguous"),
        pytest.param((3, 2), (1, 3), 0, SIX.reshape(2, 3).T, id="transposed"),
        pytest.param((3,), (2,), 0, SIX[::2], id="stepped"),
        pytest.param((2, 4), (0, 1), 1, np.broadcast_to(SIX[1:5], (2, 4)), id="expanded"),
        pytest.param((1, 2, 1, 3), (6, 1, 6, 2), 0, SIX.reshape(1, 3, 2).transpose(0, 2, 1)[:, :, None], id="nhwc"),
        pytest.param((), (), 5, SIX[5].reshape(()), id="scalar"),
        pytest.param((0, 3), (3, 1), 0, np.empty((0, 3), "f4"), id="empty"),
        pytest.param((2,), (1,), 4, SIX[4:], id="end-of-the-storage"),
        pytest.param((1,) * 32, (1,) * 32, 0, SIX[:1].reshape((1,) * 32), id="32-dimensions"),
    ],
)
def test_views(size: Any, stride: Any, offset: int, expected: Any) -> None:
    expected = np.ascontiguousarray(expected).reshape(size)
    data = torch_zip(ordered({"x": tensor(storage(numel=6), size, stride, offset)}), {"0": SIX.tobytes()})
    assert_same(load(data), {"x": expected})
    data = legacy(ordered({"x": tensor(legacy_storage(numel=6), size, stride, offset)}), [("0", 6, SIX.tobytes())])
    assert_same(load(data), {"x": expected})


def test_legacy_storage_views() -> None:
    of = legacy_storage("root", numel=6, view=("part", 2, 3))
    data = legacy(ordered({"x": tensor(of, (3,), (1,))}), [("root", 6, SIX.tobytes())])
    assert_same(load(data), {"x": SIX[2:5]})


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        pytest.param({}, [1 + 2j, 3 - 4j], id="none"),
        pytest.param({"conj": True}, [1 - 2j, 3 + 4j], id="conj"),
        pytest.param({"neg": True}, [-1 - 2j, -3 + 4j], id="neg"),
        pytest.param({"conj": True, "neg": True}, [-1 + 2j, -3 - 4j], id="both"),
    ],
)
def test_conj_and_neg(metadata: Any, expected: Any) -> None:
    of = storage(cls="ComplexFloatStorage", numel=2)
    values = np.array([1 + 2j, 3 - 4j], "<c8")
    data = torch_zip(ordered({"x": tensor(of, (2,), (1,), 0, metadata)}), {"0": values.tobytes()})
    assert_same(load(data), {"x": np.array(expected, "c8")})


def test_tied_tensors_are_separate_copies() -> None:
    data = torch_zip(ordered({"a": tensor(storage()), "b": tensor(storage())}), {"0": FOUR.tobytes()})
    loaded = load(data)
    loaded["a"][:] = 0
    assert loaded["b"].tolist() == FOUR.tolist()


@pytest.mark.parametrize(("size", "stride"), [((4,), (1,)), ((2, 2), (2, 1)), ((1, 4), (9, 1)), ((4, 1), (1, 9))])
def test_the_first_tensor_of_a_whole_storage_takes_over_its_bytes(size: Any, stride: Any) -> None:
    tensors = {key: tensor(storage(), size, stride) for key in "ab"}
    loaded = load(torch_zip(ordered(tensors), {"0": FOUR.tobytes()}), max_bytes=32)
    assert_same(loaded, dict.fromkeys("ab", FOUR.reshape(size)))
    assert [array.base is None for array in loaded.values()] == [False, True]


def test_views_of_a_mapped_file_take_nothing_of_max_bytes(tmp_path: Path) -> None:
    tensors = {"a": tensor(storage()), "b": tensor(storage()), "c": tensor(storage(), (2,), (2,))}
    path = tmp_path / "x.pth"
    path.write_bytes(torch_zip(ordered(tensors), {"0": FOUR.tobytes()}))
    loaded = tn.load_checkpoint(path, mmap=True, max_bytes=0)
    assert [array.tolist() for array in loaded.values()] == [FOUR.tolist(), FOUR.tolist(), FOUR[::2].tolist()]


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda t: call(name("torch._utils", "_rebuild_parameter"), t, True, HOOKS), id="Parameter"),
        pytest.param(
            lambda t: call(name("torch._utils", "_rebuild_parameter_with_state"), t, True, HOOKS, {"tag": 1}),
            id="Parameter-with-attributes",
        ),
        pytest.param(
            lambda t: call(
                name("torch._tensor", "_rebuild_from_type_v2"),
                REBUILD, name("torch", "Tensor"), (storage(), 0, (4,), (1,), False, HOOKS), {"tag": 1},
            ),
            id="tensor-with-attributes",
        ),
        pytest.param(lambda t: call(name("torch.nn.parameter", "Parameter"), t, True), id="Parameter-of-torch-0.4"),
    ],
)  # fmt: skip
def test_parameters(wrap: Any) -> None:
    assert_same(load(torch_zip(ordered({"weight": wrap(tensor(storage()))}), {"0": FOUR.tobytes()})), WEIGHT)


@pytest.mark.parametrize(
    ("cls", "data", "expected"),
    [
        ("BFloat16Storage", b"\x80\x3f\x00\x40\x40\x40\x80\x40", [[1.0, 3.0], [2.0, 4.0]]),
        ("BoolStorage", b"\0\1\2\0", [[False, True], [True, False]]),
    ],
)
def test_what_is_converted_lies_row_by_row(cls: str, data: bytes, expected: list[list[float]]) -> None:
    transposed = tensor(storage("0", cls), (2, 2), (1, 2))
    loaded = load(torch_zip(ordered({"w": transposed}), {"0": data}))["w"]
    assert loaded.tolist() == expected
    assert loaded.flags.c_contiguous


def test_truth_values_of_numpy_lie_row_by_row() -> None:
    dtype = call(name("numpy", "dtype"), "b1")
    empty = call(name("numpy.core.multiarray", "_reconstruct"), name("numpy", "ndarray"), (0,), b"b")
    array = Fragment(empty + push((1, (2, 2), dtype, True, b"\0\1\2\0")) + b"b")
    loaded = load(torch_zip(push({"w": array, "x": tensor(storage())}), {"0": FOUR.tobytes()}))["w"]
    assert loaded.tolist() == [[False, True], [True, False]]
    assert loaded.flags.c_contiguous
