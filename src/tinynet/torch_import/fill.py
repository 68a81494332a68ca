"""Fill a given network with the tensors of a state dict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinynet._composition import walk
from tinynet.errors import CheckpointError
from tinynet.torch_import.chain import by_number
from tinynet.torch_import.state_dict import normalize_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tinynet._arrays import Array
    from tinynet.layers.base import Layer


def fill(network: Layer, tensors: dict[str, Array], origin: str, strict: bool) -> None:
    """Copy `tensors` into the parameters of `network`, all of them or, where anything disagrees, none.

    Raises
    ------
    CheckpointError
        With every missing, unused and misshapen key.
    """
    source_of = _match(network, tensors, origin)
    used = set(source_of.values())
    problems = []
    missing = [key for key in network.params if source_of.get(key) not in tensors]
    if missing:
        problems.append(f"missing in the file: {', '.join(missing)}")
    unused = [key for key in tensors if key not in used]
    if unused and strict:
        problems.append(f"unused in the file: {', '.join(unused)} (strict=False allows this)")
    for key, target in network.params.items():
        value = tensors.get(source_of.get(key, ""))
        if value is None:
            continue
        name = key if source_of[key] == key else f"{key} (from {source_of[key]})"
        if value.shape != target.shape:
            transposed = ", the transpose" if value.ndim == 2 and value.T.shape == target.shape else ""
            problems.append(f"{name}: the network expects {target.shape}, the file has {value.shape}{transposed}")
        elif value.dtype.kind != "f":
            problems.append(f"{name}: expected floating-point numbers, the file has {value.dtype}")
    if problems:
        raise CheckpointError(f"{origin} does not fit {network.label}:\n  " + "\n  ".join(problems))
    # Cast everything before anything is written: the tensors may be views of the same network.
    values = {key: tensors[source_of[key]].astype(array.dtype) for key, array in network.params.items()}
    network.params.update(values)


def _match(network: Layer, tensors: dict[str, Array], origin: str) -> dict[str, str]:
    """Return the key of the file for each parameter: by name, or by place where no layer has a name of its own."""
    params = network.params
    names = dict(zip(params, normalize_names(dict(params), "the network")))
    by_name = {key: name for key, name in names.items() if name in tensors}
    if len(by_name) == len(params) or any(part.name for part in walk(network) if part.params):
        return by_name
    wanted = _modules(params)
    leaves = {leaf for module in wanted.values() for leaf in module}
    given = {prefix: module for prefix, module in _modules(tensors).items() if leaves & set(module)}
    if len(given) != len(wanted):
        raise CheckpointError(
            f"{origin}: the network has {len(wanted)} layers with parameters, the file has {len(given)}: "
            f"{', '.join(given)}. Give each layer the name= that it has in the file"
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
    fitting = [
        match for match in matches if all(_has_shape(tensors, match[key], params[key].shape) for key in params)
    ]
    if len(fitting) > 1:
        raise CheckpointError(
            f"{origin}: the order of the keys, {', '.join(given)}, and that of their numbers differ, and both fit. "
            "Give each layer the name= that it has in the file"
        )
    return (fitting or matches)[0]


def _has_shape(tensors: dict[str, Array], key: str, shape: tuple[int, ...]) -> bool:
    return key in tensors and tensors[key].shape == shape


def _join(prefix: str, leaf: str) -> str:
    return f"{prefix}.{leaf}" if prefix else leaf


def _modules(keys: Iterable[str]) -> dict[str, list[str]]:
    """Return the parameters' own names (``weight``, ``bias``) under the prefix of their module, in order."""
    modules: dict[str, list[str]] = {}
    for key in keys:
        prefix, _, leaf = key.rpartition(".")
        modules.setdefault(prefix, []).append(leaf)
    return modules
