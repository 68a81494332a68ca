"""A convolutional network, 32-64 filters of 3x3, max-pool, 9216-128-10: tinynet, torch, ONNX Runtime."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Callable

import numpy as np

import tinynet as tn
from benchmarks.table import Samples, interleave

BATCHES = (1, 256)
TRAINING_BATCH = 64


def measure(threads: int, seconds: float) -> Iterator[tuple[str, Samples]]:
    """Yield the name and the samples of each line."""
    rng = np.random.default_rng(0)
    net = build()
    module = torch_module(net, threads)
    session = onnx_session(net, threads)
    for rows in BATCHES:
        x = rng.random((rows, 1, 28, 28), dtype=np.float32)
        functions: dict[str, Callable[[], object]] = {"tinynet": partial(net, x)}
        if module is not None:
            functions["torch"] = partial(torch_predict, module, x)
        if session is not None:
            functions["onnxruntime"] = partial(session.run, None, {"x": x})
        for function in functions.values():
            np.testing.assert_allclose(np.asarray(function()).reshape(rows, 10), net(x), rtol=1e-4, atol=1e-4)
        yield f"32-64 CNN, {rows} images", interleave(functions, seconds)

    x = rng.random((TRAINING_BATCH, 1, 28, 28), dtype=np.float32)
    labels = rng.integers(0, 10, TRAINING_BATCH)
    functions = {"tinynet": partial(step, net, x, labels)}
    if module is not None:
        functions["torch"] = partial(torch_step, module, x, labels)
    yield f"32-64 CNN, gradients of {TRAINING_BATCH}", interleave(functions, seconds)


def build() -> tn.Sequential:
    """Return the network; it gives logits."""
    rng = np.random.default_rng(0)
    return tn.Sequential(
        tn.Conv2d(1, 32, 3, rng=rng),
        tn.ReLU(),
        tn.Conv2d(32, 64, 3, rng=rng),
        tn.ReLU(),
        tn.MaxPool2d(2),
        tn.Flatten(),
        tn.Dense(9216, 128, rng=rng),
        tn.ReLU(),
        tn.Dense(128, 10, rng=rng),
    )


def step(net: tn.Sequential, x: np.ndarray, labels: np.ndarray) -> None:
    """Compute the gradients of one batch."""
    loss = tn.CrossEntropy(from_logits=True)
    loss.forward(net.forward(x, training=True), labels)
    net.backward(loss.backward(), input_gradient=False)


def torch_module(net: tn.Sequential, threads: int):
    """Return the same network of torch's, None without torch."""
    try:
        import torch
        from torch import nn
    except ImportError:
        return None
    torch.set_num_threads(threads)
    module = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )
    module.load_state_dict({key: torch.from_numpy(array) for key, array in tn.to_torch_state_dict(net).items()})
    return module


def torch_predict(module, x: np.ndarray):
    """Evaluate torch's network in its fastest mode."""
    import torch

    with torch.inference_mode():
        return module(torch.from_numpy(x))


def torch_step(module, x: np.ndarray, labels: np.ndarray) -> None:
    """Compute the gradients of one batch with torch."""
    import torch

    module.zero_grad()
    torch.nn.functional.cross_entropy(module(torch.from_numpy(x)), torch.from_numpy(labels)).backward()


def onnx_session(net: tn.Sequential, threads: int):
    """Return a session of ONNX Runtime with the same network, None where it is not installed."""
    try:
        import onnx
        import onnxruntime
    except ImportError:
        return None
    node = onnx.helper.make_node
    nodes, tensors, name = [], [], "x"
    for i, layer in enumerate(net):
        out = f"a{i}"
        inputs = [name, *(f"{i}.{key}" for key in layer.params)]
        tensors += [
            onnx.numpy_helper.from_array(np.ascontiguousarray(v), f"{i}.{k}") for k, v in layer.params.items()
        ]
        if isinstance(layer, tn.Conv2d):
            nodes.append(node("Conv", inputs, [out]))
        elif isinstance(layer, tn.Dense):
            nodes.append(node("Gemm", inputs, [out], transB=1))
        elif isinstance(layer, tn.MaxPool2d):
            nodes.append(node("MaxPool", inputs, [out], kernel_shape=[2, 2], strides=[2, 2]))
        else:
            nodes.append(node({"ReLU": "Relu", "Flatten": "Flatten"}[type(layer).__name__], inputs, [out]))
        name = out
    ends = [
        onnx.helper.make_tensor_value_info(end, onnx.TensorProto.FLOAT, shape)
        for end, shape in (("x", ["rows", 1, 28, 28]), (name, ["rows", 10]))
    ]
    graph = onnx.helper.make_graph(nodes, "network", ends[:1], ends[1:], tensors)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
