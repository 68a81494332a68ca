"""The pad to draw digits on, which shows at every stroke what a network makes of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backend_bases import MouseButton

from tinynet._arrays import FLOAT64, as_real, check_finite, check_real
from tinynet.datasets.drawing import SIZE, frame_digit, pen_depth
from tinynet.datasets.scaling import normalize
from tinynet.errors import ShapeError
from tinynet.viz._evaluation import as_network, evaluate_one, to_probabilities
from tinynet.viz._inputs import as_class_names
from tinynet.viz._pad_figure import PadFigure
from tinynet.viz._pad_panels import shown_steps
from tinynet.viz._picture import drawing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.backend_bases import KeyEvent, MouseEvent
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

    from tinynet._arrays import Array
    from tinynet.network import Sequential
    from tinynet.viz._evaluation import Step

#: Points along each side of the paper, and half the width of the pen: as thick as MNIST's digits once it is scaled.
GRID, PEN = 280, 12.0


class DigitPad:
    """Paper to draw a digit on with the mouse, and what a network makes of it at every stroke.

    Beside the paper are the image that the network gets, the probabilities of the classes, or of the 16 most probable
    ones, and the activations of up to 14 layers, red above zero and blue below it, each layer on a scale of its own.
    The names of the classes stand under their scores, in the last layer, where there is room for them. The drawing is
    given MNIST's form: its longer side is scaled to 20 pixels and its centre of mass moved to the middle of 28 x 28.
    A click with the right button, or the key ``c``, clears the paper.

    Parameters
    ----------
    network : Sequential
        Dense or convolutional, for images of 28 x 28 pixels. It should end in `Softmax` or `LogSoftmax`; outputs of
        another last layer are taken to be scores, whose softmax is drawn.
    class_names : sequence of length classes, optional
        Instead of 0, 1, 2, ...
    mean, std : float
        The network gets ``(pixel / 255 - mean) / std``, as from `tinynet.datasets.normalize`: it predicts well only
        if these are those that it was trained with.

    Attributes
    ----------
    figure : matplotlib Figure
    image : ndarray of shape (28, 28), uint8
        What the network gets, before it is scaled by `mean` and `std`; 0 is paper.
    probabilities : ndarray of shape (classes,) or None
        None while the paper is empty.

    Raises
    ------
    ShapeError
        If the network does not take images of 28 x 28 pixels, or does not give at least two classes.
    TypeError
        If `network` is no `Sequential`.
    ValueError
        If `class_names` are not as many as the classes, or `mean` or `std` cannot be used.

    Notes
    -----
    The pad opens one figure and does not show it: call ``plt.show()``, or use a notebook with ``%matplotlib widget``
    (the package ipympl). It lives as long as its figure. matplotlib itself would not keep it alive, but the figure
    does, so no variable needs to hold the pad.

    Examples
    --------
    >>> import tinynet as tn
    >>> pad = tn.viz.DigitPad(tn.Sequential(tn.Dense(784, 10, rng=0), tn.Softmax()))
    >>> pad.draw([(0.5, 0.2), (0.5, 0.8)])
    >>> int(pad.image.max()), pad.probabilities.shape
    (255, (10,))
    """

    def __init__(
        self,
        network: Sequential,
        *,
        class_names: Sequence[Any] | None = None,
        mean: float = 0.0,
        std: float = 1.0,
    ) -> None:
        self._network = as_network(network, "DigitPad")
        self._mean, self._std = check_finite(mean, "DigitPad: mean"), check_real(std, "DigitPad: std")
        if not 0 < self._std < math.inf:
            raise ValueError(f"DigitPad: std must be positive and finite, got {std}")
        self.image: Array = np.zeros((SIZE, SIZE), np.uint8)
        self.probabilities: Array | None = None
        steps = self._evaluate()
        output = steps[-1].y
        if output.ndim != 2 or output.shape[1] < 2:
            raise ShapeError(
                f"DigitPad needs a network with an output of shape (N, classes), two or more, got {output.shape}"
            )
        names = as_class_names(class_names, output.shape[1], "DigitPad")
        self._ink = np.zeros((GRID, GRID))
        self._pen: Array | None = None
        self._is_drawing = False
        with drawing():
            self._view = PadFigure(self._ink, self.image, names, shown_steps(self._network, steps))
        self.figure: Figure = self._view.figure
        self._connect()

    def draw(self, points: ArrayLike) -> None:
        """Draw one stroke, as the mouse does.

        Parameters
        ----------
        points : array_like of shape (P, 2)
            Where the pen goes, from the first point to the last, each as ``x, y`` from (0, 0), the upper left corner
            of the paper, to (1, 1). One point is a dot.

        Raises
        ------
        ShapeError
            If `points` has another shape, or there are none.
        ValueError
            If a number is not finite, or the whole stroke is beside the paper.
        """
        stroke = as_real(points, "DigitPad.draw", FLOAT64)
        if stroke.ndim != 2 or stroke.shape[1] != 2 or not len(stroke):
            raise ShapeError(f"DigitPad.draw expects points of shape (P, 2), P of at least 1, got {stroke.shape}")
        beside = ((stroke < 0).all(axis=0) | (stroke > 1).all(axis=0)).any()
        if beside or not np.isfinite(stroke).all():
            raise ValueError(
                "DigitPad.draw expects finite points on the paper, from (0, 0) to (1, 1), got numbers from "
                f"{stroke.min():g} to {stroke.max():g}"
            )
        start, end = (stroke[:-1], stroke[1:]) if len(stroke) > 1 else (stroke, stroke)
        self._mark(start * GRID, end * GRID)
        self._update()

    def clear(self) -> None:
        """Take all ink off the paper."""
        self._ink[:] = 0
        self._is_drawing = False
        self._update()

    def _evaluate(self) -> list[Step]:
        x = normalize(self.image, mean=self._mean, std=self._std).reshape(1, SIZE, SIZE)
        return evaluate_one(self._network, x, f"DigitPad draws {SIZE} × {SIZE} pixels, but the network")

    def _mark(self, start: Array, end: Array) -> None:
        """Leave ink on the paper from each start (P, 2) to its end."""
        # Only what the pen can reach: the rest of the paper stays as it is.
        low = np.clip(np.floor(np.minimum(start, end).min(axis=0) - PEN - 1), 0, GRID).astype(int)
        high = np.clip(np.ceil(np.maximum(start, end).max(axis=0) + PEN + 1), 0, GRID).astype(int)
        (left, top), (right, bottom) = low, high
        if left < right and top < bottom:
            x, y = np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5
            paper = self._ink[top:bottom, left:right]
            for a, b in zip(start, end):
                depth = pen_depth(x, y, a[None], b[None], np.array([PEN]))
                np.maximum(paper, np.clip(depth + 0.5, 0, 1), out=paper)  # a point at the edge is grey

    def _update(self) -> None:
        """Evaluate the network for the drawing, and show everything that changes."""
        self.image = frame_digit(self._ink)
        self.probabilities, steps = None, None
        if self._ink.any():
            steps = self._evaluate()
            self.probabilities = to_probabilities(self._network, steps[-1].y[0])
            steps = shown_steps(self._network, steps)
        self._view.show(self._ink, self.image, self.probabilities, steps)

    def _connect(self) -> None:
        # matplotlib refers weakly to bound methods, and strongly to functions: with these the figure keeps the pad.
        connect = self.figure.canvas.mpl_connect
        connect("button_press_event", lambda event: self._press(event))
        connect("motion_notify_event", lambda event: self._move(event))
        connect("button_release_event", lambda event: self._lift())
        connect("figure_leave_event", lambda event: self._lift())
        connect("key_press_event", lambda event: self._key(event))
        connect("draw_event", lambda event: self._view.drawn())

    def _press(self, event: MouseEvent) -> None:
        if self.figure.canvas.widgetlock.locked():  # the toolbar zooms or pans
            return
        if event.button == MouseButton.RIGHT:
            self.clear()
        elif event.button == MouseButton.LEFT and event.inaxes is self._view.paper:
            self._is_drawing, self._pen = True, None
            self._move(event)

    def _move(self, event: MouseEvent) -> None:
        if not self._is_drawing:
            return
        if event.inaxes is not self._view.paper:
            self._pen = None  # it touches the paper again where it comes back
            return
        place = np.array([[event.xdata, event.ydata]])
        self._mark(place if self._pen is None else self._pen, place)
        self._pen = place
        self._update()

    def _lift(self) -> None:
        self._is_drawing = False

    def _key(self, event: KeyEvent) -> None:
        if event.key == "c":
            self.clear()
