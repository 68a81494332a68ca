"""The loss: how far predictions are from targets, and in which direction they should move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinynet.errors import BackwardError
from tinynet.functional.entropy import check_loss_arguments, entropy_backward_kernel, entropy_kernel
from tinynet.functional.fused import softmax_entropy_kernel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tinynet._arrays import Array


class CrossEntropy:
    """Mean cross entropy of a batch, ``-sum(t * log(p)) / N``, in nats.

    Predictions (N, C), targets (N,) or (N, C), loss a float.

    Parameters
    ----------
    from_logits : bool
        False: the predictions are probabilities, as after `Softmax`; other rows are refused. True: they
        are logits, and softmax and cross entropy are computed as one, free of overflow, with the gradient
        ``(softmax(z) - t) / N``.

    Notes
    -----
    Derived in :doc:`/derivations/cross_entropy`. Probability 0 for the expected class costs ``inf``: no epsilon
    hides it. Its gradient is ``-inf``, of which `Softmax` can only make NaN; where float32 rounds a probability to
    0, as at logits 100 apart, use ``CrossEntropy(from_logits=True)`` on the logits, ``net[:-1]``.

    Examples
    --------
    >>> loss = CrossEntropy()
    >>> f"{loss.forward([[0.25, 0.75]], [1]):.4f}", loss.backward().round(4).tolist()
    ('0.2877', [[0.0, -1.3333]])
    >>> fused = CrossEntropy(from_logits=True)
    >>> f"{fused([[0.0, 800.0]], [0]):.1f}"
    '800.0'
    """

    def __init__(self, *, from_logits: bool = False) -> None:
        if not isinstance(from_logits, bool):
            raise TypeError(f"CrossEntropy: from_logits must be True or False, got {from_logits!r}")
        self.from_logits = from_logits
        self._gradient: Array | None = None

    def __call__(self, predictions: ArrayLike, targets: ArrayLike) -> float:
        """Return the loss; touches no state.

        Parameters
        ----------
        predictions : ndarray of shape (N, C)
            Probabilities or logits, see `from_logits`.
        targets : ndarray of shape (N,) or (N, C)
            Class indices (integers in 0..C - 1), or soft labels: rows of probabilities.

        Returns
        -------
        float
            At least 0, but for rows that sum to a little more than 1.

        Raises
        ------
        ShapeError
            If the shapes do not fit together or the batch is empty.
        TypeError
            If `predictions` are not real numbers, or class indices are not integers.
        ValueError
            If rows are not probabilities, or a class index is outside 0..C - 1.
        """
        return entropy_kernel(*self._check(predictions, targets), self.from_logits)

    def forward(self, predictions: ArrayLike, targets: ArrayLike, training: bool = True) -> float:
        """Return the loss and, with `training`, compute its gradient as well, which `backward` returns.

        Parameters
        ----------
        predictions, targets
            As for calling the loss, with the same errors.
        training : bool
            Without it, the same as calling the loss.

        Returns
        -------
        float
        """
        predictions, targets = self._check(predictions, targets)
        if not training:
            return entropy_kernel(predictions, targets, self.from_logits)
        if self.from_logits:
            loss, self._gradient = softmax_entropy_kernel(predictions, targets)
        else:
            loss = entropy_kernel(predictions, targets, False)
            self._gradient = entropy_backward_kernel(predictions, targets, False)
        return loss

    def backward(self) -> Array:
        """Return the gradient of the last `forward`'s loss with respect to its predictions.

        Returns
        -------
        ndarray of shape (N, C)

        Raises
        ------
        BackwardError
            If no `forward` came before; each `backward` uses up one.
        """
        gradient, self._gradient = self._gradient, None
        if gradient is None:
            raise BackwardError(
                "CrossEntropy: backward needs a forward(predictions, targets) before it, and each backward "
                "uses up one"
            )
        return gradient

    def _check(self, predictions: ArrayLike, targets: ArrayLike) -> tuple[Array, Array]:
        return check_loss_arguments(predictions, targets, self.from_logits, "CrossEntropy")

    def __getstate__(self) -> dict[str, object]:
        """Pickle and copy the kind of loss; the gradient that `forward` computed stays behind."""
        return {**self.__dict__, "_gradient": None}

    def __repr__(self) -> str:
        return "CrossEntropy(from_logits=True)" if self.from_logits else "CrossEntropy()"
