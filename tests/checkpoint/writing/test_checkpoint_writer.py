"""What `save_checkpoint` writes: exact, deterministic, aligned, and never half a file."""

from __future__ import annotations

import io
import os
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tinynet.checkpoint import limits, save_checkpoint
from tinynet.checkpoint.writing import saving, zip_writer
from tinynet.checkpoint.writing.pickle_writer import pickle_state_dict

DTYPES = [
    "float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "uint16", "uint32", "uint64",
    "bool", "complex64", "complex128",
]  # fmt: skip
GRID = np.arange(24).reshape(2, 3, 4)
ARRAYS = {
    **{dtype: GRID.astype(dtype) for dtype in DTYPES},
    "fortran": np.asfortranarray(GRID.astype("f8")),
    "big-endian": np.arange(3, dtype=">f4"),
    "strided": GRID.astype("f4")[:, ::2, ::-1],
    "broadcast": np.broadcast_to(np.float32(2), (2, 3)),
    "scalar": np.array(2.5),
    "empty": np.empty((0, 3), "f4"),
    "empty-last": np.empty((3, 0), "f4"),
    "NaN": np.array([np.nan, -0.0, np.inf], "f4"),
    "слой.вес": np.ones(1),
    "": np.ones((1, 1)),
}


def native(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.asarray(array, array.dtype.newbyteorder("="), order="C")


def test_round_trip_is_exact(tmp_path: Path) -> None:
    save_checkpoint(ARRAYS, tmp_path / "x.pth")
    loaded = tn.load_checkpoint(tmp_path / "x.pth", verify=True)
    assert list(loaded) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert (loaded[name].dtype, loaded[name].shape) == (native(array).dtype, array.shape)
        assert loaded[name].tobytes() == native(array).tobytes()


def test_torch_reads_it(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    save_checkpoint(ARRAYS, str(tmp_path / "x.pth"))
    for options in ({}, {"mmap": True}):
        loaded = torch.load(tmp_path / "x.pth", weights_only=True, **options)
        assert list(loaded) == list(ARRAYS)
        for name, array in ARRAYS.items():
            assert loaded[name].is_contiguous()
            assert loaded[name].shape == array.shape
            assert loaded[name].numpy().tobytes() == native(array).tobytes()


def test_what_torch_loaded_and_saved_again_is_the_same(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    save_checkpoint(ARRAYS, tmp_path / "x.pth")
    file = io.BytesIO()
    torch.save(torch.load(tmp_path / "x.pth", weights_only=True), file)
    loaded = tn.load_checkpoint(file)
    assert {name: array.tobytes() for name, array in loaded.items()} == {
        name: native(array).tobytes() for name, array in ARRAYS.items()
    }


def test_a_name_is_written_once(tmp_path: Path) -> None:
    save_checkpoint({str(i): np.zeros(2, np.float32) for i in range(100)}, tmp_path / "x.pth")
    pickle = zipfile.ZipFile(tmp_path / "x.pth").read("archive/data.pkl")
    for name in (b"collections", b"_rebuild_tensor_v2", b"FloatStorage"):
        assert pickle.count(name) == 1
    assert len(pickle) < 100 * 70


def test_the_bytes_depend_on_the_arrays_alone(tmp_path: Path) -> None:
    save_checkpoint(ARRAYS, tmp_path / "x.pth")
    save_checkpoint({name: array.copy() for name, array in ARRAYS.items()}, tmp_path / "another name.pt")
    assert (tmp_path / "x.pth").read_bytes() == (tmp_path / "another name.pt").read_bytes()


def test_sound_zip_file_with_aligned_payloads(tmp_path: Path) -> None:
    save_checkpoint(ARRAYS, tmp_path / "x.pth")
    data = (tmp_path / "x.pth").read_bytes()
    with zipfile.ZipFile(tmp_path / "x.pth") as archive:
        assert archive.testzip() is None
        assert archive.read("archive/version") == b"3\n"
        for member in archive.infolist():
            name_length, extra_length = data[member.header_offset + 26], data[member.header_offset + 28]
            assert (member.header_offset + 30 + name_length + extra_length) % 64 == 0


def test_zip64_members_and_offsets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(zip_writer, "_LIMIT", 100)  # so that a small file needs what one of 4 GiB needs
    save_checkpoint(ARRAYS, tmp_path / "x.pth")
    loaded = tn.load_checkpoint(tmp_path / "x.pth")
    assert loaded["float64"].tolist() == GRID.tolist()
    with zipfile.ZipFile(tmp_path / "x.pth") as archive:
        assert archive.testzip() is None


def test_no_array_is_written_to(tmp_path: Path) -> None:
    arrays = {"a": np.arange(3.0), "b": np.arange(3, dtype=">i4")}
    for array in arrays.values():
        array.flags.writeable = False
    save_checkpoint(arrays, tmp_path / "x.pth")
    assert arrays["b"].dtype == ">i4"


@pytest.mark.parametrize("failure", ["write", "fsync", "replace"])
def test_a_failure_leaves_the_old_file(failure: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    save_checkpoint({"a": np.arange(3.0)}, path)
    before = path.read_bytes()

    def fail(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    if failure == "write":
        monkeypatch.setattr(zip_writer.ZipWriter, "close", fail)
    else:
        monkeypatch.setattr(os, failure, fail)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint({"a": np.arange(4.0)}, path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.pth"]


@pytest.mark.skipif(os.name != "posix", reason="needs permission bits")
def test_permissions_of_the_old_file_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    path.touch()
    path.chmod(0o640)
    save_checkpoint({"a": np.ones(1)}, path)
    assert path.stat().st_mode & 0o777 == 0o640
    (tmp_path / "other").touch()
    save_checkpoint({"a": np.ones(1)}, tmp_path / "new.pth")
    assert (tmp_path / "new.pth").stat().st_mode == (tmp_path / "other").stat().st_mode


needs_posix = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX system")


@needs_posix
@pytest.mark.parametrize("exists", [True, False], ids=["file", "dangling"])
def test_a_link_stays_and_what_it_points_at_is_replaced(exists: bool, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    target, link = tmp_path / "files" / "real.pth", tmp_path / "latest.pth"
    if exists:
        save_checkpoint({"a": np.ones(1)}, target)
        target.chmod(0o600)
    link.symlink_to(Path("files", "real.pth"))
    save_checkpoint({"a": np.arange(3.0)}, link)
    assert link.is_symlink()
    assert tn.load_checkpoint(target)["a"].tolist() == [0, 1, 2]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["files", "latest.pth", "real.pth"]
    assert not exists or target.stat().st_mode & 0o777 == 0o600


@needs_posix
@pytest.mark.parametrize("kind", ["folder", "pipe", "link-to-itself", "device"])
def test_what_is_no_file_is_not_replaced(kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "x"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link-to-itself":
        path.symlink_to(path)
    else:
        path = Path("/dev/null")
    monkeypatch.setattr("builtins.open", None)  # nothing may be written, not even beside it
    monkeypatch.setattr(os, "replace", None)
    before = os.lstat(path)
    with pytest.raises(OSError, match=re.escape(path.name)):
        save_checkpoint({"a": np.ones(1)}, path)
    assert os.lstat(path)[:3] == before[:3]


def test_paths_of_bytes_and_long_names(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250 + ".pth")  # with an ending of its own, the name of the temporary file is too long
    save_checkpoint({"a": np.ones(1)}, os.fsencode(path))
    assert tn.load_checkpoint(os.fsencode(path))["a"].tolist() == [1]


def test_what_a_tensor_is_taken_to_cost() -> None:
    plain = 3 * limits.OBJECT_COST + 2 * limits.DIMENSION_COST + limits.ITEM_COST
    assert saving._cost("weight", GRID[0]) == plain
    assert saving._cost("слой", GRID[0]) == plain + sys.getsizeof("слой")


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.0.0", reason="older NumPy has no such shapes")
def test_a_shape_that_load_checkpoint_takes_for_damaged_is_not_written(tmp_path: Path) -> None:
    save_checkpoint({"a": np.empty((0, 2**57), "u1")}, tmp_path / "x.pth")
    with pytest.raises(ValueError, match=r"'a' has the shape .* takes for damaged"):
        save_checkpoint({"a": np.empty((0, 2**58), "u1")}, tmp_path / "y.pth")


@pytest.mark.parametrize(
    ("content", "end"),
    [(5, "not int$"), (tn.Sequential(), "not Sequential; write to_torch_state_dict.network. for a network$")],
)
def test_what_is_no_mapping_is_named(content: Any, end: str, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=f"^save_checkpoint needs a mapping of names to arrays, {end}"):
        save_checkpoint(content, tmp_path / "x.pth")


def cost(arrays: dict[str, Any]) -> int:
    return sum(saving._cost(name, array) for name, array in arrays.items()) + saving._OTHER_COST


@pytest.mark.parametrize(
    ("limit", "what", "needed"),
    [
        ("MAX_INSTRUCTIONS", "instructions of a pickle", lambda arrays: len(pickle_state_dict(arrays))),
        ("MAX_METADATA", "bytes of a pickle", lambda arrays: len(b"".join(pickle_state_dict(arrays)))),
        ("MAX_MEMBERS", "members of a zip file", lambda arrays: len(arrays) + 3),
        ("MAX_OBJECTS", "bytes of objects", cost),
    ],
)
def test_what_would_be_refused_is_not_written(
    limit: str, what: str, needed: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    arrays = {f"слой{n}.{dtype}": np.ones((2,) * (n % 5), dtype) for n in range(300) for dtype in ("f4", "u4")}
    monkeypatch.setattr(limits, limit, needed(arrays))
    save_checkpoint(arrays, tmp_path / "x.pth")
    assert list(tn.load_checkpoint(tmp_path / "x.pth")) == list(arrays)

    monkeypatch.setattr(limits, limit, needed(arrays) - 1)
    with pytest.raises(
        ValueError, match=rf"600 arrays .* {what}, and load_checkpoint reads up to {needed(arrays) - 1:,}$"
    ):
        save_checkpoint(arrays, tmp_path / "y.pth")
    assert not (tmp_path / "y.pth").exists()
    if limit != "MAX_OBJECTS":  # of which some are counted twice, to be on the safe side
        with pytest.raises(tn.CheckpointError):
            tn.load_checkpoint(tmp_path / "x.pth")


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.0.0", reason="NumPy 1 has 32 dimensions")
def test_too_many_dimensions_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'a' has 33 dimensions; load_checkpoint reads up to 32"):
        save_checkpoint({"a": np.ones((1,) * 33)}, tmp_path / "x.pth")
    save_checkpoint({"a": np.ones((1,) * 32)}, tmp_path / "x.pth")
    assert tn.load_checkpoint(tmp_path / "x.pth")["a"].ndim == 32


def test_shapes_that_nothing_can_have_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'a' has the shape .* takes for damaged"):
        save_checkpoint({"a": np.broadcast_to(np.empty((0, 1), "u1"), (0, 2**59))}, tmp_path / "x.pth")


class NeedsGradient:
    """As a tensor of PyTorch that requires gradients."""

    def __array__(self, *arguments: Any, **options: Any) -> Any:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")


@pytest.mark.parametrize(
    ("state_dict", "error", "cause"),
    [
        pytest.param([("a", np.ones(1))], TypeError, "mapping of names to arrays, not list", id="no-mapping"),
        pytest.param(tn.Dense(1, 1), TypeError, r"not Dense; write to_torch_state_dict\(network\)", id="network"),
        pytest.param({1: np.ones(1)}, TypeError, "names that are text, not 1", id="no-text"),
        pytest.param({"\ud800": np.ones(1)}, ValueError, "cannot be written as UTF-8", id="surrogate"),
        pytest.param(
            {"a": [[1], [1, 2]]},
            (TypeError, ValueError),
            "'a' (expects an array|holds object)",
            id="ragged",
            marks=pytest.mark.filterwarnings("ignore"),  # NumPy 1 warns and makes an array of objects
        ),
        pytest.param(
            {"a": np.ma.masked_array([1.0, 2.0], [0, 1])}, TypeError, "'a' does not know masks", id="masked"
        ),
        pytest.param({"a": NeedsGradient()}, TypeError, "'a' .* Can't call numpy", id="requires-grad"),
        pytest.param({"a": np.array(["x"])}, ValueError, "'a' holds <U1", id="text"),
        pytest.param({"a": np.array([None])}, ValueError, "'a' holds object", id="objects"),
        pytest.param({"a": np.array(["2020"], "M8[Y]")}, ValueError, r"'a' holds datetime64", id="dates"),
    ],
)
def test_what_cannot_be_written(state_dict: Any, error: Any, cause: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=cause):
        save_checkpoint(state_dict, tmp_path / "x.pth")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dtype", ["bool", "float32", "int64"])
@pytest.mark.parametrize("mmap", [False, True])
def test_an_array_without_dimensions_comes_back(tmp_path: Path, dtype: str, mmap: bool) -> None:
    path = tmp_path / "x.pth"
    tn.save_checkpoint({"flag": np.array(1, dtype)}, path)
    flag = tn.load_checkpoint(path, mmap=mmap)["flag"]
    assert isinstance(flag, np.ndarray)
    assert (flag.shape, flag.dtype, bool(flag)) == ((), np.dtype(dtype), True)


def test_a_folder_that_is_missing_is_named_by_the_path_that_was_given(tmp_path):
    path = tmp_path / "nowhere" / "mine.pth"
    with pytest.raises(FileNotFoundError, match=r"no such folder.*mine\.pth"):
        tn.save_checkpoint({"w": np.ones(1)}, path)
