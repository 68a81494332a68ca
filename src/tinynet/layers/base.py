"""The base class of every layer: it checks, casts and remembers, so that a layer is two pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._arrays import FLOAT32, as_real, unshared
from tinynet.errors import BackwardError, ShapeError
from tinynet.layers.parameters import Parameters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tinynet._arrays import Array

    Shape = tuple[int, ...]


class Layer:
    """What all layers share: inference, training, parameters and gradients.

    A layer of one's own overrides ``_forward`` and ``_backward``, and ``_output_shape`` where it can be told.
    They are pure: they neither write to the layer nor to the arrays that they are given. In inference
    (``training=False``) every row of a batch is treated on its own.

    Parameters
    ----------
    params : mapping of str to ndarray, optional
        The trainable arrays, all of one dtype. The layer keeps these very arrays.
    name : str, optional
        The prefix in a state dict: ``fc1`` gives ``fc1.weight``.

    Attributes
    ----------
    params : dict of str to ndarray
        The arrays themselves. ``params[key] = value`` copies values into them.
    grads : dict of str to ndarray
        The gradients of the last `backward`, under the keys of `params`; empty before it.
    name : str or None
        Fixed, as the keys of every network around the layer are made of it.
    dtype : dtype or None
        That of the parameters, None without any.

    Examples
    --------
    >>> class Square(Layer):
    ...     def _forward(self, x, training):
    ...         return x**2, x
    ...     def _backward(self, context, grad):
    ...         return 2 * context * grad, {}
    >>> square = Square()
    >>> square([[3.0]]).tolist(), square.forward([[3.0]], training=True).tolist(), square.backward([[1.0]]).tolist()
    ([[9.0]], [[9.0]], [[6.0]])
    """

    def __init__(self, *, params: Mapping[str, Array] | None = None, name: str | None = None) -> None:
        if name is not None and (not isinstance(name, str) or not name):
            raise TypeError(f"{type(self).__name__}: name must be a non-empty string or None, got {name!r}")
        self._name = name
        self.params: dict[str, Array] = Parameters(self.label, params or {})
        dtypes = {array.dtype for array in self.params.values()}
        if len(dtypes) > 1:
            kinds = ", ".join(f"{key} {array.dtype}" for key, array in self.params.items())
            raise TypeError(f"{self.label}: all parameters must have one dtype, got {kinds}")
        self.dtype: np.dtype[Any] | None = dtypes.pop() if dtypes else None
        self.grads: dict[str, Array] = {}
        self._pending: tuple[Any, Array] | None = None

    def _forward(self, x: Array, training: bool) -> tuple[Array, Any]:
        """Return the output and whatever ``_backward`` needs; pure."""
        raise NotImplementedError(f"{type(self).__name__} does not define _forward")

    def _backward(self, context: Any, grad: Array) -> tuple[Array, Any]:
        """Return the gradients with respect to the input and, as a dict, to the parameters; pure."""
        raise NotImplementedError(f"{type(self).__name__} does not define _backward")

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        """Return the output, and whether it is a new array that nothing else refers to.

        `scratch` tells that `x` is such an array: it may then be overwritten. Override this only for speed.
        """
        return self._forward(x, False)[0], False

    def _output_shape(self, shape: Shape | None) -> Shape | None:
        """Return the output's shape for an input's, both without the batch axis; None where it is unknown."""
        return None

    @property
    def name(self) -> str | None:
        """The prefix in a state dict, or None."""
        return self._name

    @property
    def label(self) -> str:
        """The layer as error messages and tables call it: its class and, in quotes, its name."""
        kind = type(self).__name__
        return kind if self.name is None else f"{kind} {self.name!r}"

    def __call__(self, x: Array) -> Array:
        """Evaluate the layer (inference); touches no state and is safe from many threads at once.

        Parameters
        ----------
        x : ndarray of shape (N, ...)
            Cast to the dtype of the parameters; without parameters float32 and float64 stay, the rest becomes
            float32.

        Returns
        -------
        ndarray
            A new array.

        Raises
        ------
        ShapeError
            If the layer cannot take the shape of `x`.
        TypeError
            If `x` does not hold real numbers.
        """
        y, fresh = self._infer(self._as_input(x), False)
        return y if fresh else unshared(y, [np.asarray(x), *self.params.values()])

    def forward(self, x: Array, training: bool = False) -> Array:
        """Evaluate the layer and, with `training`, remember what `backward` needs.

        Parameters
        ----------
        x : ndarray of shape (N, ...)
            Cast as in inference. With `training` the layer keeps a copy of its own.
        training : bool
            Without it this is inference, the same as calling the layer.

        Returns
        -------
        ndarray
            A new array.

        Raises
        ------
        ShapeError, TypeError
            As in inference.

        Notes
        -----
        A second training forward replaces what the first remembered: `backward` belongs to the last one.
        """
        if not training:
            return self(x)
        own = unshared(self._as_input(x), [x] if isinstance(x, np.ndarray) else [np.asarray(x)])
        y, context = self._forward(own, True)
        self._pending = context, y
        return y.copy()  # the context may hold y, and the caller may write into the result

    def backward(self, grad: Array) -> Array:
        """Propagate a gradient from the output to the input, and fill `grads`.

        Parameters
        ----------
        grad : ndarray of the shape of the last output
            The gradient of the loss with respect to the output of ``forward(x, training=True)``.

        Returns
        -------
        ndarray of the shape of the input
            The gradient of the loss with respect to `x`; a new array.

        Raises
        ------
        BackwardError
            If no ``forward(x, training=True)`` came before; each `backward` uses up one.
        ShapeError
            If `grad` has another shape than the output. What `forward` remembered is kept.
        """
        if self._pending is None:
            raise BackwardError(
                f"{self.label}: backward needs a forward(x, training=True) before it, and each backward uses up one"
            )
        context, y = self._pending
        given, grad = grad, as_real(grad, f"{self.label}.backward", y.dtype)
        if grad.shape != y.shape:
            raise ShapeError(f"{self.label}: backward expects a gradient of shape {y.shape}, got {grad.shape}")
        self._pending = None
        grad_x, grads = self._backward(context, grad)
        grad_x = unshared(grad_x, [np.asarray(given)])
        self._set_grads(grads, (grad_x, np.asarray(given)))
        return grad_x

    def _set_grads(self, grads: Any, others: tuple[Array, ...]) -> None:
        """Keep what ``_backward`` returned, apart from the arrays that are the caller's."""
        self.grads = {key: unshared(grad, others) for key, grad in grads.items()}

    def _as_input(self, x: Any) -> Array:
        return as_real(x, self.label, self.dtype, FLOAT32)

    def _refuse(self, expected: str, shape: tuple[int | str, ...], hint: str = "") -> ShapeError:
        """Return the error for an input of `shape`; every layer words it the same way."""
        got = "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
        return ShapeError(f"{self.label} expects an input of shape {expected}, got {got}{hint}")

    def __getstate__(self) -> dict[str, Any]:
        """Pickle and copy the parameters; gradients and what `forward` remembered stay behind."""
        return {**self.__dict__, "grads": {}, "_pending": None}

    def __repr__(self) -> str:
        name = "" if self.name is None else f"name={self.name!r}"
        return f"{type(self).__name__}({name})"
