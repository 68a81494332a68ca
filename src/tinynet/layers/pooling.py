"""Pooling: one number for every window of an image, its largest or its mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinynet.functional.avg_pooling import avg_pool2d_backward_kernel, avg_pool2d_kernel
from tinynet.functional.max_pooling import max_pool2d_and_places, max_pool2d_backward_kernel, max_pool2d_kernel
from tinynet.functional.pooling import pooling_sizes
from tinynet.functional.windows import pair_text, window_counts
from tinynet.layers.base import Layer

if TYPE_CHECKING:
    from tinynet._arrays import Array
    from tinynet.errors import ShapeError
    from tinynet.functional.windows import Pair
    from tinynet.layers.base import Shape


class _Pool2d(Layer):
    """What both share: windows, and the shapes that they give."""

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        sizes = pooling_sizes(type(self).__name__, kernel_size, stride, padding)
        self.kernel_size: Pair = sizes[0]
        self.stride: Pair = sizes[1]
        self.padding: Pair = sizes[2]

    def _shape_for(self, x: Array) -> Shape | None:
        if x.ndim != 4:
            raise self._wrong_shape(x.shape)
        return self._output_shape(x.shape[1:])

    def _output_shape(self, shape: Shape | None) -> Shape | None:
        if shape is None:
            return None
        if len(shape) != 3:
            raise self._wrong_shape(("N", *shape))
        return (shape[0], *window_counts(self.label, shape[1:], self.kernel_size, self.stride, self.padding))

    def _wrong_shape(self, shape: tuple[int | str, ...]) -> ShapeError:
        return self._refuse("(N, C, H, W)", shape)

    def _arguments(self) -> list[str]:
        arguments = [pair_text(self.kernel_size)]
        arguments += [f"stride={pair_text(self.stride)}"] * (self.stride != self.kernel_size)
        return arguments + [f"padding={pair_text(self.padding)}"] * (self.padding != (0, 0))


class MaxPool2d(_Pool2d):
    """The largest number of every window, channel by channel.

    Input (N, C, H, W), output (N, C, Ho, Wo) with ``Ho = (H + 2 padding - kh) // stride + 1``, and Wo alike: rows and
    columns that fill no window are left out.

    Parameters
    ----------
    kernel_size : int or pair of int
        Rows and columns of the window, kh and kw.
    stride : int or pair of int, optional
        How far it moves; by default its own size, so that windows lie side by side.
    padding : int or pair of int
        Rows and columns around every image that never are the largest; at most half the window.
    name : str, optional

    Attributes
    ----------
    kernel_size, stride, padding : pair of int

    Raises
    ------
    ValueError, TypeError
        If a size is not a positive integer (a padding may be 0), or the padding exceeds half the window.

    Notes
    -----
    Of equal numbers the first counts in `backward`, as in PyTorch. Derived in :doc:`/derivations/pooling`.

    Examples
    --------
    >>> MaxPool2d(2)([[[[1, 2, 5], [3, 4, 6]]]]).tolist()
    [[[[4.0]]]]
    """

    _takes_maxima = True  # so that it commutes with ReLU

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        self._shape_for(x)
        return max_pool2d_kernel(x, self.kernel_size, self.stride, self.padding), True

    def _forward(self, x: Array, training: bool) -> tuple[Array, Any]:
        self._shape_for(x)
        y, places = max_pool2d_and_places(x, self.kernel_size, self.stride, self.padding)
        return y, (places, x.shape)

    def _backward(self, context: Any, grad: Array) -> tuple[Array, Any]:
        places, shape = context
        return max_pool2d_backward_kernel(grad, places, shape, self.kernel_size, self.stride, self.padding), {}


class AvgPool2d(_Pool2d):
    """The mean of every window, channel by channel.

    Input (N, C, H, W), output (N, C, Ho, Wo) with ``Ho = (H + 2 padding - kh) // stride + 1``, and Wo alike: rows and
    columns that fill no window are left out.

    Parameters
    ----------
    kernel_size : int or pair of int
        Rows and columns of the window, kh and kw.
    stride : int or pair of int, optional
        How far it moves; by default its own size, so that windows lie side by side.
    padding : int or pair of int
        Rows and columns of zeros around every image; at most half the window.
    count_include_pad : bool
        Whether these zeros count as elements of the mean, as by default in PyTorch.
    name : str, optional

    Attributes
    ----------
    kernel_size, stride, padding : pair of int

    Raises
    ------
    ValueError, TypeError
        If a size is not a positive integer (a padding may be 0), or the padding exceeds half the window.

    Notes
    -----
    Derived in :doc:`/derivations/pooling`.

    Examples
    --------
    >>> AvgPool2d(2)([[[[1, 2, 5], [3, 4, 6]]]]).tolist()
    [[[[2.5]]]]
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        count_include_pad: bool = True,
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(kernel_size, stride, padding, name=name)
        self.count_include_pad: bool = bool(count_include_pad)

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        return AvgPool2d._forward(self, x, False)[0], True

    def _forward(self, x: Array, training: bool) -> tuple[Array, Any]:
        self._shape_for(x)
        return avg_pool2d_kernel(x, self.kernel_size, self.stride, self.padding, self.count_include_pad), x.shape

    def _backward(self, context: Any, grad: Array) -> tuple[Array, Any]:
        sizes = (self.kernel_size, self.stride, self.padding)
        return avg_pool2d_backward_kernel(grad, context, *sizes, self.count_include_pad), {}

    def _arguments(self) -> list[str]:
        return super()._arguments() + ["count_include_pad=False"] * (not self.count_include_pad)
