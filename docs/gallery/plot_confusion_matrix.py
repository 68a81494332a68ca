"""Draw how often each digit is taken for each digit."""

import tinynet as tn

net = tn.from_torch_state_dict("examples/mnist_model.pth")
images, labels = tn.datasets.synthetic_digits(1000, rng=0)
tn.viz.plot_confusion_matrix(labels, net.predict_proba(images))
