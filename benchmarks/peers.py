"""The same network in torch and in ONNX Runtime, with the same weights."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinynet as tn
from benchmarks.timing import Functions


def predictors(net: tn.Sequential, x: np.ndarray, threads: int) -> Functions:
    """Return calls that evaluate the network for `x`, one for each library that is installed, all with one result."""
    functions: Functions = {"tinynet": lambda: net(x)}
    module = torch_module(net, threads)
    if module is not None:
        import torch

        tensor = torch.from_numpy(x)

        def evaluate() -> object:
            with torch.inference_mode():
                return module(tensor)

        functions["torch"] = evaluate
    session = onnx_session(net, x.shape[1:], threads)
    if session is not None:
        functions["onnxruntime"] = lambda: session.run(None, {"x": x})[0]
    for function in functions.values():
        np.testing.assert_allclose(np.asarray(function()), net(x), rtol=1e-4, atol=1e-4)
    return functions


def torch_module(net: tn.Sequential, threads: int) -> Any:
    """Return the network as a module of torch's, None without torch."""
    try:
        import torch
        from torch import nn
    except ImportError:
        return None
    torch.set_num_threads(threads)
    modules: list[nn.Module] = []
    for layer in net:
        if isinstance(layer, tn.Dense):
            modules.append(nn.Linear(layer.in_features, layer.out_features))
        elif isinstance(layer, tn.Conv2d):
            modules.append(nn.Conv2d(layer.in_channels, layer.out_channels, layer.kernel_size))
        elif isinstance(layer, tn.MaxPool2d):
            modules.append(nn.MaxPool2d(layer.kernel_size))
        else:
            others = {tn.ReLU: nn.ReLU(), tn.Flatten: nn.Flatten(), tn.Softmax: nn.Softmax(1)}
            modules.append(others[type(layer)])
    module = nn.Sequential(*modules)
    module.load_state_dict({key: torch.from_numpy(array) for key, array in tn.to_torch_state_dict(net).items()})
    return module


def onnx_session(net: tn.Sequential, sample: tuple[int, ...], threads: int) -> Any:
    """Return a session of ONNX Runtime with the network for samples of a shape, None where it is not installed."""
    try:
        import onnx
        import onnxruntime
    except ImportError:
        return None
    node = onnx.helper.make_node
    nodes, tensors, name = [], [], "x"
    for i, layer in enumerate(net):
        inputs = [name, *(f"{i}.{key}" for key in layer.params)]
        name = f"a{i}"
        for key, array in layer.params.items():
            tensors.append(onnx.numpy_helper.from_array(np.ascontiguousarray(array), f"{i}.{key}"))
        if isinstance(layer, tn.Dense):
            nodes.append(node("Gemm", inputs, [name], transB=1))
        elif isinstance(layer, tn.Conv2d):
            nodes.append(node("Conv", inputs, [name]))
        elif isinstance(layer, tn.MaxPool2d):
            sizes = list(layer.kernel_size)
            nodes.append(node("MaxPool", inputs, [name], kernel_shape=sizes, strides=sizes))
        else:
            nodes.append(node({"ReLU": "Relu"}.get(type(layer).__name__, type(layer).__name__), inputs, [name]))
    ends = [
        onnx.helper.make_tensor_value_info(end, onnx.TensorProto.FLOAT, shape)
        for end, shape in (("x", ["rows", *sample]), (name, None))
    ]
    graph = onnx.helper.make_graph(nodes, "network", ends[:1], ends[1:], tensors)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
