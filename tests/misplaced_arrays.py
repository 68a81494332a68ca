"""For every public name: calls with an array where a number, a size, a name, a network or a path belongs."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

import tinynet as tn
from tinynet.initializers import glorot_normal, glorot_uniform, he_normal, he_uniform, zeros

ARRAY = np.ones((2, 2))
IMAGE = np.ones((1, 1, 2, 2))
F = tn.functional
NET = tn.Sequential(tn.Dense(2, 2, rng=0), tn.Softmax())

Call = Callable[[], Any]

CLASSES: dict[str, list[Call]] = {
    "Dense": [
        lambda: tn.Dense(ARRAY, 2),
        lambda: tn.Dense(2, 2, ARRAY),
        lambda: tn.Dense(2, 2, initializer=ARRAY),
        lambda: tn.Dense(2, 2, dtype=ARRAY),
        lambda: tn.Dense(2, 2, name=ARRAY),
    ],
    "Conv2d": [
        lambda: tn.Conv2d(ARRAY, 1, 3),
        lambda: tn.Conv2d(1, 1, ARRAY),
        lambda: tn.Conv2d(1, 1, 3, stride=ARRAY),
        lambda: tn.Conv2d(1, 1, 3, padding=ARRAY),
    ],
    "MaxPool2d": [lambda: tn.MaxPool2d(ARRAY), lambda: tn.MaxPool2d(2, stride=ARRAY)],
    "AvgPool2d": [lambda: tn.AvgPool2d(ARRAY), lambda: tn.AvgPool2d(2, padding=ARRAY)],
    "BatchNorm": [
        lambda: tn.BatchNorm(ARRAY),
        lambda: tn.BatchNorm(2, eps=ARRAY),
        lambda: tn.BatchNorm(2, momentum=ARRAY),
    ],
    "Dropout": [lambda: tn.Dropout(ARRAY)],
    "LeakyReLU": [lambda: tn.LeakyReLU(ARRAY)],
    **{
        kind.__name__: [lambda kind=kind: kind(name=ARRAY)]
        for kind in (tn.Layer, tn.ReLU, tn.Sigmoid, tn.Tanh, tn.Softmax, tn.LogSoftmax, tn.Flatten)
    },
    "Sequential": [lambda: tn.Sequential(ARRAY), lambda: tn.Sequential(name=ARRAY)]
    + [lambda method=method: getattr(NET, method)(ARRAY, batch_size=ARRAY) for method in ("predict", "predict_proba")]
    + [lambda: NET(ARRAY, batch_size=ARRAY)],
    "CrossEntropy": [lambda: tn.CrossEntropy(from_logits=ARRAY)],
    "SGD": [
        *(lambda: tn.SGD(ARRAY), lambda: tn.SGD(0.1, ARRAY), lambda: tn.SGD(0.1, clip_norm=ARRAY)),
        *(lambda: tn.SGD(0.1).step(ARRAY), lambda: tn.SGD(0.1).load_state_dict(ARRAY)),
    ],
    "Adam": [
        *(lambda: tn.Adam(ARRAY), lambda: tn.Adam(betas=ARRAY), lambda: tn.Adam(eps=ARRAY)),
        *(lambda: tn.Adam().step(ARRAY), lambda: tn.Adam().load_state_dict(ARRAY)),
    ],
    "BestWeights": [lambda: tn.BestWeights(ARRAY)],
    "EarlyStopping": [
        lambda: tn.EarlyStopping(ARRAY),
        lambda: tn.EarlyStopping(patience=ARRAY),
        lambda: tn.EarlyStopping(min_delta=ARRAY),
    ],
}
FUNCTIONS: dict[str, list[Call]] = {
    "check_gradients": [
        lambda: tn.check_gradients(ARRAY, ARRAY),
        lambda: tn.check_gradients(tn.ReLU(), ARRAY, [0, 1], loss=ARRAY),
    ],
    "fit": [
        lambda: tn.fit(NET, ARRAY, [0, 1], epochs=ARRAY),
        lambda: tn.fit(NET, ARRAY, [0, 1], epochs=1, batch_size=ARRAY),
        lambda: tn.fit(NET, ARRAY, [0, 1], epochs=1, loss=ARRAY),
        lambda: tn.fit(NET, ARRAY, [0, 1], epochs=1, optimizer=ARRAY),
        lambda: tn.fit(NET, ARRAY, [0, 1], epochs=1, validation_data=ARRAY),
    ],
    "load_checkpoint": [lambda: tn.load_checkpoint(ARRAY)],
    "save_checkpoint": [lambda: tn.save_checkpoint(ARRAY, "never written")],
    "from_torch_state_dict": [lambda: tn.from_torch_state_dict(ARRAY)],
    "to_torch_state_dict": [lambda: tn.to_torch_state_dict(ARRAY)],
    "datasets.load_mnist": [
        lambda: tn.datasets.load_mnist(ARRAY),
        lambda: tn.datasets.load_mnist("test", ARRAY),
        lambda: tn.datasets.load_mnist("test", b"data"),
    ],
    "datasets.read_idx": [lambda: tn.datasets.read_idx(ARRAY)],
    "datasets.synthetic_digits": [lambda: tn.datasets.synthetic_digits(ARRAY)],
    "datasets.normalize": [
        lambda: tn.datasets.normalize(np.zeros((28, 28)), mean=ARRAY),
        lambda: tn.datasets.normalize(np.zeros((28, 28)), std=ARRAY),
    ],
    "schedules.cosine": [
        lambda: tn.schedules.cosine(ARRAY, 5),
        lambda: tn.schedules.cosine(0.1, ARRAY),
        lambda: tn.schedules.cosine(0.1, 5, ARRAY),
    ],
    "schedules.steps": [
        lambda: tn.schedules.steps(ARRAY, 5),
        lambda: tn.schedules.steps(0.1, ARRAY),
        lambda: tn.schedules.steps(0.1, 5, ARRAY),
    ],
    "schedules.warm_up": [lambda: tn.schedules.warm_up(ARRAY, 5), lambda: tn.schedules.warm_up(0.1, ARRAY)],
    **{
        f"initializers.{make.__name__}": [lambda make=make: make(ARRAY), lambda make=make: make((2, 2), dtype=ARRAY)]
        for make in (he_normal, he_uniform, glorot_normal, glorot_uniform, zeros)
    },
    "functional.dropout_mask": [lambda: F.dropout_mask(ARRAY, 0.5), lambda: F.dropout_mask(2, ARRAY)],
    "functional.dropout": [lambda: F.dropout(ARRAY, ARRAY > 0, ARRAY)],
    "functional.one_hot": [lambda: F.one_hot([0], ARRAY), lambda: F.one_hot([0], 1, dtype=ARRAY)],
    "functional.leaky_relu": [lambda: F.leaky_relu(ARRAY, negative_slope=ARRAY)],
    "functional.leaky_relu_backward": [lambda: F.leaky_relu_backward(ARRAY, ARRAY, negative_slope=ARRAY)],
    "functional.batch_norm": [lambda: F.batch_norm(ARRAY, [0, 0], [1, 1], eps=ARRAY)],
    "functional.batch_norm_backward": [lambda: F.batch_norm_backward(ARRAY, ARRAY, [1, 1], eps=ARRAY)],
    "functional.conv2d": [
        lambda: F.conv2d(IMAGE, IMAGE, stride=ARRAY),
        lambda: F.conv2d(IMAGE, IMAGE, padding=ARRAY),
    ],
    "functional.max_pool2d": [lambda: F.max_pool2d(IMAGE, ARRAY), lambda: F.max_pool2d(IMAGE, 2, stride=ARRAY)],
    "functional.avg_pool2d": [lambda: F.avg_pool2d(IMAGE, ARRAY), lambda: F.avg_pool2d(IMAGE, 2, padding=ARRAY)],
    "functional.avg_pool2d_backward": [lambda: F.avg_pool2d_backward(IMAGE, ARRAY, 2)],
    **{
        f"functional.{name}": [lambda name=name: getattr(F, name)(ARRAY, axis=ARRAY)]
        for name in ("softmax", "log_softmax", "logsumexp")
    },
    **{
        f"functional.{name}_backward": [lambda name=name: getattr(F, f"{name}_backward")(ARRAY, ARRAY, axis=ARRAY)]
        for name in ("softmax", "log_softmax")
    },
}
PICTURES: dict[str, list[Call]] = {
    **{
        f"viz.{name}": [lambda name=name: getattr(tn.viz, name)(ARRAY)]
        for name in (
            "DigitPad",
            "plot_network_weights",
            "plot_weight_histograms",
            "plot_gradient_flow",
            "draw_network",
        )
    },
    "viz.plot_history": [lambda: tn.viz.plot_history(ARRAY)],
    "viz.plot_activations": [lambda: tn.viz.plot_activations(ARRAY, ARRAY)],
    "viz.plot_saliency": [lambda: tn.viz.plot_saliency(ARRAY, ARRAY)],
    "viz.plot_decision_boundary": [lambda: tn.viz.plot_decision_boundary(ARRAY, ARRAY, [0, 1])],
    **{
        f"viz.{name}": [lambda name=name: getattr(tn.viz, name)(ARRAY, cmap=ARRAY)]
        for name in ("plot_weights", "plot_neurons")
    },
    "viz.plot_confusion_matrix": [lambda: tn.viz.plot_confusion_matrix([0, 1], [0, 1], cmap=ARRAY)],
}
MISPLACED = {**CLASSES, **FUNCTIONS, **PICTURES}
