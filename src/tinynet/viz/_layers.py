"""The layers of a network as pictures name them: one by one, those of networks inside the network too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.network import Sequential
from tinynet.viz._texts import plural, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tinynet._arrays import Array


def leaf_layers(network: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every layer that is no network itself, with its place: 0, 1, 2.0, 2.1, ..."""
    for place, layer in enumerate(network):
        if isinstance(layer, (Sequential, list, tuple)):
            yield from leaf_layers(layer, f"{prefix}{place}.")
        else:
            yield f"{prefix}{place}", layer


def matrix_layers(source: Any, owner: str) -> list[tuple[str, Any]]:
    """Return the layers of a network whose weights are a matrix, or filters, each with its name."""
    if isinstance(source, (str, bytes, Mapping, np.ndarray)) or not isinstance(source, Iterable):
        hint = "from_torch_state_dict makes one" if isinstance(source, Mapping) else "plot_weights draws one layer"
        raise TypeError(f"{owner} expects a network, got {type(source).__name__}; {hint}")
    found = [(layer_name(place, layer), layer) for place, layer in leaf_layers(source) if has_matrix(layer)]
    if not found:
        raise ValueError(f"{owner}: no layer of this network has a weight matrix")
    return found


def has_matrix(layer: Any) -> bool:
    """Tell whether the weights of a layer are a matrix, or filters."""
    weight: Any = getattr(layer, "params", {}).get("weight")
    return np.ndim(weight) in (2, 4)


def layer_name(place: str, layer: Any) -> str:
    """Return the layer's own name, else its place in the network and its kind."""
    return shorten(getattr(layer, "name", None) or f"{place} ({type(layer).__name__})", 40)


def shape_in_words(matrix: Array, window: tuple[int, int, int] | None) -> str:
    """Return the shape of a weight matrix, as in 3 neurons × 4 inputs, or of filters that look at such a window."""
    if window is not None:
        inside = f"({plural(window[0], 'channel')} of {window[1]} × {window[2]})"
        return f"{plural(matrix.shape[0], 'filter')} × {plural(matrix.shape[1], 'weight')} {inside}"
    return f"{plural(matrix.shape[0], 'neuron')} × {plural(matrix.shape[1], 'input')}"
