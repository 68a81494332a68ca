"""The cases of the formulas."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
from array_case import BOTH, EVEN, FILTERS, IMAGES, LABELS, POOLED, SCALES, case, normal

import tinynet as tn

F = tn.functional


def into_new(function: Callable[..., Any]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: function(x, out=np.empty((3, 4)))


FUNCTIONAL = {
    **{
        f"functional.{name}": case(getattr(F, name), normal(3, 4), owner=name)
        for name in (
            "relu",
            "leaky_relu",
            "sigmoid",
            "tanh",
            "softmax",
            "log_softmax",
            "logsumexp",
            "batch_statistics",
        )
    },
    **{
        f"functional.{name}: out": case(into_new(getattr(F, name)), normal(3, 4), owner=name, empty=False)
        for name in ("relu", "leaky_relu", "sigmoid", "tanh", "softmax")
    },
    **{
        f"functional.{name}_backward": case(
            getattr(F, f"{name}_backward"), normal(3, 4), normal(3, 4), owner=f"{name}_backward", batch=BOTH
        )
        for name in ("relu", "leaky_relu", "sigmoid", "tanh", "softmax", "log_softmax")
    },
    "functional.dense": case(F.dense, normal(3, 4), normal(2, 4), normal(2), owner="dense", optional=(2,)),
    "functional.dense_backward": case(
        F.dense_backward, normal(3, 2), normal(3, 4), normal(2, 4), owner="dense_backward", batch=BOTH
    ),
    "functional.conv2d": case(F.conv2d, IMAGES, FILTERS, normal(2), owner="conv2d", optional=(2,)),
    "functional.conv2d_backward": case(
        F.conv2d_backward, normal(3, 2, 2, 2), IMAGES, FILTERS, owner="conv2d_backward", batch=BOTH
    ),
    "functional.max_pool2d": case(lambda x: F.max_pool2d(x, 2), IMAGES, owner="max_pool2d"),
    "functional.max_pool2d_backward": case(
        lambda grad, x, y: F.max_pool2d_backward(grad, x, y, 2),
        *(POOLED, IMAGES, F.max_pool2d(IMAGES, 2)),
        owner="max_pool2d_backward",
        batch=(0, 1, 2),
        hides=(0, 1, 2),
    ),
    "functional.avg_pool2d": case(lambda x: F.avg_pool2d(x, 2), IMAGES, owner="avg_pool2d"),
    "functional.avg_pool2d_backward": case(
        lambda grad: F.avg_pool2d_backward(grad, (3, 1, 4, 4), 2), POOLED, owner="avg_pool2d_backward", empty=False
    ),
    "functional.batch_norm": case(
        F.batch_norm, normal(3, 4), normal(4), SCALES, normal(4), normal(4), owner="batch_norm", optional=(3, 4)
    ),
    "functional.batch_norm_backward": case(
        F.batch_norm_backward,
        *(normal(3, 4), normal(3, 4), SCALES, normal(4)),
        owner="batch_norm_backward",
        optional=(3,),
        batch=BOTH,
    ),
    "functional.dropout": case(
        lambda x, kept: F.dropout(x, kept, 0.5), normal(3, 4), np.ones((3, 4), bool), owner="dropout", batch=BOTH
    ),
    "functional.one_hot": case(lambda labels: F.one_hot(labels, 4), LABELS, owner="one_hot"),
}
for name in ("relu", "leaky_relu"):  # of the second array only the signs count
    FUNCTIONAL[f"functional.{name}_backward"] = FUNCTIONAL[f"functional.{name}_backward"]._replace(hides=BOTH)
FUNCTIONAL["functional.batch_statistics"] = FUNCTIONAL["functional.batch_statistics"]._replace(empty=False)
for name in ("cross_entropy", "cross_entropy_backward"):
    function = getattr(F, name)
    kinds = {"classes": (EVEN, LABELS, False), "soft": (EVEN, EVEN, False), "logits": (normal(3, 4), LABELS, True)}
    for kind, (predictions, targets, logits) in kinds.items():
        FUNCTIONAL[f"functional.{name}: {kind}"] = case(
            lambda p, t, function=function, logits=logits: function(p, t, from_logits=logits),
            *(predictions, targets),
            owner=name,
            batch=BOTH,
            empty=False,
        )
