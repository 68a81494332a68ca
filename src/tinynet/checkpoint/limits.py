"""How much of everything one file may ask for. Whoever reads or writes checkpoints takes the numbers from here."""

from __future__ import annotations

from tinynet.errors import CheckpointError

#: A pickle, or another member of a zip file that is read as a whole, is at most so long; the pickles of the largest
#: models take a few MiB.
MAX_METADATA = 64 << 20
#: More instructions than this are refused: it bounds the memory and time of hostile pickles, and is enough for a
#: state dict of 60,000 tensors.
MAX_INSTRUCTIONS = 1 << 21
#: What Python's objects may take, in bytes: those that pickles make, and those that they are converted to.
MAX_OBJECTS = 160 << 20
MAX_NDIM = 32  # of NumPy 1
#: More elements than this cannot be: NumPy counts their bytes in 63 bits.
MAX_COUNT = 1 << 58
#: Containers in containers, modules in modules.
MAX_DEPTH = 100
#: Of a zip file: members, and bytes of their directory.
MAX_MEMBERS = 1 << 18
MAX_DIRECTORY = 32 << 20
#: Bytes of the header of a safetensors file; 8 MiB tell of some 80,000 tensors.
MAX_HEADER = 8 << 20

#: Tensors may span eight times the size of their file, as tied ones are copied each and those of bfloat16 take twice
#: their size in the file; and small files, which may be compressed, so much at least.
MIN_DATA = 128 << 20
DATA_FACTOR = 8

#: Bytes, rounded up, of: a small object, one item of a container, one member of a set, one dimension of an array.
OBJECT_COST = 256
ITEM_COST = 64
MEMBER_COST = 128
DIMENSION_COST = 16


class Budget:
    """An amount of bytes that one file may ask for; what is spent from it is spent from `outer` too."""

    def __init__(self, limit: int, advice: str, outer: Budget | None = None) -> None:
        self.limit: int = limit
        self.left: int = limit
        self._advice = advice
        self._outer = outer

    def fresh(self) -> Budget:
        """Return a budget of the same size of which nothing is spent."""
        return Budget(self.limit, self._advice)

    def spend(self, count: int, what: str) -> None:
        """Take `count` bytes from the budget, or raise `CheckpointError` naming `what` needs them."""
        self.left -= count
        if self.left < 0:
            raise CheckpointError(f"{what} would need more than the {self.limit:,} bytes that {self._advice}")
        if self._outer is not None:
            self._outer.spend(count, what)
