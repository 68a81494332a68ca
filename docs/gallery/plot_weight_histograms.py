"""Draw how the weights of each layer are distributed."""

import tinynet as tn

net = tn.from_torch_state_dict("examples/mnist_model.pth")
tn.viz.plot_weight_histograms(net, bias=True)
