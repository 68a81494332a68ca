"""The dense (fully connected) layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from tinynet._arrays import FLOAT32, check_positive
from tinynet.functional.affine import (
    dense_backward,
    dense_parameter_gradients,
    matrix_product,
    matrix_vector,
    weight_order,
)
from tinynet.initializers import he_normal
from tinynet.layers.base import Layer
from tinynet.layers.parameters import initial_weights

if TYPE_CHECKING:
    import numpy.typing as npt

    from tinynet._arrays import Array, RandomSource
    from tinynet.errors import ShapeError
    from tinynet.layers.base import Shape


class Dense(Layer):
    """Every output is a weighted sum of all inputs plus a bias: ``Y = X Wᵀ + b``.

    Input (N, in_features), output (N, out_features).

    Parameters
    ----------
    in_features, out_features : int
        At least 1.
    bias : bool
        Without it, ``Y = X Wᵀ``.
    initializer : callable ``(shape, *, rng, dtype) -> ndarray``
        Draws the first weights; see `tinynet.initializers`. The bias starts at 0.
    rng : numpy.random.Generator, int or None
    dtype : float32 or float64
    name : str, optional

    Attributes
    ----------
    in_features, out_features : int
    params : dict
        ``weight`` of shape (out_features, in_features), as in ``torch.nn.Linear``: row *i* is neuron *i*; and
        ``bias`` of shape (out_features,).

    Raises
    ------
    ValueError, TypeError
        If a size is not a positive integer, or an argument has a wrong type.

    Notes
    -----
    Derived in :doc:`/derivations/forward` and :doc:`/derivations/backpropagation`.

    Examples
    --------
    >>> layer = Dense(3, 2, rng=0)
    >>> layer([[1, 2, 3]]).shape
    (1, 2)
    >>> layer
    Dense(3, 2)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        initializer: Callable[..., Array] = he_normal,
        rng: RandomSource = None,
        dtype: npt.DTypeLike = FLOAT32,
        name: str | None = None,
    ) -> None:
        shape = check_positive(out_features, "Dense: out_features"), check_positive(in_features, "Dense: in_features")
        params = initial_weights("Dense", shape, bias, initializer, rng, dtype)
        params["weight"] = weight_order(params["weight"])
        super().__init__(params=params, name=name)
        self.out_features: int = shape[0]
        self.in_features: int = shape[1]

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        if x.ndim != 2 or x.shape[1] != self.in_features:
            raise self._wrong_shape(x.shape)
        params = self.params
        # Of one row, a matrix-vector product in one dimension: NumPy starts sooner on both.
        y = matrix_vector(params["weight"], x[0]) if len(x) == 1 else matrix_product(x, params["weight"])
        if "bias" in params:
            y += params["bias"]
        return (y[None] if len(x) == 1 else y), True

    def _forward(self, x: Array, training: bool) -> tuple[Array, Any]:
        return Dense._infer(self, x, False)[0], x  # a subclass's _infer may lead back here

    def _backward(self, context: Any, grad: Array) -> tuple[Array, Any]:
        grad_x, grad_weight, grad_bias = dense_backward(grad, context, self.params["weight"])
        grads = {"weight": grad_weight}
        if "bias" in self.params:
            grads["bias"] = grad_bias
        return grad_x, grads

    def _parameter_gradients(self, context: Any, grad: Array) -> Any:
        grad_weight, grad_bias = dense_parameter_gradients(grad, context, self.params["weight"])
        return {"weight": grad_weight, "bias": grad_bias} if "bias" in self.params else {"weight": grad_weight}

    def _output_shape(self, shape: Shape | None) -> Shape:
        if shape is not None and shape != (self.in_features,):
            raise self._wrong_shape(("N", *shape))
        return (self.out_features,)

    def _wrong_shape(self, shape: tuple[int | str, ...]) -> ShapeError:
        hint = ""
        if len(shape) == 1:
            hint = "; a single sample needs a batch axis, as x[None]"
        elif len(shape) > 2 or shape == (28, 28):
            hint = "; put Flatten() before it, or scale images and make rows of them with tinynet.datasets.normalize"
        return self._refuse(f"(N, {self.in_features})", shape, hint)

    def _arguments(self) -> list[str]:
        arguments = [str(self.in_features), str(self.out_features)]
        return arguments if "bias" in self.params else [*arguments, "bias=False"]
