"""What the optimizers share: the flat vectors, the learning rate, clipping, weight decay, and the state on disk."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._arrays import as_array, as_real, check_not_negative
from tinynet.errors import BackwardError, CheckpointError, ShapeError
from tinynet.layers.base import Layer
from tinynet.optimizers.flat import Layout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

    from tinynet._arrays import Array
    from tinynet.schedules import Rate


class Optimizer:
    """Base of the optimizers.

    What is remembered for the parameters, and the change of a step, are flat vectors, on which a few operations in
    place do the arithmetic. The parameters remain the layers' own arrays, from which parts of the change are
    subtracted.

    One of these overrides ``_fill_change`` and, where it remembers something, ``_kinds``.
    """

    decoupled: bool = False

    def __init__(self, learning_rate: Rate, weight_decay: float, clip_norm: float | None) -> None:
        kind = type(self).__name__
        self.learning_rate: Rate = (
            learning_rate if callable(learning_rate) else check_not_negative(learning_rate, f"{kind}: learning_rate")
        )
        self.weight_decay: float = check_not_negative(weight_decay, f"{kind}: weight_decay")
        self.clip_norm: float | None = (
            None if clip_norm is None else check_not_negative(clip_norm, f"{kind}: clip_norm")
        )
        self.steps_done: int = 0
        self.rate: float = math.nan
        self._state: dict[str, dict[str, Array]] = {}  # what is remembered: by its kind, then by the parameter
        # From the first step on those are views of flat vectors:
        self._layout: Layout | None = None
        self._flat: dict[str, Array] = {}

    def _kinds(self) -> tuple[str, ...]:
        """Return what is remembered from step to step, each a number for every parameter, at first 0."""
        return ()

    def _fill_change(self, rate: float, grads: list[Array]) -> None:
        """Fill the vector `_change` with what is to be subtracted, and update `_flat`; `grads` stay as they are."""
        raise NotImplementedError(f"{type(self).__name__} does not define _fill_change")

    def step(self, network: Layer) -> None:
        """Change the parameters of `network`, in place, as its gradients say, which stay as they are.

        Parameters
        ----------
        network : Layer
            A network or one layer, always the same one.

        Raises
        ------
        BackwardError
            If there are no gradients: a `backward` comes before each step.
        ShapeError
            If the parameters are not those of the steps before.
        TypeError
            If `network` is no layer.
        ValueError
            If there are no parameters, or the schedule gives no rate.
        """
        if not isinstance(network, Layer):
            raise TypeError(f"{type(self).__name__}.step takes a Layer, got {type(network).__name__}")
        params, grads = network.params, network.grads
        if grads.keys() != params.keys():
            raise BackwardError(
                f"{type(self).__name__}: {network.label} has no gradients; before each step call "
                "forward(x, training=True) and backward(grad) of it"
            )
        self._apply(params, [grads[key] for key in params])

    def _apply(self, params: Mapping[str, Array], grads: Iterable[Array]) -> None:
        """Do one step with gradients in the order of `params`."""
        if self._layout is None or {name: param.shape for name, param in params.items()} != self._layout.shapes:
            self._prepare(params)
        rate = self.learning_rate
        if callable(rate):
            what = f"{type(self).__name__}: the rate of step {self.steps_done}"
            rate = check_not_negative(rate(self.steps_done), what)
        self.rate = rate
        self._fill_change(rate, self._adjusted(list(grads), params))
        for param, part in zip(params.values(), self._parts):
            if self.weight_decay and self.decoupled:
                param *= 1 - rate * self.weight_decay
            param -= part
        self.steps_done += 1

    def _adjusted(self, grads: list[Array], params: Mapping[str, Array]) -> list[Array]:
        """Return the gradients after clipping and weight decay: themselves, where there is neither."""
        layout: Layout = self._layout  # type: ignore[assignment]
        decay = self.weight_decay and not self.decoupled
        if self.clip_norm is None and not decay:
            return layout.checked(grads)
        gradient = layout.gather(grads, layout.empty())
        if self.clip_norm is not None:
            clip(gradient, self.clip_norm)
        if decay:
            decayed = layout.gather(list(params.values()), self._change)  # which is free until it is filled
            decayed *= self.weight_decay
            gradient += decayed
        return list(layout.views(gradient).values())

    def _prepare(self, params: Mapping[str, Array]) -> None:
        """Lay out the vectors for `params`; what is remembered moves there."""
        if not params:
            raise ValueError(f"{type(self).__name__}: there are no parameters to change")
        layout = Layout(params)
        for remembered in self._state.values():
            known = {name: array.shape for name, array in remembered.items()}
            if known != layout.shapes:
                raise ShapeError(
                    f"{type(self).__name__}: an optimizer belongs to one network, this one to {known}, and now was "
                    f"given {layout.shapes}; make a new one"
                )
        for kind in self._kinds():
            flat = np.zeros(layout.size, layout.dtype)
            views = layout.views(flat)
            for name, array in self._state.get(kind, {}).items():
                views[name][...] = array
            self._flat[kind], self._state[kind] = flat, views
        self._layout, self._change = layout, layout.empty()
        self._parts = list(layout.views(self._change).values())

    def state_dict(self) -> dict[str, Array]:
        """Return the number of steps done and all that is remembered, as arrays that `save_checkpoint` can write.

        Returns
        -------
        dict of str to ndarray
            ``steps``, and for every parameter, under its name, what the optimizer keeps: ``velocity.0.weight`` with
            momentum, ``gradients.0.weight`` and ``squares.0.weight`` of Adam. Copies. The arguments of the optimizer
            are not in it.
        """
        remembered = {
            f"{kind}.{name}": a.copy() for kind, arrays in self._state.items() for name, a in arrays.items()
        }
        return {"steps": np.array(self.steps_done), **remembered}

    def load_state_dict(self, state: Mapping[str, ArrayLike]) -> None:
        """Go on where the optimizer of `state_dict` stood, which had the same arguments; the arrays are copied.

        Parameters
        ----------
        state : mapping of str to ndarray
            What `state_dict` returned, or `load_checkpoint` read.

        Raises
        ------
        CheckpointError
            If it is not the state of such an optimizer.
        TypeError
            If it is no mapping, or an array does not hold real numbers.
        """
        owner = f"{type(self).__name__}.load_state_dict"
        if not isinstance(state, Mapping):
            raise TypeError(f"{owner} takes a mapping of names to arrays, got {type(state).__name__}")
        arrays = {key: as_array(array, f"{owner}: {key!r}") for key, array in state.items()}
        steps = arrays.pop("steps", None)
        if steps is None or steps.shape or steps.dtype.kind not in "iu" or steps < 0:
            raise CheckpointError(f"{owner}: the state needs a number of steps, an integer called 'steps'")
        found: dict[str, dict[str, Array]] = {}
        for key, array in arrays.items():
            kind, _, name = key.partition(".")
            found.setdefault(kind, {})[name] = as_real(array, f"{owner}: {key!r}").copy()
        shapes = [{name: array.shape for name, array in found.get(kind, {}).items()} for kind in self._kinds()]
        wanted = set(self._kinds()) if arrays or steps else set()  # nothing is remembered before the first step
        if found.keys() != wanted or any(shape != shapes[0] for shape in shapes):
            raise CheckpointError(
                f"{owner}: {self!r} remembers {' and '.join(self._kinds()) or 'nothing'} of every parameter, but the "
                f"state has {', '.join(arrays) or 'nothing'}; was it saved with other arguments?"
            )
        self.steps_done, self._state, self._layout = int(steps), found, None

    def __getstate__(self) -> dict[str, Any]:
        """Pickle and copy what is remembered; the vectors are laid out anew."""
        scratch = ("_layout", "_flat", "_change", "_parts")
        kept = {key: value for key, value in self.__dict__.items() if key not in scratch}
        state = {kind: {name: a.copy() for name, a in arrays.items()} for kind, arrays in self._state.items()}
        return {**kept, "_layout": None, "_flat": {}, "_state": state}

    def _arguments(self) -> list[str]:
        """Return the arguments that `repr` shows after the learning rate."""
        return []

    def __repr__(self) -> str:
        rate = self.learning_rate
        arguments = ["a schedule" if callable(rate) else f"{rate:g}", *self._arguments()]
        arguments += [f"weight_decay={self.weight_decay:g}"] * bool(self.weight_decay)
        arguments += [f"clip_norm={self.clip_norm}"] * (self.clip_norm is not None)
        return f"{type(self).__name__}({', '.join(arguments)})"


def clip(gradient: Array, longest: float) -> None:
    """Scale `gradient` down, in place, to the norm `longest` where it is longer."""
    with np.errstate(over="ignore", invalid="ignore"):
        norm = math.sqrt(np.dot(gradient, gradient))
        if math.isinf(norm):  # the squares of float32 overflow long before the numbers do
            largest = float(np.abs(gradient).max())
            scaled = gradient / gradient.dtype.type(largest)
            norm = largest * math.sqrt(np.dot(scaled, scaled))
    share = longest / (norm + 1e-6)  # as in torch
    if share < 1:
        gradient *= share
