"""The zip container of torch >= 1.6 and of TorchScript: ``<root>/data.pkl`` and ``<root>/data/<key>``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinynet.checkpoint.brief import brief
from tinynet.checkpoint.containers.zip_members import ZipMembers
from tinynet.checkpoint.content.modules import pickled_module
from tinynet.checkpoint.content.plain import to_plain
from tinynet.checkpoint.pickles.context import CallContext
from tinynet.checkpoint.pickles.interpreter import Interpreter
from tinynet.checkpoint.pickles.tensor_calls import StorageTable
from tinynet.checkpoint.source import Source
from tinynet.checkpoint.tensors.views import Storage, Tensors
from tinynet.errors import CheckpointError

if TYPE_CHECKING:
    from tinynet.checkpoint.source import Bytes


def read_zip(source: Source, verify: bool) -> Any:
    """Return the content of a zip file."""
    members = ZipMembers(source, verify)
    names = members.directory
    if all(name.endswith(".npy") for name in names):
        from tinynet.checkpoint.containers.numpy_files import read_npz

        source.container = "NumPy .npz file"
        return read_npz(members, source)
    return _ZipCheckpoint(source, members).read()


class _ZipCheckpoint:
    def __init__(self, source: Source, members: ZipMembers) -> None:
        self._source = source
        self._members = members
        self._root = _single_root(members)

    def read(self) -> Any:
        self._source.container = "zip file of torch >= 1.6"
        table = StorageTable(fields=5)
        tensors = Tensors(self._storage, self._source, self._is_big_endian())
        context = CallContext(tensors, self._source.budget, self._source.objects)
        data = self._members.read(f"{self._root}/data.pkl")
        value, end = Interpreter(context, table.resolve).run(data)
        if end != len(data):
            raise CheckpointError(f"{len(data) - end:,} bytes follow the end of the pickle")
        if f"{self._root}/constants.pkl" in self._members.directory:
            self._source.container = "TorchScript zip file"
            from tinynet.checkpoint.content.torchscript import ScriptModules

            return to_plain(value, ScriptModules(self._code).state_dict, self._source.objects)
        return to_plain(value, pickled_module, self._source.objects)

    def _storage(self, storage: Storage, viewed: bool) -> Bytes:
        name = f"{self._root}/data/{storage.key}"
        member = self._members.directory.get(name)
        if member is None:
            raise CheckpointError(f"its storage {brief(storage.key)} is not in the file")
        if member.size != storage.nbytes:
            raise CheckpointError(
                f"its storage {brief(storage.key)} should have {storage.numel:,} elements of {storage.element} "
                f"but has {member.size:,} bytes"
            )
        return self._members.array(name, viewed)

    def _is_big_endian(self) -> bool:
        if f"{self._root}/constants.pkl" in self._members.directory:
            return False  # TorchScript has no such record, and does not look for one
        name = f"{self._root}/byteorder"
        if name not in self._members.directory:
            return False  # torch < 2.1 did not write it, and ran on little-endian machines
        order = self._members.read(name)
        if order not in (b"little", b"big"):
            raise CheckpointError(f"the byte order is {order[:20]!r} instead of b'little' or b'big'")
        return order == b"big"

    def _code(self, path: str) -> bytes:
        name = f"{self._root}/code/{path}"
        return self._members.read(name) if name in self._members.directory else b""


def _single_root(members: ZipMembers) -> str:
    """Return the folder that holds everything; it is the file's stem, or anything else."""
    names = [name for name in members.directory if not name.endswith("/")]
    roots = {name.partition("/")[0] for name in names if "/" in name}
    pickles = [name for name in names if name.endswith("data.pkl")]
    if len(roots) == 1 and all("/" in name for name in names):
        root = roots.pop()
        if f"{root}/data.pkl" in members.directory:
            return root
    listed = ", ".join(repr(name[:60]) for name in names[:4]) or "no files"
    if not pickles:
        raise CheckpointError(f"it is a zip file without data.pkl, so not of PyTorch; it holds {listed}")
    raise CheckpointError(f"it is a zip file whose members are not all in one folder: {listed}")
