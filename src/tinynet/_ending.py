"""Where a network ends: the one rule by which `predict_proba`, `fit` and the pictures see a final softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinynet.layers import Dropout, Flatten
from tinynet.network import Sequential

if TYPE_CHECKING:
    from tinynet.layers import Layer


def last_layer(network: Layer) -> Layer | None:
    """Return the last layer that changes a number in inference, None if none does.

    Networks inside the network are looked into. Empty ones count for nothing, and so do `Dropout`, which changes
    numbers in training only, and `Flatten`.

    Examples
    --------
    >>> import tinynet as tn
    >>> last_layer(tn.Sequential(tn.Dense(2, 2), tn.Sequential(tn.Softmax(), tn.Dropout(0.5)), tn.Sequential()))
    Softmax()
    """
    if not isinstance(network, Sequential):
        # Asked of the function itself, for a subclass may do other things.
        return None if type(network)._forward in (Dropout._forward, Flatten._forward) else network
    for layer in reversed(network.layers):
        last = last_layer(layer)
        if last is not None:
            return last
    return None if type(network)._forward is Sequential._forward else network
