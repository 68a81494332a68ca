"""The two-dimensional convolution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from tinynet._arrays import FLOAT32, check_positive
from tinynet.functional.columns import kernel_order
from tinynet.functional.convolution import conv2d_columns, conv2d_kernel
from tinynet.functional.convolution_gradients import conv2d_input_gradient, conv2d_parameter_gradients
from tinynet.functional.gradient_planes import gradient_planes
from tinynet.functional.windows import pair, pair_text, window_counts
from tinynet.initializers import he_normal
from tinynet.layers.base import Layer
from tinynet.layers.parameters import Parameters, initial_weights

if TYPE_CHECKING:
    import numpy.typing as npt

    from tinynet._arrays import Array, RandomSource
    from tinynet.errors import ShapeError
    from tinynet.functional.columns import WindowColumns
    from tinynet.functional.windows import Pair
    from tinynet.layers.base import Shape


class Conv2d(Layer):
    """Every output pixel is a weighted sum over a window of the input and all its channels, plus a bias.

    Input (N, in_channels, H, W), output (N, out_channels, Ho, Wo) with ``Ho = (H + 2 padding - kh) // stride + 1``,
    and Wo alike.

    Parameters
    ----------
    in_channels, out_channels : int
        At least 1.
    kernel_size : int or pair of int
        Rows and columns of the window, kh and kw.
    stride : int or pair of int
        How far the window moves, down and to the right.
    padding : int or pair of int
        Rows above and below and columns left and right of every image that count as 0.
    bias : bool
    initializer : callable ``(shape, *, rng, dtype) -> ndarray``
        Draws the first weights; see `tinynet.initializers`. The bias starts at 0.
    rng : numpy.random.Generator, int or None
    dtype : float32 or float64
    name : str, optional

    Attributes
    ----------
    in_channels, out_channels : int
    kernel_size, stride, padding : pair of int
    params : dict
        ``weight`` of shape (out_channels, in_channels, kh, kw), as in ``torch.nn.Conv2d``, and ``bias`` of shape
        (out_channels,).

    Raises
    ------
    ValueError, TypeError
        If a size is not a positive integer (a padding may be 0), or an argument has a wrong type.

    Notes
    -----
    Derived in :doc:`/derivations/convolution`. As in all networks the kernel is not turned around: mathematicians
    call this a cross-correlation. In training a layer keeps its input, with the padding around it, once for each
    column of the kernel, or twice as :doc:`/derivations/winograd` tells, so that `backward` need not copy it again.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Conv2d(1, 8, 3, padding=1, rng=0)
    >>> layer(np.zeros((5, 1, 28, 28))).shape
    (5, 8, 28, 28)
    >>> layer
    Conv2d(1, 8, 3, padding=1)
    """

    _fuses = True  # so that it becomes a `FusedConvolution` with what follows

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        bias: bool = True,
        *,
        initializer: Callable[..., Array] = he_normal,
        rng: RandomSource = None,
        dtype: npt.DTypeLike = FLOAT32,
        name: str | None = None,
    ) -> None:
        channels = (
            check_positive(out_channels, "Conv2d: out_channels"),
            check_positive(in_channels, "Conv2d: in_channels"),
        )
        kernel = pair(kernel_size, "Conv2d: kernel_size")
        stride, padding = pair(stride, "Conv2d: stride"), pair(padding, "Conv2d: padding", 0)
        params = initial_weights("Conv2d", (*channels, *kernel), bias, initializer, rng, dtype)
        params["weight"] = kernel_order(params["weight"])
        super().__init__(params=params, name=name)
        self.out_channels: int = channels[0]
        self.in_channels: int = channels[1]
        self.kernel_size: Pair = kernel
        self.stride: Pair = stride
        self.padding: Pair = padding

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        return Conv2d._forward(self, x, False)[0], True

    def _forward(self, x: Array, training: bool) -> tuple[Array, Any]:
        self._shape_for(x)
        columns = self._columns(x)
        return conv2d_kernel(columns, self.params["weight"], self.params.get("bias")), (columns, x.shape)

    def _backward(self, context: Any, grad: Array) -> tuple[Array, Any]:
        return self._gradients(context, gradient_planes(grad, context[0]))

    def _parameter_gradients(self, context: Any, grad: Array) -> Any:
        return self._gradients_of_parameters(context, gradient_planes(grad, context[0]))

    def _gradients(self, context: Any, planes: list[Array]) -> tuple[Array, Any]:
        """Do ``_backward`` from `gradient_planes`."""
        columns, shape = context
        grad_x = conv2d_input_gradient(planes, columns, shape, self.params["weight"], self.stride, self.padding)
        return grad_x, self._gradients_of_parameters(context, planes)

    def _gradients_of_parameters(self, context: Any, planes: list[Array]) -> dict[str, Array]:
        gradients = conv2d_parameter_gradients(planes, context[0], "bias" in self.params)
        return dict(zip(self.params, gradients))  # weight, and bias where there is one

    def _columns(self, x: Array) -> WindowColumns:
        return conv2d_columns(x, self.params["weight"], "bias" in self.params, self.stride, self.padding)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Lay the filters out again: a pickle keeps their values, not their order in memory."""
        self.__dict__.update(state)
        weight = self.params["weight"]
        if not weight.transpose(0, 2, 3, 1).flags.c_contiguous:  # a shallow copy shares them, and they lie right
            self.__dict__["params"] = Parameters(self.label, {**self.params, "weight": kernel_order(weight)})

    def _shape_for(self, x: Array) -> Shape | None:
        if x.ndim != 4:
            raise self._wrong_shape(x.shape)
        return self._output_shape(x.shape[1:])

    def _output_shape(self, shape: Shape | None) -> Shape | None:
        if shape is None:
            return None
        if len(shape) != 3 or shape[0] != self.in_channels:
            raise self._wrong_shape(("N", *shape))
        return (self.out_channels, *window_counts(self.label, shape[1:], self.kernel_size, self.stride, self.padding))

    def _wrong_shape(self, shape: tuple[int | str, ...]) -> ShapeError:
        hint = ""
        if len(shape) == 3:
            hint = "; a batch of images needs a channel axis, as x[:, None], and one image a batch axis, as x[None]"
        elif len(shape) == 2:
            hint = "; rows of pixels become images by x.reshape(-1, channels, height, width)"
        return self._refuse(f"(N, {self.in_channels}, H, W)", shape, hint)

    def _arguments(self) -> list[str]:
        arguments = [str(self.in_channels), str(self.out_channels), pair_text(self.kernel_size)]
        arguments += [f"stride={pair_text(self.stride)}"] * (self.stride != (1, 1))
        arguments += [f"padding={pair_text(self.padding)}"] * (self.padding != (0, 0))
        return arguments if "bias" in self.params else [*arguments, "bias=False"]
