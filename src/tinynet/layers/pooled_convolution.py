"""A convolution and the max-pooling after it, as one step of inference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinynet.errors import ShapeError
from tinynet.functional.convolution import conv2d_max_pool_kernel

if TYPE_CHECKING:
    from tinynet._arrays import Array
    from tinynet.layers.base import Layer
    from tinynet.layers.convolution import Conv2d
    from tinynet.layers.pooling import MaxPool2d


class PooledConvolution:
    """What a network evaluates where both follow each other; it is no layer of its own."""

    def __init__(self, convolution: Conv2d, pooling: MaxPool2d) -> None:
        self.convolution = convolution
        self.pooling = pooling

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        convolution, pooling = self.convolution, self.pooling
        if not pooling._side_by_side:
            return pooling._infer(*convolution._infer(x, scratch))
        pooling._output_shape(convolution._shape_for(x))
        weight, bias = convolution.params["weight"], convolution.params.get("bias")
        return conv2d_max_pool_kernel(convolution._columns(x), weight, bias, pooling.kernel_size), True

    def refusing(self, x: Array) -> Layer:
        """Return the layer that refuses: the convolution `x` itself, or the pooling what is made of it."""
        try:
            self.convolution._shape_for(x)
        except ShapeError:
            return self.convolution
        return self.pooling
