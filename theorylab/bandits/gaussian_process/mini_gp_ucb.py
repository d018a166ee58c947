r"""Mini-GP-UCB and mini-GP-EI: evaluate a candidate several times before the posterior is computed again.

Setting      n points, f drawn from $\mathcal N(0, k)$, rewards $f(x) + \mathcal N(0, \xi^2)$; regret against max f
             [calandriello2022scaling].
Algorithm    Phase h: from the posterior of all observations so far choose $x_h$ by GP-UCB's index
             $m_h + \sqrt{\beta_t}\, s_h$ (t = the first round of the phase), or by expected improvement; evaluate it
             $B_h = \lceil (C^2 - 1)\, \xi^2 / s_h^2(x_h) \rceil$ times, at least once.  The posterior needs the q
             unique points only: q averages with noise $\xi^2/n_i$ have the same posterior as all observations;
             $O(q^3 + nq^2)$ a phase, nothing in between.
Guarantee    (derived here) Each complete phase gains $\tfrac12 \ln(1 + B s^2/\xi^2) \ge \ln C$ of information, so
             there are at most $1 + \gamma_T/\ln C$ phases.  Before each evaluation $s_{t-1}(x_t) \ge s_h(x_t)/C$, so
             the proof of GP-UCB gives, with probability $1 - \delta$ for all T and prior variances at most 1,
             $R_T \le C \sqrt{C_1 T \beta_T \gamma_T}$.  Mini-GP-EI: the number of phases only.
Deviations   The published rule has the floor (recalled); the ceiling is what the count of phases needs, and both keep
             $s_{t-1} \ge s_h/C$.  Ties as in :mod:`theorylab.bandits.gaussian_process.gp_ucb`.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.bandits.gaussian_process.gp_ucb import IMPROVEMENT, UCB, choose_kernel, confidence_kernel
from theorylab.bandits.gaussian_process.posterior import expected_improvement_kernel, with_function
from theorylab.bandits.models.gaussian_process import GPBandit
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["mini_gp_ei", "mini_gp_ucb", "regret_bound"]


def _unique_posterior(covariance, noise_variance, unique, q, counts, sums, factor, weights, column, mean, deviation):
    """Mean and deviation (n,) of all points from the averages at the ``q`` points in ``unique``.

    ``counts``, ``sums`` (n,) say how often a point was evaluated and the sum of its rewards; ``factor`` (n, n),
    ``weights``, ``column`` (n,) are work space.
    """
    n = mean.shape[0]
    for a in range(q):  # Cholesky factor of k + diag(noise / n_i), then one triangular solve for the averages
        for b in range(a + 1):
            total = covariance[unique[a], unique[b]]
            if a == b:
                total += noise_variance / counts[unique[a]]
            for c in range(b):
                total -= factor[a, c] * factor[b, c]
            factor[a, b] = math.sqrt(total) if a == b else total / factor[b, b]
        total = sums[unique[a]] / counts[unique[a]]
        for c in range(a):
            total -= factor[a, c] * weights[c]
        weights[a] = total / factor[a, a]
    for i in range(n):
        average, variance = 0.0, covariance[i, i]
        for a in range(q):
            total = covariance[i, unique[a]]
            for c in range(a):
                total -= factor[a, c] * column[c]
            column[a] = total / factor[a, a]
            average += column[a] * weights[a]
            variance -= column[a] * column[a]
        mean[i] = average
        deviation[i] = math.sqrt(max(variance, 0.0))


def _evaluations(deviation, noise_variance, C, left):
    """B_h: as often as the deviation of the point needs to fall by the factor C, at most ``left`` times."""
    wanted = (C * C - 1.0) * noise_variance
    if wanted >= left * deviation * deviation:
        return left
    return max(1, math.ceil(wanted / (deviation * deviation)))


unique_posterior_kernel = kernel(_unique_posterior)
evaluations_kernel = kernel(_evaluations)


def _mini_gp(
    world, memory, log, horizon, rule, delta, C, noise_variance, covariance, factor, work, unique, phases, means,
    deviations, environment,
):  # fmt: skip
    """One run; ``factor`` (n, n), ``work`` (7, n), ``unique`` (n,) are work space; returns phases, unique points."""
    n = covariance.shape[0]
    counts, sums, weights, column, values = work[0], work[1], work[2], work[3], work[4]
    mean, deviation = work[5], work[6]
    q, phase, t = 0, 0, 0
    while t < horizon:
        unique_posterior_kernel(
            covariance, noise_variance, unique, q, counts, sums, factor, weights, column, mean, deviation
        )
        incumbent = mean[0]
        for i in range(1, n):
            incumbent = max(incumbent, mean[i])
        width = math.sqrt(confidence_kernel(t + 1.0, n, delta)) if rule == UCB else 0.0
        for i in range(n):
            if rule == UCB:
                values[i] = mean[i] + width * deviation[i]
            else:
                values[i] = expected_improvement_kernel(mean[i], deviation[i], incumbent)
        point = choose_kernel(rule, values, mean)
        count = evaluations_kernel(deviation[point], noise_variance, C, horizon - t)
        if counts[point] == 0.0:
            unique[q] = point
            q += 1
        for _ in range(count):
            if t < phases.shape[0]:
                phases[t] = phase
                for i in range(n):
                    means[t, i] = mean[i]
                    deviations[t, i] = deviation[i]
            sums[point] += step_kernel(world, memory, log, point, environment.normal(0.0, 1.0))
            counts[point] += 1.0
            t += 1
        phase += 1
    return phase, q


mini_gp_kernel = kernel(_mini_gp)


def _run(
    name: str,
    rule: int,
    bandit: GPBandit,
    horizon: int,
    C: float,
    delta: float,
    parameters: dict[str, Any],
    checkpoints: Any,
    trace: bool,
    rng: RNGLike,
) -> BanditRun:
    C = validate.number("C", C, low=1.0, high=1e6, open_low=True)
    bandit, rng = with_function(bandit, rng)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    n = setup.n_arms
    means, deviations, phases = setup.traced(n), setup.traced(n), setup.traced()
    count, unique = mini_gp_kernel(
        setup.world,
        setup.memory,
        setup.log,
        setup.horizon,
        rule,
        delta,
        C,
        bandit.sigma**2,
        np.array(bandit.kernel),
        np.zeros((n, n)),
        np.zeros((7, n)),
        np.zeros(n, np.int64),
        phases,
        means,
        deviations,
        setup.environment,
    )
    return finish(
        setup,
        name,
        parameters,
        theorem=rule == UCB and bool(np.diagonal(bandit.kernel).max() <= 1.0),
        trace={"means": means, "deviations": deviations, "phases": phases, "function": np.array(bandit.means)},
        extra={"phases": int(count), "unique_points": int(unique)},
    )


def mini_gp_ucb(
    bandit: GPBandit,
    horizon: int,
    *,
    C: float = 2.0,
    delta: float = 0.05,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run mini-GP-UCB for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        A :class:`GPBandit`; a prior without means draws a function for the run.
    horizon
        T, the number of rounds.
    C
        By how much a posterior deviation may fall within a phase, above 1: large C, few phases, more regret.
    delta
        The theorem holds with probability 1 - delta, jointly for all times.
    checkpoints
        Times at which regret is recorded; all steps up to 500, then at most 200 times.
    trace
        Keep points, rewards, phases and the posterior of each round's phase.
    rng
        An int, ``SeedSequence`` or ``Generator``.

    Returns
    -------
    BanditRun
        ``extra``: ``phases`` and ``unique_points`` q.  With ``trace=True`` also ``trace["means"]``,
        ``trace["deviations"]`` (T, n) as of the beginning of the round's phase, ``trace["phases"]`` (T,) and
        ``trace["function"]`` (n,), the truth.

    Raises
    ------
    TypeError, ValueError
        If the bandit is no GPBandit, or an argument is out of range; the message names it.

    Notes
    -----
    At most $1 + \gamma_T/\ln C$ phases; $R_T \le C\sqrt{C_1 T \beta_T \gamma_T}$ with probability $1 - \delta$.

    Examples
    --------
    >>> from theorylab.bandits.models.gaussian_process import GPBandit, squared_exponential
    >>> prior = GPBandit(squared_exponential([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], 0.3), 0.1)
    >>> run = mini_gp_ucb(prior, 1000, rng=1)
    >>> int(run.pulls.sum()), run.extra["phases"] < 60, run.extra["unique_points"] <= 6
    (1000, True, True)
    """
    delta = validate.confidence("delta", delta)
    return _run("mini_gp_ucb", UCB, bandit, horizon, C, delta, {"C": C, "delta": delta}, checkpoints, trace, rng)


def mini_gp_ei(
    bandit: GPBandit,
    horizon: int,
    *,
    C: float = 2.0,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run mini-GP-EI: expected improvement over the largest posterior mean, in phases as in :func:`mini_gp_ucb`.

    Parameters
    ----------
    bandit, horizon, C, checkpoints, trace, rng
        As of :func:`mini_gp_ucb`.

    Raises
    ------
    TypeError, ValueError
        As :func:`mini_gp_ucb`.

    Examples
    --------
    >>> from theorylab.bandits.models.gaussian_process import GPBandit
    >>> mini_gp_ei(GPBandit([[1.0, 0.0], [0.0, 1.0]], 0.1, means=[0.0, 1.0]), 50, rng=1).pulls.tolist()[1] > 40
    True
    """
    return _run("mini_gp_ei", IMPROVEMENT, bandit, horizon, C, 0.5, {"C": C}, checkpoints, trace, rng)


def regret_bound(t: float, n: int, sigma: float, gain: float, delta: float, C: float) -> float:
    r"""$C \sqrt{C_1 t \beta_t \gamma_t}$: C times the bound of GP-UCB.

    Examples
    --------
    >>> round(regret_bound(100, 20, 0.5, 10.0, 0.05, 2.0), 1)
    790.1
    """
    from theorylab.bandits.gaussian_process.gp_ucb import regret_bound as one_at_a_time

    return C * one_at_a_time(t, n, sigma, gain, delta)
