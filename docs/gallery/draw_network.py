"""Draw neurons and the weights between them."""

import tinynet as tn

net = tn.from_torch_state_dict("examples/mnist_model.pth")
tn.viz.draw_network(net)
