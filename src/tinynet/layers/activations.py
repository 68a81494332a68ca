"""Activations: element-wise non-linear layers; none has parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinynet._arrays import check_finite
from tinynet.functional.activations import leaky_relu_backward, leaky_relu_kernel, relu_backward, relu_kernel
from tinynet.functional.sigmoid import sigmoid_backward, sigmoid_kernel, tanh_backward, tanh_kernel
from tinynet.layers.base import Layer

if TYPE_CHECKING:
    from tinynet._arrays import Array
    from tinynet.layers.base import Shape


class Elementwise(Layer):
    """Base of the layers whose output has the shape of the input."""

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(name=name)

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


class LeakyReLU(Elementwise):
    """`ReLU` that lets a little of the negative numbers through: ``x`` where it is positive, else a share of it.

    Input and output of any shape (N, ...). NaN stays NaN.

    Parameters
    ----------
    negative_slope : float
        That share, any finite number. With 0 this is `ReLU`: ``-inf`` becomes 0, where PyTorch gives NaN.
    name : str, optional

    Attributes
    ----------
    negative_slope : float

    Raises
    ------
    TypeError, ValueError
        If `negative_slope` is no finite number.

    Notes
    -----
    The derivative at 0 is taken as `negative_slope`, as PyTorch does. Derived in :doc:`/derivations/leaky_relu`.

    Examples
    --------
    >>> LeakyReLU(0.25)([[-2.0, 0.0, 2.0]]).tolist()
    [[-0.5, 0.0, 2.0]]
    """

    def __init__(self, negative_slope: float = 0.01, *, name: str | None = None) -> None:
        self.negative_slope: float = check_finite(negative_slope, "LeakyReLU: negative_slope")
        super().__init__(name=name)

    def _forward(self, x: Array, training: bool) -> tuple[Array, Any]:
        y, _ = LeakyReLU._infer(self, x, False)
        # The output, which the next layer holds anyway, tells the sign of the input, unless both signs become one.
        return y, (y if self.negative_slope >= 0 else x)

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        return leaky_relu_kernel(x, self.negative_slope, x if scratch else None), True

    def _backward(self, context: Any, grad: Array) -> tuple[Array, Any]:
        return leaky_relu_backward(grad, context, negative_slope=self.negative_slope), {}

    def _arguments(self) -> list[str]:
        return [str(self.negative_slope)]


class Sigmoid(Elementwise):
    """The logistic function, ``1 / (1 + exp(-x))`` element by element.

    Input and output of any shape (N, ...), the output in 0..1. NaN stays NaN.

    Parameters
    ----------
    name : str, optional

    Notes
    -----
    Overflow-free, and tiny results keep their digits. Derived in :doc:`/derivations/sigmoid`.

    Examples
    --------
    >>> Sigmoid()([[-1000.0, 0.0, 1000.0]]).tolist()
    [[0.0, 0.5, 1.0]]
    """

    def _forward(self, x: Array, training: bool) -> tuple[Array, Any]:
        y, _ = Sigmoid._infer(self, x, False)
        return y, y

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        return sigmoid_kernel(x, x if scratch else None), True

    def _backward(self, context: Any, grad: Array) -> tuple[Array, Any]:
        return sigmoid_backward(grad, context), {}


class Tanh(Elementwise):
    """The hyperbolic tangent, element by element.

    Input and output of any shape (N, ...), the output in -1..1. NaN stays NaN.

    Parameters
    ----------
    name : str, optional

    Notes
    -----
    Derived in :doc:`/derivations/sigmoid`.

    Examples
    --------
    >>> Tanh()([[-1000.0, 0.0, 1000.0]]).tolist()
    [[-1.0, 0.0, 1.0]]
    """

    def _forward(self, x: Array, training: bool) -> tuple[Array, Any]:
        y, _ = Tanh._infer(self, x, False)
        return y, y

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        return tanh_kernel(x, x if scratch else None), True

    def _backward(self, context: Any, grad: Array) -> tuple[Array, Any]:
        return tanh_backward(grad, context), {}
