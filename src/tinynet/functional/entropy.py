"""Cross entropy between targets and predictions, from probabilities or straight from logits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._arrays import FLOAT32, as_array, as_real, check_dtype, check_positive
from tinynet.errors import ShapeError
from tinynet.functional.log_sum_exp import log_softmax
from tinynet.functional.softmax import softmax

if TYPE_CHECKING:
    import numpy.typing as npt
    from numpy.typing import ArrayLike

    from tinynet._arrays import Array

# Rounding leaves a float32 row of 10,000 probabilities within 1e-5 of 1, a float16 row of ten within 1e-3.
SUM_TOLERANCE = 1e-3
_LOGITS_HINT = (
    "; pass from_logits=True if they are logits, or log-probabilities as after LogSoftmax, whose loss is the same"
)


def one_hot(labels: ArrayLike, num_classes: int, *, dtype: npt.DTypeLike = FLOAT32) -> Array:
    """Return one row for each label, with a 1 in the column of its class and 0 elsewhere.

    Parameters
    ----------
    labels : ndarray of integers of shape (N,)
        Class indices in 0..num_classes - 1.
    num_classes : int
        At least 1.
    dtype : float32 or float64

    Returns
    -------
    ndarray of shape (N, num_classes)

    Raises
    ------
    ShapeError
        If `labels` is not one-dimensional.
    TypeError
        If `labels` or `num_classes` are not integers, or `dtype` is another.
    ValueError
        If a label is outside 0..num_classes - 1, or there is no class.

    Notes
    -----
    The targets of :doc:`/derivations/cross_entropy`.

    Examples
    --------
    >>> one_hot([2, 0], 3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    labels = check_labels(labels, check_positive(num_classes, "one_hot: num_classes"), "one_hot")
    result = np.zeros((len(labels), num_classes), dtype=check_dtype(dtype, "one_hot"))
    result[np.arange(len(labels)), labels] = 1
    return result


def cross_entropy(predictions: ArrayLike, targets: ArrayLike, *, from_logits: bool = False) -> float:
    """Return the mean over the rows of ``-sum(targets * log(predictions))``, in nats.

    Parameters
    ----------
    predictions : ndarray of shape (N, C)
        Probabilities, or with `from_logits` the scores that `softmax` would turn into probabilities.
    targets : ndarray of shape (N,) or (N, C)
        Class indices (integers in 0..C - 1), or soft labels: rows of probabilities.
    from_logits : bool

    Returns
    -------
    float
        At least 0, but for rows that sum to a little more than 1; ``inf`` where a target class has probability 0.

    Raises
    ------
    ShapeError
        If the shapes do not fit together or the batch is empty.
    TypeError
        If `predictions` are not real numbers, or class indices are not integers.
    ValueError
        If rows are not probabilities, or a class index is outside 0..C - 1.

    Notes
    -----
    The negative mean log-likelihood of the targets; derived in :doc:`/derivations/cross_entropy`.

    Examples
    --------
    >>> f"{cross_entropy([[0.25, 0.75], [0.5, 0.5]], [1, 0]):.4f}"
    '0.4904'
    >>> f"{cross_entropy([[0.0, 800.0]], [0], from_logits=True):.1f}"
    '800.0'
    """
    predictions, targets = check_loss_arguments(predictions, targets, from_logits, "cross_entropy")
    return entropy_kernel(predictions, targets, from_logits)


def cross_entropy_backward(predictions: ArrayLike, targets: ArrayLike, *, from_logits: bool = False) -> Array:
    """Return the gradient of `cross_entropy` with respect to `predictions`.

    Parameters
    ----------
    predictions, targets, from_logits
        As for `cross_entropy`.

    Returns
    -------
    ndarray of shape (N, C)
        ``-targets / (N predictions)`` for probabilities, ``(softmax(predictions) - targets) / N`` for logits.

    Raises
    ------
    ShapeError, TypeError, ValueError
        As `cross_entropy` does.

    Notes
    -----
    Derived in :doc:`/derivations/cross_entropy`. The second form neither overflows nor divides by 0.

    Examples
    --------
    >>> cross_entropy_backward([[0.25, 0.75]], [1]).round(4).tolist()
    [[0.0, -1.3333]]
    >>> cross_entropy_backward([[0.0, 0.0]], [1], from_logits=True).tolist()
    [[0.5, -0.5]]
    """
    predictions, targets = check_loss_arguments(predictions, targets, from_logits, "cross_entropy_backward")
    return entropy_backward_kernel(predictions, targets, from_logits)


def entropy_kernel(predictions: Array, targets: Array, from_logits: bool) -> float:
    """Compute `cross_entropy` of arguments that `check_loss_arguments` has passed."""
    with np.errstate(divide="ignore"):
        log_p = log_softmax(predictions) if from_logits else np.log(predictions)
    if targets.ndim == 1:
        return 0.0 - float(log_p[np.arange(len(targets)), targets].mean())  # 0.0 - 0.0 is no -0.0
    # 0 * log(0) counts as 0: a class that is not expected may well have probability 0.
    weighted = np.multiply(targets, log_p, out=np.zeros_like(log_p), where=targets > 0)
    return 0.0 - float(weighted.sum(axis=1).mean())


def entropy_backward_kernel(predictions: Array, targets: Array, from_logits: bool) -> Array:
    """Compute `cross_entropy_backward` of arguments that `check_loss_arguments` has passed."""
    n = predictions.dtype.type(len(predictions))
    rows = np.arange(len(predictions))
    if from_logits:
        grad = softmax(predictions)
        if targets.ndim == 1:
            grad[rows, targets] -= 1
        else:
            grad -= targets
        grad /= n
        return grad
    grad = np.zeros_like(predictions)
    with np.errstate(divide="ignore", over="ignore"):
        if targets.ndim == 1:
            grad[rows, targets] = -1 / (n * predictions[rows, targets])
        else:
            np.divide(-targets, n * predictions, out=grad, where=targets > 0)
    return grad


def check_loss_arguments(predictions: Any, targets: Any, from_logits: bool, owner: str) -> tuple[Array, Array]:
    """Return `predictions` and `targets` as arrays that fit together, or raise what says why they do not."""
    predictions = as_real(predictions, owner)
    if predictions.ndim != 2 or 0 in predictions.shape:
        raise ShapeError(
            f"{owner} expects predictions of shape (N, C) with at least one row and one class, "
            f"got {predictions.shape}"
        )
    if not from_logits:
        _check_distributions(predictions, f"{owner}: predictions", _LOGITS_HINT)
    targets = as_array(targets, f"{owner}: targets")
    if targets.shape == predictions.shape and targets.ndim == 2:
        targets = as_real(targets, owner, predictions.dtype)
        _check_distributions(targets, f"{owner}: soft labels", "")
    elif targets.shape == predictions.shape[:1]:
        targets = check_labels(targets, predictions.shape[1], owner)
    else:
        n, c = predictions.shape
        raise ShapeError(
            f"{owner} expects {n} class indices, shape ({n},), or soft labels of shape ({n}, {c}) for "
            f"predictions of shape ({n}, {c}); got targets of shape {targets.shape}"
        )
    return predictions, targets


def check_labels(labels: Any, num_classes: int, owner: str) -> Array:
    """Return class indices as an integer array of shape (N,), or raise what says why they are none."""
    indices = as_array(labels, owner)
    if indices.ndim != 1:
        raise ShapeError(f"{owner} expects class indices of shape (N,), got {indices.shape}")
    if indices.size == 0:
        return indices.astype(np.intp)
    if indices.dtype.kind not in "iu":
        raise TypeError(f"{owner} expects integer class indices, got dtype {indices.dtype}; use .astype(int)")
    low, high = int(indices.min()), int(indices.max())
    if low < 0 or high >= num_classes:
        raise ValueError(f"{owner} expects class indices in 0..{num_classes - 1}, got values in {low}..{high}")
    return indices


def _check_distributions(rows: Array, what: str, hint: str) -> None:
    with np.errstate(over="ignore"):
        sums = rows.sum(axis=1)
    wrong = ~(np.abs(sums - 1) <= SUM_TOLERANCE) | (rows < 0).any(axis=1)
    if wrong.any():
        i = int(wrong.argmax())
        raise ValueError(
            f"{what} must be rows of probabilities (at least 0, summing to 1), but row {i} has the sum "
            f"{float(sums[i]):.6g} and the smallest value {float(rows[i].min()):.6g}{hint}"
        )
