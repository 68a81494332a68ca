"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinynet._arrays import check_not_negative
from tinynet.optimizers.base import Optimizer

if TYPE_CHECKING:
    from tinynet._arrays import Array
    from tinynet.schedules import Rate


class SGD(Optimizer):
    """Stochastic gradient descent, ``p -= learning_rate * gradient``, with momentum if wanted.

    Parameters
    ----------
    learning_rate : float or callable ``step -> rate``
        A callable is asked before every step, which count from 0; see `tinynet.schedules`.
    momentum : float
        0..1. With it, steps follow the velocity ``v = momentum * v + gradient`` in place of the gradient.
    nesterov : bool
        Follow ``gradient + momentum * v`` instead, the velocity as it will be.
    weight_decay : float
        Times the parameter itself, added to its gradient: large weights shrink.
    clip_norm : float, optional
        The longest gradient, as the norm over all parameters; longer ones are scaled down to it.

    Attributes
    ----------
    steps_done : int
        How many there have been.
    rate : float
        The learning rate of the last one.

    Raises
    ------
    TypeError, ValueError
        If an argument has a wrong type or is out of range.

    Notes
    -----
    Step for step equal to ``torch.optim.SGD``, behind ``torch.nn.utils.clip_grad_norm_``. Derived in
    :doc:`/derivations/optimizers`.

    Examples
    --------
    >>> import tinynet as tn
    >>> net = tn.Sequential(tn.Dense(2, 3, rng=0), tn.Softmax())
    >>> loss, optimizer = tn.CrossEntropy(), SGD(0.1, momentum=0.9)
    >>> x, labels = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0, 2])
    >>> before = loss(net(x), labels)
    >>> for _ in range(10):
    ...     value = loss.forward(net.forward(x, training=True), labels)
    ...     _ = net.backward(loss.backward())
    ...     optimizer.step(net)
    >>> loss(net(x), labels) < before
    True
    """

    def __init__(
        self,
        learning_rate: Rate,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        *,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, weight_decay, clip_norm)
        self.momentum: float = check_not_negative(momentum, "SGD: momentum")
        self.nesterov: bool = bool(nesterov)
        if self.nesterov and not self.momentum:
            raise ValueError("SGD: nesterov needs a momentum above 0")

    def _kinds(self) -> tuple[str, ...]:
        return ("velocity",) if self.momentum else ()

    def _fill_change(self, rate: float, grads: list[Array]) -> None:
        if not self.momentum:
            for part, grad in zip(self._parts, grads):
                np.multiply(grad, rate, out=part)
            return
        velocity = self._flat["velocity"]
        velocity *= self.momentum
        for part, grad in zip(self._state["velocity"].values(), grads):
            part += grad
        if not self.nesterov:
            np.multiply(velocity, rate, out=self._change)
            return
        np.multiply(velocity, self.momentum, out=self._change)
        for part, grad in zip(self._parts, grads):
            part += grad
        self._change *= rate

    def _arguments(self) -> list[str]:
        return [f"momentum={self.momentum:g}"] * bool(self.momentum) + ["nesterov=True"] * self.nesterov
