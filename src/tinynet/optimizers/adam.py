"""Adam, with weight decay of both kinds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tinynet._arrays import check_not_negative
from tinynet.optimizers.base import Optimizer

if TYPE_CHECKING:
    from tinynet._arrays import Array
    from tinynet.schedules import Rate


class Adam(Optimizer):
    """Adam: every parameter has a step of its own, its mean gradient over the root of its mean square.

    Parameters
    ----------
    learning_rate : float or callable ``step -> rate``
        A callable is asked before every step, which count from 0; see `tinynet.schedules`.
    betas : pair of float
        0..1, without 1: how much of the means of gradient and square is kept in each step.
    eps : float
        Added to the root, which may be 0.
    weight_decay : float
        Times the parameter itself, added to its gradient; or, if `decoupled`, times the learning rate, taken off the
        parameter.
    decoupled : bool
        Then this is AdamW: the decay passes by the means.
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
    Step for step equal to ``torch.optim.Adam`` and ``AdamW``, behind ``torch.nn.utils.clip_grad_norm_``. Derived in
    :doc:`/derivations/optimizers`.

    Examples
    --------
    >>> from tinynet.schedules import cosine
    >>> Adam(3e-3), Adam(cosine(3e-3, 1000), weight_decay=0.01, decoupled=True).learning_rate(0)
    (Adam(0.003), 0.003)
    """

    def __init__(
        self,
        learning_rate: Rate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled: bool = False,
        *,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, weight_decay, clip_norm)
        if not (isinstance(betas, (tuple, list)) and len(betas) == 2):
            raise TypeError(f"Adam: betas must be a pair of numbers, got {betas!r}")
        first, second = (check_not_negative(beta, "Adam: betas") for beta in betas)
        if max(first, second) >= 1:
            raise ValueError(f"Adam: betas must be below 1, got {betas!r}")
        self.betas: tuple[float, float] = (first, second)
        self.eps: float = check_not_negative(eps, "Adam: eps")
        self.decoupled: bool = bool(decoupled)

    def _kinds(self) -> tuple[str, ...]:
        return ("gradients", "squares")

    def _fill_change(self, rate: float, grads: list[Array]) -> None:
        # Kept are the sums, m / (1 - beta1) and v / (1 - beta2), which saves two passes over all parameters; what
        # makes means of them, free of bias, is left for the two numbers at the end.
        gradients, squares, change = self._flat["gradients"], self._flat["squares"], self._change
        (beta1, beta2), t = self.betas, self.steps_done + 1
        gradients *= beta1
        for total, part, grad in zip(self._state["gradients"].values(), self._parts, grads):
            total += grad
            np.multiply(grad, grad, out=part)
        squares *= beta2
        squares += change
        np.sqrt(squares, out=change)
        scale = math.sqrt((1 - beta2) / (1 - beta2**t))
        change += self.eps / scale
        np.divide(gradients, change, out=change)
        change *= rate * (1 - beta1) / (1 - beta1**t) / scale

    def _arguments(self) -> list[str]:
        arguments = [f"betas={self.betas}"] * (self.betas != (0.9, 0.999)) + [f"eps={self.eps:g}"] * (
            self.eps != 1e-8
        )
        return arguments + ["decoupled=True"] * self.decoupled
