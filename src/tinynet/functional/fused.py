"""Softmax, cross entropy and the gradient of both in one go, which is what a step of training needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinynet.functional.rows import row_max, row_sum

if TYPE_CHECKING:
    from tinynet._arrays import Array


def softmax_entropy_kernel(logits: Array, targets: Array) -> tuple[float, Array]:
    """Compute `cross_entropy` from logits, and its gradient, of arguments that `check_loss_arguments` has passed."""
    with np.errstate(all="ignore"):
        shifted = logits - row_max(logits)
        exponentials = np.exp(shifted)
        sums = row_sum(exponentials)
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
