"""What a network is drawn from: columns of neurons, and the weights between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinynet._arrays import as_real
from tinynet._images import LARGEST_SIDE
from tinynet.errors import ShapeError
from tinynet.viz._layers import has_matrix, layer_name, leaf_layers
from tinynet.viz._scale import natural_limit, not_finite_note

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tinynet._arrays import Array


class Column(NamedTuple):
    """A column of neurons, maps or inputs: what to call it, how many there are, and what happens to them next."""

    name: str
    size: int
    noun: str
    sides: str  # of each map, where they are known
    biases: Array | None  # as shares of the layer's largest number
    after: list[str]

    @property
    def has_maps(self) -> bool:
        """Whether each of them is an image."""
        return self.noun in ("channel", "map")


class Link(NamedTuple):
    """The weights between the columns `left` and ``left + 1``, (right, left), as shares of the layer's largest.

    Those between two maps, or from a map to a neuron, are added.
    """

    left: int
    shares: Array


def columns_of(
    network: Iterable[Any], image_shape: tuple[int, int] | None, owner: str
) -> tuple[list[Column], list[Link], str]:
    """Return the columns, the weights between them, and a note about what is not finite."""
    columns: list[Column] = []
    links: list[Link] = []
    numbers = [np.zeros(0)]
    before: list[str] = []
    layers = list(leaf_layers(network))
    sides = _map_sides([layer for _, layer in layers], image_shape, owner)
    for k, (place, layer) in enumerate(layers):
        if not has_matrix(layer):
            (columns[-1].after if columns else before).append(type(layer).__name__)
            continue
        name = layer_name(place, layer)
        matrix, bias = as_real(layer.params["weight"], f"{owner}({name})"), layer.params.get("bias")
        noun = "neuron"
        if matrix.ndim == 4:
            matrix, noun = matrix.sum(axis=(2, 3)), "map"
        elif columns and columns[-1].has_maps and matrix.shape[1] % columns[-1].size == 0:
            matrix = matrix.reshape(len(matrix), columns[-1].size, -1).sum(axis=2)
        values = matrix.ravel() if bias is None else np.concatenate((matrix.ravel(), bias))
        numbers.append(values)
        limit = natural_limit(values)
        size = matrix.shape[1]
        if not columns or columns[-1].size != size:
            word, heading = ("channel" if noun == "map" else "input"), ("as a row" if columns else "input")
            columns.append(Column(heading, size, word, "" if columns else sides[0], None, before))
            before = []
        links.append(Link(len(columns) - 1, matrix / limit))
        biases = None if bias is None else bias / limit
        columns.append(Column(name, matrix.shape[0], noun, sides[k + 1], biases, []))
    return columns, links, not_finite_note(np.concatenate(numbers))


def strongest(k: int, columns: list[Column], links: list[Link], nodes: int) -> Array:
    """Return the neurons of a column that are drawn: all, or those whose weights have the largest norms."""
    size = columns[k].size
    strength = np.zeros(size)
    for link in links:
        shares = np.nan_to_num(link.shares.astype(float), nan=0.0, posinf=0.0, neginf=0.0)
        if link.left == k:
            strength += np.linalg.norm(shares, axis=0) / (np.linalg.norm(shares) or 1.0)
        if link.left + 1 == k:
            strength += np.linalg.norm(shares, axis=1) / (np.linalg.norm(shares) or 1.0)
    return np.sort(np.argsort(-strength, kind="stable")[:nodes])


def _map_sides(layers: Sequence[Any], image_shape: tuple[int, int] | None, owner: str) -> list[str]:
    """Return for the input and for what each of `layers` gives how large its maps are, as in 28 × 28.

    Without `image_shape`, square images are tried in all sizes. Where those that fit all layers give maps of several
    sizes, or where there are no maps, the text is empty.
    """
    channels = next((layer.in_channels for layer in layers if hasattr(layer, "in_channels")), 1)
    fitting = []
    squares = [(side, side) for side in range(1, LARGEST_SIDE + 1)]
    for sides in squares if image_shape is None else [image_shape]:
        shapes: list[Any] = [(channels, *sides)]
        try:
            for layer in layers:
                shapes.append(layer._output_shape(shapes[-1]))
        except AttributeError:  # what is no layer does not tell
            break
        except ShapeError as error:
            if image_shape is not None:
                raise ShapeError(f"{owner}: the network takes no images of shape {image_shape}: {error}") from None
            continue
        fitting.append(shapes)
    return [
        _one_size({shape[1:] if len(shape or ()) == 3 else () for shape in shapes}) for shapes in zip(*fitting)
    ] or [""] * (len(layers) + 1)


def _one_size(sizes: set[tuple[int, ...]]) -> str:
    return " × ".join(map(str, next(iter(sizes)))) if len(sizes) == 1 else ""
