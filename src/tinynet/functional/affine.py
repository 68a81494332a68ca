"""The affine map of a dense layer, ``Y = X Wᵀ + b``, and its gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinynet._arrays import as_real
from tinynet._memory import empty
from tinynet.errors import ShapeError
from tinynet.functional.products import shared_product

# With fewer neurons than this, columns are short, and BLAS is slower with them.
WIDE = 32
# A matrix of more elements than this OpenBLAS 0.3.31 multiplies by a vector on all threads (measured), which takes a
# hundred times longer where another library's threads are in the way.
ALONE = 460_799

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tinynet._arrays import Array


def dense(x: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None) -> Array:
    """Return ``x @ weight.T + bias``.

    Parameters
    ----------
    x : ndarray of shape (N, in_features)
    weight : ndarray of shape (out_features, in_features)
        Row *i* holds the weights of neuron *i*.
    bias : ndarray of shape (out_features,), optional

    Returns
    -------
    ndarray of shape (N, out_features)

    Raises
    ------
    ShapeError
        If the three shapes do not fit together.
    TypeError
        If the arrays do not hold real numbers.

    Notes
    -----
    Derived in :doc:`/derivations/forward`.

    Examples
    --------
    >>> dense([[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]], [0.5, -0.5]).tolist()
    [[11.5, 16.5]]
    """
    x, weight = as_real(x, "dense"), as_real(weight, "dense")
    if weight.ndim != 2 or x.ndim != 2 or x.shape[1] != weight.shape[1]:
        raise ShapeError(
            f"dense expects x (N, in_features) and weight (out_features, in_features), "
            f"got x {x.shape} and weight {weight.shape}"
        )
    if bias is not None:
        bias = as_real(bias, "dense")
        if bias.shape != weight.shape[:1]:
            raise ShapeError(f"dense expects bias {weight.shape[:1]} for weight {weight.shape}, got {bias.shape}")
    with np.errstate(over="ignore", invalid="ignore"):
        y = np.matmul(x, weight.T)
        return np.asarray(y if bias is None else y + bias)


def dense_backward(grad: ArrayLike, x: ArrayLike, weight: ArrayLike) -> tuple[Array, Array, Array]:
    """Return the gradients of a loss with respect to `x`, `weight` and the bias.

    Parameters
    ----------
    grad : ndarray of shape (N, out_features)
        The gradient of the loss with respect to the output of `dense`.
    x : ndarray of shape (N, in_features)
    weight : ndarray of shape (out_features, in_features)

    Returns
    -------
    grad_x : ndarray of shape (N, in_features)
        ``dX = dY W``.
    grad_weight : ndarray of shape (out_features, in_features)
        ``dW = dYᵀ X``.
    grad_bias : ndarray of shape (out_features,)
        ``db`` is the sum of ``dY`` over the rows.

    Raises
    ------
    ShapeError
        If the three shapes do not fit together.
    TypeError
        If the arrays do not hold real numbers.

    Notes
    -----
    Derived in :doc:`/derivations/backpropagation`.

    Examples
    --------
    >>> dx, dw, db = dense_backward([[1.0, 10.0]], [[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]])
    >>> dx.tolist(), dw.tolist(), db.tolist()
    ([[53.0, 64.0]], [[1.0, 2.0], [10.0, 20.0]], [1.0, 10.0])
    """
    grad, x, weight = (as_real(a, "dense_backward") for a in (grad, x, weight))
    if not (grad.ndim == x.ndim == weight.ndim == 2) or (
        grad.shape != (len(x), len(weight)) or x.shape[1] != weight.shape[1]
    ):
        raise ShapeError(
            f"dense_backward expects grad (N, out_features), x (N, in_features) and weight "
            f"(out_features, in_features), got {grad.shape}, {x.shape} and {weight.shape}"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        # The gradient of x lies in memory as x does.
        grad_x = _product(weight.T, np.ascontiguousarray(grad.T)).T if _samples_last(x) else np.matmul(grad, weight)
        return (grad_x, *dense_parameter_gradients(grad, x, weight))


def dense_parameter_gradients(grad: Array, x: Array, weight: Array) -> tuple[Array, Array]:
    """Compute the gradients of weight and bias in `dense_backward` from validated arguments.

    The gradient lies in memory as `weight` does, so that an optimizer runs through both in one direction.
    """
    if _samples_last(x):
        forth = weight.flags.f_contiguous
        grad_weight = _product(x.T, np.ascontiguousarray(grad)).T if forth else _product(grad.T, x)
    elif weight.flags.f_contiguous:
        grad_weight = np.matmul(x.T, grad, out=empty(weight.T.shape, grad.dtype)).T
    else:
        grad_weight = np.matmul(grad.T, x, out=empty(weight.shape, grad.dtype))
    return grad_weight, grad.sum(axis=0)


def matrix_product(x: Array, weight: Array) -> Array:
    """Return ``x weightᵀ``, which lies in memory as `x` does.

    Where samples lie last, `x` most likely comes from images, which the threads of `tinynet._threads` share. OpenBLAS
    must then start none of its own: they would go on running for a while, and be in the way of those.
    """
    if _samples_last(x):
        return _product(weight, x.T).T
    y: Array = np.dot(x, weight.T)
    return y


def _samples_last(x: Array) -> bool:
    """Whether the samples of `x` lie beside each other in memory, as in what comes from images."""
    return bool(x.flags.f_contiguous and not x.flags.c_contiguous)


def _product(a: Array, b: Array) -> Array:
    out = empty((len(a), b.shape[1]), a.dtype)
    shared_product(a, b, out)
    return out


def weight_order(weight: Array) -> Array:
    """Return `weight`, laid out in memory as BLAS multiplies by it soonest: where it is wide, column after column.

    It takes up to a fifth less time for a batch of 64 rows, forward and backward, and no more for one row. But large
    matrices, of more than `ALONE` elements, lie row after row: no cache near the core keeps them, and for one row of
    the input they are read sooner from memory like this.
    """
    wide = len(weight) >= WIDE and weight.size <= ALONE
    return np.asfortranarray(weight) if wide else np.ascontiguousarray(weight)


def matrix_vector(weight: Array, x: Array) -> Array:
    """Return ``weight @ x`` for one row `x`; of up to a few times `ALONE` elements in pieces, each on one thread.

    Alone a second thread gains a fiftieth of a millisecond there. Beside PyTorch, whose threads wait without
    sleeping, it may be kept waiting for milliseconds.
    """
    y: Array
    if not ALONE < weight.size <= 4 * ALONE:
        y = np.dot(weight, x)
        return y
    step = max(1, ALONE // len(x))
    return np.concatenate([np.dot(weight[i : i + step], x) for i in range(0, len(weight), step)])
