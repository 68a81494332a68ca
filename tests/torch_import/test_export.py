"""State dicts out of networks: names, copies, and back again."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn


def network():
    return tn.Sequential(tn.Dense(4, 3, rng=0, name="fc1"), tn.ReLU(), tn.Dense(3, 2, bias=False, rng=1))


def test_names_and_copies():
    net = network()
    state_dict = tn.to_torch_state_dict(net)
    assert list(state_dict) == ["fc1.weight", "fc1.bias", "2.weight"]
    for key, array in state_dict.items():
        assert np.array_equal(array, net.params[key])
        assert not np.shares_memory(array, net.params[key])


def test_there_and_back_is_the_identity():
    net = network()
    other = tn.from_torch_state_dict(tn.to_torch_state_dict(net), network())
    assert all(np.array_equal(net.params[key], other.params[key]) for key in net.params)


def test_torch_takes_it():
    torch = pytest.importorskip("torch")
    net = tn.Sequential(tn.Dense(4, 3, rng=0), tn.ReLU(), tn.Dense(3, 2, rng=1))
    module = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
    module.load_state_dict({key: torch.from_numpy(value) for key, value in tn.to_torch_state_dict(net).items()})
    x = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    np.testing.assert_allclose(module(torch.from_numpy(x)).detach().numpy(), net(x), rtol=1e-5, atol=1e-6)


def cnn():
    """A network that has recorded statistics of its own."""
    net = tn.Sequential(
        tn.Sequential(tn.Conv2d(2, 3, (3, 2), rng=0), tn.BatchNorm(3), tn.ReLU(), name="features"),
        tn.Flatten(),
        tn.BatchNorm(18, affine=False),
        tn.Dense(18, 4, bias=False, rng=1, name="fc"),
    )
    for seed in range(3):
        net.forward(np.random.default_rng(seed).standard_normal((5, 2, 4, 4)), training=True)
    return net


def torch_cnn(torch):
    features = torch.nn.Sequential(torch.nn.Conv2d(2, 3, (3, 2)), torch.nn.BatchNorm2d(3), torch.nn.ReLU())
    module = torch.nn.Sequential()
    for name, part in [
        ("features", features),
        ("1", torch.nn.Flatten()),
        ("2", torch.nn.BatchNorm1d(18, affine=False)),
        ("fc", torch.nn.Linear(18, 4, bias=False)),
    ]:
        module.add_module(name, part)
    return module.eval()


def test_convolutions_and_statistics_are_copies_in_c_order():
    net = cnn()
    state_dict = tn.to_torch_state_dict(net)
    bn = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    names = ["0.weight", "0.bias", *(f"1.{leaf}" for leaf in bn)]
    assert list(state_dict) == [
        *(f"features.{name}" for name in names),
        *(f"2.{leaf}" for leaf in bn[2:]),
        "fc.weight",
    ]
    assert not net.params["features.0.weight"].flags.c_contiguous  # its memory is in the order of the kernel
    for key, array in state_dict.items():
        own = {**net.params, **net.buffers}[key]
        assert array.flags.c_contiguous
        assert array.dtype == own.dtype
        assert np.array_equal(array, own)
        assert not np.shares_memory(array, own)
    assert state_dict["2.num_batches_tracked"] == 3


@pytest.mark.parametrize("in_file", [True, False])
def test_torch_takes_all_of_it_strictly_and_gives_it_back(in_file, tmp_path):
    torch = pytest.importorskip("torch")
    net, module = cnn(), torch_cnn(torch)
    state_dict = tn.to_torch_state_dict(net)
    if in_file:
        tn.save_checkpoint(state_dict, tmp_path / "cnn.pth")
        module.load_state_dict(torch.load(tmp_path / "cnn.pth", weights_only=True), strict=True)
    else:
        module.load_state_dict({key: torch.from_numpy(value) for key, value in state_dict.items()}, strict=True)
    assert list(module.state_dict()) == list(state_dict)

    x = np.random.default_rng(9).standard_normal((5, 2, 4, 4)).astype(np.float32)
    np.testing.assert_allclose(module(torch.from_numpy(x)).detach().numpy(), net(x), rtol=1e-5, atol=1e-6)

    source = module.state_dict()
    if in_file:
        source = tmp_path / "back.pth"
        torch.save(module.state_dict(), source)
    fresh = tn.Sequential(
        tn.Sequential(tn.Conv2d(2, 3, (3, 2)), tn.BatchNorm(3), tn.ReLU(), name="features"),
        tn.Flatten(),
        tn.BatchNorm(18, affine=False),
        tn.Dense(18, 4, bias=False, name="fc"),
    )
    back = tn.to_torch_state_dict(tn.from_torch_state_dict(source, fresh))
    assert list(back) == list(state_dict)
    assert all(np.array_equal(back[key], state_dict[key]) for key in back)
    assert np.array_equal(fresh(x), net(x))


def test_parameters_themselves_may_be_saved(tmp_path):
    """Whatever order their memory is in."""
    net = cnn()
    tn.save_checkpoint(net.params, tmp_path / "params.pth")
    loaded = tn.load_checkpoint(tmp_path / "params.pth")
    assert all(np.array_equal(loaded[key], net.params[key]) for key in net.params)


def test_what_is_no_network_is_refused():
    with pytest.raises(TypeError, match="takes a Layer"):
        tn.to_torch_state_dict({"weight": 1})
