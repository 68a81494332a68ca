"""Fill a given network with the tensors of a state dict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinynet._composition import walk
from tinynet.errors import CheckpointError
from tinynet.torch_import.listing import listed
from tinynet.torch_import.orders import by_number
from tinynet.torch_import.state_dict import is_too_large, normalize_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tinynet._arrays import Array
    from tinynet.layers.base import Layer

# Of batch normalization; torch has it since version 0.4.1, and inference does not need it.
OPTIONAL = "num_batches_tracked"
KINDS = {"f": ("f", "floating-point numbers"), "i": ("iu", "integers")}  # by what the network has there


def fill(network: Layer, tensors: dict[str, Array], origin: str, strict: bool) -> None:
    """Copy `tensors` into the parameters and buffers of `network`, all or, where anything disagrees, none.

    Raises
    ------
    CheckpointError
        With every missing, unused and misshapen key.
    """
    state = network._state()
    source_of, in_order = _match(network, state, tensors, origin)
    used = set(source_of.values())
    problems = []
    missing = [key for key in state if source_of.get(key) not in tensors and not _is_optional(key)]
    if missing:
        problems.append(f"missing in the file: {listed(missing)}")
    unused = [key for key in tensors if key not in used]
    if unused and strict:
        problems.append(f"unused in the file: {listed(unused)} (strict=False allows this)")
    given = {key: tensors[source] for key, source in source_of.items() if source in tensors}
    for key, value in given.items():
        name = key if source_of[key] == key else f"{key} (from {source_of[key]})"
        shape, (kinds, numbers) = state[key].shape, KINDS[state[key].dtype.kind]
        if value.shape != shape:
            transposed = ", the transpose" if value.ndim == 2 and value.T.shape == shape else ""
            problems.append(f"{name}: the network expects {shape}, the file has {value.shape}{transposed}")
        elif value.dtype.kind not in kinds:
            problems.append(f"{name}: expected {numbers}, the file has {value.dtype}")
        elif is_too_large(value, state[key].dtype):
            problems.append(f"{name}: the file has numbers too large for {state[key].dtype}")
    if problems and in_order:
        problems.append("matched in order, as no layer has a name: give each the name= that it has in the file")
    if problems:
        shown = problems[:40] + [f"and {len(problems) - 40} more"] * (len(problems) > 40)
        raise CheckpointError(f"{origin} does not fit {network.label}:\n  " + "\n  ".join(shown))
    # Cast everything before anything is written: the tensors may be views of the same network.
    values = {key: value.astype(state[key].dtype) for key, value in given.items()}
    for arrays in (network.params, network.buffers):
        arrays.update({key: values[key] for key in arrays if key in values})


def _match(
    network: Layer, state: dict[str, Array], tensors: dict[str, Array], origin: str
) -> tuple[dict[str, str], bool]:
    """Return the key of the file for each array, and whether by place: where no layer has a name of its own."""
    required = [key for key in state if not _is_optional(key)]
    by_name = max((_by_name(state, prefix, tensors) for prefix in ("", network.name)), key=len)
    if all(key in by_name for key in required) or any(part.name for part in walk(network) if part._state()):
        return by_name, False
    return _by_place(state, required, tensors, origin), True


def _by_name(state: dict[str, Array], prefix: str | None, tensors: dict[str, Array]) -> dict[str, str]:
    """Return the keys that the file has, too, all of them behind the name of a part of a network."""
    names = normalize_names({_join(prefix or "", key): array for key, array in state.items()}, "the network")
    return {key: name for key, name in zip(state, names) if name in tensors}


def _by_place(state: dict[str, Array], required: list[str], tensors: dict[str, Array], origin: str) -> dict[str, str]:
    """Return the key of the file for each array, the modules taken in order, or in that of their numbers."""
    wanted = _modules(state)
    leaves = {leaf for module in wanted.values() for leaf in module}
    given = {prefix: module for prefix, module in _modules(tensors).items() if leaves & set(module)}
    if len(given) != len(wanted):
        raise CheckpointError(
            f"{origin}: the network has {len(wanted)} layers with parameters, the file has {len(given)}: "
            f"{listed(given)}. Give each layer the name= that it has in the file"
        )
    orders = [list(given)] + [order for order in [by_number(list(given))] if order not in (None, list(given))]
    matches = [
        {
            _join(prefix, leaf): _join(other, leaf)
            for (prefix, module), other in zip(wanted.items(), order)
            for leaf in module
        }
        for order in orders
        if order is not None
    ]
    fitting = [match for match in matches if all(_fits(state[key], tensors.get(match[key])) for key in required)]
    if len(fitting) > 1:
        raise CheckpointError(
            f"{origin}: the order of the keys, {listed(given)}, and that of their numbers differ, and both fit. "
            "Give each layer the name= that it has in the file"
        )
    return (fitting or matches)[0]


def _is_optional(key: str) -> bool:
    return key.rpartition(".")[2] == OPTIONAL


def _fits(array: Array, value: Array | None) -> bool:
    return value is not None and value.shape == array.shape


def _join(prefix: str, leaf: str) -> str:
    return f"{prefix}.{leaf}" if prefix else leaf


def _modules(keys: Iterable[str]) -> dict[str, list[str]]:
    """Return the parameters' own names (``weight``, ``bias``) under the prefix of their module, in order."""
    modules: dict[str, list[str]] = {}
    for key in keys:
        prefix, _, leaf = key.rpartition(".")
        modules.setdefault(prefix, []).append(leaf)
    return modules
