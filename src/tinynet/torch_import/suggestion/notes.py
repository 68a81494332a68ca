"""What to know about a suggested network: where it is a guess, and what else would fit."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from tinynet.functional.windows import pair_text

if TYPE_CHECKING:
    from tinynet.torch_import.suggestion.kinds import Module
    from tinynet.torch_import.suggestion.sizes import Choice

WIDTH = 110  # of a line


def write_notes(row: list[Module], choices: list[Choice], reordered: bool) -> str:
    """Return what to know about the network of `row`, with the first of `choices` for its padding and pooling."""
    convolutions = [module for module in row if module.kind == "Conv2d"]
    dense = next((module for module in row if module.kind == "Dense"), None)
    notes = []
    if convolutions:
        notes.append(_sizes(convolutions, dense, choices))
        notes += _alternatives(convolutions, choices) if dense else []
    guessed = "padding, pooling, strides, activations" if convolutions else "activations"
    notes.append(
        f"Names and widths are the file's; {guessed} and the order are a guess that has to be compared with the code "
        "that trained it. A wrong one loads all the same, and predicts badly."
    )
    notes.append(
        "So does a right one if pixels are scaled otherwise than in training: pixels / 255, standardised "
        "(mean=0.1307, std=0.3081), -1..1 (mean=0.5, std=0.5) and 0..255 are usual."
    )
    if reordered:
        notes.append(
            "The file has the layers in another order, in which their widths do not fit together: there may be "
            "branches (skip connections), and then it is no Sequential."
        )
    if any(module.kind is None for module in row):
        notes.append(
            "Tensors marked ??? belong to layers that are not known here, or fit into no single row of layers."
        )
    return "\n".join(fill(note, WIDTH) for note in notes)


def _sizes(convolutions: list[Module], dense: Module | None, choices: list[Choice]) -> str:
    """Return for which images the numbers add up, if they do."""
    target = f"the {dense.widths.takes} inputs of {dense.name or 'the dense layer'}" if dense else ""
    if not choices:
        return (
            f"It does not add up: no padding and max-pooling that was tried leads from images to {target}. Look for "
            "strides, other poolings and layers without tensors in the code that trained it."
            if dense
            else "It does not add up: no usual size of images is large enough for the kernels."
        )
    shape = (convolutions[0].widths.takes, *choices[0].image)
    images = f"images of shape (N, {', '.join(map(str, shape))})"
    if shape == (1, 28, 28):
        images += ", such as tn.datasets.normalize(images).reshape(-1, 1, 28, 28)"
    return f"It gives {target} for {images}." if dense else f"Assumed are {images}: no dense layer tells their size."


def _alternatives(convolutions: list[Module], choices: list[Choice]) -> list[str]:
    """Return lines on the choices that are as simple as the first, or that there are less simple ones."""
    equal = [choice for choice in choices[1:] if choice.cost <= choices[0].cost]
    others = equal or choices[1:2]
    if not others:
        return []
    texts = [_describe(convolutions, choice, choices[0]) for choice in others]
    if max(map(len, texts)) > WIDTH:
        return ["Other choices, as simple, give them as well." if equal else "Less simple choices give them as well."]
    return ["As simple, and giving them as well:" if equal else "Less simple, but giving them as well:", *texts]


def _describe(convolutions: list[Module], choice: Choice, first: Choice) -> str:
    steps = [] if choice.image == first.image else [f"images of {choice.image[0]} x {choice.image[1]}"]
    for module, padding, pool in zip(convolutions, choice.paddings, choice.pools):
        steps += [module.name + f" (padding={pair_text(padding)})" * (padding != (0, 0))] + ["pool"] * pool
    return "- " + ", ".join(steps + ["average"] * (choice.average not in (None, (1, 1))))
