"""Inference of a chain of dense layers from names and shapes."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn


def tensors(*entries):
    """Return arrays of the given shapes, each filled with its own number."""
    return {name: np.full(shape, i + 1.0, np.float32) for i, (name, shape) in enumerate(entries)}


def linear(name, fan_in, fan_out, bias=True):
    return [(f"{name}.weight", (fan_out, fan_in))] + [(f"{name}.bias", (fan_out,))] * bias


def dense_layers(net):
    return [layer for layer in net if isinstance(layer, tn.Dense)]


def load(*layers, **options):
    return tn.from_torch_state_dict(tensors(*[entry for layer in layers for entry in layer]), **options)


def test_layers_activations_and_softmax_in_key_order():
    net = load(linear("fc1", 4, 3), linear("fc2", 3, 2))
    assert [type(layer).__name__ for layer in net] == ["Dense", "ReLU", "Dense", "Softmax"]
    assert [layer.name for layer in net] == ["fc1", None, "fc2", None]
    assert [float(net.params[key].flat[0]) for key in net.params] == [1, 2, 3, 4]
    assert net.dtype == np.float32


def test_options():
    net = load(linear("fc1", 4, 3), linear("fc2", 3, 2), activation=tn.Flatten, softmax=False, dtype=np.float64)
    assert [type(layer).__name__ for layer in net] == ["Dense", "Flatten", "Dense"]
    assert net.dtype == np.float64
    net = load(linear("fc1", 4, 3), linear("fc2", 3, 2), activation=lambda: tn.ReLU(name="act"))
    assert net[1].name == "act"


@pytest.mark.parametrize("activation", [None, tn.ReLU(), "relu", lambda: 3])
def test_a_bad_activation_is_refused(activation):
    with pytest.raises(TypeError, match="activation must be"):
        load(linear("fc1", 4, 3), linear("fc2", 3, 2), activation=activation)


@pytest.mark.parametrize("prefix", ["", "net.", "model.layers.", "module.", "_orig_mod.", "module._orig_mod.net."])
@pytest.mark.parametrize("names", [("0", "2"), ("fc1", "fc2"), ("hidden", "output"), ("b", "a")])
def test_any_names_and_prefixes(prefix, names):
    net = load(*[linear(prefix + name, *sizes) for name, sizes in zip(names, ((4, 3), (3, 2)))])
    kept = prefix.replace("module.", "").replace("_orig_mod.", "")
    assert [layer.name for layer in dense_layers(net)] == [kept + name for name in names]


def test_a_single_unnamed_layer():
    net = tn.from_torch_state_dict(tensors(("weight", (2, 3)), ("bias", (2,))))
    assert repr(net[0]) == "Dense(3, 2)"


@pytest.mark.parametrize("order", ["w1 b1 w2 b2", "w1 w2 b1 b2", "w2 b2 w1 b1"])
def test_weights_without_module_names_are_paired_with_biases_in_order(order):
    shapes = {"w1": (3, 4), "b1": (3,), "w2": (2, 3), "b2": (2,)}
    net = tn.from_torch_state_dict(tensors(*[(name, shapes[name]) for name in order.split()]))
    assert list(net.params) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert net[0].in_features == 4
    numbers = {name: i + 1 for i, name in enumerate(order.split())}
    assert [net.params[key].flat[0] for key in net.params] == [numbers[n] for n in ("w1", "b1", "w2", "b2")]


def test_missing_biases():
    net = load(linear("a", 4, 3, bias=False), linear("b", 3, 3), linear("c", 3, 2, bias=False))
    assert list(net.params) == ["a.weight", "b.weight", "b.bias", "c.weight"]


def test_order_from_the_shapes_where_key_order_does_not_fit():
    net = load(linear("out", 16, 10), linear("first", 784, 32), linear("middle", 32, 16))
    assert [layer.name for layer in dense_layers(net)] == ["first", "middle", "out"]


def test_numbers_order_what_a_format_has_sorted_as_text():
    names = sorted((f"layers.{i}" for i in range(12)), key=str)
    widths = list(range(20, 7, -1))
    net = load(*[linear(name, widths[int(name[7:])], widths[int(name[7:]) + 1]) for name in names])
    assert [layer.name for layer in dense_layers(net)] == [f"layers.{i}" for i in range(12)]


def test_key_order_decides_between_square_layers():
    net = load(linear("b", 4, 4), linear("a", 4, 4), linear("c", 4, 2))
    assert [layer.name for layer in dense_layers(net)] == ["b", "a", "c"]


def test_key_order_against_numbers_is_ambiguous():
    with pytest.raises(tn.CheckpointError, match=r"more than one order(.|\n)*fc2 .*fc1(.|\n)*fc1 .*fc2(.|\n)*name="):
        load(linear("fc2", 4, 4), linear("fc1", 4, 4), linear("head", 4, 4)[:0])


def test_interchangeable_layers_out_of_order_are_ambiguous():
    with pytest.raises(tn.CheckpointError, match="more than one order") as caught:
        load(linear("out", 4, 2), linear("a", 4, 4), linear("b", 4, 4), linear("in", 8, 4))
    assert "in (8 -> 4), a (4 -> 4), b (4 -> 4), out (4 -> 2)" in str(caught.value)
    assert "in (8 -> 4), b (4 -> 4), a (4 -> 4), out (4 -> 2)" in str(caught.value)


def test_a_long_tangle_ends_soon():
    layers = [linear(f"layer{chr(97 + i)}", 4, 4) for i in range(20)]
    with pytest.raises(tn.CheckpointError):
        load(linear("out", 4, 3), *layers, linear("lost", 7, 9))


def test_a_long_chain_out_of_order_is_found():
    widths = [3, *range(100, 160), 3]
    layers = [linear(f"block_{chr(97 + i % 26)}{'x' * i}", *pair) for i, pair in enumerate(zip(widths, widths[1:]))]
    with pytest.raises(tn.CheckpointError, match="more than one order"):  # a ring begins anywhere
        load(*layers[7:], *layers[3:7], *layers[:3])
    net = load(*layers[7:-1], *layers[3:7], *layers[:3])
    assert [layer.in_features for layer in dense_layers(net)] == widths[:-2]


def test_a_search_without_end_says_so():
    layers = [linear(f"layer{chr(97 + i)}", 4, 4) for i in range(20)]
    with pytest.raises(tn.CheckpointError, match="more than one order"):
        load(*layers, linear("in", 8, 4))


def test_sorted_keys_are_no_witness_for_the_order():
    net = [("decoder.bias", (8,)), ("decoder.weight", (8, 4)), ("encoder.bias", (4,)), ("encoder.weight", (4, 8))]
    with pytest.raises(tn.CheckpointError, match="more than one order"):
        tn.from_torch_state_dict(tensors(*net))
    registered = tn.from_torch_state_dict(tensors(net[3], net[2], net[1], net[0]))
    assert [layer.name for layer in dense_layers(registered)] == ["encoder", "decoder"]


def test_biases_without_module_names_go_by_number():
    net = tn.from_torch_state_dict(tensors(("W2", (6, 6)), ("W1", (6, 4)), ("b1", (6,)), ("b2", (6,))))
    assert [float(net.params[key].flat[0]) for key in net.params] == [2, 3, 1, 4]


@pytest.mark.parametrize(
    "entries",
    [
        [
            ("rnn.weight_ih_l0", (64, 28)),
            ("rnn.weight_hh_l0", (64, 64)),
            ("rnn.bias_ih_l0", (64,)),
            *linear("fc", 64, 10),
        ],
        [*linear("fc", 4, 2), ("fc.lora_A", (3, 4))],
        [("attention.in_proj_weight", (24, 8)), *linear("out_proj", 8, 8)],
        [*linear("fc", 16, 8), ("norm.weight", (8, 8)), ("norm.bias", (8, 8))],
        [("fc.weight_orig", (5, 5)), ("fc.weight_mask", (5, 5)), ("fc.bias", (5,))],
        [("scale", (1, 1)), *linear("fc", 4, 1)],
    ],
    ids=["rnn", "lora", "attention", "layer norm", "pruned", "buffer"],
)
@pytest.mark.parametrize("strict", [True, False])
def test_matrices_of_other_layers_are_not_taken_for_dense_ones(entries, strict):
    with pytest.raises(tn.CheckpointError, match="layers of other kinds"):
        tn.from_torch_state_dict(tensors(*entries), strict=strict)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([("fc.weight", (2, 3)), ("fc.bias", (3,))], "no dense layer uses fc.bias"),
        ([("fc.weight", (4, 5)), ("fc.bias", (5,))], "fc.weight looks transposed"),
        ([("fc.weight", (0, 3))], "fc.weight is empty"),
        ([("2.weight", (8, 4)), ("weight", (3, 8))], r"two layers have a parameter '2\.weight'"),
    ],
)
def test_other_misfits_are_named(entries, message):
    with pytest.raises(tn.CheckpointError, match=message):
        tn.from_torch_state_dict(tensors(*entries))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([*linear("a", 4, 3), *linear("b", 5, 2)], r"a \(4 -> 3\), b \(5 -> 2\) do not form one chain"),
        ([("conv.weight", (8, 1, 3, 3)), *linear("fc", 8, 2)], r"conv.weight \(8, 1, 3, 3\).*network="),
        ([*linear("fc", 4, 2), ("bn.running_mean", (2,))], r"bn\.running_mean"),
        ([*linear("fc", 4, 2), ("scale", (7,)), ("step", ())], r"uses scale, step.*strict=False"),
        ([("fc.bias", (3,))], "no state dict"),
    ],
)
def test_what_is_no_chain_is_refused_by_name(entries, message):
    with pytest.raises(tn.CheckpointError, match=message):
        tn.from_torch_state_dict(tensors(*entries))


def test_strict_false_allows_unused_tensors_but_no_missing_layer():
    state_dict = tensors(*linear("fc", 4, 2), ("scale", (7,)), ("step", ()))
    assert len(tn.from_torch_state_dict(state_dict, strict=False)) == 2
    with pytest.raises(tn.CheckpointError):
        tn.from_torch_state_dict(tensors(*linear("fc", 4, 2), *linear("gap", 3, 2)), strict=False)
    with pytest.raises(tn.CheckpointError, match="other kinds"):
        tn.from_torch_state_dict(tensors(*linear("fc", 4, 2), ("bn.running_var", (2,))), strict=False)


@pytest.mark.parametrize("dtype", [np.int8, np.complex64, np.bool_])
def test_weights_that_are_no_floating_point_numbers_are_refused(dtype):
    with pytest.raises(tn.CheckpointError, match=f"fc.weight.*{np.dtype(dtype)}"):
        tn.from_torch_state_dict({"fc.weight": np.ones((2, 3), dtype)})


def test_the_network_does_not_share_memory_with_the_mapping():
    state_dict = tensors(*linear("fc", 4, 2))
    net = tn.from_torch_state_dict(state_dict)
    state_dict["fc.weight"][...] = 0
    assert net.params["fc.weight"].all()
