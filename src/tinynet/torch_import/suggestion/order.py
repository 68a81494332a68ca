"""One row of layers from the modules of a file: witnesses of the order are keys, numbers and widths."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tinynet.torch_import.orders import by_number, is_chain, search

if TYPE_CHECKING:
    from tinynet.torch_import.suggestion.kinds import Module


def arrange(modules: list[Module], *, key_order_counts: bool) -> list[Module]:
    """Return `modules` in the order of evaluation: convolutions, dense layers, normalizations behind their layers.

    What fits nowhere becomes unknown; the unknown ones stand behind what precedes them in `modules`.
    """
    row: list[Module] = []
    for kind in ("Conv2d", "Dense"):
        row += _chained(_ordered([m for m in modules if m.kind == kind], key_order_counts))
    norms = [m for m in modules if m.kind == "BatchNorm"]
    before = _predecessors(modules) if key_order_counts else {}
    for pick in (_behind_its_number, _behind_its_predecessor, _behind_its_width):
        norms = [norm for norm in norms if not _insert(norm, pick(norm, row, before), row)]
    for norm in norms:
        if row and norm.widths.gives == row[0].widths.takes and row[0].kind != "BatchNorm":
            row.insert(0, norm)  # it normalizes the input
    placed = {m.name for m in row}
    last = ""
    for module in modules:
        if module.name not in placed:
            places = [i + 1 for i, m in enumerate(row) if m.name == last]
            row.insert(places[0] if places else 0, module.unknown("") if module.kind else module)
        last = module.name
    return row


def gap(a: Module, b: Module) -> int | None:
    """Return how many modules of a ``torch.nn.Sequential`` stand between two, None where they are not in one."""
    (prefix, _, i), (other, _, j) = a.name.rpartition("."), b.name.rpartition(".")
    if prefix != other or not (i.isdecimal() and j.isdecimal()):
        return None
    return int(j) - int(i) - 1


def _ordered(layers: list[Module], key_order_counts: bool) -> list[Module]:
    of_name = {layer.name: layer for layer in layers}
    numbered = [of_name[name] for name in by_number(list(of_name)) or of_name]
    witnesses = [layers, numbered] if key_order_counts else [numbered, layers]
    for order in witnesses:
        if is_chain(layer.widths for layer in order):
            return order
    choices, _ = search([layer.widths for layer in layers])
    return [layers[i] for i in choices[0]] if choices else witnesses[0]


def _chained(layers: list[Module]) -> list[Module]:
    """Return `layers` with those unknown that do not take what the ones before them give."""
    row: list[Module] = []
    given = None
    for layer in layers:
        if given not in (None, layer.widths.takes):
            row.append(layer.unknown(f"takes {layer.widths.takes} where {given} come"))
        else:
            row.append(layer)
            given = layer.widths.gives
    return row


def _insert(norm: Module, host: Module | None, row: list[Module]) -> bool:
    if host is not None:
        row.insert(row.index(host) + 1, norm)
    return host is not None


def _hosts(norm: Module, row: list[Module]) -> list[Module]:
    """Return the layers that give what `norm` takes, and have no normalization yet."""
    followers = [*row[1:], None]
    return [
        layer
        for layer, follower in zip(row, followers)
        if layer.kind in ("Conv2d", "Dense")
        and layer.widths.gives == norm.widths.takes
        and not (follower and follower.kind == "BatchNorm")
    ]


def _predecessors(modules: list[Module]) -> dict[str, str]:
    """Return what stands before each normalization, unless it is one of several in a row."""
    followers = [*modules[2:], None]
    return {
        b.name: a.name
        for a, b, c in zip(modules, modules[1:], followers)
        if "BatchNorm" not in (a.kind, c.kind if c else None)
    }


def _behind_its_number(norm: Module, row: list[Module], before: dict[str, str]) -> Module | None:
    number = re.findall(r"\d+", norm.name)
    hosts = [layer for layer in _hosts(norm, row) if number and re.findall(r"\d+", layer.name) == number]
    return next((layer for layer in hosts if layer.name == before.get(norm.name)), next(iter(hosts), None))


def _behind_its_predecessor(norm: Module, row: list[Module], before: dict[str, str]) -> Module | None:
    return next((layer for layer in _hosts(norm, row) if layer.name == before.get(norm.name)), None)


def _behind_its_width(norm: Module, row: list[Module], before: dict[str, str]) -> Module | None:
    return next(iter(_hosts(norm, row)), None)
