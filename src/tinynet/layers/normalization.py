"""Batch normalization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._arrays import FLOAT32, check_dtype, check_not_negative, check_positive, check_share
from tinynet.functional.normalization import (
    batch_norm_backward_kernel,
    batch_norm_kernel,
    batch_statistics,
    broadcast,
    channel_sum,
    count,
)
from tinynet.layers.base import Layer

if TYPE_CHECKING:
    import numpy.typing as npt

    from tinynet._arrays import Array
    from tinynet.errors import ShapeError
    from tinynet.layers.base import Shape


class BatchNorm(Layer):
    """Shift and scale every channel to mean 0 and variance 1, then to a mean and variance that are learned.

    Input and output (N, num_features) or (N, num_features, H, W). In training mean and variance are those of the
    batch, over samples and, for images, rows and columns; in inference they are the running ones, so that every
    sample is treated on its own.

    Parameters
    ----------
    num_features : int
        The number of channels.
    eps : float
        Added to the variance, which may be 0.
    momentum : float or None
        The weight of a batch in the running statistics, 0..1; None gives every batch the same weight.
    affine : bool
        Without it, nothing is learned after the normalization.
    dtype : float32 or float64
    name : str, optional

    Attributes
    ----------
    num_features : int
    eps : float
    momentum : float or None
    params : dict
        ``weight`` and ``bias`` of shape (num_features,), at first 1 and 0, if `affine`.
    buffers : dict
        ``running_mean`` and ``running_var`` of shape (num_features,), at first 0 and 1, and ``num_batches_tracked``,
        an integer of shape (). All names are those of ``torch.nn.BatchNorm1d`` and ``BatchNorm2d``.

    Raises
    ------
    ValueError, TypeError
        If `num_features` is not a positive integer, or another argument has a wrong type or is out of range.

    Notes
    -----
    A batch is normalized by its biased variance (the squares divided by their count M); the running variance takes
    the unbiased one (M - 1), as in PyTorch. A training batch needs two numbers in each channel; an empty one changes
    nothing. Derived in :doc:`/derivations/batch_normalization`.

    Examples
    --------
    >>> layer = BatchNorm(1)
    >>> layer.forward([[1], [3]], training=True).round(3).tolist()
    [[-1.0], [1.0]]
    >>> print(layer.buffers["running_mean"], layer.buffers["running_var"], layer.buffers["num_batches_tracked"])
    [0.2] [1.1] 1
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        *,
        dtype: npt.DTypeLike = FLOAT32,
        name: str | None = None,
    ) -> None:
        features = check_positive(num_features, "BatchNorm: num_features")
        dtype = check_dtype(dtype, "BatchNorm")
        eps = check_not_negative(eps, "BatchNorm: eps")
        momentum = None if momentum is None else check_share(momentum, "BatchNorm: momentum")
        if not isinstance(affine, (bool, np.bool_)):
            raise TypeError(f"BatchNorm: affine must be True or False, got {affine!r}")
        params = {"weight": np.ones(features, dtype), "bias": np.zeros(features, dtype)} if affine else {}
        buffers = {
            "running_mean": np.zeros(features, dtype),
            "running_var": np.ones(features, dtype),
            "num_batches_tracked": np.zeros((), np.int64),
        }
        super().__init__(params=params, buffers=buffers, name=name)
        self.num_features: int = features
        self.eps: float = eps
        self.momentum: float | None = momentum

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        self._check(x.shape)
        buffers = self.buffers
        scale, bias = self._scale(buffers["running_var"]), self.params.get("bias")
        return batch_norm_kernel(x, buffers["running_mean"], scale, bias, x if scratch else None), True

    def _forward(self, x: Array, training: bool) -> tuple[Array, Any]:
        self._check(x.shape)
        if not training or len(x) == 0:
            return self._with_running_statistics(x)
        if count(x) < 2:
            raise self._wrong_shape(x.shape, " with at least two numbers in each channel in training")
        mean, variance = batch_statistics(x)
        normalized = batch_norm_kernel(x, mean, self._per_deviation(variance), None)
        y = normalized
        if self.params:
            y = normalized * broadcast(self.params["weight"], x) + broadcast(self.params["bias"], x)
        return y, (normalized, mean, variance, count(x))

    def _with_running_statistics(self, x: Array) -> tuple[Array, Any]:
        mean, variance = self.buffers["running_mean"], self.buffers["running_var"]
        normalized = batch_norm_kernel(x, mean, self._per_deviation(variance), None)
        # A subclass's _infer may lead back here. 0 numbers: the statistics are not those of the batch.
        return BatchNorm._infer(self, x, False)[0], (normalized, mean, variance, 0)

    def _update(self, context: Any) -> None:
        _, mean, variance, numbers = context
        if numbers == 0:
            return
        buffers = self.buffers
        buffers["num_batches_tracked"] = buffers["num_batches_tracked"] + 1
        share = 1 / int(buffers["num_batches_tracked"]) if self.momentum is None else self.momentum
        unbiased = variance * (numbers / (numbers - 1))
        buffers["running_mean"] = (1 - share) * buffers["running_mean"] + share * mean
        buffers["running_var"] = (1 - share) * buffers["running_var"] + share * unbiased

    def _backward(self, context: Any, grad: Array) -> tuple[Array, Any]:
        normalized, _, variance, numbers = context
        if numbers == 0:  # running statistics do not depend on x
            grad_x, gradients = grad * broadcast(self._scale(variance), grad), (grad * normalized, grad)
            return grad_x, {key: channel_sum(gradient) for key, gradient in zip(self.params, gradients)}
        grad_x, *sums = batch_norm_backward_kernel(grad, normalized, self._scale(variance))
        return grad_x, dict(zip(self.params, sums))

    def _scale(self, variance: Array) -> Array:
        """Return ``weight / sqrt(variance + eps)``."""
        scale = self._per_deviation(variance)
        return scale * self.params["weight"] if self.params else scale

    def _per_deviation(self, variance: Array) -> Array:
        with np.errstate(divide="ignore"):  # without eps, a channel of equal numbers has no deviation
            result: Array = 1 / np.sqrt(variance + variance.dtype.type(self.eps))
        return result

    def _check(self, shape: tuple[int | str, ...]) -> None:
        if len(shape) not in (2, 4) or shape[1] != self.num_features:
            raise self._wrong_shape(shape)

    def _output_shape(self, shape: Shape | None) -> Shape | None:
        if shape is not None:
            self._check(("N", *shape))
        return shape

    def _wrong_shape(self, shape: tuple[int | str, ...], more: str = "") -> ShapeError:
        return self._refuse(f"(N, {self.num_features}) or (N, {self.num_features}, H, W){more}", shape)

    def _arguments(self) -> list[str]:
        arguments = [str(self.num_features)]
        arguments += [f"eps={self.eps:g}"] * (self.eps != 1e-5)
        arguments += [f"momentum={self.momentum}"] * (self.momentum != 0.1)
        return arguments + ["affine=False"] * (not self.params)
