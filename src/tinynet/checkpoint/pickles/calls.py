"""The fixed table of what REDUCE may do: every function that a checkpoint calls, done here by hand."""

from __future__ import annotations

from typing import Any, Callable

from tinynet.checkpoint.pickles import tensor_calls, values
from tinynet.checkpoint.pickles.context import CallContext, damaged
from tinynet.checkpoint.pickles.inert import SAVE_ALONE, CalledDict, Instance, Name, Ordered, describe, unknown_call
from tinynet.errors import CheckpointError

Handler = Callable[[CallContext, "tuple[Any, ...]"], Any]


def call(context: CallContext, function: Any, arguments: Any) -> Any:
    """Return what `function` would return for `arguments`, if it is one of the table."""
    if type(function) is not Name or type(arguments) is not tuple:
        raise CheckpointError(f"the pickle calls a value of type {describe(function)}")
    context.making_object()
    handler = _CALLS.get(function.path) or _rare_call(function.path)
    if handler is not None:
        return handler(context, arguments)
    if function.path in _UNSUPPORTED:
        raise CheckpointError(f"it is {_UNSUPPORTED[function.path]}, which is not supported")
    if arguments:
        raise unknown_call(function)
    return CalledDict(function)


def _rare_call(path: str) -> Handler | None:
    if not path.startswith(("numpy.", "datetime.", "pathlib.")):
        return None
    # Few files need them, and who loads one state dict and predicts waits for every import.
    from tinynet.checkpoint.pickles import numpy_values, side_values

    return numpy_values.CALLS.get(path) or side_values.CALLS.get(path)


def new_object(context: CallContext, cls: Any, arguments: Any) -> Any:
    """Make an inert object of a class that the file names."""
    if type(cls) is not Name or type(arguments) is not tuple:
        raise CheckpointError(f"the pickle makes an object of a value of type {describe(cls)}")
    if arguments:
        raise CheckpointError(f"the pickle makes a {cls.path!r} from arguments, which is refused; {SAVE_ALONE}")
    context.making_object()
    return Ordered() if cls.path == "collections.OrderedDict" else Instance(cls)


def _from_type(context: CallContext, arguments: tuple[Any, ...]) -> Any:
    """Do `_rebuild_from_type_v2(function, type, arguments, state)`: a tensor with attributes, or of a subclass."""
    if len(arguments) != 4 or type(arguments[0]) is not Name or type(arguments[2]) is not tuple:
        raise damaged("a tensor with attributes")
    if _CALLS.get(arguments[0].path) not in (tensor_calls.tensor, tensor_calls.tensor_v3, tensor_calls.parameter):
        raise CheckpointError(f"a tensor with attributes is rebuilt by {arguments[0].path!r}, which is refused")
    tensor_calls.check_attributes(arguments[3])
    return call(context, arguments[0], arguments[2])


def _opaque(path: str) -> Callable[[CallContext, tuple[Any, ...]], Instance]:
    cls = Name(*path.rsplit(".", 1))

    def make(context: CallContext, arguments: tuple[Any, ...]) -> Instance:
        return Instance(cls)

    return make


_CALLS: dict[str, Handler] = {
    "torch._utils._rebuild_tensor": tensor_calls.tensor,
    "torch._utils._rebuild_tensor_v2": tensor_calls.tensor,
    "torch._utils._rebuild_tensor_v3": tensor_calls.tensor_v3,
    "torch._utils._rebuild_parameter": tensor_calls.parameter,
    "torch._utils._rebuild_parameter_with_state": tensor_calls.parameter,
    "torch.nn.parameter.Parameter": tensor_calls.parameter,
    "torch._tensor._rebuild_from_type": _from_type,
    "torch._tensor._rebuild_from_type_v2": _from_type,
    "torch.tensor._rebuild_from_type": _from_type,
    "collections.OrderedDict": values.ordered_dict,
    "collections.defaultdict": values.default_dict,
    "collections.Counter": values.counter,
    "collections.deque": values.as_list,
    "builtins.set": values.as_set,
    "builtins.bytearray": values.as_bytearray,
    "builtins.bytes": values.empty_bytes,
    "builtins.complex": values.as_complex,
    "_codecs.encode": values.encode,
    "torch.Size": values.as_tuple,
    "torch.device": values.device,
    "torch.jit._pickle.build_intlist": values.as_list,
    "torch.jit._pickle.build_doublelist": values.as_list,
    "torch.jit._pickle.build_boollist": values.as_list,
    "torch.jit._pickle.build_tensorlist": values.as_list,
    "torch.jit._pickle.restore_type_tag": values.first,
    "builtins.frozenset": values.as_set,
    "builtins.range": values.as_range,
    "copyreg._reconstructor": values.old_object,
}
for _path in ("functools.partial", "types.SimpleNamespace", "torch.nn.backends.thnn._get_thnn_function_backend"):
    _CALLS[_path] = _opaque(_path)

_UNSUPPORTED = {
    "torch._utils._rebuild_qtensor": "a quantized tensor",
    "torch._utils._rebuild_sparse_tensor": "a sparse tensor",
    "torch._utils._rebuild_sparse_csr_tensor": "a sparse tensor",
    "torch.serialization._get_layout": "a sparse tensor",
    "torch._utils._rebuild_meta_tensor_no_storage": "a meta tensor (a shape without values)",
    "torch._utils._rebuild_nested_tensor": "a nested tensor",
    "torch._utils._rebuild_wrapper_subclass": "a tensor of a wrapper class",
    "torch._utils._rebuild_device_tensor_from_numpy": "a tensor of another device",
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": "a tensor of another device",
    "torch.storage._load_from_bytes": "a pickle within the pickle",
}
