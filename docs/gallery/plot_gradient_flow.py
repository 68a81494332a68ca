"""Draw how gradients vanish on their way back through many sigmoids."""

import numpy as np

import tinynet as tn

rng = np.random.default_rng(0)
x, labels = rng.normal(size=(64, 20)), rng.integers(0, 3, size=64)
hidden = [layer for k in range(7) for layer in (tn.Dense(20, 20, rng=k, name=f"fc{k}"), tn.Sigmoid())]
net = tn.Sequential(*hidden, tn.Dense(20, 3, rng=7, name="fc7"))
loss = tn.CrossEntropy(from_logits=True)
loss.forward(net.forward(x, training=True), labels)
net.backward(loss.backward())
tn.viz.plot_gradient_flow(net)
