"""Draw all weight matrices of a network."""

import tinynet as tn

net = tn.from_torch_state_dict("examples/mnist_model.pth")
tn.viz.plot_network_weights(net, robust=True)
