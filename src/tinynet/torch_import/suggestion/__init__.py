"""A network to start from, where a file alone does not tell it: imported only for the error that prints it.

==========  ====================================================================
`kinds`     which kind of layer the tensors of each module belong to
`order`     one row of layers
`sizes`     padding and pooling, guessed from how many numbers a layer takes
`text`      the Python of it
`notes`     what in it is a guess
==========  ====================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinynet.torch_import.orders import is_sorted
from tinynet.torch_import.suggestion.kinds import find_modules
from tinynet.torch_import.suggestion.notes import write_notes
from tinynet.torch_import.suggestion.order import arrange, gap
from tinynet.torch_import.suggestion.sizes import Convolution, guess
from tinynet.torch_import.suggestion.text import write_network

if TYPE_CHECKING:
    from tinynet._arrays import Array
    from tinynet.torch_import.suggestion.kinds import Module


def suggest(tensors: dict[str, Array]) -> str:
    """Return the end of an error message: a network that fits `tensors`, and what in it is a guess.

    Empty where no tensor belongs to a layer that is known here.

    Examples
    --------
    >>> import numpy as np
    >>> shapes = {"conv.weight": (8, 1, 5, 5), "conv.bias": (8,), "fc.weight": (10, 1152)}
    >>> print(suggest({key: np.zeros(shape) for key, shape in shapes.items()}).split("It gives")[0].strip())
    , for instance this one:
    <BLANKLINE>
    tn.Sequential(
        tn.Conv2d(1, 8, 5, name="conv"), tn.ReLU(), tn.MaxPool2d(2),
        tn.Flatten(),
        tn.Dense(1152, 10, bias=False, name="fc"),
        tn.Softmax(),
    )
    """
    modules = find_modules(tensors)
    key_order_counts = not is_sorted(tensors)
    row = arrange(modules, key_order_counts=key_order_counts)
    known = [module for module in row if module.kind]
    if not known:
        return ""
    dense = next((module for module in known if module.kind == "Dense"), None)
    convolutions = _convolutions(known)
    choices = guess(convolutions, dense.widths.takes if dense else None) if convolutions else []
    network = write_network(row, choices[0] if choices else None)
    notes = write_notes(row, choices, key_order_counts and _weighted(row) != _weighted(modules))
    return f", for instance this one:\n\n{network}\n\n{notes}"


def _weighted(modules: list[Module]) -> list[str]:
    return [module.name for module in modules if module.kind in ("Conv2d", "Dense")]


def _convolutions(known: list[Module]) -> list[Convolution]:
    """Return what the search for sizes needs; behind a convolution its normalization may stand before the pooling."""
    result = []
    for i, module in enumerate(known):
        if module.kind == "Conv2d":
            rest = known[i:]
            if len(rest) > 1 and rest[1].kind == "BatchNorm":
                rest = rest[1:]
            room = len(rest) < 2 or gap(rest[0], rest[1]) != 1
            result.append(Convolution(*module.widths, module.kernel, room))
    return result
