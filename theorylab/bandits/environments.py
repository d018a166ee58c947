"""Bandit instances of the literature by name, with exact numbers.

``named("problem-1")`` makes an instance, ``catalogue()`` lists all.  Any Bernoulli bandit can be written as a name:
``bernoulli-0.9-0.5-0.5``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from theorylab.bandits.models import (
    AdversarialBandit,
    BanditModel,
    BernoulliBandit,
    LastSwitchDependentBandit,
    PiecewiseStationaryBandit,
    WeightedTallyingBandit,
)
from theorylab.core import validate
from theorylab.core.rng import RNGLike, as_generator

__all__ = [
    "catalogue",
    "lsd_experiment",
    "named",
    "one_good_arm",
    "phased_losses",
    "problem_1",
    "problem_2",
    "random_piecewise",
    "tallying_losses",
]

PROBLEM_1 = ((0.3, 0.5, 0.9), (0.3, 0.2, 0.9), (0.3, 0.2, 0.1), (0.3, 0.7, 0.1), (0.5, 0.7, 0.1))
PROBLEM_2 = ((0.4, 0.5, 0.9), (0.5, 0.4, 0.7), (0.6, 0.3, 0.5), (0.7, 0.2, 0.3), (0.8, 0.1, 0.1))


def one_good_arm(n_arms: int, *, best: float = 0.6, other: float = 0.5, last: bool = False) -> BernoulliBandit:
    """One arm of mean ``best``, the first or the last one, the others of mean ``other``.

    Examples
    --------
    >>> one_good_arm(3, last=True).means.tolist()
    [0.5, 0.5, 0.6]
    """
    n_arms = validate.integer("n_arms", n_arms, low=1)
    means = [best, *[other] * (n_arms - 1)]
    where = "last" if last else "first"
    return BernoulliBandit(means[::-1] if last else means, name=f"one-good-arm-{n_arms}-{where}")


def _piecewise(means: Any, horizon: int, name: str) -> PiecewiseStationaryBandit:
    horizon = validate.integer("horizon", horizon, low=len(means))
    return PiecewiseStationaryBandit(means, [s * horizon // len(means) for s in range(1, len(means))], name=name)


def problem_1(horizon: int) -> PiecewiseStationaryBandit:
    """Problem 1 of [besson2022efficient]: three arms, five segments of length T / 5, one arm changes at a time.

    The rows are those of the authors' script, with which the printed regrets are met; another public library has other
    last rows.

    Examples
    --------
    >>> problem_1(5000).change_points.tolist()
    [1000, 2000, 3000, 4000]
    """
    return _piecewise(PROBLEM_1, horizon, "problem-1")


def problem_2(horizon: int) -> PiecewiseStationaryBandit:
    """Problem 2 of [besson2022efficient]: three arms, five segments of length T / 5, all arms change each time.

    Examples
    --------
    >>> problem_2(5000).means[1].tolist()
    [0.5, 0.4, 0.7]
    """
    return _piecewise(PROBLEM_2, horizon, "problem-2")


def random_piecewise(
    n_arms: int, n_changes: int, horizon: int, *, least_change: float = 0.0, rng: RNGLike = None
) -> PiecewiseStationaryBandit:
    """Uniform means, ``n_changes`` change points drawn; some arm moves by at least ``least_change``.

    Examples
    --------
    >>> random_piecewise(2, 3, 1000, rng=0).n_changes
    3
    """
    n_arms = validate.integer("n_arms", n_arms, low=1)
    horizon = validate.integer("horizon", horizon, low=2)
    n_changes = validate.integer("n_changes", n_changes, low=0, high=horizon - 1)
    least = validate.number("least_change", least_change, low=0.0, high=0.5)
    generator = as_generator(rng)
    changes = np.sort(generator.choice(np.arange(1, horizon), size=n_changes, replace=False))
    means = [generator.random(n_arms)]
    while len(means) <= n_changes:
        drawn = generator.random(n_arms)
        if np.abs(drawn - means[-1]).max() >= least:
            means.append(drawn)
    return PiecewiseStationaryBandit(means, changes, name=f"random-piecewise-{n_arms}-{n_changes}")


def phased_losses(horizon: int, *, n_arms: int = 2, gap: float = 0.2, phases: int = 20, rng: RNGLike = 0) -> Any:
    """A stochastically constrained adversary: in odd phases all losses are low, in even ones high, the gap stays.

    Arm 0 is best throughout by ``gap`` in the mean; phase ``p`` of ``phases`` has a length proportional to 1.6^p.
    """
    horizon = validate.integer("horizon", horizon, low=1)
    n_arms, phases = validate.integer("n_arms", n_arms, low=1), validate.integer("phases", phases, low=1, high=1000)
    gap = validate.number("gap", gap, low=0.0, high=0.5)
    edges = np.cumsum(1.6 ** np.arange(phases))
    phase = np.searchsorted(edges, np.arange(horizon) / horizon * edges[-1], side="right")
    low = np.where(phase % 2 == 0, 0.0, 1.0 - gap)
    means = low[:, None] + np.where(np.arange(n_arms)[None, :] == 0, 0.0, gap)
    losses = (as_generator(rng).random((horizon, n_arms)) < means).astype(float)
    return AdversarialBandit(losses, name=f"phased-{n_arms}-{gap:g}")


def tallying_losses(
    kind: str, *, n_arms: int = 5, window: int = 10, noise: str = "bernoulli", weights: Any = None
) -> WeightedTallyingBandit:
    """The loss families of the tallying figure; ours: the paper's losses are not published in full.

    Repeated, arm 0 loses .2 and arm x .35 + .05 x.  *learning*: each arm improves with its tally, arm 0 slowest;
    *needle*: .9 until the tally is full; *misleading*: arm 0 starts at .95 and looks bad for long, the others are flat.

    Examples
    --------
    >>> tallying_losses("needle").repeated_losses.round(2).tolist()
    [0.2, 0.4, 0.45, 0.5, 0.55]
    """
    validate.choice("kind", kind, ("learning", "needle", "misleading"))
    n_arms = validate.integer("n_arms", n_arms, low=1, high=14)  # the last arm's loss is then 1
    window = validate.integer("window", window, low=1)
    g = np.linspace(0.0, 1.0, 101)
    limits = np.array([0.2, *[0.35 + 0.05 * x for x in range(1, n_arms)]])[:n_arms]
    if kind == "learning":
        powers = np.array([3.0, *[1.0] * (n_arms - 1)])[:n_arms]
        h = limits[:, None] + (0.9 - limits)[:, None] * (1.0 - g)[None, :] ** powers[:, None]
    elif kind == "needle":
        h = np.where(g[None, :] < 1.0, 0.9, limits[:, None])
    else:
        h = np.repeat(limits[:, None], len(g), axis=1)
        h[0] = 0.2 + 0.75 * np.minimum(1.0, 4.0 * (1.0 - g))
    chosen = np.ones(window) if weights is None else weights
    return WeightedTallyingBandit(chosen, g, h, noise=noise, name=f"tallying-{kind}")


def lsd_experiment(number: int) -> LastSwitchDependentBandit:
    """The two published experiments on last-switch-dependent bandits [laforgue2022last], as in the authors' code.

    Examples
    --------
    >>> lsd_experiment(2).idle[:, :3].tolist()
    [[0.05, 0.05, 0.05], [0.06, 0.95, 0.95]]
    """
    number = validate.integer("number", number, low=1, high=2)
    if number == 1:
        idle = np.full((5, 10), 0.15)
        idle[1] = 0.0
        idle[1, 2] = 0.95
        idle[2] = 0.14
        idle[2, 5] = 0.16
        idle[2, 8:] = 0.96
    else:
        idle = np.full((2, 10), 0.05)
        idle[1] = 0.95
        idle[1, 0] = 0.06
    return LastSwitchDependentBandit(idle, name=f"lsd-experiment-{number}")


def catalogue() -> dict[str, Callable[[], BanditModel]]:
    """Name -> function without arguments that makes the instance.

    Examples
    --------
    >>> catalogue()["one-good-arm-10"]()
    BernoulliBandit('one-good-arm-10-first', K=10)
    """
    return {
        "one-good-arm-10": partial(one_good_arm, 10),
        "one-good-arm-10-last": partial(one_good_arm, 10, last=True),
        "problem-1": partial(problem_1, 5000),
        "problem-1-10000": partial(problem_1, 10_000),
        "problem-1-20000": partial(problem_1, 20_000),
        "problem-2": partial(problem_2, 5000),
        "problem-2-10000": partial(problem_2, 10_000),
        "problem-2-20000": partial(problem_2, 20_000),
        "random-piecewise-3-4-seed0": partial(random_piecewise, 3, 4, 5000, least_change=0.2, rng=0),
        "phased-20000": partial(phased_losses, 20_000),
        "tallying-learning": partial(tallying_losses, "learning"),
        "tallying-needle": partial(tallying_losses, "needle"),
        "tallying-misleading": partial(tallying_losses, "misleading"),
        "lsd-experiment-1": partial(lsd_experiment, 1),
        "lsd-experiment-2": partial(lsd_experiment, 2),
    }


def named(name: str) -> BanditModel:
    """The instance of that name, or a Bernoulli bandit spelt out: ``bernoulli-0.9-0.5``.

    Raises
    ------
    ValueError
        If there is none; the message lists the nearest names.

    Examples
    --------
    >>> named("bernoulli-0.9-0.5").means.tolist()
    [0.9, 0.5]
    >>> named("problem-3")
    Traceback (most recent call last):
    ...
    ValueError: name is 'problem-3', expected a known bandit; near: problem-2, problem-1, problem-2-20000
    """
    known = catalogue()
    if name in known:
        return known[name]()
    if re.fullmatch(r"bernoulli(-[01](\.\d+)?)+", str(name)):
        return BernoulliBandit([float(m) for m in str(name).split("-")[1:]], name=name)
    near = difflib.get_close_matches(str(name), known, n=3, cutoff=0.0)
    raise ValueError(f"name is {name!r}, expected a known bandit; near: {', '.join(near)}")
