"""The container of torch < 1.6: five pickles in a row, then the storages one after the other.

The pickles are a magic number, a protocol version, facts about the writing machine, the object, and the
list of storage keys. A storage is its length in elements, as an int64, and its bytes, both little-endian.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinynet.checkpoint import limits
from tinynet.checkpoint.brief import brief
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

_MAGIC = 0x1950A86A20F9469CFC6C
_MAGIC_BYTES = _MAGIC.to_bytes(10, "little")
_MAGIC_WITHIN = 32  # bytes from the beginning, whatever the protocol
_VERSION = 1001
_COUNT_SIZE = 8


def read_pickles(source: Source, verify: bool) -> Any:
    """Return the content of a file that begins with a pickle: legacy PyTorch, or NumPy arrays pickled by hand."""
    head = source.read(0, min(source.size, limits.MAX_METADATA))
    is_legacy = _MAGIC_BYTES in head[:_MAGIC_WITHIN]
    if verify:
        what = "files of torch < 1.6" if is_legacy else "pickles"
        raise CheckpointError(f"{what} hold no checksums, so verify=True cannot be done")
    if len(head) < source.size and b"numpy" in head and not is_legacy:
        source.budget.spend(source.size, "a pickle")  # its arrays lie within it, so the whole is needed
        head = source.read(0, source.size)
    context = CallContext(None, source.budget, source.objects)
    value, end = Interpreter(context).run(head)
    if type(value) is int and value == _MAGIC:
        source.container = "legacy file of torch < 1.6"
        return _LegacyCheckpoint(source, head).read(end)
    if end != source.size or not context.numpy_arrays:
        raise CheckpointError("it is a pickle that was not written by torch.save and holds no NumPy arrays")
    source.container = "pickle of NumPy arrays"
    return to_plain(value, lambda instance, objects: None, source.objects)


class _LegacyCheckpoint:
    def __init__(self, source: Source, head: bytes) -> None:
        self._source = source
        self._head = head
        self._starts: dict[str, int] = {}

    def read(self, at: int) -> Any:
        version, at = self._pickle(at)
        if type(version) is not int or version != _VERSION:
            raise CheckpointError(f"the file is of the legacy format {brief(version)} instead of {_VERSION}")
        at = self._pickle(at)[1]

        # Where a storage begins depends on the element types of those before it, which only the pickle
        # of the object tells: so it is read twice, the first time without making any tensor.
        table = StorageTable(fields=6)
        dry_run = CallContext(None, self._source.budget.fresh(), self._source.objects.fresh())
        end = Interpreter(dry_run, table.resolve).run(self._head, at)[1]
        keys, end = self._pickle(end)
        self._locate(keys, table.by_key, end)

        tensors = Tensors(self._storage, self._source)
        context = CallContext(tensors, self._source.budget, self._source.objects)
        value = Interpreter(context, table.resolve).run(self._head, at)[0]
        return to_plain(value, pickled_module, self._source.objects)

    def _pickle(self, at: int) -> tuple[Any, int]:
        return Interpreter(CallContext(None, self._source.budget, self._source.objects)).run(self._head, at)

    def _locate(self, keys: Any, storages: dict[str, Storage], at: int) -> None:
        """Find where each storage begins; together they have to fill the file to its end."""
        if type(keys) is not list or not all(type(key) is str for key in keys):
            raise CheckpointError("the list of storages is damaged")
        if len(keys) != len(storages) or set(keys) != storages.keys():
            raise CheckpointError("the list of storages does not match the storages that the tensors use")
        for key in keys:
            count = int.from_bytes(self._source.read(at, _COUNT_SIZE), "little", signed=True)
            storage = storages[key]
            if count != storage.numel:
                raise CheckpointError(f"storage {brief(key)} has {count} elements; the tensors say {storage.numel}")
            self._starts[key] = at + _COUNT_SIZE
            at += _COUNT_SIZE + storage.nbytes
        if at != self._source.size:
            raise CheckpointError(
                f"the storages should end at byte {at:,} and the file ends at {self._source.size:,}: "
                "its download was cut short, or something was appended to it"
            )

    def _storage(self, storage: Storage, viewed: bool) -> Bytes:
        get = self._source.view if viewed else self._source.array
        return get(self._starts[storage.key], storage.nbytes, f"storage {brief(storage.key)}")
