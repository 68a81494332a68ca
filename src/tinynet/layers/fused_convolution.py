"""A convolution and the max-pooling and ReLU after it, fused into one step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinynet.errors import ShapeError
from tinynet.functional.activations import relu_backward
from tinynet.functional.convolution import conv2d_kernel
from tinynet.functional.gradient_planes import gradient_planes
from tinynet.functional.pooled_convolution import conv2d_max_pool_kernel, pooled_gradient_planes

if TYPE_CHECKING:
    from tinynet._arrays import Array
    from tinynet.functional.columns import WindowColumns
    from tinynet.functional.windows import Pair
    from tinynet.layers.base import Layer
    from tinynet.layers.convolution import Conv2d
    from tinynet.layers.pooling import MaxPool2d


class FusedConvolution:
    """A `Conv2d` and the `MaxPool2d`, the `ReLU` or both after it, which a network evaluates a few rows at a time.

    It is no `Layer`, but has the methods that `Sequential` calls on one. `rectified` tells whether ReLU comes last.
    """

    def __init__(self, convolution: Conv2d, pooling: MaxPool2d | None, rectified: bool) -> None:
        self.convolution = convolution
        self.pooling = pooling
        self.rectified = rectified

    @property
    def params(self) -> dict[str, Array]:
        """Those of the convolution."""
        return self.convolution.params

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        return self._run(x, False)[0], True

    def _evaluate(self, x: Array, training: bool) -> tuple[Array, Any]:
        return self._run(x, True)

    def _run(self, x: Array, places: bool) -> tuple[Array, Any]:
        """Return the output and the context, which is of use with `places` only."""
        operands = self._operands(x)
        kept: Array | None
        if self.pooling is None:
            y = kept = conv2d_kernel(*operands, self.rectified)
        else:
            y, kept = conv2d_max_pool_kernel(*operands, *_sizes(self.pooling), self.rectified, places)
        return y, ((operands[0], x.shape), kept)

    def _update(self, context: Any) -> None:
        """Take over nothing, as none of the layers does."""

    def _differentiate(self, context: Any, grad: Array) -> tuple[Array, Any]:
        return self.convolution._gradients(context[0], self._gradient_planes(context, grad))

    def _parameter_gradients(self, context: Any, grad: Array) -> Any:
        return self.convolution._gradients_of_parameters(context[0], self._gradient_planes(context, grad))

    def _gradient_planes(self, context: Any, grad: Array) -> list[Array]:
        """Return the `gradient_planes` of the convolution."""
        (columns, _), kept = context
        if self.pooling is None:
            return gradient_planes(relu_backward(grad, kept), columns)
        return pooled_gradient_planes(grad, kept, columns, *_sizes(self.pooling))

    def _set_grads(self, grads: Any, taken: list[Array]) -> None:
        self.convolution._set_grads(grads, taken)

    def _operands(self, x: Array) -> tuple[WindowColumns, Array, Array | None]:
        """Return columns, weight and bias of the convolution, once both layers can take their input."""
        shape = self.convolution._shape_for(x)
        if self.pooling is not None:
            self.pooling._output_shape(shape)
        return self.convolution._columns(x), self.params["weight"], self.params.get("bias")

    def _refusing_layer(self, x: Array) -> Layer:
        """Return the layer that cannot take its input: the convolution, if it refuses `x`, else the pooling."""
        try:
            self.convolution._shape_for(x)
        except ShapeError:
            return self.convolution
        assert self.pooling is not None
        return self.pooling


def _sizes(pooling: MaxPool2d) -> tuple[Pair, Pair, Pair]:
    return pooling.kernel_size, pooling.stride, pooling.padding
