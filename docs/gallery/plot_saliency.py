"""Draw which pixels speak for and against a digit, for the network."""

import matplotlib.pyplot as plt

import tinynet as tn

net = tn.from_torch_state_dict("examples/mnist_model.pth")
images, labels = tn.datasets.synthetic_digits(100, rng=3)
four = images[labels == 4][0]
_, axes = plt.subplots(1, 2, figsize=(9.6, 4.7), layout="constrained")
for digit, ax in zip((4, 9), axes):
    tn.viz.plot_saliency(net, four, digit, ax=ax, limit=1.5)
