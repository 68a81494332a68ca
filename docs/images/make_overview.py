"""Make overview.png, the picture at the top of the README, from the example's network and synthetic digits.

python docs/images/make_overview.py
"""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

import tinynet as tn

HERE = Path(__file__).resolve().parent
HEIGHT = 490  # pixels


def pixels(figure):
    """Return the drawn figure, HEIGHT pixels high, as (HEIGHT, width, 3) of uint8."""
    figure.set_dpi((HEIGHT + 0.5) / figure.get_figheight())
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3]


def main() -> None:
    """Draw what the network predicts beside what its first layer looks for."""
    net = tn.from_torch_state_dict(HERE.parents[1] / "examples" / "mnist_model.pth")
    images, labels = tn.datasets.synthetic_digits(2000, rng=1)
    probabilities = net.predict_proba(tn.datasets.normalize(images))
    # Seven of which the network is sure and the one that it is most wrong about.
    mistake = np.where(probabilities.argmax(axis=1) != labels, probabilities.max(axis=1), 0).argmax()
    shown = [*range(7), mistake]
    predictions = tn.viz.plot_predictions(images[shown], probabilities[shown], labels[shown])
    neurons = tn.viz.plot_neurons(net[0], count=24, robust=True)
    both = np.concatenate([pixels(predictions), pixels(neurons)], axis=1)
    plt.imsave(HERE / "overview.png", both, pil_kwargs={"optimize": True})


if __name__ == "__main__":
    main()
