"""The base class of every layer: it checks, casts and remembers, so that a layer is two pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np

from tinynet._arrays import FLOAT32, as_real, unshared
from tinynet._memory import empty_like
from tinynet.errors import BackwardError, ShapeError
from tinynet.layers.parameters import Buffers, Parameters

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from numpy.typing import ArrayLike

    from tinynet._arrays import Array

    Shape = tuple[int, ...]

# Networks around a layer are built on these; other values would leave them behind.
_FIXED = frozenset(("params", "buffers", "dtype", "name", "layers"))


class Layer:
    """What all layers share: inference, training, parameters and gradients.

    A layer of one's own overrides ``_forward`` and ``_backward``, and ``_output_shape`` where it can be told.
    They are pure: they neither write to the layer nor to the arrays that they are given. In inference
    (``training=False``) every row of a batch is treated on its own. What a layer records in training it takes over
    in ``_update``.

    Parameters
    ----------
    params : mapping of str to ndarray, optional
        The trainable arrays, all of one dtype. The layer keeps these very arrays.
    buffers : mapping of str to ndarray, optional
        Arrays that belong to the layer's state but are not trained, such as running statistics: of that dtype, or
        int64.
    name : str, optional
        The prefix in a state dict: ``fc1`` gives ``fc1.weight``.

    Attributes
    ----------
    params : dict of str to ndarray
        The arrays themselves, float32 or float64. ``params[key] = value`` copies values into them.
    grads : dict of str to ndarray
        The gradients of the last `backward`, under the keys of `params`; empty before it.
    buffers : dict of str to ndarray
        The arrays themselves, assigned to as `params` are.
    name : str or None
        Fixed, as `params`, `buffers` and `dtype` are: the networks around the layer are built on them.
    dtype : dtype or None
        That of the parameters and buffers, None without any.

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

    def __init__(
        self,
        *,
        params: Mapping[str, Array] | None = None,
        buffers: Mapping[str, Array] | None = None,
        name: str | None = None,
    ) -> None:
        if name is not None and not (isinstance(name, str) and name and name.isprintable()):
            raise TypeError(
                f"{type(self).__name__}: name must be a printable, non-empty string or None, got {name!r}"
            )
        self.name = name
        self.params: dict[str, Array] = Parameters(self.label, params or {})
        self.buffers: dict[str, Array] = Buffers(self.label, buffers or {})
        dtypes = {array.dtype for array in (self.params, self.buffers) if array.dtype is not None}
        if len(dtypes) > 1 or self.params.keys() & self.buffers.keys():
            raise TypeError(f"{self.label}: parameters and buffers must have one dtype, and names of their own")
        self.dtype: np.dtype[Any] | None = self.params.dtype or self.buffers.dtype
        self._grads: dict[str, Array] = {}
        self._pending: tuple[Any, Array, Shape] | None = None

    def __init_subclass__(cls) -> None:
        # An inherited shortcut would pass by the _forward or _backward that a subclass, or a mixin, has of its own.
        for method, shortcut in (("_forward", "_infer"), ("_backward", "_parameter_gradients")):
            definer = next(base for base in cls.__mro__ if method in base.__dict__ or shortcut in base.__dict__)
            if shortcut not in definer.__dict__:
                setattr(cls, shortcut, getattr(Layer, shortcut))

    def _forward(self, x: Array, training: bool) -> tuple[Array, Any]:
        """Return the output and whatever ``_backward`` needs; pure."""
        raise NotImplementedError(
            f"{type(self).__name__} does not define _forward (a layer overrides _forward, not forward)"
        )

    def _backward(self, context: Any, grad: Array) -> tuple[Array, Any]:
        """Return the gradients with respect to the input and, as a dict, to the parameters; pure."""
        raise NotImplementedError(f"{type(self).__name__} does not define _backward (not backward)")

    def _update(self, context: Any) -> None:
        """Take over what a training ``_forward`` found out, such as running statistics, from its context."""

    def _infer(self, x: Array, scratch: bool) -> tuple[Array, bool]:
        """Return the output, and whether it is a new array that nothing else refers to.

        `scratch` tells that `x` is such an array: it may then be overwritten. Override this only for speed, and let
        it and ``_forward`` call each other by the class's name: what a subclass puts in its place may lead back here.
        """
        return self._evaluate(x, False)[0], False

    def _evaluate(self, x: Array, training: bool) -> tuple[Array, Any]:
        """Do ``_forward``, and see to it that the output has the dtype of the input."""
        x = x.view()
        x.flags.writeable = False  # it may be the caller's, or what the layer before remembers
        result = self._forward(x, training)
        if type(result) is not tuple or len(result) != 2:
            raise TypeError(
                f"{self.label}: _forward must return a tuple (output, context), got {type(result).__name__}"
            )
        return as_real(result[0], f"{self.label}: the output of _forward", x.dtype), result[1]

    def _differentiate(self, context: Any, grad: Array) -> tuple[Array, Any]:
        """Do ``_backward``, and see to it that the gradient of the input has the dtype of `grad`."""
        result = self._backward(context, grad)
        if type(result) is not tuple or len(result) != 2:
            raise TypeError(
                f"{self.label}: _backward must return a tuple (grad_x, grads), got {type(result).__name__}"
            )
        return as_real(result[0], f"{self.label}: the gradient of the input", grad.dtype), result[1]

    def _parameter_gradients(self, context: Any, grad: Array) -> Any:
        """Return the second of what ``_backward`` returns: nobody asks for the first. Override only for speed."""
        return self._differentiate(context, grad)[1]

    def _output_shape(self, shape: Shape | None) -> Shape | None:
        """Return the output's shape for an input's, both without the batch axis; None where it is unknown."""
        return None

    def _state(self) -> dict[str, Array]:
        """Return the parameters and buffers themselves, in the order of PyTorch's state dicts."""
        return {**self.params, **self.buffers}

    @property
    def grads(self) -> dict[str, Array]:
        """The gradients of the last `backward`, under the keys of `params`; empty before it."""
        return self._grads

    @grads.setter
    def grads(self, grads: dict[str, Array]) -> None:
        self._grads = grads

    @property
    def label(self) -> str:
        """The layer as error messages and tables call it: its class and, in quotes, its name."""
        kind = type(self).__name__
        return kind if self.name is None else f"{kind} {self.name!r}"

    def __call__(self, x: ArrayLike) -> Array:
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

        Notes
        -----
        NaN and infinity are no error: what is computed from them is as in IEEE 754, and so may be NaN. Of infinities
        that cancel in a product of matrices, NumPy warns. Numbers beyond the range of the dtype become infinite.
        """
        if type(x) is not np.ndarray or x.dtype is not self.dtype:
            x = self._as_input(x)
        y, fresh = self._infer(x, False)
        return y if fresh else unshared(y, [x, *self.params.values(), *self.buffers.values()])

    def forward(self, x: ArrayLike, training: bool = False) -> Array:
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
        A second training forward replaces what the first remembered: `backward` belongs to the last one, and uses
        the parameters as they are when it is called.
        """
        if not training:
            return self(x)
        self._pending = None
        given = self._as_input(x)
        x = empty_like(given)
        np.copyto(x, given)
        y, context = self._evaluate(x, True)
        self._update(context)
        self._pending = context, y, x.shape
        return y.copy()  # the context may hold y, and the caller may write into the result

    @overload
    def backward(self, grad: ArrayLike, *, input_gradient: Literal[True] = True) -> Array: ...
    @overload
    def backward(self, grad: ArrayLike, *, input_gradient: Literal[False]) -> None: ...
    def backward(self, grad: ArrayLike, *, input_gradient: bool = True) -> Array | None:
        """Propagate a gradient from the output to the input, and fill `grads`.

        Parameters
        ----------
        grad : ndarray of the shape of the last output
            The gradient of the loss with respect to the output of ``forward(x, training=True)``.
        input_gradient : bool
            Without it only `grads` are filled, which is all that training needs and takes a quarter less time.

        Returns
        -------
        ndarray of the shape of the input, or None
            The gradient of the loss with respect to `x`; a new array. None without `input_gradient`.

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
        context, y, shape = self._pending
        grad = as_real(grad, f"{self.label}.backward", y.dtype)
        if grad.shape != y.shape:
            raise ShapeError(f"{self.label}: backward expects a gradient of shape {y.shape}, got {grad.shape}")
        self._pending = None
        taken = [grad, *self.params.values(), *self.buffers.values()]
        if not input_gradient:
            self._set_grads(self._parameter_gradients(context, grad), taken)
            return None
        grad_x, grads = self._differentiate(context, grad)
        if grad_x.shape != shape:
            raise ShapeError(f"{self.label}: _backward must return a gradient of shape {shape}, got {grad_x.shape}")
        self._set_grads(grads, taken)
        return unshared(grad_x, taken)

    def _set_grads(self, grads: Any, taken: list[Array]) -> None:
        """Keep the gradients that ``_backward`` returned, apart from the arrays in `taken`, and add them there."""
        if not isinstance(grads, dict) or grads.keys() != self.params.keys():
            expected, got = list(self.params), list(grads) if isinstance(grads, dict) else grads
            raise ValueError(f"{self.label}: _backward must return a dict of gradients for {expected}, got {got}")
        self._grads = {}
        for key, target in self.params.items():
            grad = as_real(grads[key], f"{self.label}: the gradient of {key!r}", target.dtype)
            if grad.shape != target.shape:
                raise ShapeError(
                    f"{self.label}: the gradient of {key!r} must have shape {target.shape}, got {grad.shape}"
                )
            self._grads[key] = unshared(grad, taken)
            taken.append(self._grads[key])

    def _as_input(self, x: Any) -> Array:
        array = as_real(x, self.label, self.dtype, FLOAT32)
        if array.ndim == 0:
            raise self._refuse("(N, ...)", (), "; a single sample needs a batch axis, as x[None]")
        return array

    def _refuse(self, expected: str, shape: tuple[int | str, ...], hint: str = "") -> ShapeError:
        """Return the error for an input of `shape`; every layer words it the same way."""
        got = "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
        return ShapeError(f"{self.label} expects an input of shape {expected}, got {got}{hint}")

    def __setattr__(self, attribute: str, value: Any) -> None:
        if attribute in _FIXED and attribute in self.__dict__:
            raise AttributeError(f"{self.label}: {attribute} is fixed; params[key] = value copies values into params")
        super().__setattr__(attribute, value)

    def __getattr__(self, attribute: str) -> Any:
        # Only reached where an attribute is missing.
        if attribute in ("name", "label", "params", "buffers", "dtype", "_grads", "_pending"):
            raise AttributeError(f"{type(self).__name__}.__init__ must call super().__init__()")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {attribute!r}")

    def __getstate__(self) -> dict[str, Any]:
        """Pickle and copy the parameters; gradients and what `forward` remembered stay behind."""
        return {**self.__dict__, "_grads": {}, "_pending": None}

    def _arguments(self) -> list[str]:
        """Return the arguments that `repr` shows, apart from the name; those at their defaults are left out."""
        return []

    def __repr__(self) -> str:
        arguments = self._arguments()
        if self.name is not None:
            arguments.append(f"name={self.name!r}")
        return f"{type(self).__name__}({', '.join(arguments)})"
