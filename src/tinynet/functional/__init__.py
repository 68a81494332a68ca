"""The formulas, as pure functions on arrays: what the layers compute, and what the derivations derive."""

from tinynet.functional.activations import relu, relu_backward
from tinynet.functional.affine import dense, dense_backward
from tinynet.functional.entropy import cross_entropy, cross_entropy_backward, one_hot
from tinynet.functional.softmax import log_softmax, log_softmax_backward, logsumexp, softmax, softmax_backward

__all__ = [
    "cross_entropy",
    "cross_entropy_backward",
    "dense",
    "dense_backward",
    "log_softmax",
    "log_softmax_backward",
    "logsumexp",
    "one_hot",
    "relu",
    "relu_backward",
    "softmax",
    "softmax_backward",
]
