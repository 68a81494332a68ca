"""Filling a given network: by name, in order, and everything that can disagree."""

from __future__ import annotations

import re

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


def norm_tensors(prefix, start, features=3):
    """Return the tensors of a batch normalization, each filled with a number of its own."""
    leaves = ("weight", "bias", "running_mean", "running_var")
    tensors = {f"{prefix}.{leaf}": np.full(features, start + i, np.float32) for i, leaf in enumerate(leaves)}
    return {**tensors, f"{prefix}.num_batches_tracked": np.array(start + 4)}


def cnn_tensors(conv="conv", norm="bn", dense="fc"):
    convolution = {f"{conv}.weight": np.arange(24, dtype=np.float64).reshape(3, 1, 2, 4), f"{conv}.bias": np.ones(3)}
    return {**convolution, **norm_tensors(norm, 7), f"{dense}.weight": np.full((2, 3), 5.0)}


def cnn(conv=None, norm=None, dense=None, **options):
    return tn.Sequential(
        tn.Conv2d(1, 3, (2, 4), name=conv, **options),
        tn.BatchNorm(3, name=norm, **options),
        tn.ReLU(),
        tn.Flatten(),
        tn.Dense(3, 2, bias=False, name=dense, **options),
    )


def assert_filled(net, tensors):
    """The state of `net` is `tensors`, in this order."""
    state = net._state()
    assert len(state) == len(tensors)
    for array, value in zip(state.values(), tensors.values()):
        assert array.dtype == (np.int64 if value.ndim == 0 else net.dtype)
        assert np.array_equal(array, value)


@pytest.mark.parametrize("names", [("conv", "bn", "fc"), (None, None, None)], ids=["by name", "in order"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_buffers_are_filled_and_cast(names, dtype):
    net = cnn(*names, dtype=dtype)
    tensors = cnn_tensors()
    assert tn.from_torch_state_dict(tensors, net) is net
    assert_filled(net, tensors)


@pytest.mark.parametrize("names", [("conv", "bn", "fc"), (None, None, None)], ids=["by name", "in order"])
def test_files_older_than_the_count_of_batches_do_without_it(names):
    net = cnn(*names)
    net.buffers[f"{names[1] or 1}.num_batches_tracked"] = 99
    tensors = cnn_tensors()
    expected = {**tensors, "bn.num_batches_tracked": np.array(99)}
    del tensors["bn.num_batches_tracked"]
    tn.from_torch_state_dict(tensors, net)
    assert_filled(net, expected)


def test_older_files_are_told_from_misfits_when_matched_in_order():
    """Two orders, of keys and of numbers, and one fits: the count that is not there must not hide it."""
    tensors = {**norm_tensors("l.1", 1, 4), **norm_tensors("l.10", 11, 2), **norm_tensors("l.2", 21, 3)}
    tensors = {key: value for key, value in tensors.items() if "tracked" not in key}
    net = tn.Sequential(
        tn.BatchNorm(4), tn.BatchNorm(3), tn.BatchNorm(2)
    )  # would not add up, but no one evaluates it
    tn.from_torch_state_dict(tensors, net)
    assert [net.params[f"{i}.weight"][0] for i in range(3)] == [1, 21, 11]


def test_a_normalization_without_parameters_of_its_own():
    tensors = {key: value for key, value in norm_tensors("bn", 1).items() if "running" in key}
    for name in ("bn", None):
        net = tn.Sequential(tn.BatchNorm(3, affine=False, name=name))
        tn.from_torch_state_dict(tensors, net)
        assert [array.flat[0] for array in net.buffers.values()] == [3, 4, 0]
    with pytest.raises(tn.CheckpointError, match=r"missing in the file: other\.running_mean, other\.running_var\n"):
        tn.from_torch_state_dict(tensors, tn.Sequential(tn.BatchNorm(3, affine=False, name="other")))


def test_running_statistics_are_required_and_disagreements_with_them_named_at_once():
    net = cnn("conv", "bn", "fc")
    before = {key: array.copy() for key, array in net._state().items()}
    tensors = cnn_tensors()
    del tensors["bn.running_mean"]
    tensors["bn.running_var"] = np.ones(4)
    tensors["bn.num_batches_tracked"] = np.array(1.0)
    tensors["conv.weight"] = np.ones((3, 1, 2, 4), np.int8)
    tensors["other.num_batches_tracked"] = np.array(3)
    with pytest.raises(tn.CheckpointError) as caught:
        tn.from_torch_state_dict(tensors, net)
    message = str(caught.value)
    assert "missing in the file: bn.running_mean\n" in message
    assert "unused in the file: other.num_batches_tracked (" in message
    assert "bn.running_var: the network expects (3,), the file has (4,)" in message
    assert "bn.num_batches_tracked: expected integers, the file has float64" in message
    assert "conv.weight: expected floating-point numbers, the file has int8" in message
    assert all(np.array_equal(array, before[key]) for key, array in net._state().items())


def test_a_count_of_another_shape_is_refused():
    with pytest.raises(tn.CheckpointError, match=r"tracked: the network expects \(\), the file has \(1,\)"):
        tn.from_torch_state_dict({**cnn_tensors(), "bn.num_batches_tracked": np.array([3])}, cnn("conv", "bn", "fc"))


def test_the_statistics_of_a_network_without_normalization_are_unused():
    net = tn.Sequential(tn.Conv2d(1, 3, (2, 4), name="conv"), tn.Flatten(), tn.Dense(3, 2, bias=False, name="fc"))
    with pytest.raises(tn.CheckpointError, match=r"unused in the file: bn\.weight, .*, bn\.num_batches_tracked \("):
        tn.from_torch_state_dict(cnn_tensors(), net)
    tn.from_torch_state_dict(cnn_tensors(), net, strict=False)
    assert net.params["fc.weight"].max() == 5


def test_networks_of_networks_by_the_names_that_torch_gives_them():
    tensors = cnn_tensors("features.0", "features.1", "classifier.1")
    nested = tn.Sequential(
        tn.Sequential(tn.Conv2d(1, 3, (2, 4)), tn.BatchNorm(3), tn.ReLU(), name="features"),
        tn.Sequential(tn.Flatten(), tn.Dense(3, 2, bias=False), name="classifier"),
    )
    flat = cnn("features.0", "features.1", "classifier.1")
    shuffled = dict(sorted(tensors.items()))
    for net in (nested, flat):
        tn.from_torch_state_dict(shuffled, net)
        assert_filled(net, tensors)
        assert list(tn.to_torch_state_dict(net)) == list(tensors)


def test_a_part_of_a_network_takes_its_part_of_the_file():
    tensors = cnn_tensors("features.0", "features.1", "fc")
    part = tn.Sequential(tn.Conv2d(1, 3, (2, 4)), tn.BatchNorm(3), name="features")
    with pytest.raises(tn.CheckpointError, match=r"unused in the file: fc\.weight"):
        tn.from_torch_state_dict(tensors, part)
    tn.from_torch_state_dict(tensors, part, strict=False)
    assert part.buffers["1.num_batches_tracked"] == 11
    layer = tn.Dense(3, 2, bias=False, name="fc")
    tn.from_torch_state_dict(tensors, layer, strict=False)
    assert layer.params["weight"].max() == 5


def test_who_is_matched_in_order_is_told_of_names():
    """Torch's order is that of registration, which need not be that of evaluation."""
    tensors = {**norm_tensors("bn", 1), "conv.weight": np.ones((3, 1, 2, 4)), "conv.bias": np.ones(3)}
    with pytest.raises(tn.CheckpointError, match=r"0\.weight \(from bn\.weight\).*(.|\n)*give each the name="):
        tn.from_torch_state_dict(tensors, tn.Sequential(tn.Conv2d(1, 3, (2, 4)), tn.BatchNorm(3)))
    net = tn.Sequential(tn.Conv2d(1, 3, (2, 4), name="conv"), tn.BatchNorm(3, name="bn"))
    tn.from_torch_state_dict(tensors, net)
    assert net.buffers["bn.running_var"].tolist() == [4, 4, 4]


def test_the_example_of_the_readme_runs(root, monkeypatch, capsys):
    blocks = re.findall(r"```python\n(.*?)```", (root / "README.md").read_text("utf-8"), re.DOTALL)
    (block,) = [block for block in blocks if "Conv2d" in block]
    images, labels = tn.datasets.synthetic_digits(200, rng=0)
    monkeypatch.chdir(root)  # where the README's examples are
    exec(block, {"tn": tn, "x": tn.datasets.normalize(images), "images": images, "labels": labels})
    assert float(capsys.readouterr().out.rstrip("%\n")) > 90


def test_what_is_no_network_is_refused():
    with pytest.raises(TypeError, match="network must be a Layer"):
        tn.from_torch_state_dict(state_dict(**FC), [tn.Dense(4, 3)])
