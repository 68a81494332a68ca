"""Softmax, cross entropy and the gradient of both in one go, which is what a step of training needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tinynet._arrays import Array


def softmax_entropy_kernel(logits: Array, targets: Array) -> tuple[float, Array]:
    """Compute `cross_entropy` from logits, and its gradient, of arguments that `check_loss_arguments` has passed."""
    with np.errstate(all="ignore"):
        # As in softmax_kernel: a few long columns are reduced faster than many short rows.
        shifted = logits - logits.T.copy().max(axis=0)[:, None]
        exponentials = np.exp(shifted)
        sums = np.dot(exponentials, np.ones((logits.shape[1], 1), logits.dtype))
        grad = np.divide(exponentials, sums, out=exponentials)  # the probabilities
        if targets.ndim == 1:
            rows = np.arange(len(targets))
            loss = float((np.log(sums[:, 0]) - shifted[rows, targets]).sum()) / len(rows)
            grad[rows, targets] -= 1
        else:
            log_p = shifted - np.log(sums)
            loss = -float(np.multiply(targets, log_p, out=np.zeros_like(log_p), where=targets > 0).sum(axis=1).mean())
            grad -= targets
        grad /= logits.dtype.type(len(logits))
    return loss, grad
