"""Which layers may stand in one network, and what their parameters are called there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinynet.layers.base import Layer

if TYPE_CHECKING:
    from collections.abc import Iterator


def state_prefixes(layers: tuple[Layer, ...]) -> list[str]:
    """Return the state-dict prefixes of `layers`, once all of them are fit to stand in one network."""
    seen: set[int] = set()
    dtypes = {}
    for i, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            hint = "; unpack a list with Sequential(*layers)" if isinstance(layer, (list, tuple)) else ""
            hint = "; write ReLU() with parentheses" if isinstance(layer, type) else hint
            raise TypeError(f"Sequential: layer {i} must be a Layer, got {layer!r}{hint}")
        for part in _walk(layer):
            if id(part) in seen:
                raise ValueError(
                    f"Sequential: {part.label} occurs twice, again at {i}; backward could not keep the two apart. "
                    "Make a second layer, copy.deepcopy(layer)"
                )
            seen.add(id(part))
        if layer.dtype is not None:
            dtypes[layer.dtype] = f"layer {i} ({layer.label}) {layer.dtype}"
    if len(dtypes) > 1:
        raise TypeError(f"Sequential: all layers must have one dtype, got {' and '.join(dtypes.values())}")
    prefixes = [layer.name or str(i) for i, layer in enumerate(layers)]
    owners: dict[str, int] = {}
    for i, (prefix, layer) in enumerate(zip(prefixes, layers)):
        for key in layer.params:
            if owners.setdefault(f"{prefix}.{key}", i) != i:
                other = owners[f"{prefix}.{key}"]
                raise ValueError(f"Sequential: the names of layers {other} and {i} both give {prefix}.{key}")
    return prefixes


def _walk(layer: Layer) -> Iterator[Layer]:
    yield layer
    for part in getattr(layer, "layers", ()):
        yield from _walk(part)
