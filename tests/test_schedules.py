"""Learning-rate schedules, against torch's and by their defining values."""

from __future__ import annotations

import pickle

import pytest

from tinynet.schedules import cosine, steps, warm_up


def torch_rates(make, rate, count):
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    schedule = make(torch.optim.lr_scheduler, optimizer)
    rates = []
    for _ in range(count):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


def test_cosine_is_that_of_torch():
    expected = torch_rates(lambda module, o: module.CosineAnnealingLR(o, 20, eta_min=0.01), 0.5, 21)
    assert [cosine(0.5, 20, 0.01)(step) for step in range(21)] == pytest.approx(expected, abs=1e-12)


def test_steps_are_those_of_torch():
    expected = torch_rates(lambda module, o: module.StepLR(o, 7, gamma=0.3), 0.5, 30)
    assert [steps(0.5, 7, 0.3)(step) for step in range(30)] == pytest.approx(expected, abs=1e-12)


def test_cosine_starts_and_ends_where_it_should_and_stays_there():
    schedule = cosine(0.4, 10, final=0.2)
    assert schedule(0) == 0.4
    assert schedule(5) == pytest.approx(0.3)
    assert [schedule(step) for step in (10, 11, 1000)] == [0.2] * 3


def test_warm_up_rises_evenly_to_what_it_leads_to():
    schedule = warm_up(0.5, 5)
    assert [schedule(step) for step in range(7)] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.5])
    assert warm_up(0.5, 0)(0) == 0.5
    inner = cosine(0.5, 100)
    composed = warm_up(inner, 10)
    assert composed(0) == inner(0) / 10
    assert [composed(step) for step in range(9, 101)] == [inner(step) for step in range(9, 101)]


@pytest.mark.parametrize("schedule", [cosine(0.1, 9), steps(0.1, 3), warm_up(cosine(0.1, 9), 2), warm_up(0.1, 3)])
def test_schedules_can_be_pickled(schedule):
    other = pickle.loads(pickle.dumps(schedule))
    assert [other(step) for step in range(12)] == [schedule(step) for step in range(12)]


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: cosine(-1, 10), ValueError),
        (lambda: cosine(0.1, 0), ValueError),
        (lambda: steps(0.1, 1.5), TypeError),
        (lambda: steps("a", 1), TypeError),
        (lambda: warm_up(0.1, -1), ValueError),
        (lambda: warm_up(None, 1), TypeError),
    ],
)
def test_wrong_arguments_are_told(make, error):
    with pytest.raises(error, match="must be"):
        make()
