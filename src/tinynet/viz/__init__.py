"""Pictures of what a network has learned and of what it predicts.

A function for one picture draws on ``ax`` and returns it; without ``ax`` it opens exactly one new figure. A
function for a grid of pictures opens one figure and returns it. None of them shows a window, chooses a style or
writes into the arrays that it is given: save with ``figure.savefig("x.png")``, look with ``plt.show()``.

For several pictures side by side make the figure with ``plt.subplots(1, 2, layout="constrained")``
(``constrained_layout=True`` in matplotlib 3.5); otherwise a label or colour bar may cover the neighbour.
"""

from tinynet.viz.activations import plot_activations
from tinynet.viz.boundary import plot_decision_boundary
from tinynet.viz.confusion import plot_confusion_matrix
from tinynet.viz.diagram import draw_network
from tinynet.viz.gradients import plot_gradient_flow
from tinynet.viz.histograms import plot_weight_histograms
from tinynet.viz.history import plot_history
from tinynet.viz.neurons import plot_neurons
from tinynet.viz.pad import DigitPad
from tinynet.viz.predictions import plot_predictions
from tinynet.viz.saliency import plot_saliency
from tinynet.viz.weights import plot_network_weights, plot_weights

__all__ = [
    "DigitPad",
    "draw_network",
    "plot_activations",
    "plot_confusion_matrix",
    "plot_decision_boundary",
    "plot_gradient_flow",
    "plot_history",
    "plot_network_weights",
    "plot_neurons",
    "plot_predictions",
    "plot_saliency",
    "plot_weight_histograms",
    "plot_weights",
]
