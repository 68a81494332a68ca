"""Which layers may stand in one network, in which stages they are evaluated, and what their parameters are called."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Union

from tinynet.layers.activations import ReLU
from tinynet.layers.base import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tinynet._arrays import Array
    from tinynet.layers.fused_convolution import FusedConvolution

    Stage = Union[Layer, FusedConvolution]


def check_layers(layers: tuple[Any, ...]) -> None:
    """Raise a TypeError or ValueError unless all are layers, none occurs twice, and all have one dtype."""
    seen: set[int] = set()
    first: tuple[int, Layer] | None = None
    for i, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            hint = "; unpack a list with Sequential(*layers)" if isinstance(layer, (list, tuple)) else ""
            hint = "; write ReLU() with parentheses" if isinstance(layer, type) else hint
            raise TypeError(f"Sequential: layer {i} must be a Layer, got {layer!r}{hint}")
        for part in walk(layer):
            if id(part) in seen:
                raise ValueError(
                    f"Sequential: {part.label} occurs twice, again at {i}; backward could not keep the two apart. "
                    "Make a second layer, copy.deepcopy(layer)"
                )
            seen.add(id(part))
        if layer.dtype is None:
            continue
        first = first or (i, layer)
        if layer.dtype != first[1].dtype:
            raise TypeError(
                f"Sequential: all layers must have one dtype, but layer {first[0]} ({first[1].label}) has "
                f"{first[1].dtype} and layer {i} ({layer.label}) {layer.dtype}"
            )


def evaluation_stages(layers: tuple[Layer, ...]) -> list[Stage]:
    """Return what a network evaluates one after another: its layers, those of a `FusedConvolution` as one stage."""
    stages: list[Stage] = []
    waiting: deque[Any] = deque(_pooled_first(layers))
    while waiting:
        stage = waiting.popleft()
        if _says(stage, "_fuses"):
            pooling = waiting.popleft() if waiting and _says(waiting[0], "_takes_maxima") else None
            relu = waiting.popleft() if waiting and type(waiting[0]) is ReLU else None
            if pooling or relu:
                from tinynet.layers.fused_convolution import FusedConvolution  # late: other networks start sooner so

                stage = FusedConvolution(stage, pooling, relu is not None)
        stages.append(stage)
    return stages


def _pooled_first(layers: tuple[Layer, ...]) -> list[Layer]:
    """Return `layers` with every ReLU after the max-pooling that follows it.

    The largest number of a window stays the largest under a non-decreasing function, so the result is the same to the
    last bit, from a fraction of the numbers. So are the gradients: a positive largest number is the first of equal
    ones before and after ReLU, and where it is not positive, ReLU lets nothing through.
    """
    order = list(layers)
    for i in range(len(order) - 1):
        if type(order[i]) is ReLU and _says(order[i + 1], "_takes_maxima"):
            order[i], order[i + 1] = order[i + 1], order[i]
    return order


def _says(layer: Any, flag: str) -> bool:
    """Whether the class of `layer` itself sets `flag`: a subclass may do other things.

    A flag and not the class, so that nothing of convolutions is imported for other networks.
    """
    return bool(vars(type(layer)).get(flag, False))


def state_prefixes(layers: tuple[Layer, ...]) -> list[str]:
    """Return what stands before the parameters' names in a state dict: a layer's name, or its position."""
    return [layer.name or str(i) for i, layer in enumerate(layers)]


def collect_state(prefixes: list[str], layers: tuple[Layer, ...]) -> dict[str, Array]:
    """Return the parameters and buffers of all layers under their state-dict names, each of which must be unique."""
    state: dict[str, Array] = {}
    for prefix, layer in zip(prefixes, layers):
        for key, array in layer._state().items():
            name = f"{prefix}.{key}"
            if name in state:
                raise ValueError(f"Sequential: two layers have a parameter {name!r}; give them names of their own")
            state[name] = array
    return state


def prefixed(prefixes: list[str], dicts: Iterable[Mapping[str, Array]]) -> dict[str, Array]:
    """Return the arrays of all `dicts`, each key behind the prefix of its layer."""
    return {f"{prefix}.{key}": array for prefix, arrays in zip(prefixes, dicts) for key, array in arrays.items()}


def walk(layer: Layer) -> Iterator[Layer]:
    """Yield `layer` and, where it is a network, all that it consists of."""
    yield layer
    parts = getattr(layer, "layers", None)
    for part in parts if isinstance(parts, tuple) else ():
        if isinstance(part, Layer):
            yield from walk(part)
