r"""Successive elimination: play all arms that are left in turn; drop those that are two radii below the best.

Setting      K arms with independent rewards in [0, 1], T rounds, T known; a confidence level $\delta$.
Algorithm    In each phase every arm that is left is played once, so that all have n plays. With
             $L = \ln(2KT/\delta)$ and $r = \sqrt{L/(2n)}$, arm i is dropped when $\max_j m_j - m_i > 2r$ after
             [evendar2006action].
Guarantee    Derived here. With probability at least $1 - \delta$ every mean of every arm is within r of its true one
             (Hoeffding, two sides, KT means). Then the best arm is never dropped; an arm with gap $\Delta_i$ goes once
             $\Delta_i > 4r$, that is $n > 8L/\Delta_i^2$. Hence, for all arms at once, $N_i \le 1 + 8L/\Delta_i^2$ and
             $R_T \le \sum_i \Delta_i (1 + 8L/\Delta_i^2)$; also $R_T \le K + \sqrt{8LKT}$, because
             $\Delta_i N_i \le 1 + \sqrt{8 L N_i}$ and by Cauchy and Schwarz. In expectation add $\delta T \max \Delta$.
Deviations   The radius is that of the derivation above, not of a paper: L has the number of means in it, T included.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.bandits.models import BanditModel
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import GAUSSIAN, NOISE, step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["claimed_miss", "eliminate", "radius", "successive_elimination"]


def _radius(log_term: float, n: float) -> float:
    """r: half the width of the interval around a mean of n rewards."""
    return math.sqrt(log_term / (2.0 * n))


radius_kernel = kernel(_radius)


def _eliminate(active: Any, sums: Any, n: float, log_term: float) -> int:
    """Drop arms in place after a phase: all arms that are left have ``n`` plays. The number of arms left."""
    best = -math.inf
    for i in range(active.shape[0]):
        if active[i] > 0.0:
            best = max(best, sums[i] / n)
    left = 0
    for i in range(active.shape[0]):
        if active[i] > 0.0 and best - sums[i] / n > 2.0 * radius_kernel(log_term, n):
            active[i] = 0.0
        left += int(active[i])
    return left


eliminate_kernel = kernel(_eliminate)


def _successive_elimination(world, memory, log, horizon, log_term, active, sums, dropped, actives, environment):
    """One run; ``dropped`` (K,) becomes the rounds played when each arm was dropped, and stays 0 where none was."""
    n_arms = active.shape[0]
    gaussian = world.code[NOISE] == GAUSSIAN
    arm, n, left = 0, 1.0, n_arms
    for i in range(n_arms):
        active[i] = 1.0
    for t in range(horizon):
        if t < actives.shape[0]:
            for i in range(n_arms):
                actives[t, i] = active[i]
        noise = environment.normal(0.0, 1.0) if gaussian else environment.random()
        sums[arm] += step_kernel(world, memory, log, arm, noise)
        arm += 1
        while arm < n_arms and active[arm] == 0.0:
            arm += 1
        if arm == n_arms:  # the end of a phase
            if left > 1:
                left = eliminate_kernel(active, sums, n, log_term)
                for i in range(n_arms):
                    if active[i] == 0.0 and dropped[i] == 0.0:
                        dropped[i] = t + 1.0
            n += 1.0
            arm = 0
            while active[arm] == 0.0:
                arm += 1


successive_elimination_kernel = kernel(_successive_elimination)


def successive_elimination(
    bandit: BanditModel,
    horizon: int,
    *,
    delta: float = 0.05,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run successive elimination for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Any bandit model; the theorem speaks of stationary ones with rewards in [0, 1].
    horizon
        T; it enters the radius.
    delta
        $\delta \in (0, 1)$, the probability with which the guarantee may fail.
    checkpoints, trace, rng
        As in :func:`theorylab.bandits.stochastic.ucb1.ucb1`.

    Returns
    -------
    BanditRun
        ``extra["dropped"]`` (K,) are the rounds played when each arm was dropped, 0 for those that were not; with
        ``trace=True`` also ``trace["active"]`` (T, K), the arms left before each round.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Notes
    -----
    With probability $1 - \delta$: $R_T \le \sum_i \Delta_i (1 + 8 \ln(2KT/\delta) / \Delta_i^2)$.

    Examples
    --------
    >>> from theorylab.bandits import BernoulliBandit
    >>> run = successive_elimination(BernoulliBandit([0.9, 0.1]), 1000, rng=1)
    >>> run.extra["dropped"].tolist(), run.pulls.tolist()
    ([0, 72], [964, 36])
    """
    delta = validate.confidence("delta", delta)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    active, sums, dropped = setup.work(), setup.work(), setup.work()
    actives = setup.traced(setup.n_arms)
    log_term = _log_term(setup.n_arms, setup.horizon, delta)
    successive_elimination_kernel(
        setup.world, setup.memory, setup.log, setup.horizon, log_term, active, sums, dropped, actives,
        setup.environment,
    )  # fmt: skip
    return finish(
        setup,
        "successive_elimination",
        {"delta": delta},
        theorem=bandit.stationary and bandit.unit_rewards,
        trace={"active": actives},
        extra={"dropped": dropped.astype(np.int64)},
    )


def _log_term(n_arms: int, horizon: int, delta: float) -> float:
    """L."""
    return math.log(2 * n_arms * horizon / delta)


def eliminate(active: Any, sums: Any, n: int, horizon: int, delta: float) -> list[bool]:
    """Which arms are left after a phase, when those in ``active`` have ``n`` plays each and these sums of rewards.

    Examples
    --------
    >>> eliminate([True, True], [100.0, 10.0], 100, 10_000, 0.05)
    [True, False]
    """
    left = np.array(active, dtype=float)
    _eliminate(left, np.array(sums, dtype=float), float(n), _log_term(len(left), horizon, delta))
    return [bool(x) for x in left]


def radius(t: float, n: float, *, n_arms: int = 2, delta: float = 0.05) -> float:
    """Confidence radius of a mean of ``n`` rewards at horizon ``t``: what the exact audit looks at.

    Examples
    --------
    >>> round(radius(1000, 100), 4)
    0.2376
    """
    return float(_radius(_log_term(n_arms, int(t), delta), n))


def claimed_miss(t: float, n: float, *, n_arms: int = 2, delta: float = 0.05) -> float:
    r"""What Hoeffding's inequality promises: the mean misses by more than the radius at most with $\delta/(KT)$.

    Examples
    --------
    >>> claimed_miss(100, 5)
    0.00025
    """
    return delta / (n_arms * float(t))
