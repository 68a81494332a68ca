"""Which kind of layer the tensors of each module belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tinynet.torch_import.orders import Widths

if TYPE_CHECKING:
    from tinynet._arrays import Array

    Shape = tuple[int, ...]

STATISTICS = {"running_mean", "running_var"}
COUNT = "num_batches_tracked"


class Module(NamedTuple):
    """The tensors under one name; their kind is ``Conv2d``, ``Dense``, ``BatchNorm``, or None for anything else."""

    name: str
    kind: str | None
    shapes: dict[str, Shape]
    remark: str = ""

    @property
    def widths(self) -> Widths:
        """How many channels, or features, it takes and gives."""
        if self.kind == "BatchNorm":
            return Widths(*self.shapes["running_mean"] * 2)
        return Widths(self.shapes["weight"][1], self.shapes["weight"][0])

    @property
    def kernel(self) -> tuple[int, int]:
        """The rows and columns of the kernel of a convolution."""
        _, _, rows, columns = self.shapes["weight"]
        return rows, columns

    def unknown(self, remark: str) -> Module:
        """Return the same module as one that no layer is known for, and why."""
        return self._replace(kind=None, remark=remark)


def find_modules(tensors: dict[str, Array]) -> list[Module]:
    """Return the modules in the order of their first tensors."""
    parts: dict[str, dict[str, Array]] = {}
    for key, array in tensors.items():
        name, _, leaf = key.rpartition(".")
        parts.setdefault(name, {})[leaf] = array
    modules = []
    for name, arrays in parts.items():
        shapes = {leaf: array.shape for leaf, array in arrays.items()}
        usable = name.isprintable() and (name or len(parts) == 1)
        kind = _kind(name, shapes) if usable and all(map(_is_number, arrays.items())) else None
        modules.append(Module(name, kind, shapes))
    return modules


def _is_number(entry: tuple[str, Array]) -> bool:
    leaf, array = entry
    return array.size > 0 and array.dtype.kind in ("iu" if leaf == COUNT else "f")


def _kind(name: str, shapes: dict[str, Shape]) -> str | None:
    leaves = set(shapes)
    weight, bias = shapes.get("weight"), shapes.get("bias")
    if leaves >= STATISTICS:
        affine = leaves - STATISTICS - {COUNT}
        vectors = {shapes[leaf] for leaf in leaves - {COUNT}}
        one_width = len(vectors) == 1 and len(next(iter(vectors))) == 1
        return "BatchNorm" if one_width and affine in (set(), {"weight", "bias"}) else None
    if weight is None or not leaves <= {"weight", "bias"} or bias not in (None, weight[:1]):
        return None
    if len(weight) == 2 and "emb" not in name.lower():  # a table to look rows up in has the shape of a dense layer
        return "Dense"
    return "Conv2d" if len(weight) == 4 else None
