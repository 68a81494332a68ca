"""A network evaluated layer by layer, as in inference, and the way back from a score to the input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinynet._ending import last_layer
from tinynet._images import as_batch
from tinynet.errors import ShapeError
from tinynet.functional import softmax
from tinynet.layers import Flatten, LogSoftmax, Softmax
from tinynet.network import Sequential
from tinynet.viz._layers import layer_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tinynet._arrays import Array
    from tinynet.layers import Layer


class Step(NamedTuple):
    """One layer on the way: what went in, what came out, and what its ``_backward`` needs."""

    name: str
    layer: Layer
    x: Array
    y: Array
    context: Any

    @property
    def changes_nothing(self) -> bool:
        """Whether the layer handed on its input itself, as `Dropout` does in inference."""
        x, y = self.x, self.y
        return x.ctypes.data == y.ctypes.data and x.shape == y.shape and x.strides == y.strides

    def backward(self, grad: Array, owner: str) -> Array:
        """Return the gradient of the input from that of the output; changes nothing of the layer."""
        layer = self.layer
        if self.changes_nothing:
            return grad
        try:
            with quiet():
                grad_x: Array = layer._differentiate(self.context, grad)[0]
        except Exception as error:
            raise TypeError(
                f"{owner} needs the gradient of layer {self.name} in inference, but its _backward raised "
                f"{type(error).__name__}: {error}"
            ) from error
        if grad_x.shape != self.x.shape:
            raise ShapeError(
                f"{owner}: layer {self.name} must return a gradient of shape {self.x.shape}, got {grad_x.shape}"
            )
        return grad_x


def quiet() -> np.errstate:
    """Let NumPy compute with infinities without a warning: what is not finite is drawn as such, and counted."""
    return np.errstate(over="ignore", invalid="ignore")


def as_network(network: Any, owner: str) -> Sequential:
    """Return `network` itself; raise a TypeError unless it is a `Sequential`."""
    if not isinstance(network, Sequential):
        raise TypeError(f"{owner} expects a Sequential, got {type(network).__name__}")
    return network


def evaluate_one(network: Sequential, x: Any, owner: str) -> list[Step]:
    """Return the steps of one sample, or image as it comes, through all layers; touches no state."""
    if not network.layers:
        raise ValueError(f"{owner}: this network has no layers")
    batch = as_batch(network, x, owner)
    if len(batch) != 1:
        raise ShapeError(
            f"{owner} draws one sample, got {len(batch)} in an array of shape {batch.shape}; choose one, as x[:1]"
        )
    try:
        return list(_steps(network, batch, "", owner))
    except ShapeError:
        network(batch)  # whose error tells the place of the layer that cannot take it
        raise


def without_softmax(network: Sequential, steps: list[Step]) -> list[Step]:
    """Leave out what only turns scores into probabilities: where these are near 0 or 1, their gradients vanish."""
    last = last_layer(network)
    if not isinstance(last, (Softmax, LogSoftmax)):
        return steps
    return steps[: next((k for k, step in enumerate(steps) if step.layer is last), None)]


def to_probabilities(network: Sequential, outputs: Array) -> Array:
    """Return what `network` gives, (..., classes), as probabilities: outputs that are none are taken to be scores."""
    if isinstance(last_layer(network), Softmax):
        return outputs
    with quiet():
        return softmax(outputs)  # which undoes a logarithm, too


def with_other_numbers(steps: list[Step]) -> list[Step]:
    """Leave out the layers that hand on the numbers of the layer before."""
    # Asked of the function itself, for a subclass of Flatten may do other things.
    return [step for step in steps if not (step.changes_nothing or type(step.layer)._forward is Flatten._forward)]


def _steps(network: Sequential, x: Array, prefix: str, owner: str) -> Iterator[Step]:
    for place, layer in enumerate(network):
        if isinstance(layer, Sequential) and type(layer)._forward is Sequential._forward:
            for step in _steps(layer, x, f"{prefix}{place}.", owner):
                yield step
                x = step.y
            continue
        name = layer_name(f"{prefix}{place}", layer)
        try:
            with quiet():
                y, context = layer._evaluate(x, False)
        except ShapeError:
            raise
        except Exception as error:  # of a layer of one's own
            raise TypeError(f"{owner}: layer {name} raised {type(error).__name__}: {error}") from error
        yield Step(name, layer, x, y, context)
        x = y
