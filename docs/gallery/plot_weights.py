"""Draw one weight matrix: the last layer of a network for digits."""

import tinynet as tn

net = tn.from_torch_state_dict("examples/mnist_model.pth")
tn.viz.plot_weights(net["fc3"], bias=True)
