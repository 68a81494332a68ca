"""What a subclass does in its own way, `fit` does not pass by."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn


class Doubled(tn.CrossEntropy):
    """Twice the loss."""

    def forward(self, predictions, targets):
        return 2 * super().forward(predictions, targets)

    def backward(self):
        return 2 * super().backward()


class Counting(tn.SGD):
    """Counts its steps."""

    calls = 0

    def step(self, network):
        self.calls += 1
        super().step(network)


class Scaled(tn.Sequential):
    """Looks at ten times the input."""

    def _forward(self, x, training):
        return super()._forward(10 * x, training)

    def _backward(self, context, grad):
        grad_x, grads = super()._backward(context, grad)
        return 10 * grad_x, grads


def train(net, **options):
    x, labels = np.array([[1.0], [-1.0], [0.5], [2.0]]), [0, 1, 0, 0]
    options = {"optimizer": tn.SGD(1e-12), **options}
    history = tn.fit(net, x, labels, epochs=1, batch_size=4, shuffle=False, progress=False, **options)
    return history.loss[0], tn.CrossEntropy()(net(x), labels)


@pytest.mark.parametrize("ending", [tn.Softmax, tn.LogSoftmax])
def test_a_loss_that_builds_on_cross_entropy(ending):
    net = tn.Sequential(tn.Dense(1, 2, rng=0), ending())
    logarithms = ending is tn.LogSoftmax
    plain, _ = train_either(net, tn.CrossEntropy(from_logits=logarithms))
    doubled, _ = train_either(net, Doubled(from_logits=logarithms))
    assert doubled == pytest.approx(2 * plain)


def train_either(net, loss):
    x, labels = np.array([[1.0], [-1.0]]), [0, 1]
    history = tn.fit(net, x, labels, epochs=1, loss=loss, optimizer=tn.SGD(1e-12), progress=False)
    return history.loss[0], None


@pytest.mark.parametrize(("ending", "from_logits"), [(tn.Softmax, True), (tn.LogSoftmax, False)])
def test_a_subclass_gives_what_its_class_gives_and_the_wrong_loss_is_refused(ending, from_logits):
    class Named(ending):
        """As its class is, to everything that asks where a network ends."""

    net = tn.Sequential(tn.Dense(1, 2, rng=0), Named())
    with pytest.raises(ValueError, match=f"fit: the network ends in {ending.__name__}"):
        train(net, loss=tn.CrossEntropy(from_logits=from_logits))


def test_an_optimizer_with_a_step_of_its_own():
    optimizer = Counting(0.1)
    train(tn.Sequential(tn.Dense(1, 2, rng=0), tn.Softmax()), optimizer=optimizer)
    assert optimizer.calls == 1


@pytest.mark.parametrize("wrap", [lambda net: net, tn.Sequential])
def test_a_network_with_a_forward_of_its_own(wrap):
    net = wrap(Scaled(tn.Dense(1, 2, rng=0), tn.Softmax()))
    seen, true = train(net)
    assert seen == pytest.approx(true, rel=1e-5)
