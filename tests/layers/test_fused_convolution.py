"""A convolution and the max-pooling and ReLU after it are one stage, with the bits of three."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from drawn import SEEDS
from hypothesis import given
from hypothesis import strategies as st
from window_pairs import take_pairs

import tinynet as tn
from tinynet.functional import windows
from tinynet.layers.fused_convolution import FusedConvolution

PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))


def stages(net):
    return [type(stage).__name__ for stage in net._stages]


def alone(layers, x, grad):
    """Return what layers give that no network joins: the output, and all gradients from the input's on."""
    for layer in layers:
        x = layer.forward(x, training=True)
    for layer in reversed(layers):
        grad = layer.backward(grad)
    return [x, grad, *layers[0].grads.values()]


def joined(layers, x, grad, input_gradient):
    net = tn.Sequential(*layers)
    y = net.forward(x, training=True)
    assert np.array_equal(net(x), y)
    grad_x = net.backward(grad, input_gradient=input_gradient)
    return [y, grad_x, *layers[0].grads.values()]


@given(
    kernel=PAIRS,
    stride=PAIRS,
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    window=PAIRS,
    moved=st.sampled_from([None, (1, 1), (2, 1)]),
    framed=st.booleans(),
    middle=st.sampled_from(["pool", "relu pool", "pool relu", "relu"]),
    extra=st.tuples(st.integers(0, 7), st.integers(0, 7)),
    bias=st.booleans(),
    dtype=st.sampled_from([np.float32, np.float64]),
    group=st.sampled_from([1, 2000, windows.GROUP_BYTES]),
    whole=st.booleans(),
    by_pairs=st.booleans(),
    input_gradient=st.booleans(),
    seed=SEEDS,
)
def test_one_stage_gives_the_bits_of_all(
    kernel,
    stride,
    padding,
    window,
    moved,
    framed,
    middle,
    extra,
    bias,
    dtype,
    group,
    whole,
    by_pairs,
    input_gradient,
    seed,
):
    rng = np.random.default_rng(seed)
    if by_pairs:
        kernel, stride = (kernel[0], 3), (stride[0], 1)
    convolution = tn.Conv2d(2, 3, kernel, stride, padding, bias, rng=rng, dtype=dtype)
    pooling = tn.MaxPool2d(window, moved, tuple(size // 2 for size in window) if framed else 0)
    layers = [convolution, *({"pool": pooling, "relu": tn.ReLU()}[name] for name in middle.split())]
    size = [k + s * (w - 1) + e for k, s, w, e in zip(kernel, stride, window, extra)]
    x = rng.normal(size=(rng.integers(1, 5), 2, *size)).astype(dtype)
    for param in convolution.params.values():
        param[...] = rng.normal(size=param.shape)
    if whole:  # then ties and zeros occur
        for array in (x, *convolution.params.values()):
            np.rint(array, out=array)
    assert stages(tn.Sequential(*layers)) == ["FusedConvolution"]
    grad = rng.normal(size=tn.Sequential(*layers)(x).shape).astype(dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "GROUP_BYTES", group)
        if by_pairs:
            take_pairs(patch)
        found = joined(layers, x, grad, input_gradient)
        expected = alone(layers, x, grad)
    if not input_gradient:
        assert found[1] is None
        found[1] = expected[1]
    for a, b in zip(found, expected):
        assert a.dtype == dtype
        assert np.array_equal(a, b)


@pytest.mark.parametrize("window", [(1, 3), (3, 1), (2, 3), (3, 2), (2, 4), (5, 6)])
@pytest.mark.parametrize("group", [1, windows.GROUP_BYTES])
@pytest.mark.parametrize("by_pairs", [False, True])
def test_windows_that_are_no_squares(window, group, by_pairs, monkeypatch):
    monkeypatch.setattr(windows, "GROUP_BYTES", group)
    if by_pairs:
        take_pairs(monkeypatch)
    rng = np.random.default_rng(0)
    layers = tn.Conv2d(1, 2, 3, rng=0, dtype="float64"), tn.MaxPool2d(window), tn.ReLU()
    x, grad = rng.normal(size=(3, 1, 15, 15)), rng.normal(size=(3, 2, 13 // window[0], 13 // window[1]))
    for found, expected in zip(joined(layers, x, grad, True), alone(layers, x, grad)):
        assert np.array_equal(found, expected)


def test_windows_side_by_side_are_pooled_a_few_rows_at_a_time(monkeypatch):
    monkeypatch.setattr("tinynet.functional.pooled_convolution.conv2d_kernel", None)
    net = tn.Sequential(tn.Conv2d(1, 2, 3, rng=0), tn.ReLU(), tn.MaxPool2d(2))
    x = np.ones((1, 1, 6, 6))
    assert np.array_equal(net(x), net.forward(x, training=True))
    with pytest.raises(TypeError):
        tn.Sequential(net[0], tn.MaxPool2d(2, stride=1))(x)


@pytest.mark.parametrize("window", [(2, 2), (1, 2), (3, 4)])
def test_pairs_that_no_window_parts_are_pooled_where_they_are(window, monkeypatch):
    take_pairs(monkeypatch)
    monkeypatch.setattr("tinynet.functional.convolution.RowsOfConvolution.write", None)
    monkeypatch.setattr("tinynet.functional.pooled_convolution.gradient_planes", None)
    net = tn.Sequential(tn.Conv2d(1, 2, 3, rng=0), tn.ReLU(), tn.MaxPool2d(window))
    x = np.ones((1, 1, 9, 11))
    net.backward(net.forward(x, training=True))
    with pytest.raises(TypeError):
        tn.Sequential(net[0], tn.MaxPool2d((2, 3)))(x)


@pytest.mark.parametrize("window", [(2, 2), (2, 4)])
def test_what_no_window_covers_has_no_gradient_in_any_plane(window, monkeypatch):
    take_pairs(monkeypatch)
    monkeypatch.setattr("tinynet.functional.gradient_planes.empty", used_memory)
    rng = np.random.default_rng(0)
    layers = tn.Conv2d(1, 2, 3, rng=0, dtype="float64"), tn.MaxPool2d(window)
    x, grad = rng.normal(size=(1, 1, 7, 7)), rng.normal(size=(1, 2, 2, 5 // window[1]))  # 5 x 5 windows
    for found, expected in zip(joined(layers, x, grad, True), alone(layers, x, grad)):
        assert np.array_equal(found, expected)


def used_memory(shape, dtype):
    """Memory that is not 0, as `empty` may give it."""
    return np.full(shape, 77, dtype)


@pytest.mark.parametrize("window", [(3, 2), (2, 3), (16, 17)])
def test_windows_that_relu_closes_or_that_hold_nan_pass_no_gradient(window):
    convolution = tn.Conv2d(1, 1, 1)
    convolution.params["weight"][...] = 1
    x = np.full((1, 1, *window), -1.0)
    net = tn.Sequential(convolution, tn.ReLU(), tn.MaxPool2d(window))
    for largest in (-0.5, 0.0, np.nan):
        x[0, 0, 1, 1] = largest
        assert np.array_equal(net.forward(x, training=True).item(), np.maximum(largest, 0), equal_nan=True)
        assert not net.backward([[[[1.0]]]]).any()
    x[0, 0, 1, 1] = 3.0
    assert net.forward(x, training=True).item() == 3
    assert np.argwhere(net.backward([[[[2.0]]]])).tolist() == [[0, 0, 1, 1]]
    assert convolution.grads["weight"].item() == 6
    assert convolution.grads["bias"].item() == 2


def test_nan_and_infinity_come_through():
    convolution = tn.Conv2d(1, 1, 1)
    convolution.params["weight"][...] = 1
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    x[0, 0, 0, 0], x[0, 0, 3, 3] = np.nan, np.inf
    assert np.array_equal(
        tn.Sequential(convolution, tn.MaxPool2d(2))(x)[0, 0], [[np.nan, 7], [13, np.inf]], equal_nan=True
    )


class _Conv2d(tn.Conv2d):
    pass


class _MaxPool2d(tn.MaxPool2d):
    pass


class _ReLU(tn.ReLU):
    pass


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ("conv relu", "FusedConvolution"),
        ("conv relu relu", "FusedConvolution ReLU"),
        ("conv pool pool relu", "FusedConvolution MaxPool2d ReLU"),
        ("conv conv relu conv", "Conv2d FusedConvolution Conv2d"),
        ("conv relu pool relu conv pool", "FusedConvolution ReLU FusedConvolution"),
        ("relu pool conv", "MaxPool2d ReLU Conv2d"),
    ],
)
def test_what_becomes_one_stage(layers, expected):
    make = {"conv": lambda: tn.Conv2d(1, 1, 1), "relu": tn.ReLU, "pool": lambda: tn.MaxPool2d(2)}
    assert stages(tn.Sequential(*(make[name]() for name in layers.split()))) == expected.split()


@pytest.mark.parametrize(
    "layers",
    [
        (_Conv2d(1, 1, 3), tn.MaxPool2d(2)),
        (tn.Conv2d(1, 1, 3), _MaxPool2d(2)),
        (tn.Conv2d(1, 1, 3), tn.AvgPool2d(2)),
        (tn.Conv2d(1, 1, 3), tn.Tanh(), tn.MaxPool2d(2)),
        (tn.MaxPool2d(2), tn.Conv2d(1, 1, 3)),
        (tn.ReLU(), tn.Conv2d(1, 1, 3)),
        (tn.Conv2d(1, 1, 3), tn.LeakyReLU()),
        (tn.Conv2d(1, 1, 3), _ReLU()),
        (tn.Conv2d(1, 1, 3), tn.Dropout(), tn.ReLU(), tn.Dropout()),
    ],
)
def test_others_stay_stages_of_their_own(layers):
    assert stages(tn.Sequential(*layers)) == [type(layer).__name__ for layer in layers]


class Residual(tn.Sequential):
    """Goes through its layers by itself."""

    def _forward(self, x, training):
        contexts, y = [], x
        for layer in self.layers:
            y, context = layer._evaluate(y, training)
            contexts.append(context)
        return x + y, contexts

    def _backward(self, context, grad):
        grads, grad_x = [], grad
        for layer, layer_context in zip(reversed(self.layers), reversed(context)):
            grad_x, layer_grads = layer._differentiate(layer_context, grad_x)
            grads.insert(0, layer_grads)
        return grad + grad_x, grads


class Recording(tn.Sequential):
    """Goes forward by itself, and back as all networks do."""

    def _forward(self, x, training):
        return tn.Sequential._forward(self, x, training) if not training else Residual._forward(self, x, training)


@pytest.mark.parametrize("kind", [Residual, Recording])
@pytest.mark.parametrize("pool", [(), (tn.MaxPool2d(1),)])
def test_a_subclass_with_a_way_of_its_own_finds_all_layers_in_their_places(kind, pool):
    def convolution():
        return tn.Conv2d(2, 2, 3, padding=1, rng=0, dtype="float64")

    parts = convolution(), tn.ReLU(), *pool, tn.BatchNorm(2, dtype="float64"), convolution(), tn.ReLU()
    x = np.random.default_rng(0).normal(size=(4, 2, 6, 6))
    net = pickle.loads(pickle.dumps(kind(*parts)))
    assert stages(net) == [type(part).__name__ for part in parts]
    y = net.forward(x, training=True)
    grad_x = net.backward(y)
    plain = tn.Sequential(*parts)
    assert np.array_equal(y, x + plain.forward(x, training=True))
    expected = plain.backward(y)
    assert np.array_equal(grad_x, expected + y if kind is Residual else expected)
    assert all(np.array_equal(net.grads[key], plain.grads[key]) for key in plain.grads)
    whole = tn.Sequential(net, tn.Flatten(), tn.Dense(72, 2, rng=0, dtype="float64"), tn.Softmax())
    tn.fit(whole, x, [0, 1, 0, 1], epochs=1, progress=False)
    assert not np.array_equal(net[0].params["weight"], convolution().params["weight"])


@pytest.mark.parametrize("sizes", [{"stride": (1, 1)}, {"padding": (1, 1)}, {"kernel_size": (3, 3)}])
def test_windows_may_become_others(sizes):
    net, x = tn.Sequential(tn.Conv2d(1, 1, 1, rng=0), tn.MaxPool2d(2)), np.arange(36.0).reshape(1, 1, 6, 6)
    for name, value in sizes.items():
        setattr(net[1], name, value)
    for _ in range(2):
        expected = net[1](net[0](x))
        assert np.array_equal(net(x), expected)
        assert np.array_equal(net.forward(x, training=True), expected)
        net[1].stride = (2, 2)


def test_a_shallow_copy_shares_all_parameters():
    layer = tn.Conv2d(1, 2, 3, rng=0)
    shared = copy.copy(layer)
    assert all(np.shares_memory(shared.params[key], layer.params[key]) for key in layer.params)


@pytest.mark.parametrize("training", [False, True])
def test_the_layer_that_cannot_take_what_comes_is_named(training):
    net = tn.Sequential(tn.ReLU(), tn.Conv2d(1, 2, 3), tn.ReLU(), tn.MaxPool2d(2))
    for pooled in (net, net[:3]):
        with pytest.raises(
            tn.ShapeError, match=r"^layer 1: Conv2d expects an input of shape \(N, 1, H, W\), got \(1, 784\)"
        ):
            pooled.forward(np.zeros((1, 784)), training=training)
    with pytest.raises(tn.ShapeError, match=r"^layer 3: MaxPool2d: a window of \(2, 2\) does not fit"):
        net.forward(np.zeros((1, 1, 3, 3)), training=training)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net)), lambda net: net[:]])
def test_a_copy_takes_one_step_with_its_own_weights(copied):
    net = copied(tn.Sequential(tn.Conv2d(1, 2, 3, rng=0), tn.MaxPool2d(2)))
    assert isinstance(net._stages[0], FusedConvolution)
    assert net._stages[0].convolution is net.layers[0]
    net.params["0.weight"][...] = 0
    x = np.ones((1, 1, 6, 6))
    assert not net(x).any()
    net.backward(net.forward(x, training=True))
    assert net.grads["0.weight"].shape == net[0].grads["weight"].shape == (2, 1, 3, 3)


@pytest.mark.parametrize("following", [tn.MaxPool2d(2), tn.ReLU()])
def test_the_result_is_a_new_array(following):
    (stage,) = tn.Sequential(tn.Conv2d(1, 2, 3, rng=0), following)._stages
    assert stage._infer(np.ones((1, 1, 6, 6), np.float32), False)[1] is True


def test_gradients_can_be_had_in_inference_as_of_other_layers():
    (stage,) = tn.Sequential(tn.Conv2d(1, 2, 3, rng=0), tn.MaxPool2d(2), tn.ReLU())._stages
    x = np.random.default_rng(0).normal(size=(1, 1, 6, 6)).astype(np.float32)
    for found, expected in zip(
        *(stage._differentiate(c, y)[:1] for y, c in (stage._evaluate(x, t) for t in (False, True)))
    ):
        assert np.array_equal(found, expected)
        assert found.any()
