"""The cases of the pictures: which arrays each of them takes."""

from __future__ import annotations

from typing import Any

from array_case import EVEN, LABELS, RNG, Case, case, normal
from public_cases import net

import tinynet as tn

viz = tn.viz
IMAGES = RNG.random((3, 5, 5))


def points_drawn(points: Any) -> viz.DigitPad:
    pad = viz.DigitPad(tn.Sequential(tn.Dense(784, 2, rng=0), tn.Softmax()))
    pad.draw(points)
    return pad


def plane() -> tn.Sequential:
    return tn.Sequential(tn.Dense(2, 4, rng=0), tn.Softmax())


PICTURE_CASES: dict[str, Case] = {
    "viz.plot_activations": case(
        lambda x: viz.plot_activations(net(), x), normal(1, 4), owner=("plot_activations", "Sequential")
    ),
    "viz.plot_saliency": case(
        lambda x: viz.plot_saliency(net(), x), normal(1, 4), owner=("plot_saliency", "Sequential")
    ),
    "viz.plot_weights": case(viz.plot_weights, normal(3, 4), owner="plot_weights"),
    "viz.plot_neurons": case(viz.plot_neurons, normal(3, 4), owner="plot_neurons"),
    "viz.plot_predictions": case(viz.plot_predictions, IMAGES, EVEN, LABELS, owner="plot_predictions", optional=(2,)),
    "viz.plot_confusion_matrix": case(viz.plot_confusion_matrix, LABELS, LABELS, owner="plot_confusion_matrix"),
    "viz.plot_confusion_matrix: scores": case(viz.plot_confusion_matrix, LABELS, EVEN, owner="plot_confusion_matrix"),
    "viz.plot_decision_boundary": case(
        lambda x, labels: viz.plot_decision_boundary(plane(), x, labels, resolution=10),
        *(normal(3, 2), LABELS),
        owner="plot_decision_boundary",
    ),
}
