"""Activations: element-wise non-linear layers, and softmax; none has parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinynet.functional.activations import relu_backward, relu_kernel
from tinynet.functional.softmax import softmax_backward, softmax_kernel
from tinynet.layers.base import Layer

if TYPE_CHECKING:
    from tinynet._arrays import Array
    from tinynet.layers.base import Shape


class Elementwise(Layer):
    """Base of the layers whose output has the shape of the input."""

    def _output_shape(self, shape: Shape | None) -> Shape | None:
        return shape


class ReLU(Elementwise):
    """Rectified linear unit, ``max(x, 0)`` element by element.

    Input and output of any shape (N, ...). NaN stays NaN.

    Parameters
    ----------
    name : str, optional

    Notes
    -----
    The derivative at 0 is taken as 0, as PyTorch does. Derived in :doc:`/derivations/relu`.

    Examples
    --------
    >>> ReLU()([[-1.0, 0.0, 2.0]]).tolist()
    [[0.0, 0.0, 2.0]]
    """

    def _forward(self, x: Array, training: bool) -> tuple[Array, Any]:
        y, _ = ReLU._infer(self, x, False)  # a subclass's _infer may lead back here
        return y, y

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        return relu_kernel(x, x if scratch else None), True

    def _backward(self, context: Any, grad: Array) -> tuple[Array, Any]:
        return relu_backward(grad, context), {}


class Softmax(Layer):
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
        y, _ = Softmax._infer(self, x, False)
        return y, y

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        if x.ndim != 2 or x.shape[1] == 0:
            raise self._refuse("(N, C) with at least one class", x.shape)
        return softmax_kernel(x, x if scratch else None), True

    def _backward(self, context: Any, grad: Array) -> tuple[Array, Any]:
        return softmax_backward(grad, context), {}

    def _output_shape(self, shape: Shape | None) -> Shape | None:
        if shape is not None and len(shape) != 1:
            raise self._refuse("(N, C)", ("N", *shape))
        return shape
