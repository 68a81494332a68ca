"""Draw digits with what the network takes them for, those first of which it is least sure."""

import tinynet as tn

net = tn.from_torch_state_dict("examples/mnist_model.pth")
images, labels = tn.datasets.synthetic_digits(1000, rng=0)
probabilities = net.predict_proba(images)
some = probabilities.max(axis=1).argsort()[:8]
tn.viz.plot_predictions(images[some], probabilities[some], labels[some])
