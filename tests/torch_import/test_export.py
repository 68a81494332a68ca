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


def test_what_is_no_network_is_refused():
    with pytest.raises(TypeError, match="takes a Layer"):
        tn.to_torch_state_dict({"weight": 1})
