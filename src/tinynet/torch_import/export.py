"""From networks to PyTorch's state dicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinynet.layers import Layer

if TYPE_CHECKING:
    from tinynet._arrays import Array


def to_torch_state_dict(network: Layer) -> dict[str, Array]:
    """Return the parameters and buffers of a network under the names that PyTorch gives them, in its order.

    Parameters
    ----------
    network : Layer
        Layers with a name keep it (``fc1.weight``), the others count (``0.weight``), as in ``torch.nn.Sequential``.

    Returns
    -------
    dict of str to ndarray
        Copies in C order. The shapes are PyTorch's already; ``{k: torch.from_numpy(v) for k, v in ...}`` fits
        ``load_state_dict``, running statistics and the count of batches included.

    Raises
    ------
    TypeError
        If `network` is no layer.

    Examples
    --------
    >>> import tinynet as tn
    >>> list(to_torch_state_dict(tn.Sequential(tn.Dense(4, 3, name="fc1"), tn.ReLU(), tn.Dense(3, 2))))
    ['fc1.weight', 'fc1.bias', '2.weight', '2.bias']
    >>> list(to_torch_state_dict(tn.Sequential(tn.BatchNorm(8, name="bn"))))
    ['bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var', 'bn.num_batches_tracked']
    """
    if not isinstance(network, Layer):
        raise TypeError(f"to_torch_state_dict takes a Layer, got {network!r}")
    return {key: array.copy() for key, array in network._state().items()}
