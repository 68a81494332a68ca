"""One case or more for every public function that takes arrays: how it is called, and with which arrays."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Callable

import numpy as np
from array_case import BOTH, EVEN, IMAGES, LABELS, POOLED, RNG, case, normal
from functional_cases import FUNCTIONAL

import tinynet as tn


def step(make: Callable[[], tn.Layer]) -> Callable[..., tuple[np.ndarray, ...]]:
    """Do all that a layer can do: infer, forward, backward."""

    def run(x: Any, grad: Any) -> tuple[np.ndarray, ...]:
        layer = make()
        y = layer.forward(x, training=True)
        return y, layer.backward(grad), *layer.grads.values()

    return run


def net() -> tn.Sequential:
    layers = (tn.Dense(4, 5, rng=0, dtype="f8"), tn.ReLU(), tn.Dense(5, 4, rng=1, dtype="f8"), tn.Softmax())
    return tn.Sequential(*layers)


LAYERS: dict[str, tuple[Callable[[], tn.Layer], np.ndarray, np.ndarray]] = {
    "Dense": (lambda: tn.Dense(4, 2, rng=0, dtype="f8"), normal(3, 4), normal(3, 2)),
    "ReLU": (tn.ReLU, normal(3, 4), normal(3, 4)),
    "LeakyReLU": (tn.LeakyReLU, normal(3, 4), normal(3, 4)),
    "Sigmoid": (tn.Sigmoid, normal(3, 4), normal(3, 4)),
    "Tanh": (tn.Tanh, normal(3, 4), normal(3, 4)),
    "Softmax": (tn.Softmax, normal(3, 4), normal(3, 4)),
    "LogSoftmax": (tn.LogSoftmax, normal(3, 4), normal(3, 4)),
    "Flatten": (tn.Flatten, normal(3, 4), normal(3, 4)),
    # Which elements another one drops depends on how the array lies in memory.
    "Dropout": (lambda: tn.Dropout(0.0), normal(3, 4), normal(3, 4)),
    "BatchNorm": (lambda: tn.BatchNorm(4, dtype="f8"), normal(3, 4), normal(3, 4)),
    "Conv2d": (lambda: tn.Conv2d(1, 2, 3, rng=0, dtype="f8"), IMAGES, normal(3, 2, 2, 2)),
    "MaxPool2d": (lambda: tn.MaxPool2d(2), IMAGES, POOLED),
    "AvgPool2d": (lambda: tn.AvgPool2d(2), IMAGES, POOLED),
    "Sequential": (net, normal(3, 4), normal(3, 4)),
}
#: Where a gradient of NaN may meet a 0, or the first array a maximum.
_HIDE = {"ReLU": (1,)}


def set_weight(weight: Any) -> np.ndarray:
    layer = tn.Dense(4, 2, rng=0, dtype="f8")
    layer.params["weight"] = weight
    return layer.params["weight"].copy()


def set_count(count: Any) -> np.ndarray:
    layer = tn.BatchNorm(2)
    layer.buffers["running_var"] = count
    return layer.buffers["running_var"].copy()


NETWORKS = {
    **{
        name: case(step(make), x, grad, owner=(name, "Dense"), batch=BOTH, cancels=True, hides=_HIDE.get(name, ()))
        for name, (make, x, grad) in LAYERS.items()
    },
    **{
        f"{name}: inference": case(lambda x, make=make: make()(x), x, owner=(name, "Dense"), cancels=True)
        for name, (make, x, _) in LAYERS.items()
    },
    "Layer: params": case(set_weight, normal(2, 4), owner="Dense", batch=()),
    "Layer: buffers": case(set_count, normal(2), owner="BatchNorm", batch=()),
    "Sequential: predict": case(lambda x: net().predict(x), normal(3, 4), owner="Sequential", cancels=True),
    "Sequential: predict one": case(
        lambda x: net().predict(x), normal(1, 4), owner="Sequential", cancels=True, empty=True
    ),
    "Sequential: predict_proba": case(
        lambda x: net().predict_proba(x), normal(3, 4), owner="Sequential", cancels=True
    ),
}


def loss(predictions: Any, targets: Any, *, from_logits: bool = False) -> tuple[Any, ...]:
    entropy = tn.CrossEntropy(from_logits=from_logits)
    return entropy(predictions, targets), entropy.forward(predictions, targets), entropy.backward()


def fit(x: Any, y: Any, validation: Any = None) -> tuple[Any, ...]:
    network = net()
    history = tn.fit(network, x, y, epochs=1, batch_size=2, rng=0, progress=False, validation_data=validation)
    return (*network.params.values(), *history.loss, *history.val_loss)


def resume(optimizer: Any) -> Callable[[Any], np.ndarray]:
    """Do a step from a state of which one array is given."""

    def run(array: Any) -> np.ndarray:
        layer, remembering = tn.Dense(4, 2, rng=0, dtype="f8"), optimizer()
        kinds = remembering._kinds()
        state = {f"{kind}.{key}": np.ones(p.shape) for kind in kinds for key, p in layer.params.items()}
        remembering.load_state_dict({**state, "steps": np.array(1), f"{kinds[0]}.weight": array})
        layer.forward(np.ones((1, 4)), training=True)
        layer.backward(np.ones((1, 2)))
        remembering.step(layer)
        return layer.params["weight"].copy()

    return run


def fill(weight: Any, bias: Any) -> tuple[np.ndarray, ...]:
    network = tn.from_torch_state_dict({"weight": weight, "bias": bias}, tn.Dense(4, 2))
    return tuple(array.copy() for array in network.params.values())


def build(weight: Any, bias: Any) -> tuple[np.ndarray, ...]:
    state_dict = {"first.weight": weight, "first.bias": bias, "last.weight": np.ones((2, 2))}
    return tuple(tn.from_torch_state_dict(state_dict, dtype="f8").params.values())


def save(array: Any) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        tn.save_checkpoint({"array": array}, Path(folder, "x.pth"))
        return tn.load_checkpoint(Path(folder, "x.pth"))["array"]


_FIT = ("fit", "Dense", "Sequential", "CrossEntropy")
_CHECK = ("check_gradients", "Dense", "CrossEntropy")
_FILE = ("from_torch_state_dict", "the given mapping")
TRAINING = {
    "CrossEntropy": case(loss, EVEN, LABELS, owner="CrossEntropy", batch=BOTH, empty=False),
    "CrossEntropy: soft": case(loss, EVEN, EVEN, owner="CrossEntropy", batch=BOTH, empty=False),
    "CrossEntropy: logits": case(
        lambda p, t: loss(p, t, from_logits=True), normal(3, 4), LABELS, owner="CrossEntropy", batch=BOTH, empty=False
    ),
    "fit": case(fit, normal(3, 4), LABELS, owner=_FIT, batch=BOTH, empty=False),
    "fit: soft": case(fit, normal(3, 4), EVEN, owner=_FIT, batch=BOTH, empty=False),
    "fit: validation": case(
        lambda x, y: fit(np.ones((3, 4)), LABELS, (x, y)), normal(3, 4), LABELS, owner=_FIT, batch=BOTH, empty=False
    ),
    "check_gradients": case(
        lambda x: tn.check_gradients(LAYERS["Dense"][0](), x), normal(3, 4), owner=_CHECK, empty=False
    ),
    "check_gradients: loss": case(
        lambda x, y: tn.check_gradients(LAYERS["Dense"][0](), x, y, loss=tn.CrossEntropy(from_logits=True)),
        *(normal(3, 4), np.array([0, 1, 1])),
        owner=_CHECK,
        batch=BOTH,
        empty=False,
    ),
    "SGD": case(resume(lambda: tn.SGD(0.1, 0.9)), normal(2, 4), owner="SGD", batch=()),
    "Adam": case(resume(tn.Adam), normal(2, 4), owner="Adam", batch=()),
    "from_torch_state_dict": case(build, normal(2, 4), normal(2), owner=_FILE, batch=(), lists=False),
    "from_torch_state_dict: network": case(fill, normal(2, 4), normal(2), owner=_FILE, batch=(), lists=False),
    "save_checkpoint": case(save, normal(3, 4), owner="save_checkpoint", complex=True),
    "datasets.normalize": case(tn.datasets.normalize, RNG.random((3, 28, 28)), owner="normalize"),
}
CASES = {**FUNCTIONAL, **NETWORKS, **TRAINING}
