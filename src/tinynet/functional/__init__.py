"""The formulas, as pure functions on arrays: what the layers compute, and what the derivations derive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinynet._lazy import lazily
from tinynet.functional.activations import leaky_relu, leaky_relu_backward, relu, relu_backward
from tinynet.functional.affine import dense, dense_backward
from tinynet.functional.dropout import dropout, dropout_mask
from tinynet.functional.entropy import cross_entropy, cross_entropy_backward, one_hot
from tinynet.functional.log_sum_exp import log_softmax, log_softmax_backward, logsumexp
from tinynet.functional.sigmoid import sigmoid, sigmoid_backward, tanh, tanh_backward
from tinynet.functional.softmax import softmax, softmax_backward

if TYPE_CHECKING:
    from collections.abc import Callable

    from tinynet.functional.avg_pooling import avg_pool2d, avg_pool2d_backward
    from tinynet.functional.convolution import conv2d
    from tinynet.functional.convolution_gradients import conv2d_backward
    from tinynet.functional.max_pooling import max_pool2d, max_pool2d_backward
    from tinynet.functional.normalization import batch_norm, batch_norm_backward, batch_statistics

__all__ = [
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm",
    "batch_norm_backward",
    "batch_statistics",
    "conv2d",
    "conv2d_backward",
    "cross_entropy",
    "cross_entropy_backward",
    "dense",
    "dense_backward",
    "dropout",
    "dropout_mask",
    "leaky_relu",
    "leaky_relu_backward",
    "log_softmax",
    "log_softmax_backward",
    "logsumexp",
    "max_pool2d",
    "max_pool2d_backward",
    "one_hot",
    "relu",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_backward",
    "tanh",
    "tanh_backward",
]

_OF_IMAGES = {
    "avg_pooling": ("avg_pool2d", "avg_pool2d_backward"),
    "convolution": ("conv2d",),
    "convolution_gradients": ("conv2d_backward",),
    "max_pooling": ("max_pool2d", "max_pool2d_backward"),
    "normalization": ("batch_norm", "batch_norm_backward", "batch_statistics"),
}
__getattr__: Callable[[str], Any] = lazily(
    __name__, {name: f"{__name__}.{module}" for module, names in _OF_IMAGES.items() for name in names}
)


def __dir__() -> list[str]:
    return __all__
