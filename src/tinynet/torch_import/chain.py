"""Tell a chain of dense layers from the shapes of its tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tinynet.errors import CheckpointError
from tinynet.torch_import.listing import listed
from tinynet.torch_import.orders import Widths, by_number, is_chain, is_sorted, search

if TYPE_CHECKING:
    from tinynet._arrays import Array


class Affine(NamedTuple):
    """A weight matrix (out, in) with its bias (out,), and the module's name where the keys tell it."""

    name: str | None
    weight_key: str
    weight: Array
    bias: Array | None

    @property
    def widths(self) -> Widths:
        """What it takes and gives."""
        return Widths(self.weight.shape[1], self.weight.shape[0])

    def __str__(self) -> str:
        return f"{self.name or self.weight_key} ({self.widths.takes} -> {self.widths.gives})"


def find_chain(tensors: dict[str, Array], origin: str, strict: bool) -> list[Affine]:
    """Return the dense layers of `tensors` in the order in which they can be evaluated.

    Raises
    ------
    CheckpointError
        If there is anything but dense layers, or no order or more than one fits.
    """
    _refuse_other_layers(tensors, origin)
    layers, unused = _pair(tensors)
    if not layers:
        raise CheckpointError(f"{origin} holds no weight matrix")
    for layer in layers:
        _check_numbers(layer, origin)
    if unused and strict:
        turned = [layer for layer in layers if layer.bias is None and _has_bias_of_its_inputs(layer, tensors)]
        hint = f" {turned[0].weight_key} looks transposed: torch has (out, in)." if turned else ""
        raise CheckpointError(
            f"{origin}: no dense layer uses {listed(unused)}.{hint} If they do not matter, pass strict=False; if "
            f"they belong to another kind of layer, {_build(tensors)}"
        )
    return _order(layers, tensors, origin)


def _refuse_other_layers(tensors: dict[str, Array], origin: str) -> None:
    """Raise for tensors that no dense layer has; to leave them out would give a network that computes otherwise."""
    torch_names = any(_leaf(key) in ("weight", "bias") for key in tensors)
    other = [
        key
        for key, array in tensors.items()
        if array.ndim > 2
        or _leaf(key) in ("running_mean", "running_var")
        or (array.ndim == 2 and torch_names and _leaf(key) != "weight")
    ]
    if other:
        shapes = listed(f"{key} {tensors[key].shape}" for key in other[:4])
        raise CheckpointError(
            f"{origin} is no chain of dense layers: {shapes} belong to layers of other kinds (convolution, "
            f"normalization, recurrence, ...), whose settings and order the file does not tell: {_build(tensors)}"
        )


def _check_numbers(layer: Affine, origin: str) -> None:
    if 0 in layer.weight.shape:
        raise CheckpointError(f"{origin}: {layer.weight_key} is empty, its shape is {layer.weight.shape}")
    for array in (layer.weight, layer.bias):
        if array is not None and array.dtype.kind != "f":
            raise CheckpointError(
                f"{origin}: {layer.weight_key} or its bias holds {array.dtype}, expected floating-point numbers; "
                "quantized weights need the scales that belong to them"
            )


def _pair(tensors: dict[str, Array]) -> tuple[list[Affine], list[str]]:
    """Pair weights with biases by name or, where no tensor has torch's names, by number or place; return the rest."""
    matrices = [key for key, array in tensors.items() if array.ndim == 2]
    vectors = [key for key, array in tensors.items() if array.ndim == 1]
    bias_of: dict[str, str] = {}
    for key in matrices:
        partner = "bias".join(key.rsplit("weight", 1))
        if partner != key and partner in vectors and _fits(tensors, key, partner):
            bias_of[key] = partner
            vectors.remove(partner)
    if not bias_of and not any(_leaf(key) in ("weight", "bias") for key in tensors):
        by_place = list(zip(by_number(matrices) or matrices, by_number(vectors) or vectors))
        if len(matrices) == len(vectors) and all(_fits(tensors, *pair) for pair in by_place):
            bias_of.update(by_place)
            vectors = []
    layers = [
        Affine(_module(key), key, tensors[key], tensors[bias_of[key]] if key in bias_of else None) for key in matrices
    ]
    return layers, vectors + [key for key, array in tensors.items() if array.ndim == 0]


def _has_bias_of_its_inputs(layer: Affine, tensors: dict[str, Array]) -> bool:
    bias = tensors.get("bias".join(layer.weight_key.rsplit("weight", 1)))
    return bias is not None and bias.shape == layer.weight.shape[1:]


def _fits(tensors: dict[str, Array], weight: str, bias: str) -> bool:
    return tensors[bias].shape == tensors[weight].shape[:1]


def _module(key: str) -> str | None:
    """Return ``fc1`` for ``fc1.weight``, None where the key has no such form."""
    module, _, leaf = key.rpartition(".")
    return module if module and leaf == "weight" else None


def _leaf(key: str) -> str:
    return key.rpartition(".")[2]


def _order(layers: list[Affine], tensors: dict[str, Array], origin: str) -> list[Affine]:
    """Return `layers` in the order that the witnesses agree on, else in the only one that the shapes allow.

    The witnesses are the order of the keys, which is that of registration unless a format has sorted them, and names
    that differ only in a number.
    """
    of_key = {layer.weight_key: layer for layer in layers}
    numbered = by_number(list(of_key))
    witnesses = [layers] * (not is_sorted(tensors)) + ([[of_key[key] for key in numbered]] if numbered else [])
    fitting = [order for order in witnesses if is_chain(layer.widths for layer in order)]
    if fitting and all(order == fitting[0] for order in fitting):
        return fitting[0]
    choices, complete = fitting, True
    if not fitting:
        places, complete = search([layer.widths for layer in layers])
        choices = [[layers[i] for i in order] for order in places]
    if len(choices) == 1 and complete:
        return choices[0]
    if choices or not complete:
        lines = "".join("\n  " + listed(map(str, choice)) for choice in choices) or " too many to try"
        raise CheckpointError(
            f"{origin}: the layers may fit together in more than one order:{lines}\nGive each layer its name= and "
            f"{_build(tensors)}"
        )
    raise CheckpointError(
        f"{origin}: the layers {listed(map(str, layers))} do not form one chain, in which every layer takes what "
        f"another gives: {_build(tensors)}"
    )


def _build(tensors: dict[str, Array]) -> str:
    """Return the end of an error message: what to do, with a network to start from."""
    from tinynet.torch_import.suggestion import suggest  # whose file is read has not waited for it

    # The examples look for the word `network=`: with it their option --network helps.
    return f"build the network and pass it as network={suggest(tensors)}"
