"""Filling a given network: by name, in order, and everything that can disagree."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn


def state_dict(**shapes):
    return {key.replace("__", "."): np.full(shape, i + 1.0) for i, (key, shape) in enumerate(shapes.items())}


FC = {"fc1__weight": (3, 4), "fc1__bias": (3,), "fc2__weight": (2, 3), "fc2__bias": (2,)}


def network(first=None, second=None, **options):
    return tn.Sequential(tn.Dense(4, 3, name=first, **options), tn.ReLU(), tn.Dense(3, 2, name=second, **options))


def numbers(net):
    return [float(array.flat[0]) for array in net.params.values()]


def test_by_name_whatever_the_order_in_the_file():
    shapes = dict(reversed(FC.items()))
    net = network("fc1", "fc2")
    assert tn.from_torch_state_dict(state_dict(**shapes), net) is net
    assert numbers(net) == [4, 3, 2, 1]


def test_names_may_carry_the_wrappers_of_the_file_or_not():
    wrapped = {f"_orig_mod.{key}": value for key, value in state_dict(**FC).items()}
    for names in (("fc1", "fc2"), ("_orig_mod.fc1", "_orig_mod.fc2")):
        net = network(*names)
        tn.from_torch_state_dict(wrapped, net)
        assert numbers(net) == [1, 2, 3, 4]


def test_in_order_where_no_layer_has_a_name():
    net = network()
    tn.from_torch_state_dict(state_dict(**FC), net)
    assert numbers(net) == [1, 2, 3, 4]


def test_positions_that_are_names_in_the_file_count_as_names():
    shapes = {"2__weight": (2, 3), "2__bias": (2,), "0__weight": (3, 4), "0__bias": (3,)}
    net = network()
    tn.from_torch_state_dict(state_dict(**shapes), net)
    assert numbers(net) == [3, 4, 1, 2]


def test_a_single_layer_and_a_nested_network():
    layer = tn.Dense(4, 3)
    tn.from_torch_state_dict(state_dict(weight=(3, 4), bias=(3,)), layer)
    assert layer.params["bias"].tolist() == [2, 2, 2]
    net = tn.Sequential(network(), tn.Softmax())
    tn.from_torch_state_dict(state_dict(**FC), net)
    assert numbers(net) == [1, 2, 3, 4]


def test_the_network_keeps_its_dtype():
    net = network(dtype=np.float64)
    tn.from_torch_state_dict(state_dict(**FC), net)
    assert net.dtype == np.float64


def test_every_disagreement_is_named_at_once_and_nothing_is_written():
    net = network("fc1", "fc2")
    before = {key: array.copy() for key, array in net.params.items()}
    shapes = {"fc1__weight": (4, 3), "fc1__bias": (3,), "fc2__weight": (2, 5), "fc3__bias": (2,), "step": ()}
    with pytest.raises(tn.CheckpointError) as caught:
        tn.from_torch_state_dict(state_dict(**shapes), net)
    message = str(caught.value)
    assert "missing in the file: fc2.bias" in message
    assert "unused in the file: fc3.bias, step" in message
    assert "fc1.weight: the network expects (3, 4), the file has (4, 3), the transpose" in message
    assert "fc2.weight: the network expects (2, 3), the file has (2, 5)" in message
    assert all(np.array_equal(net.params[key], before[key]) for key in before)


def test_strict_false_allows_unused_keys_never_missing_ones():
    net = network("fc1", "fc2")
    extra = state_dict(**FC, fc3__weight=(1, 1))
    with pytest.raises(tn.CheckpointError, match=r"unused in the file: fc3\.weight"):
        tn.from_torch_state_dict(extra, net)
    tn.from_torch_state_dict(extra, net, strict=False)
    assert numbers(net) == [1, 2, 3, 4]
    del extra["fc2.bias"]
    with pytest.raises(tn.CheckpointError, match=r"missing in the file: fc2\.bias"):
        tn.from_torch_state_dict(extra, net, strict=False)


def test_in_order_needs_as_many_layers():
    with pytest.raises(
        tn.CheckpointError, match="network has 2 layers with parameters, the file has 3: fc1, fc2, fc3"
    ):
        tn.from_torch_state_dict(state_dict(**FC, fc3__weight=(1, 1)), network(), strict=False)


def test_a_bias_that_only_one_side_has_is_named():
    net = tn.Sequential(tn.Dense(4, 3, name="fc1"), tn.ReLU(), tn.Dense(3, 2, bias=False, name="fc2"))
    with pytest.raises(tn.CheckpointError, match=r"unused in the file: fc2\.bias"):
        tn.from_torch_state_dict(state_dict(**FC), net)
    with pytest.raises(tn.CheckpointError, match=r"missing in the file: 2\.bias"):
        tn.from_torch_state_dict(state_dict(**{k: v for k, v in FC.items() if k != "fc2__bias"}), network())


def test_positions_that_the_file_has_in_part_do_not_count():
    shapes = {"0__weight": (3, 4), "0__bias": (3,), "1__weight": (2, 3), "1__bias": (2,)}
    net = network()
    tn.from_torch_state_dict(state_dict(**shapes), net)
    assert numbers(net) == [1, 2, 3, 4]


def test_a_single_unnamed_layer_takes_a_single_named_one():
    layer = tn.Dense(4, 3)
    tn.from_torch_state_dict(state_dict(fc__weight=(3, 4), fc__bias=(3,)), layer)
    assert layer.params["bias"].tolist() == [2, 2, 2]
    net = tn.Sequential(tn.Dense(4, 3), tn.Softmax())
    tn.from_torch_state_dict(state_dict(weight=(3, 4), bias=(3,)), net)
    assert numbers(net) == [1, 2]


def test_numbers_against_key_order():
    square = {f"layers.{i}.weight": np.full((3, 3), float(i)) for i in (0, 1, 10, 2)}
    with pytest.raises(tn.CheckpointError, match="that of their numbers differ, and both fit"):
        tn.from_torch_state_dict(square, tn.Sequential(*[tn.Dense(3, 3, bias=False) for _ in range(4)]))
    widths = [5, 4, 3, 2, 6]
    shaped = {
        f"l.{n}.weight": np.full((widths[i + 1], widths[i]), float(n)) for i, n in [(0, 0), (1, 1), (3, 10), (2, 2)]
    }
    net = tn.Sequential(*[tn.Dense(a, b, bias=False) for a, b in zip(widths, widths[1:])])
    assert numbers(tn.from_torch_state_dict(shaped, net)) == [0, 1, 2, 10]


def test_explicit_names_are_never_taken_for_places():
    net = tn.Sequential(tn.Dense(4, 3, name="7"), tn.ReLU(), tn.Dense(3, 2, name="9"))
    with pytest.raises(tn.CheckpointError, match=r"missing in the file: 7\.weight"):
        tn.from_torch_state_dict(state_dict(**FC), net)


def test_layers_of_one_network_can_be_swapped():
    net = tn.Sequential(tn.Dense(2, 2, rng=0), tn.Dense(2, 2, rng=1))
    before = tn.to_torch_state_dict(net)
    p = net.params
    tn.from_torch_state_dict({f"{i}.{k}": p[f"{1 - i}.{k}"] for i in (0, 1) for k in ("weight", "bias")}, net)
    assert np.array_equal(net.params["0.weight"], before["1.weight"])
    assert np.array_equal(net.params["1.weight"], before["0.weight"])


def test_integers_are_no_weights():
    tensors = {key: value.astype(np.int8) for key, value in state_dict(**FC).items()}
    with pytest.raises(tn.CheckpointError, match=r"fc1\.weight: expected floating-point numbers, the file has int8"):
        tn.from_torch_state_dict(tensors, network("fc1", "fc2"))


def test_what_is_no_network_is_refused():
    with pytest.raises(TypeError, match="network must be a Layer"):
        tn.from_torch_state_dict(state_dict(**FC), [tn.Dense(4, 3)])
