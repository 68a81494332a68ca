"""The network: layers one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np

from tinynet._arrays import check_positive
from tinynet._chunks import as_rows, chunk_rows, fewest_rows, gather
from tinynet._composition import (
    check_layers,
    collect_state,
    evaluation_stages,
    prefixed,
    state_prefixes,
)
from tinynet._summary import summary_html, summary_text
from tinynet.errors import ShapeError
from tinynet.layers.base import Layer
from tinynet.layers.parameters import Buffers, Parameters, count
from tinynet.layers.softmax import LogSoftmax, Softmax

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Callable

    import numpy.typing as npt
    from numpy.typing import ArrayLike

    from tinynet._arrays import Array
    from tinynet._composition import Stage
    from tinynet._summary import Row
    from tinynet.layers.base import Shape


class Sequential(Layer):
    """Layers one after another; itself a layer.

    Iterable and indexable: ``net[0]`` is the first layer, ``net["fc1"]`` the one of that name, ``net[:-1]`` a network
    of all but the last one. Such a slice shares its layers, and so its parameters, with the whole.

    Parameters
    ----------
    *layers : Layer
        At most once each, all parameters of one dtype.
    name : str, optional

    Attributes
    ----------
    params, buffers, grads : dict of str to ndarray
        Those of all layers under their state-dict names: the layer's name, or its position, then the array's:
        ``fc1.weight``, ``0.weight``.

    Raises
    ------
    ShapeError
        If neighbours do not fit together.
    TypeError, ValueError
        If something is not a layer, occurs twice, or has another dtype than the rest.

    Notes
    -----
    Its recursion forward is derived in :doc:`/derivations/forward`, that backward in
    :doc:`/derivations/backpropagation`.

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
        check_layers(layers)
        self._assemble(layers, state_prefixes(layers), name)

    def _assemble(self, layers: tuple[Layer, ...], prefixes: list[str], name: str | None) -> None:
        self.layers = layers
        self._prefixes = prefixes
        self._stages = self._evaluated()
        collect_state(prefixes, layers)  # refuses names that occur twice
        super().__init__(params=self._collected("params"), buffers=self._collected("buffers"), name=name)
        self._output_shape(None)

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    @overload
    def __getitem__(self, index: int | str) -> Layer: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | str | slice) -> Layer | Sequential:
        """Return one layer, by place or name, or for a slice a network that shares layers and names with this."""
        if isinstance(index, str):
            if index not in self._prefixes:
                raise KeyError(f"{self.label} has no layer {index!r}; it has {', '.join(self._prefixes)}")
            return self.layers[self._prefixes.index(index)]
        if not isinstance(index, slice):
            return self.layers[index]
        part = Sequential.__new__(Sequential)
        part._assemble(self.layers[index], self._prefixes[index], None)
        return part

    def __call__(self, x: ArrayLike, *, batch_size: int | None = None) -> Array:
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
        TypeError, ValueError
            If `batch_size` is no positive integer.
        """
        if type(x) is not np.ndarray or x.ndim == 0:
            x = as_rows(x, self.label, self.dtype)
        rows = fewest_rows(x) if batch_size is None else check_positive(batch_size, f"{self.label}: batch_size")
        if len(x) <= rows:
            return super().__call__(x)
        return gather(x, rows if batch_size else self._chunk_rows(x), self._infer_chunk)

    def _chunk_rows(self, x: Array) -> int:
        try:
            return chunk_rows(x, self._shapes(x.shape[1:]), self.dtype)
        except ShapeError:
            return len(x)  # fails in the same layer, and tells the true shape

    def _infer_chunk(self, x: Array) -> Array:
        y, _ = self._infer(self._as_input(x), False)
        if y.shape[:1] != x.shape[:1]:
            raise ShapeError(f"{self.label}: every row must give one, but {len(x)} rows gave the shape {y.shape}")
        return y

    def predict_proba(self, x: ArrayLike, *, batch_size: int | None = None) -> Array:
        """Return the probability of each class for every row or image.

        Parameters
        ----------
        x, batch_size
            As for `predict`.

        Returns
        -------
        ndarray of shape (N, C)
            Rows that sum to 1: what a final `Softmax` gives, or the exponentials of what a final `LogSoftmax` gives.
            One image gives one row, (1, C).

        Raises
        ------
        ShapeError
            As for `predict`.
        ValueError
            If the network ends in neither.
        """
        from tinynet._ending import last_layer  # late, for it imports this module

        last = last_layer(self)
        if not isinstance(last, (Softmax, LogSoftmax)):
            raise ValueError(
                f"{self.label}: predict_proba needs a network that ends in Softmax or LogSoftmax, this one ends in "
                f"{last.label if last is not None else 'nothing'}; use net(x), or append Softmax()"
            )
        if isinstance(last, LogSoftmax):
            return self._of_images(x, batch_size, "predict_proba", lambda y: np.exp(y, out=y))
        return self._of_images(x, batch_size, "predict_proba", lambda y: y)

    def predict(self, x: ArrayLike, *, batch_size: int | None = None) -> npt.NDArray[np.intp]:
        """Return the class with the largest output for every row or image, the first of equal ones.

        Parameters
        ----------
        x : array_like of shape (N, ...), or images as they come
            What the network takes is taken as it is. Any other array is taken to be one image or a stack of them, of
            shape (H, W), (N, H, W), (N, C, H, W) or (C, H, W), or a single row, and is laid out as the network needs
            it: as rows of pixels, or with a channel axis; rows become square images for a network of images.
        batch_size : int, optional
            As for calling the network.

        Returns
        -------
        ndarray of int of shape (N,)
            One image is a batch of one, and gives (1,).

        Raises
        ------
        ShapeError
            If the network can take `x` in no layout; the message tells which shapes it takes. Or if it does not give
            rows of at least one class.
        TypeError
            If `x` does not hold real numbers.
        ValueError
            If an output is NaN, which is no class: the input has NaN or infinity, or a weight has.

        Notes
        -----
        Images of uint8 are pixels, 0..255, and are divided by 255, as `tinynet.datasets.normalize` does without
        arguments. No other number is changed: floats must be scaled as those that the network was trained with, by
        `normalize` with its `mean` and `std` if need be. Neither is uint8 in rows, (N, features) for a network that
        takes such: a table may hold anything. Where a shape can be read in two ways, as (28, 28) by a network of 28
        features, the network's own comes first: 28 rows.

        This holds for `predict`, `predict_proba` and `tinynet.fit`. ``net(x)`` and `forward` take arrays in the shape
        that the first layer needs, and all numbers as they are.

        Examples
        --------
        >>> import tinynet as tn
        >>> net = tn.Sequential(tn.Dense(784, 10, rng=0), tn.Softmax())
        >>> images = np.full((5, 28, 28), 255, np.uint8)
        >>> net.predict(images).shape, net.predict(images[0]).shape
        ((5,), (1,))
        >>> bool((net.predict_proba(images) == net(np.ones((5, 784)))).all())
        True
        """
        return self._of_images(x, batch_size, "predict", self._classes)

    def _classes(self, y: Array) -> npt.NDArray[np.intp]:
        if y.ndim != 2 or y.shape[1] == 0:
            raise ShapeError(f"{self.label}: predict needs an output of shape (N, C), got {y.shape}")
        classes: npt.NDArray[np.intp] = y.argmax(axis=1)
        # NaN counts as the largest; of one row it is found in a tenth of the time.
        largest = y.item(classes.item()) if len(y) == 1 else y.max(initial=0)
        if largest != largest:
            raise ValueError(
                f"{self.label}: predict found NaN among the outputs, which is no class: look for NaN and infinity in "
                "the input, and in the weights; np.isnan(net(x)).any(axis=1) tells the rows"
            )
        return classes

    def _of_images(self, x: ArrayLike, batch_size: int | None, method: str, keep: Callable[[Array], Array]) -> Array:
        """Return what `keep` makes of the output for what the network takes, or for images in another layout."""
        if type(x) is np.ndarray and (x.ndim == 2 or x.dtype.kind == "f"):  # never scaled, and rarely laid out
            try:
                y = self(x, batch_size=batch_size)
            except ShapeError:
                pass
            else:
                return keep(y)
        from tinynet._images import evaluate_images  # not before it is used: a new process predicts rows sooner

        return evaluate_images(self, x, batch_size, keep, f"{self.label}: {method}")

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        try:
            for stage in self._stages:
                x, scratch = stage._infer(x, scratch)
        except ShapeError as error:
            raise self._refused(stage, x, error) from None
        return x, scratch

    def _forward(self, x: Array, training: bool) -> tuple[Array, Any]:
        contexts = []
        try:
            for stage in self._stages:
                x, context = stage._evaluate(x, training)
                contexts.append(context)
        except ShapeError as error:
            raise self._refused(stage, x, error) from None
        return x, contexts

    def _update(self, context: Any) -> None:
        for stage, stage_context in zip(self._stages, context):
            stage._update(stage_context)

    def _backward(self, context: Any, grad: Array) -> tuple[Array, Any]:
        grads = []
        for stage, stage_context in zip(reversed(self._stages), reversed(context)):
            grad, stage_grads = stage._differentiate(stage_context, grad)
            grads.append(stage_grads)
        return grad, grads[::-1]

    def _parameter_gradients(self, context: Any, grad: Array) -> Any:
        # Nothing flows back into what has no parameters and comes before all that has some.
        stages = self._stages
        first = next((i for i, stage in enumerate(stages) if stage.params), len(stages))
        grads: list[Any] = [{} for _ in stages]
        for i in range(len(stages) - 1, first, -1):
            grad, grads[i] = stages[i]._differentiate(context[i], grad)
        if first < len(stages):
            grads[first] = stages[first]._parameter_gradients(context[first], grad)
        return grads

    def _set_grads(self, grads: Any, taken: list[Array]) -> None:
        for stage, stage_grads in zip(self._stages, grads):
            stage._set_grads(stage_grads, taken)

    @property
    def grads(self) -> dict[str, Array]:
        """The gradients of the layers, under the keys of `params`."""
        return self._collected("grads")

    @grads.setter
    def grads(self, grads: dict[str, Array]) -> None:
        for prefix, layer in zip(self._prefixes, self.layers):
            names = {key: f"{prefix}.{key}" for key in layer.params}
            layer.grads = {key: grads[name] for key, name in names.items() if name in grads}

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what `__setstate__` rebuilds."""
        return {key: value for key, value in super().__getstate__().items() if key != "_stages"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Rebuild what refers to the layers and their arrays: not every pickler keeps two references together."""
        self.__dict__.update(state)
        self._stages = self._evaluated()
        self.__dict__["params"] = Parameters(self.label, self._collected("params"))
        self.__dict__["buffers"] = Buffers(self.label, self._collected("buffers"))

    def _collected(self, kind: str) -> dict[str, Array]:
        """Return the ``params``, ``buffers`` or ``grads`` of all layers under their full names."""
        return prefixed(self._prefixes, [getattr(layer, kind) for layer in self.layers])

    def _state(self) -> dict[str, Array]:
        return collect_state(self._prefixes, self.layers)

    def _output_shape(self, shape: Shape | None) -> Shape | None:
        for shape in self._shapes(shape):  # noqa: B007, B020 - the last one is the answer
            pass
        return shape

    def _shapes(self, shape: Shape | None) -> Iterator[Shape | None]:
        """Yield the output shape of each layer, without the batch axis."""
        for layer in self.layers:
            try:
                shape = layer._output_shape(shape)
            except ShapeError as error:
                raise self._at(layer, error) from None
            yield shape

    def _evaluated(self) -> list[Stage]:
        """Return what is evaluated one after another: all layers, if a subclass has a way of its own through them."""
        ways = "_forward", "_backward", "_update", "_set_grads"
        own = any(getattr(type(self), way) is not getattr(Sequential, way) for way in ways)
        return list(self.layers) if own else evaluation_stages(self.layers)

    def _refused(self, stage: Stage, x: Array, error: ShapeError) -> ShapeError:
        """Return the error of a stage that was given `x`, with the position of the layer that refuses in front."""
        return self._at(stage if isinstance(stage, Layer) else stage._refusing_layer(x), error)

    def _at(self, layer: Layer, error: ShapeError) -> ShapeError:
        """Return the error of one layer with the layer's position in front."""
        return ShapeError(f"layer {self.layers.index(layer)}: {error}")

    def __repr__(self) -> str:
        return summary_text(self.label, self.params, self.dtype, self._table())

    def _repr_html_(self) -> str:
        return summary_html(self.label, self.params, self.dtype, self._table())

    def _table(self) -> list[Row]:
        """Return one row for each layer: its prefix, label, output shape and number of parameters."""
        rows = zip(self._prefixes, self.layers, self._shapes(None))
        return [(prefix, layer.label, shape, count(layer.params)) for prefix, layer, shape in rows]
