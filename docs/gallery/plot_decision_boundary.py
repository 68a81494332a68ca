"""Draw which points of a plane a small network takes for which of three spirals."""

import numpy as np

import tinynet as tn

rng = np.random.default_rng(0)
labels = np.arange(300) % 3
distance = rng.uniform(0.2, 1, size=300)
angle = 4 * distance + 2 * np.pi * labels / 3 + rng.normal(scale=0.15, size=300)
x = (distance * [np.cos(angle), np.sin(angle)]).T

net = tn.Sequential(
    tn.Dense(2, 32, rng=1), tn.Tanh(), tn.Dense(32, 32, rng=2), tn.Tanh(), tn.Dense(32, 3, rng=3), tn.Softmax()
)
tn.fit(net, x, labels, epochs=60, optimizer=tn.Adam(1e-2), rng=0, progress=False)
tn.viz.plot_decision_boundary(net, x, labels, class_names=["first arm", "second arm", "third arm"])
