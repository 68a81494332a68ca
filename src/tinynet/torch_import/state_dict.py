"""Find the state dict in whatever a checkpoint holds, and bring its names into one form."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._arrays import is_masked
from tinynet.checkpoint import load_checkpoint
from tinynet.checkpoint.brief import brief
from tinynet.errors import CheckpointError
from tinynet.torch_import.listing import entries, listed

if TYPE_CHECKING:
    from tinynet._arrays import Array

# {"checkpoint": {"model": {"state_dict": ...}}} is as deep as wrappers were seen to go.
MAX_DEPTH = 3
MAX_NAME = 500


def read_state_dict(source: Any, key: str | None) -> tuple[str, dict[str, Array]]:
    """Return what error messages should call `source`, and its tensors under normalised names."""
    origin, content = _open(source)
    if key is not None and not isinstance(key, str):
        raise TypeError(f"key must be a string or None, got {key!r}")
    found = _only_entry(content, origin) if key is None else _entry(content, key, origin)
    for name in found:
        if not (isinstance(name, str) and name.isprintable() and len(name) <= MAX_NAME):
            raise CheckpointError(f"{origin}: {brief(name)} is not the name of a tensor")
    tensors = {name: _as_array(value, name, origin) for name, value in found.items() if _is_tensor(value)}
    return origin, normalize_names(tensors, origin)


def _open(source: Any) -> tuple[str, Any]:
    if isinstance(source, Mapping):
        return "the given mapping", source
    if callable(getattr(source, "state_dict", None)):
        kind = type(source).__name__
        raise TypeError(f"from_torch_state_dict takes a state dict, not a module: pass {kind}.state_dict()")
    if isinstance(source, (str, os.PathLike)):
        return str(os.fspath(source)), load_checkpoint(source)
    if hasattr(source, "read"):
        return str(getattr(source, "name", "the given file")), load_checkpoint(source)
    raise TypeError(
        "from_torch_state_dict takes a path, an open binary file or a mapping of names to arrays, "
        f"got {type(source).__name__}"
    )


def _entry(content: Any, key: str, origin: str) -> Mapping[str, Any]:
    """Return the entry called `key`; dots lead into nested entries where no entry has the whole name."""
    found = _look_up(content, key)
    if found is None:
        names = entries(content) if isinstance(content, Mapping) else "none"
        raise CheckpointError(f"{origin} has no entry {key!r}; its entries are {names}")
    if not isinstance(found, Mapping) or not any(map(_is_tensor, found.values())):
        raise CheckpointError(f"{origin}: the entry {key!r} is no state dict, it holds no tensors by name")
    return found


def _look_up(content: Any, key: str) -> Any:
    if not isinstance(content, Mapping):
        return None
    if key in content:
        return content[key]
    heads = [key[:i] for i, character in enumerate(key) if character == "."]
    found = (_look_up(content[head], key[len(head) + 1 :]) for head in reversed(heads) if head in content)
    return next((entry for entry in found if entry is not None), None)


def _only_entry(content: Any, origin: str) -> Mapping[str, Any]:
    """Return the one mapping of names to weights, which may lie a few wrappers deep."""
    fitting = dict(_state_dicts(content, "", set()))
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    if fitting:
        choices = listed(f"key={brief(path)}" for path in fitting)
        raise CheckpointError(f"{origin} holds several state dicts; choose one with {choices}")
    keys = f"; its entries are {entries(content)}" if isinstance(content, Mapping) else ""
    raise CheckpointError(f"{origin} holds no state dict, no mapping of names to weight matrices{keys}")


def _state_dicts(entry: Any, path: str, seen: set[int], depth: int = 0) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the paths and the mappings of names to weights, innermost only: a wrapper may hold matrices of its own.

    Entries under names that are no strings are passed by: an optimizer keys its state, which looks like weights, by
    integers.
    """
    if not isinstance(entry, Mapping) or depth > MAX_DEPTH or id(entry) in seen:
        return
    seen.add(id(entry))  # one that is reached by many paths is the same each time
    named = {name: value for name, value in entry.items() if isinstance(name, str)}
    inner = [
        pair
        for name, value in named.items()
        for pair in _state_dicts(value, f"{path}.{name}".lstrip("."), seen, depth + 1)
    ]
    if inner:
        yield from inner
    elif any(
        _is_tensor(value) and (len(value.shape) >= 2 or "running_mean" in name) for name, value in named.items()
    ):
        yield path, named


def _is_tensor(value: Any) -> bool:
    return isinstance(value, np.ndarray) or (hasattr(value, "detach") and hasattr(value, "shape"))


def _as_array(value: Any, name: str, origin: str) -> Array:
    """Return an array; a torch tensor may need gradients, live on a GPU or hold bfloat16, which NumPy lacks."""
    if isinstance(value, np.ndarray):
        if is_masked(value):
            raise CheckpointError(f"{origin}: {name} is a masked array; fill it first, as array.filled(0)")
        return value
    try:
        try:
            array: Array = value.numpy(force=True)
        except TypeError:
            array = value.float().numpy(force=True)
    except Exception as error:  # what a sparse, meta, lazy or quantized tensor raises differs from version to version
        raise CheckpointError(f"{origin}: {name} cannot be turned into an array: {error}") from error
    return array


def is_too_large(array: Array, dtype: np.dtype[Any]) -> bool:
    """Whether a finite number of `array` would become infinite in `dtype`."""
    if array.dtype.kind != "f" or dtype.kind != "f" or array.itemsize <= dtype.itemsize:
        return False
    return bool((np.abs(array[np.isfinite(array)]) > np.finfo(dtype).max).any())


def normalize_names(tensors: Mapping[str, Array], origin: str) -> dict[str, Array]:
    """Strip what ``DataParallel`` (``module.``) and ``torch.compile`` (``_orig_mod.``) put before the names."""
    names = {name: ".".join(part for part in name.split(".") if part != "_orig_mod") for name in tensors}
    while names and all(name.startswith("module.") for name in names.values()):
        names = {old: name[len("module.") :] for old, name in names.items()}
    result: dict[str, Array] = {}
    for old, name in names.items():
        if name in result:
            raise CheckpointError(f"{origin}: two tensors are called {name!r} once wrappers are stripped")
        result[name] = tensors[old]
    return result
