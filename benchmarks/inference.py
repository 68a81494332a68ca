"""One image to 60,000 through dense networks: tinynet, torch, ONNX Runtime."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Callable

import numpy as np

import tinynet as tn
from benchmarks.table import Samples, interleave

ROWS = (1, 64, 1_000, 10_000, 60_000)
NETWORKS = ((784, 128, 64, 10), (784, 512, 512, 10))


def measure(threads: int, seconds: float) -> Iterator[tuple[str, Samples]]:
    """Yield the name and the samples of each line."""
    rng = np.random.default_rng(0)
    for widths in NETWORKS:
        net = build(widths)
        peers = [make for make in (torch_peer(net, threads), onnx_peer(net, threads)) if make is not None]
        for rows in ROWS:
            x = rng.random((rows, widths[0]), dtype=np.float32)
            functions: dict[str, Callable[[], object]] = {"tinynet": partial(net, x)}
            for name, make in peers:
                functions[name] = make(x)
                np.testing.assert_allclose(np.asarray(functions[name]()), net(x), atol=1e-5)
            yield f"{'-'.join(map(str, widths))}, {rows:,} rows", interleave(functions, seconds)


def build(widths: tuple[int, ...]) -> tn.Sequential:
    """Return a network with ReLU in between and Softmax at the end."""
    layers: list[tn.Layer] = []
    for i, (fan_in, fan_out) in enumerate(zip(widths, widths[1:])):
        layers += [tn.Dense(fan_in, fan_out, rng=i), tn.ReLU()]
    return tn.Sequential(*layers[:-1], tn.Softmax())


def weights(net: tn.Sequential) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return weight and bias of each dense layer."""
    return [(layer.params["weight"], layer.params["bias"]) for layer in net if isinstance(layer, tn.Dense)]


def torch_peer(net: tn.Sequential, threads: int) -> tuple[str, Callable] | None:
    """Return torch's name and a function that makes the call to time, None without torch."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(threads)
    modules: list[torch.nn.Module] = []
    for weight, bias in weights(net):
        linear = torch.nn.Linear(*weight.shape[::-1])
        linear.load_state_dict({"weight": torch.from_numpy(weight.copy()), "bias": torch.from_numpy(bias.copy())})
        modules += [linear, torch.nn.ReLU()]
    module = torch.nn.Sequential(*modules[:-1], torch.nn.Softmax(dim=1)).eval()

    def make(x: np.ndarray) -> Callable[[], object]:
        tensor = torch.from_numpy(x)

        def call() -> object:
            with torch.inference_mode():
                return module(tensor)

        return call

    return "torch", make


def onnx_peer(net: tn.Sequential, threads: int) -> tuple[str, Callable] | None:
    """Return ONNX Runtime's name and a function that makes the call to time, None where it is not installed."""
    try:
        import onnx
        import onnxruntime
    except ImportError:
        return None
    nodes, tensors, name = [], [], "x"
    for i, (weight, bias) in enumerate(weights(net)):
        tensors += [onnx.numpy_helper.from_array(weight, f"w{i}"), onnx.numpy_helper.from_array(bias, f"b{i}")]
        nodes.append(onnx.helper.make_node("Gemm", [name, f"w{i}", f"b{i}"], [f"z{i}"], transB=1))
        nodes.append(onnx.helper.make_node("Relu", [f"z{i}"], [f"a{i}"]))
        name = f"a{i}"
    nodes[-1] = onnx.helper.make_node("Softmax", [f"z{i}"], ["y"], axis=1)
    ends = [
        onnx.helper.make_tensor_value_info(end, onnx.TensorProto.FLOAT, ["rows", width])
        for end, width in (("x", weights(net)[0][0].shape[1]), ("y", len(bias)))
    ]
    graph = onnx.helper.make_graph(nodes, "network", ends[:1], ends[1:], tensors)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return "onnxruntime", lambda x: lambda: session.run(None, {"x": x})[0]
