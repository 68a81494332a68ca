"""The picture of what each neuron looks for in an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet._arrays import check_positive
from tinynet.errors import ShapeError
from tinynet.viz._axes import add_colour_bar, grid, head, hide_axis, picture_inches
from tinynet.viz._heatmap import mark_not_finite
from tinynet.viz._inputs import as_image_shape, as_weights
from tinynet.viz._picture import picture
from tinynet.viz._scale import DIVERGING, NOT_FINITE, colour_map, ends_in_words, not_finite_note, scale_limit, scaled
from tinynet.viz._texts import plain, plural, shorten

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@picture
def plot_neurons(
    layer_or_array: Any,
    *,
    image_shape: tuple[int, int] | None = None,
    count: int = 32,
    limit: float | None = None,
    robust: bool = False,
    cmap: str = DIVERGING,
) -> Figure:
    """Draw the weights of each neuron as an image: every weight lies where its pixel does.

    Ink on a red pixel raises the neuron's output, on a blue one it lowers it. One scale around zero serves all.

    Parameters
    ----------
    layer_or_array : Dense, Conv2d of one input channel, or array_like
        Of shape (out_features, height * width), or (filters, 1, height, width). NaN and infinity are drawn in lime
        and counted in the title.
    image_shape : tuple of int (height, width), optional
        Without it, the window of filters, else a square: 28 x 28 for 784 inputs.
    count : int
        Draw the first so many neurons, or all if there are fewer.
    limit : float, optional
        The colours reach from -limit to limit; without it, to the largest magnitude drawn.
    robust : bool
        Let the colours reach to the 99th percentile of the magnitudes, so that a few large ones do not pale the rest.
    cmap : str
        Name of a diverging colour map.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    ShapeError
        If the inputs are not `image_shape`, or no square without it, or the weights are no matrix, or filters that
        look at several channels.
    TypeError
        If the weights are no real numbers, or the layer has none, or another argument is of the wrong type.
    ValueError
        If `count`, `limit` or a side of `image_shape` is not positive, or `cmap` names no colour map.

    Examples
    --------
    >>> import tinynet as tn
    >>> figure = tn.viz.plot_neurons(tn.Dense(784, 128, rng=0, name="fc1"), count=8)
    >>> figure.axes[0].images[0].get_array().shape
    (28, 28)
    """
    owner = "plot_neurons"
    noun = "neuron"
    matrix, _, name, window = as_weights(layer_or_array, owner)
    if window is not None:
        if window[0] > 1:
            raise ShapeError(
                f"{owner} draws filters of one channel, but those of {name} look at {window[0]}: give it "
                f"weight[:, k:k + 1] to see them at channel k, or use plot_weights"
            )
        noun, image_shape = "filter", image_shape or window[1:]
    neurons, pixels = matrix.shape
    shape = as_image_shape(image_shape, pixels, owner)
    shown = matrix[: check_positive(count, f"{owner}: count")]
    limit = scale_limit(shown, owner, limit=limit, robust=robust)
    colours = colour_map(cmap, owner).with_extremes(bad=NOT_FINITE)

    width, height = picture_inches(*shape, max(1.0, 3.2 / len(shown) ** 0.5))
    panes = grid(len(shown), (width, height), caption=0.23, bar=True)
    cells, reach, unit = scaled(shown, limit)
    for index, (ax, image) in enumerate(zip(panes.pictures, cells.reshape(-1, *shape))):
        drawn = ax.imshow(image, vmin=-reach, vmax=reach, cmap=colours, interpolation="none")
        mark_not_finite(ax, np.isnan(image), drawn.get_extent())
        hide_axis(ax)
        ax.set_title(str(index), fontsize="small", pad=2)
    first = "" if len(shown) == neurons else f"first {len(shown)} of "
    title = f"{plain(shorten(name, 24))}: {first}{plural(neurons, noun)}"
    note = not_finite_note(shown, before="")
    above, below = ends_in_words(cmap)
    meaning = f"{above}: ink raises the output, {below}: ink lowers it"
    head(panes.figure, [title, f"{shape[0]} × {shape[1]} weights each", meaning] + [note] * bool(note))
    add_colour_bar(drawn, "weight", shown, unit=unit, bar=panes.bar)
    return panes.figure
