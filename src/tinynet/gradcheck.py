"""Check the gradients of a layer, a network or a loss against central differences."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from tinynet._arrays import FLOAT64, as_real
from tinynet._random import as_generator
from tinynet.errors import GradientError
from tinynet.layers.base import Layer
from tinynet.losses import CrossEntropy

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tinynet._arrays import Array, RandomSource

EPS = float(np.finfo(np.float64).eps)
# Truncation grows with h², rounding with eps / h: their sum is least near the cube root of eps.
STEP = EPS ** (1 / 3)
# An entry far below the largest of its array is measured against this share of the largest.
FLOOR = 1e-3


def check_gradients(
    subject: Layer | CrossEntropy,
    x: ArrayLike,
    targets: ArrayLike | None = None,
    *,
    loss: CrossEntropy | None = None,
    tolerance: float = 1e-6,
    rng: RandomSource = 0,
) -> dict[str, float]:
    """Compare every entry of every gradient with its central difference, in float64.

    Parameters
    ----------
    subject : Layer or CrossEntropy
        A layer, a network, or the loss itself; its parameters are float64. It is copied, not changed.
    x : ndarray of shape (N, ...)
        The input, at which no ReLU is so near to its kink at 0 that a step of about 6e-6 in an input or a
        parameter crosses it: no derivative exists there.
    targets : ndarray of shape (N,) or (N, C), optional
        For a loss.
    loss : CrossEntropy, optional
        Checked behind the network. Without it the objective is the sum of the outputs, each times a random number.
    tolerance : float
        The largest relative error that passes.
    rng : numpy.random.Generator, int or None
        Draws those random numbers.

    Returns
    -------
    dict of str to float
        The largest relative error for ``x`` and for each parameter.

    Raises
    ------
    GradientError
        If a gradient is not finite or differs by more than `tolerance`, or the outputs are too large to tell.
    ShapeError, ValueError
        If the layer's ``_backward`` leaves out a gradient or gives it another shape, `loss` lacks `targets`, or `x`
        is not finite.
    TypeError
        If `subject` is neither layer nor loss, or its parameters are float32.

    Notes
    -----
    The error of an entry is ``|a - n|``, less what rounding can cause, divided by the larger of the two or by a
    thousandth of the largest entry of its array. Derived in :doc:`/derivations/finite_differences`.

    Examples
    --------
    >>> import tinynet as tn
    >>> net = tn.Sequential(tn.Dense(3, 4, rng=0, dtype="float64"), tn.ReLU(), tn.Dense(4, 2, rng=1, dtype="float64"))
    >>> errors = check_gradients(net, [[1.0, 2.0, 3.0]], [1], loss=tn.CrossEntropy(from_logits=True))
    >>> list(errors), max(errors.values()) < 1e-6
    (['x', '0.weight', '0.bias', '2.weight', '2.bias'], True)
    """
    x = as_real(x, "check_gradients", FLOAT64).copy()
    if not np.isfinite(x).all():
        raise ValueError("check_gradients: x must be finite, got NaN or infinity among its numbers")
    subject = copy.deepcopy(subject)
    arrays: dict[str, Array] = {"x": x}
    if isinstance(subject, CrossEntropy):
        analytic, evaluate, weights = _of_loss(subject, x, targets)
    elif isinstance(subject, Layer):
        if subject.dtype not in (None, FLOAT64):
            raise TypeError(
                f"check_gradients needs float64 parameters, those of {subject.label} are {subject.dtype}: build the "
                "layers, or load the network, with dtype='float64'"
            )
        if "x" in subject.params:
            raise ValueError(
                f"check_gradients calls the input x; give the parameter x of {subject.label} another name"
            )
        if loss is not None and not isinstance(loss, CrossEntropy):
            raise TypeError(f"check_gradients: loss must be a CrossEntropy, got {loss!r}")
        arrays.update(subject.params)
        analytic, evaluate, weights = _of_layer(subject, x, targets, loss, as_generator(rng, "check_gradients"))
    else:
        raise TypeError(f"check_gradients checks a Layer or a CrossEntropy, got {type(subject).__name__}")
    numeric = {key: _central_differences(evaluate, weights, array) for key, array in arrays.items()}
    sizes = [(abs(gradient).max(initial=0.0), noise.max(initial=0.0)) for gradient, noise in numeric.values()]
    largest, noise = (max(numbers) for numbers in zip(*sizes))
    hidden = [pair for pair in sizes if pair[1] > max(pair[0], 1.0)]  # all of one array, whatever the others are
    if noise > tolerance * max(largest, 1.0):  # at a minimum all are 0, and small outputs may have small ones
        hidden = [(largest, noise)]
    if hidden:
        raise GradientError(
            f"the outputs are so large that rounding, up to {hidden[0][1]:.2g}, hides gradients of "
            f"{hidden[0][0]:.2g}; scale them down"
        )
    return {key: _compare(key, analytic[key], *numeric[key], tolerance) for key in arrays}


def _of_loss(loss: CrossEntropy, x: Array, targets: ArrayLike | None) -> Any:
    if targets is None:
        raise ValueError("check_gradients of a loss needs targets")
    loss.forward(x, targets)
    return {"x": loss.backward()}, lambda: _loss_and_size(loss, x, targets), np.ones(())


def _of_layer(
    layer: Layer, x: Array, targets: ArrayLike | None, loss: CrossEntropy | None, rng: np.random.Generator
) -> Any:
    """Return the gradients from `backward`, a function that gives the outputs, and a weight for each of them."""
    if (loss is None) != (targets is None):
        raise ValueError("check_gradients takes loss= and targets together, or neither")
    # `forward` may take something over from a pass (a new dropout mask, running statistics); `_evaluate` is pure.
    checked = copy.deepcopy(layer)
    y = checked.forward(x, training=True)
    if loss is None or targets is None:
        # Of either sign, none near 0, and not the numbers that a test may have drawn its input from.
        weights = rng.uniform(0.5, 1.5, y.shape) * rng.choice([-1.0, 1.0], y.shape)
        grad_x = checked.backward(weights)

        def outputs_and_sizes() -> tuple[Array, Array]:
            y = layer._evaluate(x, True)[0].copy()  # it may be a view of x
            return y, np.abs(y)

        return {"x": grad_x, **checked.grads}, outputs_and_sizes, weights
    loss.forward(y, targets)
    grad_x = checked.backward(loss.backward())
    return (
        {"x": grad_x, **checked.grads},
        lambda: _loss_and_size(loss, layer._evaluate(x, True)[0], targets),
        np.ones(()),
    )


def _loss_and_size(loss: CrossEntropy, predictions: Array, targets: ArrayLike) -> tuple[Array, Array]:
    """Return the loss and what its rounding grows with: itself, and the predictions that it is made of."""
    value = np.array(loss(predictions, targets))
    return value, np.abs(value) + np.abs(predictions).max()


def _central_differences(
    evaluate: Callable[[], tuple[Array, Array]], weights: Array, array: Array
) -> tuple[Array, Array]:
    """Return ``(f(v + h) - f(v - h)) / 2h`` for every entry v of `array`, and what rounding may add to it."""
    result, noise = np.empty(array.shape), np.empty(array.shape)
    for index in np.ndindex(array.shape):
        kept = array[index]
        h = STEP * max(1.0, abs(kept))
        array[index] = kept + h
        (above, size), upper = evaluate(), array[index]
        array[index] = kept - h
        (below, _), lower = evaluate(), array[index]
        array[index] = kept
        # Subtract output by output: what does not depend on the entry cancels exactly.
        result[index] = ((above - below) * weights).sum() / (upper - lower)
        noise[index] = 4 * EPS * (size * np.abs(weights)).sum() / (upper - lower)
    return result, noise


def _compare(key: str, analytic: Array, numeric: Array, noise: Array, tolerance: float) -> float:
    """Return the largest relative error, or raise for the entry that has it."""
    if analytic.shape != numeric.shape:
        raise GradientError(f"the gradient of {key} has shape {analytic.shape}, expected {numeric.shape}")
    if analytic.size == 0:
        return 0.0
    larger = np.maximum(np.abs(analytic), np.abs(numeric))
    scale = np.maximum(larger, FLOOR * larger.max())
    with np.errstate(invalid="ignore"):
        error = np.maximum(np.abs(analytic - numeric) - noise, 0) / np.where(scale > 0, scale, 1)
    worst = np.unravel_index(int(np.argmax(np.where(np.isnan(error), np.inf, error))), error.shape)
    if not error[worst] <= tolerance:  # also true for NaN
        at = f"{key}[{', '.join(map(str, worst))}]"
        raise GradientError(
            f"the gradient of {at} is {analytic[worst]:.9g}, the central difference {numeric[worst]:.9g}: relative "
            f"error {error[worst]:.2g}, above {tolerance:g} (it may be right if a ReLU is at its kink, 0, there)"
        )
    return float(error[worst])
