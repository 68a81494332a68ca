"""The picture of which pixels a decision depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._ending import last_layer
from tinynet.errors import ShapeError
from tinynet.layers import Softmax
from tinynet.viz._axes import add_colour_bar, own_axes, picture_inches
from tinynet.viz._evaluation import as_network, evaluate_one, without_softmax
from tinynet.viz._inputs import as_class_names, as_image_shape, as_labels
from tinynet.viz._picture import picture
from tinynet.viz._scale import DIVERGING, NOT_FINITE, colour_map, ends_in_words, not_finite_note, scale_limit, scaled
from tinynet.viz._texts import percentage, plain, shorten_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from tinynet._arrays import Array


#: The lines around the image lie at these shares of its range, and are so wide.
LEVELS, WIDTHS = (0.25, 0.75), (0.6, 1.2)


@picture
def plot_saliency(
    network: Any,
    image: Any,
    target: int | None = None,
    *,
    ax: Axes | None = None,
    image_shape: tuple[int, int] | None = None,
    class_names: Sequence[Any] | None = None,
    limit: float | None = None,
    robust: bool = False,
    cmap: str = DIVERGING,
) -> Axes:
    """Draw how the score of a class depends on each pixel of an image: its gradient, with lines around the image.

    More ink on a red pixel raises the score, on a blue one it lowers it; the paler, the less it matters. The score is
    what goes into the final `Softmax`, whose own gradient vanishes where the network is sure. All layers behave as in
    inference, and nothing of the network changes. The lines lie where the image reaches a quarter and, thicker, three
    quarters of its range.

    Parameters
    ----------
    network : Sequential
    image : array_like
        One image as `Sequential.predict` takes it: (H, W), (C, H, W), (H * W,), or a batch of one. The gradients of
        several channels are added: as if all of a pixel changed alike.
    target : int, optional
        The class; without it, the one that the network predicts.
    ax : matplotlib Axes, optional
        Where to draw; without it, on one new figure.
    image_shape : tuple of int (height, width), optional
        Of an image given as a row of pixels that is no square.
    class_names : sequence of length classes, optional
        Instead of 0, 1, 2, ...; long ones are shortened.
    limit : float, optional
        The colours reach from -limit to limit; without it, to the largest magnitude.
    robust : bool
        Let the colours reach to the 99th percentile of the magnitudes.
    cmap : str
        Name of a diverging colour map.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ShapeError
        If the network cannot take the image, or gives no row of scores, or there is more than one image.
    TypeError
        If `network` is no `Sequential`, or a layer of it has no gradient, or another argument is of the wrong type.
    ValueError
        If the network gives NaN, `target` is no class, or `limit` is not positive, or `cmap` names no colour map.

    Notes
    -----
    Where the score is not differentiable, as at the kink of `ReLU`, the gradient is the one that training would take.
    It tells what a small change would do: a pixel can be decisive and have none.

    Examples
    --------
    >>> import tinynet as tn
    >>> net = tn.from_torch_state_dict("examples/mnist_model.pth")
    >>> images, labels = tn.datasets.synthetic_digits(1, rng=0)
    >>> ax = tn.viz.plot_saliency(net, images[0], 3)
    >>> ax.images[0].get_array().shape
    (28, 28)
    """
    owner = "plot_saliency"
    network = as_network(network, owner)
    steps = evaluate_one(network, image, owner)
    output = steps[-1].y
    if output.ndim != 2 or output.size == 0:
        raise ShapeError(f"{owner} needs a network that gives scores of shape (N, classes), got {output.shape}")
    if np.isnan(output).any():
        raise ValueError(f"{owner}: the network gives NaN for this image; look for what is not finite in both")
    classes = output.shape[1]
    predicted = int(output[0].argmax())
    if target is None:
        target = predicted
    elif isinstance(target, bool) or np.ndim(target):
        raise TypeError(f"{owner}: target must be the index of one class, got {target!r}")
    chosen = int(as_labels(target, classes, owner, "target")[0])
    names = shorten_all(as_class_names(class_names, classes, owner), 16)
    x = steps[0].x[0]
    shape: tuple[int, int] = (x.shape[-2], x.shape[-1]) if x.ndim > 1 else as_image_shape(image_shape, x.size, owner)
    grad = np.zeros_like(output)
    grad[0, chosen] = 1
    for step in reversed(without_softmax(network, steps)):
        grad = step.backward(grad, owner)
    gradient = grad.reshape(-1, *shape).sum(axis=0)
    limit = scale_limit(gradient, owner, limit=limit, robust=robust)
    colours = colour_map(cmap, owner).with_extremes(bad=NOT_FINITE)

    width, height = picture_inches(*shape, 3.6)
    ax = own_axes(ax, (max(2.3, width) + 1.0 + height / 12, height + 1.5))  # a high picture has a wide key
    cells, reach, unit = scaled(gradient, limit)
    drawn = ax.imshow(cells, vmin=-reach, vmax=reach, cmap=colours, interpolation="none")
    _draw_lines(ax, x.reshape(-1, *shape).mean(axis=0))
    title = f"Saliency for class {names[chosen]}\npredicted: {names[predicted]}"
    if isinstance(last_layer(network), Softmax):
        title += f" ({percentage(output[0, predicted])})"
    ax.set(xticks=[], yticks=[], title=plain(title) + not_finite_note(gradient))
    above, below = ends_in_words(cmap)
    meaning = f"{above}: more ink raises the score\n{below}: more ink lowers it"
    ax.set_xlabel(f"{meaning}\nlines: the image at 1/4 (thin)\nand 3/4 (thick) of its range", fontsize="small")
    add_colour_bar(drawn, "gradient of the score", gradient, unit=unit, beside=True)
    return ax


def _draw_lines(ax: Axes, image: Array) -> None:
    """Draw lines around what is brighter than a quarter and three quarters of the image's range."""
    image = image / max(1.0, float(abs(image).max()))  # so that the range of huge numbers is finite
    low, high = float(image.min()), float(image.max())
    if min(image.shape) > 1 and low < high:
        ax.contour(image, levels=[low + share * (high - low) for share in LEVELS], colors="black", linewidths=WIDTHS)
