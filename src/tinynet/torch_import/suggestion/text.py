"""The lines of a network, as one writes it in Python."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tinynet.functional.windows import pair_text
from tinynet.torch_import.suggestion.order import gap

if TYPE_CHECKING:
    from tinynet.torch_import.suggestion.kinds import Module
    from tinynet.torch_import.suggestion.sizes import Choice, Pair

MAX_LINES = 26  # of layers; the rest is counted
MAX_TENSORS = 4  # listed of a module without a layer
RELU, POOL = "tn.ReLU()", "tn.MaxPool2d(2)"


def write_network(row: list[Module], choice: Choice | None) -> str:
    """Return ``tn.Sequential(...)``: every module of `row` on a line, with what has no tensors behind it.

    Without a `choice` every convolution is followed by a pooling with a question mark.
    """
    lines = _lines(row, choice)
    if len(lines) > MAX_LINES:
        lines[MAX_LINES:] = [f"# ... and {len(lines) - MAX_LINES} lines more"]
    return "\n    ".join(["tn.Sequential(", *lines]) + "\n)"


def _lines(row: list[Module], choice: Choice | None) -> list[str]:
    known = [module for module in row if module.kind]
    follower_of = {a.name: b for a, b in zip(known, known[1:])}
    last = [module.name for module in known if module.kind != "BatchNorm"][-1:]
    padding_of, pooling_of = _windows([module.name for module in known if module.kind == "Conv2d"], choice)
    flat = not pooling_of
    lines = []
    rest: list[str] = []  # what has no tensors, and has to come before the next layer that is not a normalization
    for module in row:
        if module.kind is None:
            lines.append(_unknown(module))
            continue
        if module.kind == "Dense" and not flat:
            lines.append("tn.Flatten(),")
            flat = True
        if module.kind != "BatchNorm":
            rest = [RELU] * (module.name not in last) + pooling_of.get(module.name, [])
        follower = follower_of.get(module.name)
        now = len(rest)
        if follower and follower.kind == "BatchNorm":
            now = 1 if rest[:1] == [RELU] and gap(module, follower) == 1 else 0
        layers = [_layer(module, padding_of.get(module.name, (0, 0))), *rest[:now]]
        rest = rest[now:]
        lines.append(", ".join(layers) + "," + "  # ?" * (choice is None and POOL in layers))
    return lines + ["tn.Flatten(),"] * (not flat) + ["tn.Softmax(),"]


def _windows(convolutions: list[str], choice: Choice | None) -> tuple[dict[str, Pair], dict[str, list[str]]]:
    """Return the padding of each convolution, and the pooling behind it."""
    if choice is None:
        return {}, {name: [POOL] for name in convolutions}
    pooling_of = {name: [POOL] * pool for name, pool in zip(convolutions, choice.pools)}
    if choice.average is not None and choice.average != (1, 1):
        pooling_of[convolutions[-1]] += [f"tn.AvgPool2d({pair_text(choice.average)})"]
    return dict(zip(convolutions, choice.paddings)), pooling_of


def _layer(module: Module, padding: Pair) -> str:
    takes, gives = module.widths
    arguments = [str(takes)] if module.kind == "BatchNorm" else [str(takes), str(gives)]
    if module.kind == "Conv2d":
        arguments += [pair_text(module.kernel)] + [f"padding={pair_text(padding)}"] * (padding != (0, 0))
    if "bias" not in module.shapes:
        arguments.append("affine=False" if module.kind == "BatchNorm" else "bias=False")
    arguments += [f"name={json.dumps(module.name, ensure_ascii=False)}"] * bool(module.name)
    return f"tn.{module.kind}({', '.join(arguments)})"


def _unknown(module: Module) -> str:
    """Return a remark; the keys come from a file, so nothing in them may end it."""
    keys = [f"{module.name}.{leaf}" if module.name else leaf for leaf in module.shapes]
    tensors = [
        f"{key if key.isprintable() else ascii(key)} {shape}" for key, shape in zip(keys, module.shapes.values())
    ]
    more = [f"{len(tensors) - MAX_TENSORS} more"] * (len(tensors) > MAX_TENSORS)
    remark = f": {module.remark}" if module.remark else ""
    return f"# ??? {', '.join(tensors[:MAX_TENSORS] + more)}{remark}"
