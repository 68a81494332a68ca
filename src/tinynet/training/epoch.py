"""One epoch of training, and the evaluation after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

import numpy as np

from tinynet.errors import ShapeError, TrainingError
from tinynet.training.divergence import not_finite_sample

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tinynet._arrays import Array
    from tinynet.training.data import Data, Rows
    from tinynet.training.progress import Progress
    from tinynet.training.step import Trainer

    Figures = tuple[float, Optional[float]]


def train_epoch(trainer: Trainer, data: Data, batches: Iterable[Rows], printer: Progress) -> Figures:
    """Do a step with each batch; return the mean loss and, where targets are classes, the share of right answers."""
    total, right, seen, step = 0.0, 0, 0, 0
    try:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # what comes of them is noticed
            for rows in batches:
                step += 1
                x, targets = data.batch(rows, trainer.core.dtype)
                loss, predictions = trainer.step(x, targets)
                if step == 1:
                    trainer.first_rate = trainer.rate
                total += loss * len(x)
                right += hits(predictions, targets) if data.classes else 0
                seen += len(x)
                printer.advance(len(x))
            trainer.check_finite(x)
    except TrainingError as error:
        found = not_finite_sample(x, trainer.core._as_input(x))
        if found is None:
            raise TrainingError(f"at step {step}, {error}") from None
        sample = rows.start + found[0] if isinstance(rows, slice) else rows[found[0]]
        raise TrainingError(f"at step {step}, {error}: x[{sample}] holds {found[1]}") from None
    except ShapeError as error:
        # All batches have one sample, and of the first one there may not even be an x; or this one has more.
        if seen == step - 1 or len(x) > 1:
            raise
        raise ShapeError(f"{error} (1 sample is left for the last batch: choose another batch_size)") from None
    except KeyboardInterrupt:
        trainer.publish_gradients(data.x)
        raise
    trainer.publish_gradients(data.x)
    return total / seen, right / seen if data.classes else None


def evaluate(trainer: Trainer, data: Data) -> Figures:
    """Return loss and, where targets are classes, accuracy, both in inference."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # the record shows what comes of them
        predictions = data.evaluated(trainer.core)
        loss = float(trainer.loss(predictions, data.y))
    return loss, hits(predictions, data.y) / len(data.x) if data.classes else None


def hits(predictions: Array, targets: Array) -> int:
    """Return for how many rows the largest prediction is at the target, or at the largest target.

    No prediction is the largest beside NaN, which argmax would take for it.
    """
    expected = targets if targets.ndim == 1 else targets.argmax(axis=1)
    winners = predictions.argmax(axis=1)
    largest = predictions[np.arange(len(winners)), winners]
    return int(np.count_nonzero((winners == expected) & ~np.isnan(largest)))
