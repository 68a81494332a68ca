"""The picture of how gradients change on their way back through the layers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinynet.viz._axes import BLUE, VERMILION, own_axes, room, scale_by_logarithms, text_scale
from tinynet.viz._layers import layer_name, leaf_layers
from tinynet.viz._picture import picture
from tinynet.viz._scale import count_not_finite
from tinynet.viz._texts import LETTER, plain, plural, shorten_all

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: What is drawn of each gradient: its label, and a look that tells it apart without its colour as well.
LARGEST: dict[str, Any] = {"label": "largest", "color": VERMILION, "marker": "^", "linestyle": "--"}
TYPICAL: dict[str, Any] = {"label": "root mean square", "color": BLUE, "marker": "o", "linestyle": "-"}
DEAD: dict[str, Any] = {
    "label": "0 everywhere",
    "color": VERMILION,
    "marker": "x",
    "linestyle": "none",
    "markersize": 9,
    "markeredgewidth": 2,
}
#: The longest name under the axis.
MOST_LETTERS = 20


class Sizes(NamedTuple):
    """How large the gradient of one weight array is; the name under the axis."""

    name: str
    largest: float
    typical: float
    not_finite: int


@picture
def plot_gradient_flow(network: Any, *, ax: Axes | None = None) -> Axes:
    """Draw how large the gradients of the weights are, layer by layer from the input to the output.

    The scale is one of logarithms, so that a factor is a distance. Gradients that shrink towards the input hardly
    train the first layers; such as grow from layer to layer make training diverge. A cross at the bottom marks a
    gradient that is 0 everywhere, as behind neurons of `ReLU` that answer to no sample.

    Parameters
    ----------
    network : Sequential, or another iterable of layers
        After `backward`, or after `tinynet.fit`, which leaves the gradients of its last step. Biases are left out.
    ax : matplotlib Axes, optional
        Where to draw; without it, on one new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError
        If `network` cannot be iterated over.
    ValueError
        If no layer has weights, or one has no gradients yet.

    Examples
    --------
    >>> import numpy as np, tinynet as tn
    >>> net = tn.Sequential(tn.Dense(4, 3, rng=0, name="fc1"), tn.ReLU(), tn.Dense(3, 2, rng=1, name="fc2"))
    >>> _ = net.backward(np.ones_like(net.forward(np.ones((5, 4)), training=True)))
    >>> ax = tn.viz.plot_gradient_flow(net)
    >>> [label.get_text() for label in ax.get_xticklabels()], ax.get_ylabel()
    (['fc1', 'fc2'], 'magnitude of the gradient')
    """
    owner = "plot_gradient_flow"
    sizes = _sizes(network, owner)
    count = len(sizes)
    names = [plain(name) for name in shorten_all([size.name for size in sizes], MOST_LETTERS)]
    ax = own_axes(ax, (min(12.0, max(5.0, 2.0 + 0.8 * count)), 4.0))
    magnitudes = np.array([(size.largest, size.typical) for size in sizes])
    magnitudes[magnitudes == 0] = np.nan  # a scale of logarithms has no place for it
    scale_by_logarithms(ax, magnitudes[magnitudes > 0])
    for column, look in zip(magnitudes.T, (LARGEST, TYPICAL)):
        ax.plot(column, markersize=6 * text_scale(), **look)
    dead = [place for place, size in enumerate(sizes) if size.largest == 0 and not size.not_finite]
    if dead:
        ax.plot(dead, [0.04] * len(dead), transform=ax.get_xaxis_transform(), **DEAD)
    inches = room(ax)[0]
    shown = range(0, count, math.ceil(0.2 * count / inches))
    ax.set_xticks(list(shown))
    upright = LETTER * (1 + max(map(len, names))) > 0.85 * inches / count
    ax.set_xticklabels([names[place] for place in shown], rotation=90 if upright else 0)
    missing = sum(size.not_finite for size in sizes)
    title = f"Gradients of the weights of {plural(count, 'layer')}" + f"\n{missing:,} not finite" * (missing > 0)
    ax.set(
        xlim=(-0.5, count - 0.5),
        xlabel="layer, from input to output",
        ylabel="magnitude of the gradient",
        title=title,
    )
    ax.grid(axis="y", alpha=0.3)
    ax.legend(fontsize="small")
    return ax


def _sizes(network: Any, owner: str) -> list[Sizes]:
    """Return the sizes of the gradients of all weights, from the first layer to the last."""
    if not isinstance(network, Iterable):
        raise TypeError(f"{owner} expects a network, got {type(network).__name__}")
    sizes = []
    for place, layer in leaf_layers(network):
        name = layer_name(place, layer)
        for key in (key for key in getattr(layer, "params", {}) if key != "bias"):
            if key not in layer.grads:
                raise ValueError(
                    f"{owner}: {name} has no gradients yet; call forward(x, training=True) and backward(grad), or fit"
                )
            gradient = layer.grads[key]
            finite = abs(gradient[np.isfinite(gradient)]).astype(float)
            largest = float(finite.max(initial=0.0))
            typical = largest * float(np.sqrt(((finite / largest) ** 2).mean())) if largest else 0.0
            label = name if key == "weight" else f"{name} {key}"
            sizes.append(Sizes(label, largest, typical, count_not_finite(gradient)))
    if not sizes:
        raise ValueError(f"{owner}: no layer of this network has weights")
    return sizes
