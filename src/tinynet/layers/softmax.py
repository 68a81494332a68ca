"""Softmax and its logarithm: rows of scores become probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinynet.functional.log_sum_exp import log_softmax_backward, log_softmax_kernel
from tinynet.functional.softmax import softmax_backward, softmax_kernel
from tinynet.layers.base import Layer

if TYPE_CHECKING:
    from tinynet._arrays import Array
    from tinynet.layers.base import Shape


class _OverClasses(Layer):
    """Base of the layers that take rows of scores, one for each class."""

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(name=name)

    def _check(self, x: Array) -> None:
        if x.ndim != 2 or x.shape[1] == 0:
            raise self._refuse("(N, C) with at least one class", x.shape)

    def _output_shape(self, shape: Shape | None) -> Shape | None:
        if shape is not None and len(shape) != 1:
            raise self._refuse("(N, C)", ("N", *shape))
        return shape


class Softmax(_OverClasses):
    """Turn rows of scores into rows of probabilities, ``exp(x) / sum(exp(x))``.

    Input and output (N, C) with at least one class.

    Parameters
    ----------
    name : str, optional

    Notes
    -----
    Overflow-free; derived, with its Jacobian, in :doc:`/derivations/softmax`. For infinities see
    `tinynet.functional.softmax`.

    Examples
    --------
    >>> Softmax()([[0, 0], [1000, 0]]).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """

    def _forward(self, x: Array, training: bool) -> tuple[Array, Any]:
        y, _ = Softmax._infer(self, x, False)  # a subclass's _infer may lead back here
        return y, y

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        self._check(x)
        return softmax_kernel(x, x if scratch else None), True

    def _backward(self, context: Any, grad: Array) -> tuple[Array, Any]:
        return softmax_backward(grad, context), {}


class LogSoftmax(_OverClasses):
    """Turn rows of scores into the logarithms of their probabilities, ``x - log(sum(exp(x)))``.

    Input and output (N, C) with at least one class.

    Parameters
    ----------
    name : str, optional

    Notes
    -----
    Overflow-free, and the logarithms of tiny probabilities keep their digits; derived in
    :doc:`/derivations/log_sum_exp`. For infinities see `tinynet.functional.softmax`: a score of ``-inf`` stays. The
    loss of such rows is ``CrossEntropy(from_logits=True)``; `Sequential.predict_proba` gives their probabilities.

    Examples
    --------
    >>> LogSoftmax()([[1000, 0]]).tolist()
    [[0.0, -1000.0]]
    """

    def _forward(self, x: Array, training: bool) -> tuple[Array, Any]:
        y, _ = LogSoftmax._infer(self, x, False)
        return y, y

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        self._check(x)
        return log_softmax_kernel(x, x if scratch else None), True

    def _backward(self, context: Any, grad: Array) -> tuple[Array, Any]:
        return log_softmax_backward(grad, context), {}
