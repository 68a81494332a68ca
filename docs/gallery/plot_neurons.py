"""Draw what the neurons of the first layer look for in an image."""

import tinynet as tn

net = tn.from_torch_state_dict("examples/mnist_model.pth")
tn.viz.plot_neurons(net["fc1"], count=24, robust=True)
