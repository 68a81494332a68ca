"""The network: layers one after another."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from tinynet._arrays import as_real
from tinynet._composition import state_prefixes
from tinynet._summary import summary_html, summary_text
from tinynet.errors import ShapeError
from tinynet.layers.activations import Softmax
from tinynet.layers.base import Layer
from tinynet.layers.parameters import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from tinynet._arrays import Array
    from tinynet._summary import Row
    from tinynet.layers.base import Shape

# Smaller chunks make the threads of BLAS meet more often, larger ones leave the cache; measured flat from 1 to 8 MiB.
CHUNK_BYTES = 1 << 22
MIN_CHUNK_ROWS = 64


class Sequential(Layer):
    """Layers one after another; itself a layer.

    Iterable and indexable: ``net[0]`` is the first layer, ``net[:-1]`` a network of all but the last one. Such a
    slice shares its layers, and so its parameters, with the whole.

    Parameters
    ----------
    *layers : Layer
        At most once each, all parameters of one dtype.
    name : str, optional

    Attributes
    ----------
    params, grads : dict of str to ndarray
        Those of all layers under their state-dict names: the layer's name, or its position, then the parameter's:
        ``fc1.weight``, ``0.weight``.

    Raises
    ------
    ShapeError
        If neighbours do not fit together.
    TypeError, ValueError
        If something is not a layer, occurs twice, or has another dtype than the rest.

    Examples
    --------
    >>> import tinynet as tn
    >>> net = tn.Sequential(tn.Dense(784, 128, rng=0), tn.ReLU(), tn.Dense(128, 10, rng=1), tn.Softmax())
    >>> net
    Sequential: 101,770 parameters, float32
      #  layer    output    parameters
      0  Dense    (N, 128)     100,480
      1  ReLU     (N, 128)           0
      2  Dense    (N, 10)        1,290
      3  Softmax  (N, 10)            0
    >>> net.predict_proba(np.zeros((5, 784))).shape, net[:-1](np.zeros((5, 784))).shape
    ((5, 10), (5, 10))
    """

    def __init__(self, *layers: Layer, name: str | None = None) -> None:
        self._prefixes = state_prefixes(layers)
        self.layers = layers
        params = {
            f"{prefix}.{key}": array
            for prefix, layer in zip(self._prefixes, layers)
            for key, array in layer.params.items()
        }
        super().__init__(params=params, name=name)
        self._output_shape(None)

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    @overload
    def __getitem__(self, index: int) -> Layer: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Layer | Sequential:
        """Return one layer, or for a slice a network that shares its layers with this one."""
        if isinstance(index, slice):
            return Sequential(*self.layers[index])
        return self.layers[index]

    def __call__(self, x: Array, *, batch_size: int | None = None) -> Array:
        """Evaluate the network (inference); touches no state and is safe from many threads at once.

        Parameters
        ----------
        x : ndarray of shape (N, ...)
            May be a memory map: it is read and cast in chunks.
        batch_size : int, optional
            Rows in a chunk; by default as many as keep the activations in the processor's cache. It bounds the
            memory and changes no result beyond rounding.

        Returns
        -------
        ndarray of shape (N, ...)
            A new array.

        Raises
        ------
        ShapeError, TypeError
            If a layer cannot take its input; the message names the layer and its position.
        ValueError
            If `batch_size` is not positive.
        """
        if type(x) is not np.ndarray or x.ndim == 0:
            x = _as_rows(x, self.label)
        rows = MIN_CHUNK_ROWS if batch_size is None else _positive(batch_size)
        if len(x) <= rows:
            return super().__call__(x)
        if batch_size is None:
            rows = self._chunk_rows(x.shape[1:])
        first, _ = self._infer(self._as_input(x[:rows]), False)
        result = np.empty((len(x), *first.shape[1:]), dtype=first.dtype)
        result[:rows] = first
        for start in range(rows, len(x), rows):
            result[start : start + rows], _ = self._infer(self._as_input(x[start : start + rows]), False)
        return result

    def predict_proba(self, x: Array, *, batch_size: int | None = None) -> Array:
        """Return the probability of each class for every row.

        Parameters
        ----------
        x, batch_size
            As for calling the network.

        Returns
        -------
        ndarray of shape (N, C)
            Rows that sum to 1.

        Raises
        ------
        ValueError
            If the network does not end in a layer that gives probabilities.
        """
        if not self._gives_probabilities():
            raise ValueError(
                f"{self.label}: predict_proba needs a network that ends in Softmax, this one ends in "
                f"{self.layers[-1].label if self.layers else 'nothing'}; use net(x), or append Softmax()"
            )
        return self(x, batch_size=batch_size)

    def predict(self, x: Array, *, batch_size: int | None = None) -> npt.NDArray[np.intp]:
        """Return the class with the largest output for every row, the first of equal ones.

        Parameters
        ----------
        x, batch_size
            As for calling the network.

        Returns
        -------
        ndarray of int of shape (N,)

        Raises
        ------
        ShapeError
            If the network does not give rows of at least one class.
        """
        y = self(x, batch_size=batch_size)
        if y.ndim != 2 or y.shape[1] == 0:
            raise ShapeError(f"{self.label}: predict needs an output of shape (N, C), got {y.shape}")
        classes: npt.NDArray[np.intp] = y.argmax(axis=1)
        return classes

    def _gives_probabilities(self) -> bool:
        last = self.layers[-1] if self.layers else None
        return last._gives_probabilities() if isinstance(last, Sequential) else isinstance(last, Softmax)

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        i = 0
        try:
            for i, layer in enumerate(self.layers):  # noqa: B007 - the handler needs i
                x, scratch = layer._infer(x, scratch)
        except ShapeError as error:
            raise _at(i, error) from None
        return x, scratch

    def _forward(self, x: Array, training: bool) -> tuple[Array, Any]:
        contexts = []
        i = 0
        try:
            for i, layer in enumerate(self.layers):  # noqa: B007
                x, context = layer._forward(x, training)
                contexts.append(context)
        except ShapeError as error:
            raise _at(i, error) from None
        return x, contexts

    def _backward(self, context: Any, grad: Array) -> tuple[Array, Any]:
        grads = []
        for layer, layer_context in zip(reversed(self.layers), reversed(context)):
            grad, layer_grads = layer._backward(layer_context, grad)
            grads.append(layer_grads)
        return grad, grads[::-1]

    def _set_grads(self, grads: Any, others: tuple[Array, ...]) -> None:
        self.grads = {}
        for prefix, layer, layer_grads in zip(self._prefixes, self.layers, grads):
            layer._set_grads(layer_grads, others)
            self.grads.update({f"{prefix}.{key}": array for key, array in layer.grads.items()})

    def _output_shape(self, shape: Shape | None) -> Shape | None:
        for shape in self._shapes(shape):  # noqa: B007, B020 - the last one is the answer
            pass
        return shape

    def _shapes(self, shape: Shape | None) -> Iterator[Shape | None]:
        """Yield the output shape of each layer, without the batch axis."""
        for i, layer in enumerate(self.layers):
            try:
                shape = layer._output_shape(shape)
            except ShapeError as error:
                raise _at(i, error) from None
            yield shape

    def _chunk_rows(self, shape: Shape) -> int:
        """Return how many rows of `shape` keep the widest activation within `CHUNK_BYTES`."""
        sizes = [prod(size) for size in self._shapes(shape) if size is not None]
        itemsize = 8 if self.dtype is None else self.dtype.itemsize
        return max(MIN_CHUNK_ROWS, CHUNK_BYTES // (itemsize * max([1, *sizes])))

    def __repr__(self) -> str:
        return summary_text(self.label, self.params, self.dtype, self._table())

    def _repr_html_(self) -> str:
        return summary_html(self.label, self.params, self.dtype, self._table())

    def _table(self) -> list[Row]:
        """Return one row for each layer: its prefix, label, output shape and number of parameters."""
        rows = zip(self._prefixes, self.layers, self._shapes(None))
        return [(prefix, layer.label, shape, count(layer.params)) for prefix, layer, shape in rows]


def _at(i: int, error: ShapeError) -> ShapeError:
    return ShapeError(f"layer {i}: {error}")


def _as_rows(x: Any, owner: str) -> Array:
    rows: Array = x if isinstance(x, np.memmap) else as_real(x, owner)
    if rows.ndim == 0:
        raise ShapeError(f"{owner} expects a batch of shape (N, ...), got a single number")
    return rows


def _positive(batch_size: Any) -> int:
    if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)):
        raise TypeError(f"batch_size must be an integer or None, got {batch_size!r}")
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    return int(batch_size)
