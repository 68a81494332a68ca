"""From PyTorch's state dicts to networks: names, shapes, architecture."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Callable, TypeVar, Union, overload

from tinynet._arrays import FLOAT32, check_dtype
from tinynet.errors import CheckpointError
from tinynet.initializers import zeros
from tinynet.layers import Dense, Layer, ReLU, Softmax
from tinynet.network import Sequential
from tinynet.torch_import.chain import find_chain
from tinynet.torch_import.export import to_torch_state_dict
from tinynet.torch_import.state_dict import is_too_large, read_state_dict

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["from_torch_state_dict", "to_torch_state_dict"]

Network = TypeVar("Network", bound=Layer)
Source = Union[str, "os.PathLike[str]", BinaryIO, Mapping[str, Any]]


@overload
def from_torch_state_dict(
    source: Source,
    network: None = None,
    *,
    activation: Callable[[], Layer] = ...,
    softmax: bool = ...,
    key: str | None = ...,
    strict: bool = ...,
    dtype: npt.DTypeLike = ...,
) -> Sequential: ...
@overload
def from_torch_state_dict(
    source: Source,
    network: Network,
    *,
    activation: Callable[[], Layer] = ...,
    softmax: bool = ...,
    key: str | None = ...,
    strict: bool = ...,
    dtype: npt.DTypeLike = ...,
) -> Network: ...
def from_torch_state_dict(
    source: Source,
    network: Layer | None = None,
    *,
    activation: Callable[[], Layer] = ReLU,
    softmax: bool = True,
    key: str | None = None,
    strict: bool = True,
    dtype: npt.DTypeLike = FLOAT32,
) -> Layer:
    """Build a network from a PyTorch state dict, or fill a given one, without PyTorch.

    Parameters
    ----------
    source : path, open binary file, or mapping of str to ndarray or torch.Tensor
        A ``.pth`` file as ``torch.save`` writes it, or the state dict itself. Wrappers such as
        ``{"epoch": 3, "model_state_dict": {...}}`` are looked through, the prefixes ``module.`` and ``_orig_mod.``
        stripped. Nothing in a file is executed.
    network : Layer, optional
        The network to fill, in place: parameters, and buffers such as running statistics. Its layers are matched by
        `name`, in networks of networks by the names together (``features.0``); where none has a name, in order.
        Without it, the file must hold the dense layers of one chain.
    activation : callable without arguments that returns a Layer
        What stands between two inferred dense layers. The file does not tell.
    softmax : bool
        Append `Softmax` to an inferred network, as a classifier trained on logits needs it for probabilities.
    key : str, optional
        Which entry of the file holds the state dict, where several could; dots lead into nested entries.
    strict : bool
        Refuse tensors that nothing uses. A missing one is always refused, but for ``num_batches_tracked``, which
        torch < 0.4.1 did not write.
    dtype : float32 or float64
        Of an inferred network; a given one keeps its own.

    Returns
    -------
    Sequential
        The inferred network, its dense layers named as in the file; or `network`.

    Raises
    ------
    CheckpointError
        If the file is damaged or unsafe, or holds no or several state dicts. If it does not fit `network`: the
        message names every key in question, and `network` is left as it was. If, without `network`, it holds no
        single chain of dense layers: the message prints a network to start from, with the names and sizes of the
        file; padding, pooling and activations, which no file tells, are a guess there.
    OSError
        If the file cannot be read.
    TypeError
        If an argument has a wrong type.

    Examples
    --------
    >>> import numpy as np
    >>> state_dict = {"fc1.weight": np.ones((4, 2)), "fc1.bias": np.zeros(4), "fc2.weight": np.ones((3, 4))}
    >>> from_torch_state_dict(state_dict)
    Sequential: 24 parameters, float32
        #  layer        output  parameters
      fc1  Dense 'fc1'  (N, 4)          12
        1  ReLU         (N, 4)           0
      fc2  Dense 'fc2'  (N, 3)          12
        3  Softmax      (N, 3)           0

    A convolutional network is built first; `save_checkpoint` and `to_torch_state_dict` are the way back.

    >>> import tinynet as tn
    >>> state_dict = {
    ...     "conv1.weight": np.ones((8, 1, 3, 3)), "conv1.bias": np.zeros(8), "bn1.weight": np.ones(8),
    ...     "bn1.bias": np.zeros(8), "bn1.running_mean": np.full(8, 9.0), "bn1.running_var": np.ones(8),
    ...     "fc.weight": np.ones((10, 1352)), "fc.bias": np.zeros(10),
    ... }
    >>> net = tn.Sequential(
    ...     tn.Conv2d(1, 8, 3, name="conv1"), tn.BatchNorm(8, name="bn1"), tn.ReLU(), tn.MaxPool2d(2),
    ...     tn.Flatten(), tn.Dense(1352, 10, name="fc"), tn.Softmax(),
    ... )
    >>> from_torch_state_dict(state_dict, net) is net
    True
    >>> net(np.zeros((2, 1, 28, 28))).shape, net.buffers["bn1.running_mean"][0].item()
    ((2, 10), 9.0)
    """
    if network is not None and not isinstance(network, Layer):
        raise TypeError(f"network must be a Layer or None, got {network!r}")
    dtype = check_dtype(dtype, "from_torch_state_dict")
    origin, tensors = read_state_dict(source, key)
    if network is None:
        network = _build(tensors, origin, activation, softmax, strict, dtype)
    else:
        from tinynet.torch_import.fill import fill  # not needed where a file tells its network

        fill(network, tensors, origin, strict)
    return network


def _build(
    tensors: dict[str, Any],
    origin: str,
    activation: Callable[[], Layer],
    softmax: bool,
    strict: bool,
    dtype: Any,
) -> Sequential:
    _make(activation)  # a wrong one is refused for a single layer, too
    layers: list[Layer] = []
    for affine in find_chain(tensors, origin, strict):
        if layers:
            layers.append(_make(activation))
        for array in (affine.weight, affine.bias):
            if array is not None and is_too_large(array, dtype):
                raise CheckpointError(
                    f"{origin}: {affine.weight_key} or its bias has numbers too large for {dtype}; pass "
                    "dtype='float64'"
                )
        out_features, in_features = affine.weight.shape
        dense = Dense(
            in_features,
            out_features,
            affine.bias is not None,
            initializer=zeros,
            dtype=dtype,
            name=affine.name,
        )
        dense.params["weight"] = affine.weight
        if affine.bias is not None:
            dense.params["bias"] = affine.bias
        layers.append(dense)
    if softmax:
        layers.append(Softmax())
    try:
        return Sequential(*layers)
    except ValueError as error:  # names that clash with the positions of other layers
        raise CheckpointError(f"{origin}: {error}") from error


def _make(activation: Callable[[], Layer]) -> Layer:
    layer = activation() if callable(activation) and not isinstance(activation, Layer) else None
    if not isinstance(layer, Layer):
        raise TypeError(
            f"activation must be a layer class such as ReLU, or a function that makes one, got {activation!r}"
        )
    return layer
