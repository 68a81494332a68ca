"""One step of training: from a batch to changed parameters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._composition import walk
from tinynet._ending import last_layer
from tinynet.errors import TrainingError
from tinynet.functional.entropy import check_loss_arguments
from tinynet.functional.fused import softmax_entropy_kernel
from tinynet.layers import Dropout, LogSoftmax, Softmax
from tinynet.losses import CrossEntropy
from tinynet.network import Sequential
from tinynet.optimizers import Optimizer
from tinynet.training.divergence import first_not_finite

if TYPE_CHECKING:
    from tinynet._arrays import Array
    from tinynet._composition import Stage
    from tinynet.layers import Layer


class Trainer:
    """Takes a network from batch to batch.

    It calls the pure halves of the layers, as `Layer.forward` and `Layer.backward` do. But all arrays in between are
    its own, so that it needs none of the copies with which these keep callers apart.
    """

    def __init__(self, network: Sequential, loss: Any, optimizer: Any) -> None:
        if isinstance(optimizer, type) or not callable(getattr(optimizer, "step", None)):
            hint = "; write Adam() with parentheses" if isinstance(optimizer, type) else ""
            raise TypeError(f"fit: optimizer must have a step(network), as Adam() has, got {optimizer!r}{hint}")
        if isinstance(loss, type) or not callable(getattr(loss, "backward", None)):
            hint = "; write CrossEntropy() with parentheses" if isinstance(loss, type) else ""
            raise TypeError(f"fit: loss must have forward and backward, as CrossEntropy() has, got {loss!r}{hint}")
        self.network: Sequential = network
        self.optimizer: Any = optimizer
        fused = fuse(network, loss)
        self.core: Sequential = fused[0]
        self.loss: Any = fused[1]
        self._fast = isinstance(optimizer, Optimizer) and type(optimizer).step is Optimizer.step
        self._grads: Any = None
        self.first_rate: float | None = None  # of the epoch; train_epoch sets it

    @property
    def rate(self) -> float | None:
        """The learning rate of the last step, None where the optimizer does not tell."""
        rate: float | None = getattr(self.optimizer, "rate", None)
        return rate

    def step(self, x: Array, targets: Array) -> tuple[float, Array]:
        """Change the parameters after one batch, and return the loss and the predictions from before that."""
        core = self.core
        x = core._as_input(x)
        y, context = core._evaluate(x, True)
        value, grad = self._loss_and_gradient(y, targets)
        if not math.isfinite(value):
            raise TrainingError(f"the loss is {value}: {first_not_finite(core, x)}")
        core._update(context)
        first = self._grads is None
        self._grads = core._parameter_gradients(context, grad)
        if first or not self._fast:
            self.publish_gradients(x)  # checks what the layers return
        if self._fast:
            self.optimizer._apply(self.network.params, _leaves(core, self._grads))
        else:
            self.optimizer.step(self.network)
        return value, y

    def _loss_and_gradient(self, y: Array, targets: Array) -> tuple[float, Array]:
        loss = self.loss
        if not (type(loss) is CrossEntropy and loss.from_logits):
            return loss.forward(y, targets), loss.backward()
        if targets.ndim != 1:  # class indices were checked once and for all
            y, targets = check_loss_arguments(y, targets, True, "fit")
        return softmax_entropy_kernel(y, targets)

    def check_finite(self, x: Array) -> None:
        """Look at what the last step made of the parameters, which otherwise the next one would."""
        if not all(np.isfinite(param).all() for param in self.network.params.values()):
            raise TrainingError(f"the step left: {first_not_finite(self.core, self.core._as_input(x))}")

    def publish_gradients(self, *others: Array) -> None:
        """Let ``grads`` of the network and its layers be those of the last step, apart from all other arrays."""
        if self._grads is not None:
            self.core._set_grads(self._grads, [*others, *self.network.params.values()])


def fuse(network: Sequential, loss: Any) -> tuple[Sequential, Any]:
    """Return network and loss without the softmax between them, where the loss does the same free of overflow."""
    if not isinstance(loss, CrossEntropy):
        return network, loss
    last = last_layer(network)
    if last is None:
        return network, loss
    if isinstance(last, Softmax) and loss.from_logits:
        raise ValueError(
            "fit: the network ends in Softmax and gives probabilities, but CrossEntropy(from_logits=True) would take "
            "the softmax of them once more; use CrossEntropy()"
        )
    if isinstance(last, LogSoftmax) and not loss.from_logits:
        raise ValueError(
            "fit: the network ends in LogSoftmax; CrossEntropy() needs probabilities, use "
            "CrossEntropy(from_logits=True), which takes their logarithms as well"
        )
    drops = _drops_after(network, last)
    if isinstance(last, Softmax) and drops:
        raise ValueError(
            "fit: a Dropout comes after the Softmax, and what training keeps of the probabilities no longer sums "
            "to 1; put it before the Softmax, or before the layer that gives the scores"
        )
    # The softmax of logarithms of probabilities is the probabilities: after LogSoftmax nothing changes. What a
    # subclass does may be its own: it stays.
    if type(last) in (Softmax, LogSoftmax) and type(loss) is CrossEntropy and not drops:
        core = _without_ending(network, last)
        return (network, loss) if core is None else (core, CrossEntropy(from_logits=True))
    return network, loss


def _drops_after(network: Sequential, last: Layer) -> bool:
    """Whether a `Dropout` after the last layer that counts in inference changes numbers in training."""
    layers = list(walk(network))
    place = next(i for i, layer in enumerate(layers) if layer is last)
    return any(isinstance(layer, Dropout) and layer.p > 0 for layer in layers[place:])


def _without_ending(network: Sequential, last: Layer) -> Sequential | None:
    """Return a network, which shares the layers, of what comes before `last`, which may lie in a network inside.

    None if a subclass lies on the way: it may do more than its layers.
    """
    if type(network) is not Sequential:
        return None
    place = next(i for i, layer in enumerate(network.layers) if last_layer(layer) is last)
    ending = network.layers[place]
    if not isinstance(ending, Sequential):
        return network[:place]
    inner = _without_ending(ending, last)
    if inner is None:
        return None
    part = Sequential.__new__(Sequential)
    part._assemble((*network.layers[:place], inner), network._prefixes[: place + 1], None)
    return part


def _leaves(layer: Stage, grads: Any) -> list[Array]:
    """Return the gradients in the order of the parameters, which is that of the stages."""
    if isinstance(layer, Sequential):
        return [grad for part, of_part in zip(layer._stages, grads) for grad in _leaves(part, of_part)]
    return [grads[key] for key in layer.params]
