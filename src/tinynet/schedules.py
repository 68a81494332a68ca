"""Learning-rate schedules: functions that return a function from the step to the rate.

An optimizer takes such a function in place of a number. Steps count from 0, and a schedule is any function of one
integer: ``lambda step: 0.1 / (1 + step)`` is one. Those that are made here can be pickled, as an optimizer can.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Callable, Union

from tinynet._arrays import check_integer, check_not_negative, check_positive

__all__ = ["cosine", "steps", "warm_up"]

Schedule = Callable[[int], float]
Rate = Union[float, Schedule]


def cosine(rate: float, total: int, final: float = 0.0) -> Schedule:
    """Fall from `rate` to `final` along half a cosine: slowly at first, fast in the middle, slowly at the end.

    Parameters
    ----------
    rate : float
        The learning rate of step 0.
    total : int
        The step at which `final` is reached; it stays there. In `fit` an epoch has ``ceil(N / batch_size)`` steps.
    final : float

    Returns
    -------
    callable
        From the step, counted from 0, to the learning rate.

    Notes
    -----
    Derived in :doc:`/derivations/optimizers`.

    Examples
    --------
    >>> schedule = cosine(0.1, 100)
    >>> [round(schedule(step), 4) for step in (0, 50, 100, 1000)]
    [0.1, 0.05, 0.0, 0.0]
    """
    return partial(
        _cosine,
        check_not_negative(rate, "cosine: rate"),
        check_positive(total, "cosine: total"),
        check_not_negative(final, "cosine: final"),
    )


def _cosine(rate: float, total: int, final: float, step: int) -> float:
    return final + (rate - final) * (1 + math.cos(math.pi * min(step, total) / total)) / 2


def steps(rate: float, every: int, factor: float = 0.1) -> Schedule:
    """Multiply the learning rate by `factor` after every so many steps.

    Parameters
    ----------
    rate : float
        The learning rate of step 0.
    every : int
    factor : float

    Returns
    -------
    callable
        From the step, counted from 0, to the learning rate.

    Examples
    --------
    >>> schedule = steps(0.1, every=100, factor=0.5)
    >>> [schedule(step) for step in (0, 99, 100, 200)]
    [0.1, 0.1, 0.05, 0.025]
    """
    return partial(
        _steps,
        check_not_negative(rate, "steps: rate"),
        check_positive(every, "steps: every"),
        check_not_negative(factor, "steps: factor"),
    )


def _steps(rate: float, every: int, factor: float, step: int) -> float:
    return float(rate * factor ** (step // every))


def warm_up(schedule: Rate, length: int) -> Schedule:
    """Rise evenly during the first steps: multiply the rate by ``(step + 1) / length`` while that is below 1.

    Parameters
    ----------
    schedule : float or callable
        The rate, or the schedule, that is approached. Its own steps count from 0 as well.
    length : int
        How many steps it takes; 0 changes nothing.

    Returns
    -------
    callable
        From the step, counted from 0, to the learning rate.

    Notes
    -----
    Derived in :doc:`/derivations/optimizers`.

    Examples
    --------
    >>> schedule = warm_up(cosine(0.1, 100), 10)
    >>> [round(schedule(step), 4) for step in (0, 4, 50, 100)]
    [0.01, 0.0498, 0.05, 0.0]
    """
    if not callable(schedule):
        schedule = check_not_negative(schedule, "warm_up: schedule")
    return partial(_warm_up, schedule, check_integer(length, "warm_up: length", 0))


def _warm_up(schedule: Rate, length: int, step: int) -> float:
    rate = schedule(step) if callable(schedule) else schedule
    return rate * (step + 1) / length if step + 1 < length else rate
