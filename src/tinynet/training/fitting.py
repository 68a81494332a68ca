"""`fit`: epoch after epoch, with all that people expect around it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Callable

from tinynet._arrays import check_positive
from tinynet._ending import last_layer
from tinynet._random import as_generator
from tinynet.errors import TrainingError
from tinynet.layers import Softmax
from tinynet.losses import CrossEntropy
from tinynet.network import Sequential
from tinynet.optimizers import Adam
from tinynet.training.callbacks import Callback
from tinynet.training.data import Data, batches, check_data, looks_like_pixels
from tinynet.training.epoch import evaluate, train_epoch
from tinynet.training.history import History
from tinynet.training.progress import Progress
from tinynet.training.step import Trainer

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tinynet._arrays import RandomSource
    from tinynet.layers import Layer


def fit(
    network: Layer,
    x: ArrayLike,
    y: ArrayLike,
    *,
    epochs: int,
    loss: Any = None,
    optimizer: Any = None,
    batch_size: int = 64,
    validation_data: tuple[ArrayLike, ArrayLike] | None = None,
    shuffle: bool = True,
    rng: RandomSource = None,
    callbacks: Iterable[Callable[[Layer, History], object]] = (),
    progress: bool = True,
) -> History:
    """Train `network`, in place, on samples `x` and targets `y`.

    Parameters
    ----------
    network : Layer
        Most often a `Sequential`.
    x : ndarray of shape (N, ...), or images as `Sequential.predict` takes them
        Images of uint8, (N, H, W) or (N, C, H, W), are divided by 255; all other numbers are taken as they are.
        Laid out, scaled and cast to the dtype of the network batch by batch; it may be a memory map larger than
        memory.
    y : ndarray of shape (N,) or (N, C)
        Class indices (integers), or soft labels: rows of probabilities. A loss of one's own may take others.
    epochs : int
        How often every sample is seen.
    loss : CrossEntropy, optional
        By default what fits the network: ``CrossEntropy()`` where it ends in `Softmax`, else
        ``CrossEntropy(from_logits=True)``. A final `Softmax` or `LogSoftmax` and the loss are computed as one, free
        of overflow; a `Dropout` after the `Softmax` is refused. A loss of one's own has
        ``forward(predictions, targets)``, ``backward()`` and ``__call__(predictions, targets)``.
    optimizer : SGD or Adam, optional
        By default ``Adam()``. It goes on where it stood, its learning-rate schedule as well.
    batch_size : int
        Samples in a step; the last step of an epoch may have fewer.
    validation_data : pair of ndarray, optional
        Samples and targets that are evaluated after each epoch, in inference.
    shuffle : bool
        Whether every epoch has a random order of its own.
    rng : numpy.random.Generator, int or None
        Draws that order. A generator goes on where it stands.
    callbacks : iterable of callables ``(network, history)``
        Called after each epoch; what returns ``True`` ends the training. See `Callback`.
    progress : bool
        Print a line after each epoch. In a terminal and with tqdm installed, also show a bar.

    Returns
    -------
    History
        One number an epoch of everything measured.

    Raises
    ------
    TrainingError
        If the loss stops being finite; the message says at which step, and which layer was the first.
    ShapeError, TypeError, ValueError
        If data, network and loss do not fit together, before anything is trained, or another argument is wrong.

    Warns
    -----
    UserWarning
        If `x` looks like pixels in 0..255 that are not scaled, or the validation data alone do.

    Notes
    -----
    Interrupted from the keyboard it returns the epochs so far; ``history.stopped`` tells. Afterwards
    ``network.grads`` are the gradients of the last step.

    The same seeds give the same bits, and so does training that was stopped between two calls and resumed, if
    network, optimizer and one `numpy.random.Generator` go on: see :doc:`/training`.

    Examples
    --------
    >>> import numpy as np, tinynet as tn
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 2))
    >>> labels = (x[:, 0] * x[:, 1] > 0).astype(int)
    >>> net = tn.Sequential(tn.Dense(2, 16, rng=0), tn.ReLU(), tn.Dense(16, 2, rng=1), tn.Softmax())
    >>> history = fit(net, x, labels, epochs=50, batch_size=20, optimizer=tn.Adam(0.01), rng=0, progress=False)
    >>> len(history), history.accuracy[-1] > 0.95
    (50, True)
    """
    net = network if isinstance(network, Sequential) else Sequential(network)  # which refuses what is no layer
    if not net.params:
        raise ValueError(f"fit: {net.label} has no parameters to train")
    epochs, batch_size = check_positive(epochs, "fit: epochs"), check_positive(batch_size, "fit: batch_size")
    generator = as_generator(rng, "fit") if shuffle else None
    loss = CrossEntropy(from_logits=not isinstance(last_layer(net), Softmax)) if loss is None else loss
    trainer = Trainer(net, loss, Adam() if optimizer is None else optimizer)
    called = _check_callbacks(callbacks)
    told = [callback for callback in called if isinstance(callback, Callback)]
    data, validation = _check_samples(trainer, x, y, validation_data, told)
    history = History()
    printer = Progress(bool(progress), epochs, len(data.x))
    for callback in told:
        callback.start(network, history)
    try:
        for epoch in range(1, epochs + 1):
            start = time.perf_counter()
            printer.start_epoch(epoch)
            loss_mean, accuracy = train_epoch(trainer, data, batches(len(data.x), batch_size, generator), printer)
            trained = time.perf_counter()
            val_loss, val_accuracy = (None, None) if validation is None else evaluate(trainer, validation)
            history._append(
                loss=loss_mean,
                accuracy=accuracy,
                val_loss=val_loss,
                val_accuracy=val_accuracy,
                first_learning_rate=trainer.first_rate,
                learning_rate=trainer.rate,
                seconds=time.perf_counter() - start,
            )
            printer.end_epoch(history, trained - start)
            stopping = [callback for callback in called if callback(network, history) is True]  # all are called
            if stopping and epoch < epochs:
                history.stopped = f"after epoch {epoch} by {stopping[0]!r}"
                break
    except TrainingError as error:
        raise TrainingError(f"in epoch {epoch} {error}") from None
    except KeyboardInterrupt:
        history.stopped = f"interrupted in epoch {epoch}"
    finally:
        printer.close()
    for callback in told:
        callback.end(network, history)
    return history


def _check_samples(
    trainer: Trainer,
    x: ArrayLike,
    y: ArrayLike,
    validation_data: tuple[ArrayLike, ArrayLike] | None,
    told: list[Callback],
) -> tuple[Data, Data | None]:
    """Return what to train on and what to evaluate after each epoch; warn of what looks like a mistake."""
    data = check_data(trainer.core, trainer.loss, x, y, "fit")
    validation = None
    if validation_data is not None:
        if not (isinstance(validation_data, (tuple, list)) and len(validation_data) == 2):
            raise TypeError(f"fit: validation_data must be a pair (x, y), got {type(validation_data).__name__}")
        validation = check_data(trainer.core, trainer.loss, *validation_data, "fit: validation_data")
    for callback in told:
        monitor = getattr(callback, "monitor", None)
        if validation is None and monitor is not None and str(monitor).startswith("val_"):
            raise ValueError(f"fit: {callback!r} needs {monitor}: give fit validation_data")
    if looks_like_pixels(data):
        warnings.warn(
            "x looks like pixels in 0..255, and fit takes numbers as they are: networks learn better from x / 255, "
            "or tinynet.datasets.normalize(x)",
            stacklevel=3,
        )
    elif validation is not None and looks_like_pixels(validation):
        warnings.warn(
            "the x of validation_data looks like pixels in 0..255, and the x to learn from does not: scale both "
            "alike",
            stacklevel=3,
        )
    return data, validation


def _check_callbacks(callbacks: Any) -> list[Callable[[Layer, History], object]]:
    if isinstance(callbacks, Callback) or not isinstance(callbacks, Iterable):
        raise TypeError(f"fit: callbacks must be a list of callables, as [EarlyStopping()], got {callbacks!r}")
    called = list(callbacks)
    for callback in called:
        if isinstance(callback, type) or not callable(callback):
            hint = f"; write {callback.__name__}() with parentheses" if isinstance(callback, type) else ""
            raise TypeError(f"fit: a callback must be callable with (network, history), got {callback!r}{hint}")
    return called
