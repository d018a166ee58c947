r"""Optimistic feasible search: the best optimistic reward among the points whose optimistic residual is feasible.

Setting      n points (thresholds on a grid); a play shows a reward in [0, 1] and a residual in [-1, 1]; feasible points
             have mean residual <= 0, $r^*$ is the best mean reward of one of them [du2025optimistic].
Algorithm    Each point once. Then with $L = \ln(4nT/\delta)$, $N_i$ plays and means $\hat r_i, \hat g_i$: among the
             points with $\hat g_i - \sqrt{2L/N_i} \le 0$ the largest $\hat r_i + \sqrt{L/(2N_i)}$; if there is none,
             the smallest $\hat g_i - \sqrt{2L/N_i}$ (``fallback``).
Guarantee    (derived here, for means that stay) With probability $1 - \delta$
             $\sum_t (r^* - r_t)_+ \le n + 2\sqrt2 \sqrt{LnT}$, $\sum_t (g_t)_+ \le n + 4\sqrt2\sqrt{LnT}$, and the
             fallback is never used.  In a closed loop nothing is claimed.
Deviations   The published radii were not at hand; these are Hoeffding's for ranges 1 and 2, with a union over two
             quantities, two sides, n points and T counts.  Values within 1e-11 are tied, the lowest point wins.

The proof.  While all 2nT intervals hold, a feasible point's optimistic residual is at most its mean, so at most 0: the
set is never empty and holds the best feasible point.  The point played has an optimistic reward of at least $r^*$ and
an optimistic residual of at most 0, so it errs by at most twice its radii.  $\sum_{k \le N} 1/\sqrt k \le 2\sqrt N$ and
$\sum_i \sqrt{N_i} \le \sqrt{nT}$.

Two baselines see the same: ``unconstrained_ucb`` plays the largest optimistic reward; ``primal_dual_bandit`` plays the
largest $\hat r_i + \sqrt{L/(2N_i)} - \lambda(\hat g_i - \sqrt{2L/N_i})$ with $\lambda \leftarrow \max(0, \lambda + \eta
g_t)$, $\eta = 1/\sqrt T$.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.bandits.models.constrained import FeasibleSet
from theorylab.bandits.online import TIE, begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import CHECKPOINT, COUNTS
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = [
    "claimed_miss", "ofs", "primal_dual_bandit", "radius", "regret_bound", "residual_radius", "unconstrained_ucb",
    "violation_bound",
]  # fmt: skip

FEASIBLE, UNCONSTRAINED, PRIMAL_DUAL = range(3)


def _play(tables, rate, state, point, noises, shown):
    """One play: fill ``shown`` with reward, residual and their means; returns the next state."""
    shown[2] = tables[0, point] + state * (tables[1, point] - tables[0, point])
    shown[3] = tables[2, point] + state * (tables[3, point] - tables[2, point])
    shown[0] = 1.0 if noises[0] < shown[2] else 0.0
    shown[1] = 1.0 if noises[1] < 0.5 * (1.0 + shown[3]) else -1.0
    return state + rate * (tables[4, point] - state)


def _select(rule, multiplier, reward_width, residual_width, sums, pulls, optimistic):
    """The point to play, and whether by fallback; ``optimistic`` (2, n) is filled with rewards and residuals."""
    n = pulls.shape[0]
    best, least = -math.inf, math.inf
    for i in range(n):
        scale = 1.0 / math.sqrt(pulls[i])
        optimistic[0, i] = sums[0, i] / pulls[i] + reward_width * scale
        optimistic[1, i] = sums[1, i] / pulls[i] - residual_width * scale
        least = min(least, optimistic[1, i])
        if rule != FEASIBLE or optimistic[1, i] <= TIE:
            best = max(best, optimistic[0, i] - multiplier * optimistic[1, i])
    for i in range(n):
        if best == -math.inf:
            if optimistic[1, i] <= least + TIE:
                return i, True
        elif rule != FEASIBLE or optimistic[1, i] <= TIE:
            if optimistic[0, i] - multiplier * optimistic[1, i] >= best - TIE:
                return i, False
    return 0, True


play_kernel = kernel(_play)
select_kernel = kernel(_select)


def _constrained(
    tables, rate, memory, log, horizon, rule, best, reward_width, residual_width, step, sums, pulls, optimistic,
    violations, residuals, bounds, environment,
):  # fmt: skip
    """One run; ``sums``, ``optimistic`` (2, n), ``pulls`` (n,) are work space; returns fallbacks, state, multiplier."""
    times, series, actions, rewards = log
    n = pulls.shape[0]
    noises, shown = np.zeros(2), np.zeros(4)
    state, multiplier, fallbacks, regret, total, violation = 0.5, 0.0, 0, 0.0, 0.0, 0.0
    for t in range(horizon):
        point, fallback = t, False
        if t >= n:
            point, fallback = select_kernel(rule, multiplier, reward_width, residual_width, sums, pulls, optimistic)
            if t < residuals.shape[0]:
                for i in range(n):
                    bounds[t, 0, i] = optimistic[0, i]
                    bounds[t, 1, i] = optimistic[1, i]
        if fallback:
            fallbacks += 1
        noises[0] = environment.random()
        noises[1] = environment.random()
        state = play_kernel(tables, rate, state, point, noises, shown)
        pulls[point] += 1.0
        sums[0, point] += shown[0]
        sums[1, point] += shown[1]
        if rule == PRIMAL_DUAL:
            multiplier = max(0.0, multiplier + step * shown[1])
        regret += max(best - shown[2], 0.0)
        violation += max(shown[3], 0.0)
        total += shown[0]
        memory[COUNTS + point] += 1
        if t < residuals.shape[0]:
            actions[t] = point
            rewards[t] = shown[0]
            residuals[t] = shown[1]
        at = memory[CHECKPOINT]
        if t + 1 == times[at]:
            series[0, at + 1] = regret
            series[1, at + 1] = total
            violations[at] = violation
            if at + 1 < times.shape[0]:
                memory[CHECKPOINT] = at + 1
    return fallbacks, state, multiplier


constrained_kernel = kernel(_constrained)


def _run(
    name: str,
    rule: int,
    bandit: FeasibleSet,
    horizon: int,
    delta: float,
    checkpoints: Any,
    trace: bool,
    rng: RNGLike,
) -> BanditRun:
    if not isinstance(bandit, FeasibleSet):
        raise TypeError(f"bandit is {bandit!r}, expected a ConstrainedBandit or a ClosedLoopBandit")
    delta = validate.confidence("delta", delta)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    n, T = setup.n_arms, setup.horizon
    tables, rate = bandit.loop()
    residuals, bounds = setup.traced(), setup.traced(2, n)
    violations = np.zeros(len(setup.log.times))
    fallbacks, state, multiplier = constrained_kernel(
        np.ascontiguousarray(tables),
        rate,
        setup.memory,
        setup.log,
        T,
        rule,
        bandit.best_feasible,
        radius(0, 1, points=n, horizon=T, delta=delta),
        residual_radius(0, 1, points=n, horizon=T, delta=delta),
        1.0 / math.sqrt(T),
        np.zeros((2, n)),
        setup.work(),
        np.zeros((2, n)),
        violations,
        residuals,
        bounds,
        setup.environment,
    )
    return finish(
        setup,
        name,
        {"delta": delta},
        theorem=rule == FEASIBLE and bandit.stationary,
        trace={"residuals": residuals, "optimistic": bounds},
        extra={
            "violation": violations,
            "fallbacks": int(fallbacks),
            "state": float(state),
            "multiplier": float(multiplier),
        },
    )


def ofs(
    bandit: FeasibleSet,
    horizon: int,
    *,
    delta: float = 0.05,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run optimistic feasible search for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        A :class:`ConstrainedBandit` or a :class:`ClosedLoopBandit` (its state begins at 1/2).
    horizon
        T, the number of rounds; the radii know it.
    delta
        The theorem holds with probability 1 - delta.
    checkpoints
        Times at which regret and violation are recorded; all steps up to 500, then at most 200 times.
    trace
        Keep points, rewards, residuals and optimistic values of every round.
    rng
        An int, ``SeedSequence`` or ``Generator``.

    Returns
    -------
    BanditRun
        ``regret`` is $\sum (r^* - r_t)_+$; ``extra["violation"]`` (C,) is $\sum (g_t)_+$ at the same times, and
        ``fallbacks`` counts them.  With ``trace=True`` also ``trace["residuals"]`` (T,) and ``trace["optimistic"]``
        (T, 2, n), rewards and residuals, 0 in the first n rounds.

    Raises
    ------
    TypeError, ValueError
        If the bandit has no constraint, or an argument is out of range; the message names it.

    Notes
    -----
    :func:`regret_bound` and :func:`violation_bound`, both with probability $1 - \delta$, when the means stay.

    Examples
    --------
    >>> from theorylab.bandits.models.constrained import ConstrainedBandit
    >>> run = ofs(ConstrainedBandit([0.9, 0.6, 0.2], [0.6, -0.4, -0.5]), 20_000, rng=1)
    >>> bool(run.pulls[1] > 18_000), run.extra["fallbacks"]
    (True, 0)
    """
    return _run("ofs", FEASIBLE, bandit, horizon, delta, checkpoints, trace, rng)


def unconstrained_ucb(
    bandit: FeasibleSet,
    horizon: int,
    *,
    delta: float = 0.05,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    """The largest optimistic reward, whatever the residual; parameters, record and errors as of :func:`ofs`.

    Examples
    --------
    >>> from theorylab.bandits.models.constrained import ConstrainedBandit
    >>> unconstrained_ucb(ConstrainedBandit([0.9, 0.3], [0.6, -0.4]), 2000, rng=1).pulls.argmax().item()
    0
    """
    return _run("unconstrained_ucb", UNCONSTRAINED, bandit, horizon, delta, checkpoints, trace, rng)


def primal_dual_bandit(
    bandit: FeasibleSet,
    horizon: int,
    *,
    delta: float = 0.05,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    """Optimistic rewards minus a multiplier times optimistic residuals; all else as of :func:`ofs`.

    Examples
    --------
    >>> from theorylab.bandits.models.constrained import ConstrainedBandit
    >>> run = primal_dual_bandit(ConstrainedBandit([0.9, 0.3], [0.6, -0.4]), 20_000, rng=1)
    >>> run.extra["multiplier"] > 0.1
    True
    """
    return _run("primal_dual_bandit", PRIMAL_DUAL, bandit, horizon, delta, checkpoints, trace, rng)


def radius(t: float, n: float, *, points: int, horizon: int, delta: float) -> float:
    r"""$\sqrt{L/(2n)}$: radius of a mean of n rewards; t does not matter.

    Examples
    --------
    >>> round(radius(1, 100, points=4, horizon=1000, delta=0.1), 4)
    0.2448
    """
    return math.sqrt(math.log(4.0 * points * horizon / delta) / (2.0 * n))


def residual_radius(t: float, n: float, *, points: int, horizon: int, delta: float) -> float:
    r"""$\sqrt{2L/n}$: radius of a mean of n residuals, which range over [-1, 1].

    Examples
    --------
    >>> round(residual_radius(1, 100, points=4, horizon=1000, delta=0.1), 4)
    0.4895
    """
    return math.sqrt(2.0 * math.log(4.0 * points * horizon / delta) / n)


def claimed_miss(t: float, n: float, *, points: int, horizon: int, delta: float) -> float:
    r"""$\delta/(4nT)$ for each side of each mean.

    Examples
    --------
    >>> claimed_miss(1, 100, points=5, horizon=1000, delta=0.1)
    5e-06
    """
    return delta / (4.0 * points * horizon)


def regret_bound(points: int, horizon: int, delta: float) -> float:
    r"""$n + 2\sqrt2\sqrt{LnT}$.

    Examples
    --------
    >>> round(regret_bound(4, 100_000, 0.1))
    7290
    """
    return points + 2.0 * math.sqrt(2.0 * math.log(4.0 * points * horizon / delta) * points * horizon)


def violation_bound(points: int, horizon: int, delta: float) -> float:
    r"""$n + 4\sqrt2\sqrt{LnT}$.

    Examples
    --------
    >>> round(violation_bound(4, 100_000, 0.1))
    14575
    """
    return points + 4.0 * math.sqrt(2.0 * math.log(4.0 * points * horizon / delta) * points * horizon)
