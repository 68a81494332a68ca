"""SGD and Adam: against torch, against the formulas, and what happens around a step."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest

import tinynet as tn
from tinynet.schedules import cosine

SGDS = [
    {},
    {"momentum": 0.9},
    {"momentum": 0.9, "nesterov": True},
    {"weight_decay": 0.1},
    {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
]
ADAMS = [
    {},
    {"betas": (0.8, 0.99), "eps": 1e-4},
    {"weight_decay": 0.1},
    {"weight_decay": 0.1, "decoupled": True},
    {"betas": (0.0, 0.0)},
]
ALL = [(tn.SGD, options) for options in SGDS] + [(tn.Adam, options) for options in ADAMS]


def network(dtype="float64"):
    wide = tn.Dense(3, 40, rng=0, dtype=dtype, name="wide")  # lies in memory column after column
    return tn.Sequential(wide, tn.ReLU(), tn.Dense(40, 2, rng=1, dtype=dtype))


def gradients(net, steps, seed=0):
    """Yield gradients of all sizes, some of them 0."""
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        scale = 10.0 ** rng.uniform(-6, 2)
        yield {key: scale * rng.normal(size=p.shape) * (rng.random(p.shape) < 0.9) for key, p in net.params.items()}


def follow(net, optimizer, steps=100, seed=0):
    for grads in gradients(net, steps, seed):
        net.grads = grads
        optimizer.step(net)
    return net


def by_formula(kind, options, params, grads, rates, clip_norm=None):
    """Yield the parameters after each step, from the formulas as they are written in the papers, array by array."""
    params = {key: array.copy() for key, array in params.items()}
    first = {key: np.zeros_like(array) for key, array in params.items()}
    second = {key: np.zeros_like(array) for key, array in params.items()}
    decay = options.get("weight_decay", 0)
    for t, (rate, gradient) in enumerate(zip(rates, grads), 1):
        norm = math.sqrt(sum((g**2).sum() for g in gradient.values()))
        share = 1 if clip_norm is None else min(1, clip_norm / (norm + 1e-6))
        for key, p in params.items():
            g = gradient[key] * share
            if options.get("decoupled"):
                p -= rate * decay * p
            else:
                g = g + decay * p
            if kind is tn.SGD:
                momentum = options.get("momentum", 0)
                first[key] = momentum * first[key] + g
                p -= rate * (g + momentum * first[key] if options.get("nesterov") else first[key])
            else:
                b1, b2 = options.get("betas", (0.9, 0.999))
                first[key] = b1 * first[key] + (1 - b1) * g
                second[key] = b2 * second[key] + (1 - b2) * g**2
                mean, square = first[key] / (1 - b1**t), second[key] / (1 - b2**t)
                p -= rate * mean / (np.sqrt(square) + options.get("eps", 1e-8))
        yield params


def assert_near(params, others):
    for key, array in params.items():
        np.testing.assert_allclose(array, others[key], rtol=0, atol=1e-10)


@pytest.mark.parametrize("clip_norm", [None, 0.5])
@pytest.mark.parametrize(("kind", "options"), ALL)
def test_each_step_is_the_formula(kind, options, clip_norm):
    net, schedule = network(), cosine(0.01, 80, final=1e-3)
    optimizer = kind(schedule, **options, clip_norm=clip_norm)
    rates = map(schedule, range(100))
    expected_params = by_formula(kind, options, net.params, gradients(net, 100), rates, clip_norm)
    for expected, grads in zip(expected_params, gradients(net, 100)):
        net.grads = grads
        optimizer.step(net)
        assert_near(net.params, expected)


@pytest.mark.parametrize("clip_norm", [None, 0.5])
@pytest.mark.parametrize(("kind", "options"), ALL)
def test_each_step_is_that_of_torch(kind, options, clip_norm):
    torch = pytest.importorskip("torch")
    options = dict(options)
    net, optimizer = network(), kind(0.01, **options, clip_norm=clip_norm)
    theirs = {key: torch.nn.Parameter(torch.from_numpy(p.copy())) for key, p in net.params.items()}
    if kind is tn.SGD:
        make = torch.optim.SGD
    else:
        make = torch.optim.AdamW if options.pop("decoupled", False) else torch.optim.Adam
    their_optimizer = make(theirs.values(), lr=0.01, **options)
    for grads in gradients(net, 100):
        net.grads = grads
        for key, p in theirs.items():
            p.grad = torch.from_numpy(net.grads[key].copy())
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(theirs.values(), clip_norm)
        their_optimizer.step()
        optimizer.step(net)
        assert_near(net.params, {key: p.detach().numpy() for key, p in theirs.items()})


@pytest.mark.parametrize(("kind", "options"), ALL)
def test_float32_stays_float32_and_near_the_formula(kind, options):
    net = network("float32")
    expected = list(by_formula(kind, options, network().params, gradients(net, 20), [0.01] * 20))[-1]
    follow(net, kind(np.float64(0.01), **options), 20)
    for key, p in net.params.items():
        assert p.dtype == np.float32
        np.testing.assert_allclose(p, expected[key], atol=1e-3 * np.abs(expected[key]).max())


@pytest.mark.parametrize(("kind", "options"), ALL)
def test_parameters_stay_the_layers_own_and_gradients_as_they_are(kind, options):
    net = network()
    arrays = dict(net.params)
    optimizer = kind(0.1, **options, clip_norm=0.1)
    for grads in gradients(net, 3):
        net.grads = grads
        before = copy.deepcopy(net.grads)
        optimizer.step(net)
        for key, array in arrays.items():
            assert net.params[key] is array
            assert np.array_equal(net.grads[key], before[key])
            assert not any(np.shares_memory(array, other) for other in optimizer.state_dict().values())


def saved_and_loaded(optimizer, make, tmp_path):
    path = tmp_path / "optimizer.pth"
    tn.save_checkpoint(optimizer.state_dict(), path)
    other = make()
    other.load_state_dict(tn.load_checkpoint(path))
    return other


@pytest.mark.parametrize("way", ["pickle", "deepcopy", "checkpoint"])
@pytest.mark.parametrize(("kind", "options"), ALL)
def test_stopped_and_resumed_gives_the_same_bits(kind, options, way, tmp_path):
    def make():
        return kind(cosine(0.1, 20), **options, clip_norm=1.0)

    expected = follow(follow(network(), optimizer := make(), 7), optimizer, 7, seed=1)
    net = follow(network(), optimizer := make(), 7)
    if way == "pickle":
        net, optimizer = pickle.loads(pickle.dumps((net, optimizer)))
    elif way == "deepcopy":
        net, optimizer = copy.deepcopy((net, optimizer))
    else:
        optimizer = saved_and_loaded(optimizer, make, tmp_path)
    assert optimizer.steps_done == 7
    follow(net, optimizer, 7, seed=1)
    for key, p in net.params.items():
        assert np.array_equal(p, expected.params[key])


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_goes_its_own_way(copied):
    net = network()
    optimizer = tn.Adam(0.1)
    follow(net, optimizer, 3)
    before = optimizer.state_dict()
    follow(copy.deepcopy(net), copied(optimizer), 3)
    for key, array in optimizer.state_dict().items():
        assert np.array_equal(array, before[key])


def test_a_copy_holds_no_vectors_that_are_laid_out_anew():
    optimizer = tn.Adam()
    follow(network(), optimizer, 1)
    assert vars(copy.deepcopy(optimizer)).keys() == vars(tn.Adam()).keys()


def test_a_state_from_before_the_first_step_can_be_loaded():
    optimizer = tn.Adam()
    optimizer.load_state_dict(tn.Adam().state_dict())
    assert optimizer.steps_done == 0
    assert math.isnan(optimizer.rate)


def test_state_has_the_names_of_the_parameters():
    net = network()
    assert list(tn.Adam().state_dict()) == ["steps"]
    optimizer = tn.Adam()
    follow(net, optimizer, 2)
    kinds = [f"{kind}.{key}" for kind in ("gradients", "squares") for key in net.params]
    state = optimizer.state_dict()
    assert list(state) == ["steps", *kinds]
    assert state["steps"] == 2
    assert state["squares.wide.weight"].shape == (40, 3)


def test_what_is_remembered_has_the_dtype_of_the_parameters():
    optimizer = tn.Adam()
    follow(network("float32"), optimizer, 1)
    assert {array.dtype for key, array in optimizer.state_dict().items() if key != "steps"} == {np.dtype("float32")}


@pytest.mark.parametrize(
    ("make", "state"),
    [
        (tn.Adam, {}),
        (tn.Adam, {"steps": 1.5}),
        (tn.Adam, {"steps": -1}),
        (tn.Adam, {"steps": 3}),
        (tn.Adam, {"steps": 3, "velocity.a": [1.0]}),
        (tn.Adam, {"steps": 3, "gradients.a": [1.0]}),
        (tn.Adam, {"steps": 3, "gradients.a": [1.0], "squares.b": [1.0]}),
        (tn.Adam, {"steps": 3, "gradients.a": [1.0], "squares.a": [1.0, 2.0]}),
        (lambda: tn.SGD(1), {"steps": 3, "velocity.a": [1.0]}),
        (lambda: tn.SGD(1), {"steps": 1.5}),
        (lambda: tn.SGD(1), {"steps": [3]}),
        (lambda: tn.SGD(1), {"steps": -1}),
        (lambda: tn.SGD(1, 0.9), {"steps": 3}),
    ],
)
def test_a_state_that_does_not_fit_is_refused(make, state):
    optimizer = make()
    with pytest.raises(tn.CheckpointError, match=rf"^{type(optimizer).__name__}\.load_state_dict: "):
        optimizer.load_state_dict({key: np.array(value) for key, value in state.items()})
    assert optimizer.steps_done == 0


@pytest.mark.parametrize("array", [np.array(["a"]), np.ma.array([1.0], mask=[True])])
def test_a_state_that_holds_no_real_numbers_is_refused(array):
    with pytest.raises(TypeError, match=r"^Adam\.load_state_dict: 'squares\.a' "):
        tn.Adam().load_state_dict({"steps": 1, "gradients.a": [1.0], "squares.a": array})


def test_without_gradients_there_is_no_step():
    net = network()
    with pytest.raises(tn.BackwardError, match=r"before each step call forward\(x, training=True\)"):
        tn.SGD(0.1).step(net)
    net[:1].forward(np.ones((2, 3)), training=True)
    net[0].forward(np.ones((2, 3)), training=True)
    net[0].backward(np.ones((2, 40)))
    before = net.params["wide.weight"].copy()
    tn.SGD(0.1).step(net[0])  # one layer has gradients of its own
    assert not np.array_equal(net.params["wide.weight"], before)
    with pytest.raises(ValueError, match="no parameters"):
        tn.SGD(0.1).step(tn.ReLU())


def test_an_optimizer_with_a_memory_belongs_to_one_network():
    optimizer = tn.Adam()
    follow(network(), optimizer, 1)
    other = tn.Dense(2, 2, dtype="float64", rng=0)
    other.grads = {key: np.ones_like(p) for key, p in other.params.items()}
    with pytest.raises(tn.ShapeError, match="make a new one"):
        optimizer.step(other)


def test_gradients_of_another_shape_are_refused():
    net = network()
    net.grads = {key: p.T for key, p in net.params.items()}
    with pytest.raises(tn.ShapeError, match=r"expected arrays of shapes \[\(40, 3\)"):
        tn.SGD(0.1).step(net)


def test_clipping_knows_norms_whose_squares_overflow():
    net = tn.Dense(1, 2, rng=0)
    before = net.params["weight"].copy()
    net.grads = {"weight": np.float32([[3e30], [4e30]]), "bias": np.zeros(2, np.float32)}
    tn.SGD(1.0, clip_norm=5.0).step(net)
    np.testing.assert_allclose(before - net.params["weight"], [[3], [4]], rtol=1e-6)


def test_gradients_that_are_short_enough_or_not_finite_are_not_clipped():
    for values in ([3.0, 0.0], [np.inf, 1.0]):
        net = tn.Dense(1, 2, rng=0)
        net.params["weight"][...] = 0
        net.grads = {"weight": np.float32(values).reshape(2, 1), "bias": np.zeros(2, np.float32)}
        tn.SGD(1.0, clip_norm=5.0).step(net)
        assert net.params["weight"].ravel().tolist() == [-values[0], -values[1]]


def test_the_rate_is_asked_for_every_step():
    asked = []
    optimizer = tn.SGD(lambda step: asked.append(step) or 0.1 / (1 + step))
    follow(network(), optimizer, 3)
    assert asked == [0, 1, 2]
    assert optimizer.rate == pytest.approx(0.1 / 3)
    with pytest.raises(ValueError, match=r"^SGD: the rate of step 0 must be a finite number of at least 0, got nan"):
        follow(network(), tn.SGD(lambda step: math.nan), 1)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: tn.SGD(-1), ValueError, "^SGD: learning_rate must be a finite number of at least 0, got -1"),
        (lambda: tn.SGD("0.1x"), TypeError, "^SGD: learning_rate must be a number"),
        (lambda: tn.SGD(1, -1), ValueError, "^SGD: momentum must be"),
        (lambda: tn.SGD(1, weight_decay=-1), ValueError, "^SGD: weight_decay must be"),
        (lambda: tn.SGD(0.1, nesterov=True), ValueError, "nesterov needs a momentum"),
        (lambda: tn.Adam(betas=0.9), TypeError, "betas must be a pair"),
        (lambda: tn.Adam(betas=(0.9, 1)), ValueError, "betas must be below 1"),
        (lambda: tn.Adam(betas=(0.9, -1)), ValueError, "^Adam: betas must be a finite number"),
        (lambda: tn.Adam(eps=math.inf), ValueError, "^Adam: eps must be"),
        (lambda: tn.Adam(clip_norm=-1), ValueError, "^Adam: clip_norm must be"),
    ],
)
def test_wrong_arguments_are_told(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_they_show_their_arguments():
    assert repr(tn.Adam()) == "Adam(0.001)"
    assert repr(tn.SGD(0.1, 0.9, True, 1e-4)) == "SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.0001)"
    assert (
        repr(tn.Adam(cosine(1, 2), decoupled=True, clip_norm=1)) == "Adam(a schedule, decoupled=True, clip_norm=1.0)"
    )
