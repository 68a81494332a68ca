"""What `torch.save` writes loads with exactly the values that `torch.load` gives."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinynet as tn

torch = pytest.importorskip("torch")
nn = torch.nn

FILL = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4) - 7.5


def assert_equal(loaded: Any, expected: Any) -> None:
    """Same keys in order, same dtypes, shapes and bits as PyTorch's."""
    if isinstance(expected, torch.Tensor):
        expected = expected.detach().resolve_conj().resolve_neg()
        expected = (expected.float() if expected.dtype == torch.bfloat16 else expected).numpy()
        assert (loaded.dtype, loaded.shape) == (expected.dtype, expected.shape)
        assert loaded.tobytes() == expected.tobytes()
        assert loaded.flags.writeable
    elif isinstance(expected, dict):
        assert type(loaded) is dict
        assert list(loaded) == list(expected)
        for key, value in expected.items():
            assert_equal(loaded[key], value)
    elif isinstance(expected, (list, tuple)):
        assert len(loaded) == len(expected)
        for one, other in zip(loaded, expected):
            assert_equal(one, other)
    else:
        assert loaded == expected


def saved(content: Any, zip_format: bool = True, protocol: int = 2) -> io.BytesIO:
    file = io.BytesIO()
    torch.save(content, file, pickle_protocol=protocol, _use_new_zipfile_serialization=zip_format)
    return file


DTYPES = [
    "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "uint16", "uint32",
    "uint64", "bool", "complex64", "complex128",
]  # fmt: skip
BASE = torch.arange(120, dtype=torch.float32).reshape(2, 3, 4, 5)
COMPLEX = torch.tensor([1 + 2j, 3 - 4j])
CONTENTS = {
    "transposed": {"w": FILL[0].t()},
    "stepped": {"w": FILL[:, ::2, 1:]},
    "expanded": {"w": FILL[:1].expand(5, 3, 4)},
    "channels_last": {"w": BASE.to(memory_format=torch.channels_last)},
    "view-with-offset": {"w": FILL[1]},
    "conj": {"w": COMPLEX.conj()},
    "neg": {"w": COMPLEX.conj().imag},
    "scalar": {"w": torch.tensor(3.5)},
    "empty": {"w": torch.empty(0, 3), "v": torch.empty(0)},
    "tied": {"a": FILL, "b": FILL, "c": FILL[0]},
    "parameter": {"w": nn.Parameter(FILL)},
    "int-key": {0: FILL, (1, "a"): FILL, "": FILL, "вес": FILL},
    "nested": {"epoch": 3, "best": 0.5, "names": ["a", ("b", None)], "state_dict": OrderedDict(w=FILL)},
    "sizes": {
        "size": FILL.shape,
        "bytes": b"\x00\xff",
        "set": {1, 2},
        "complex": 1j,
        "array": bytearray(b"a"),
    },
    "list-of-tensors": [FILL, FILL[0]],
    "one-tensor": FILL,
    "state_dict-of-a-module": nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 2)).state_dict(),
}


@pytest.mark.parametrize("zip_format", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_real_dtype(dtype: str, zip_format: bool) -> None:
    values = torch.tensor([0, 1, 2, 100]).to(getattr(torch, dtype))
    assert_equal(tn.load_checkpoint(saved({"x": values}, zip_format)), {"x": values})


@pytest.mark.parametrize("zip_format", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("content", CONTENTS)
def test_content(content: str, zip_format: bool) -> None:
    assert_equal(tn.load_checkpoint(saved(CONTENTS[content], zip_format)), CONTENTS[content])


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_protocol(protocol: int) -> None:
    content = {
        **CONTENTS["sizes"],
        "numpy": np.arange(4.0).reshape(2, 2),
        "scalar": np.float64(0.1),
        "w": FILL,
    }
    loaded = tn.load_checkpoint(saved(content, protocol=protocol))
    np.testing.assert_array_equal(loaded.pop("numpy"), content.pop("numpy"), strict=True)
    assert_equal(loaded, content)


def test_parameter_with_attributes() -> None:
    parameter = nn.Parameter(FILL)
    parameter.tag = "mine"
    tensor = FILL.clone()
    tensor.tag = "mine"
    assert_equal(tn.load_checkpoint(saved({"p": parameter, "t": tensor})), {"p": FILL, "t": FILL})


def test_optimizer_state() -> None:
    network = nn.Linear(3, 2)
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    content = {"model": network.state_dict(), "optimizer": optimizer.state_dict()}
    assert_equal(tn.load_checkpoint(saved(content)), content)


@pytest.mark.parametrize("name", ["model.pth", "модель.pth", "a b.c.pt"])
def test_file_name(name: str, tmp_path: Path) -> None:
    torch.save({"w": FILL}, tmp_path / name)
    assert_equal(tn.load_checkpoint(tmp_path / name), {"w": FILL})


def test_alignment_and_checksums_off(tmp_path: Path) -> None:
    from torch.utils.serialization import config

    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        with config.patch({"save.storage_alignment": 4096}):
            torch.save({"w": FILL}, tmp_path / "x.pth")
    finally:
        torch.serialization.set_crc32_options(before)
    assert_equal(tn.load_checkpoint(tmp_path / "x.pth"), {"w": FILL})


def test_zip64(tmp_path: Path) -> None:
    path = tmp_path / "large.pth"
    with torch.serialization.skip_data():
        torch.save({"large": torch.empty(2**32 + 5, dtype=torch.uint8), "last": torch.zeros(3)}, path)
    loaded = tn.load_checkpoint(path, mmap=True)
    assert loaded["large"].shape == (2**32 + 5,)
    assert loaded["large"][-1] == 0
    assert loaded["last"].tolist() == [0, 0, 0]


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scratch", torch.ones(2), persistent=False)
        self.plain = torch.zeros(3)
        self.layers = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 4, bias=False))
        self.scale = nn.Parameter(torch.ones(4) * 3)
        self.register_buffer("shift", torch.ones(4) * 2)
        self.tied = self.layers[0]

    def forward(self, x):
        return self.tied(self.layers(x)) * self.scale + self.shift + self.plain.sum() + self.scratch.sum()


@pytest.mark.parametrize("zip_format", [True, False], ids=["zip", "legacy"])
@pytest.mark.filterwarnings("ignore:Couldn't retrieve source code")
def test_whole_module(zip_format: bool) -> None:
    block = Block()
    assert_equal(tn.load_checkpoint(saved(block, zip_format)), block.state_dict())


@pytest.mark.filterwarnings("ignore")  # TorchScript is deprecated
@pytest.mark.parametrize("how", ["script", "trace"])
def test_torchscript(how: str, tmp_path: Path) -> None:
    block = Block().eval()
    script = torch.jit.script(block) if how == "script" else torch.jit.trace(block, torch.ones(2, 4))
    script.save(tmp_path / "script.pt")
    assert_equal(
        tn.load_checkpoint(tmp_path / "script.pt"), dict(torch.jit.load(tmp_path / "script.pt").state_dict())
    )


UNSUPPORTED = {
    "float8": (lambda: torch.ones(2).to(torch.float8_e4m3fn), "torch.float8_e4m3fn"),
    "complex32": (lambda: torch.ones(2, dtype=torch.complex32), "complex32|ComplexHalf"),
    "quantized": (lambda: torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), "quantized"),
    "sparse": (lambda: torch.ones(2, 2).to_sparse(), "sparse"),
    "meta": (lambda: torch.ones(2, device="meta"), "meta"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", UNSUPPORTED)
def test_what_numpy_cannot_hold_is_named(kind: str) -> None:
    make, cause = UNSUPPORTED[kind]
    with pytest.raises(tn.CheckpointError, match=f"'w': .*({cause})"):
        tn.load_checkpoint(saved({"w": make()}))


def test_numpy_pickle(tmp_path: Path) -> None:
    content = {"a": {"w": np.arange(6, dtype="f4").reshape(2, 3)}, "n": 3}
    for protocol in (2, 3, 4, 5):
        loaded = tn.load_checkpoint(io.BytesIO(pickle.dumps(content, protocol)))
        np.testing.assert_array_equal(loaded["a"]["w"], content["a"]["w"], strict=True)
        assert loaded["n"] == 3
