"""Draw what each layer of a convolutional network makes of one digit."""

import tinynet as tn

net = tn.Sequential(
    tn.Conv2d(1, 8, 3, name="conv1"),
    tn.MaxPool2d(2),
    tn.ReLU(),
    tn.Conv2d(8, 16, 3, name="conv2"),
    tn.MaxPool2d(2),
    tn.ReLU(),
    tn.Flatten(),
    tn.Dense(400, 64, name="fc1"),
    tn.ReLU(),
    tn.Dense(64, 10, name="fc2"),
    tn.Softmax(),
)
tn.from_torch_state_dict("examples/mnist_cnn.pth", net)
images, labels = tn.datasets.synthetic_digits(100, rng=3)
tn.viz.plot_activations(net, images[labels == 4][0])
