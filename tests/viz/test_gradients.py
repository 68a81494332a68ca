"""Tests of the picture of how gradients change from layer to layer."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

import tinynet as tn
from tinynet.viz import plot_gradient_flow


@pytest.fixture
def net(rng):
    net = tn.Sequential(
        tn.Dense(4, 6, rng=0, name="fc1"),
        tn.BatchNorm(6),
        tn.ReLU(),
        tn.Sequential(tn.Dense(6, 5, rng=1), tn.Tanh()),
        tn.Dense(5, 3, rng=2, name="fc2"),
    )
    net.backward(rng.normal(size=net.forward(rng.normal(size=(8, 4)), training=True).shape))
    return net


def curves_of(ax):
    return {line.get_label(): np.asarray(line.get_ydata()) for line in ax.lines}


def test_draws_the_sizes_of_the_gradients_from_input_to_output(net):
    ax = plot_gradient_flow(net)
    gradients = [net.grads[key].astype(float) for key in ("fc1.weight", "1.weight", "3.0.weight", "fc2.weight")]
    curves = curves_of(ax)
    assert curves.keys() == {"largest", "root mean square"}
    np.testing.assert_allclose(curves["largest"], [abs(gradient).max() for gradient in gradients])
    np.testing.assert_allclose(curves["root mean square"], [np.sqrt((gradient**2).mean()) for gradient in gradients])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["fc1", "1 (BatchNorm)", "3.0 (Dense)", "fc2"]
    assert ax.get_xticks().tolist() == [0, 1, 2, 3]
    assert ax.get_yscale() == "log"


def test_axes_title_and_legend_have_words(net):
    ax = plot_gradient_flow(net)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("layer, from input to output", "magnitude of the gradient")
    assert ax.get_title() == "Gradients of the weights of 4 layers"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(curves_of(ax))
    assert len({(line.get_marker(), line.get_linestyle()) for line in ax.lines}) == 2


def test_a_gradient_that_is_zero_everywhere_is_a_cross_at_the_bottom(net):
    net[3][0].grads["weight"][...] = 0
    ax = plot_gradient_flow(net)
    curves = curves_of(ax)
    assert np.isnan([curves["largest"][2], curves["root mean square"][2]]).all()
    (cross,) = (line for line in ax.lines if line.get_label() == "0 everywhere")
    assert (list(cross.get_xdata()), list(cross.get_ydata())) == ([2], [0.04])
    assert cross.get_transform() == ax.get_xaxis_transform()
    ax.figure.draw_without_rendering()


def test_a_network_without_any_gradient_can_be_drawn(net):
    for gradient in net.grads.values():
        gradient[...] = 0
    ax = plot_gradient_flow(net)
    ax.figure.draw_without_rendering()
    assert ax.get_ylim() == (0.1, 10)


def test_what_is_not_finite_is_left_out_and_counted(net):
    net[0].grads["weight"][0, :2] = np.nan, np.inf
    net[4].grads["weight"][...] = np.nan
    ax = plot_gradient_flow(net)
    assert ax.get_title().endswith("\n17 not finite")
    finite = net[0].grads["weight"].ravel()[2:]
    assert curves_of(ax)["largest"][0] == abs(finite).max()
    assert curves_of(ax).keys() == {"largest", "root mean square"}  # NaN is not 0 everywhere


@pytest.mark.parametrize("size", [1.7e308, 1e200, 1e-200, 1e-310])
def test_gradients_of_any_finite_magnitude_are_drawn(size):
    layer = tn.Dense(3, 2, rng=0, dtype="float64")
    layer.grads["weight"] = np.full((2, 3), size)
    ax = plot_gradient_flow([layer])
    ax.figure.draw_without_rendering()
    for values in curves_of(ax).values():
        np.testing.assert_allclose(values, size)
    low, high = ax.get_ylim()
    assert 0 < low < size < high
    assert any(low <= tick <= high for tick in ax.get_yticks())


def test_parameters_of_other_names_are_drawn_too():
    class Scale(tn.Layer):
        def __init__(self):
            super().__init__(params={"gain": np.ones(2), "bias": np.ones(2)})

        def _forward(self, x, training):
            return x * self.params["gain"] + self.params["bias"], x

        def _backward(self, context, grad):
            return grad * self.params["gain"], {"gain": (grad * context).sum(0), "bias": grad.sum(0)}

    net = tn.Sequential(Scale())
    net.backward(net.forward([[1.0, 2.0]], training=True))
    assert [label.get_text() for label in plot_gradient_flow(net).get_xticklabels()] == ["0 (Scale) gain"]


def test_after_fit_the_gradients_are_those_of_its_last_step(rng):
    net = tn.Sequential(tn.Dense(4, 3, rng=0), tn.Softmax())
    tn.fit(net, rng.normal(size=(9, 4)), rng.integers(0, 3, size=9), epochs=1, rng=0, progress=False)
    assert curves_of(plot_gradient_flow(net))["largest"] == abs(net.grads["0.weight"]).max()


@pytest.mark.parametrize(
    ("network", "error", "message"),
    [
        (tn.Dense(2, 2), TypeError, "expects a network, got Dense"),
        (tn.Sequential(tn.ReLU()), ValueError, "no layer of this network has weights"),
        (tn.Sequential(tn.Dense(2, 2, name="fc1")), ValueError, "fc1 has no gradients yet; call forward"),
    ],
)
def test_refuses_what_has_no_gradients_before_a_figure_opens(network, error, message):
    with pytest.raises(error, match=f"plot_gradient_flow.*{message}"):
        plot_gradient_flow(network)
    assert plt.get_fignums() == []
