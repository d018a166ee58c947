r"""Gaussian process bandits on finitely many points: GP-UCB, expected improvement, the knowledge gradient.

Setting      n points, f drawn from $\mathcal N(0, k)$, rewards $f(x) + \mathcal N(0, \sigma^2)$; regret against max f
             [srinivas2010gaussian].
Algorithm    With posterior mean m and standard deviation s of the t - 1 observations so far, play in round t
             ``gp_ucb``  $\arg\max m(x) + \sqrt{\beta_t}\, s(x)$, $\beta_t = 2 \ln(n t^2 \pi^2 / (6 \delta))$;
             ``gp_ei``  $\arg\max E (f(x) - \max m)_+$;
             ``knowledge_gradient``  $\arg\max E \max_y m'(y) - \max m$, m' the mean after one more observation at x,
             over the upper envelope of the lines $m(y) + \mathrm{cov}(y, x)/\sqrt{s^2(x) + \sigma^2}\, Z$
             [frazier2009knowledge]; ``online=True`` plays $\arg\max m(x) + (T - t) KG(x)$ instead.
Guarantee    ``gp_ucb``, prior variances at most 1: with probability $1 - \delta$, for all T,
             $R_T \le \sqrt{C_1 T \beta_T \gamma_T}$, $C_1 = 8/\ln(1 + \sigma^{-2})$ (recalled from
             [srinivas2010gaussian, Theorem 1]; every step is checked here), $\gamma_T$ the largest information gain
             (:mod:`theorylab.bandits.gaussian_process.information_gain`).  The others: none is claimed.
Deviations   The posterior of all points is updated by one rank-one step a round, $O(n^2)$.  The incumbent of expected
             improvement is the largest posterior mean: observations are noisy.  Values of information within a factor
             $1 - 10^{-9}$ of the best are tied, indices of GP-UCB within 1e-11; the lowest point wins. When no value
             of information reaches 1e-14 the point with the largest mean is played.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.bandits.gaussian_process.posterior import (
    NEARLY,
    WORTHLESS,
    condition_kernel,
    expected_improvement_kernel,
    knowledge_gradient_kernel,
    with_function,
)
from theorylab.bandits.models.gaussian_process import GPBandit
from theorylab.bandits.online import TIE, begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["confidence", "gp_ei", "gp_ucb", "knowledge_gradient", "regret_bound"]

UCB, IMPROVEMENT, GRADIENT, ONLINE_GRADIENT = range(4)


def _confidence(t: float, n: float, delta: float) -> float:
    """beta_t."""
    return 2.0 * math.log(n * t * t * math.pi**2 / (6.0 * delta))


confidence_kernel = kernel(_confidence)


def _values(rule, t, horizon, delta, noise_variance, mean, covariance, values, slopes, order, kept, breaks):
    """Fill ``values`` (n,): what each point is worth in round t = 1, 2, ..."""
    n = mean.shape[0]
    incumbent = mean[0]
    for i in range(1, n):
        incumbent = max(incumbent, mean[i])
    width = math.sqrt(confidence_kernel(t, n, delta)) if rule == UCB else 0.0
    for i in range(n):
        if rule == UCB:
            values[i] = mean[i] + width * math.sqrt(max(covariance[i, i], 0.0))
        elif rule == IMPROVEMENT:
            values[i] = expected_improvement_kernel(mean[i], math.sqrt(max(covariance[i, i], 0.0)), incumbent)
        else:
            deviation = math.sqrt(covariance[i, i] + noise_variance)
            for j in range(n):
                slopes[j] = covariance[j, i] / deviation
            values[i] = knowledge_gradient_kernel(mean, slopes, order, kept, breaks)
            if rule == ONLINE_GRADIENT:
                values[i] = mean[i] + (horizon - t) * values[i]


values_kernel = kernel(_values)


def _choose(rule, values, mean):
    """The lowest of the best points; tied absolutely (indices) or relatively (values of information)."""
    best, top = values[0], mean[0]
    for i in range(1, values.shape[0]):
        best, top = max(best, values[i]), max(top, mean[i])
    least, point = best - TIE, 0
    if rule == IMPROVEMENT or rule == GRADIENT:
        if best < WORTHLESS:
            while mean[point] < top - TIE:
                point += 1
            return point
        least = best * (1.0 - NEARLY)
    while values[point] < least:
        point += 1
    return point


choose_kernel = kernel(_choose)


def _gp_bandit(
    world, memory, log, horizon, rule, delta, noise_variance, mean, covariance, work, order, kept, means, deviations,
    environment,
):  # fmt: skip
    """One run from the prior ``mean`` = 0 (n,), ``covariance`` (n, n); ``work`` (3, n), the rest as for the values."""
    n = mean.shape[0]
    values, slopes, breaks = work[0], work[1], work[2]
    for t in range(horizon):
        values_kernel(
            rule, t + 1.0, horizon, delta, noise_variance, mean, covariance, values, slopes, order, kept, breaks
        )
        point = choose_kernel(rule, values, mean)
        if t < means.shape[0]:
            for i in range(n):
                means[t, i] = mean[i]
                deviations[t, i] = math.sqrt(max(covariance[i, i], 0.0))
        reward = step_kernel(world, memory, log, point, environment.normal(0.0, 1.0))
        condition_kernel(mean, covariance, point, reward, noise_variance)


gp_bandit_kernel = kernel(_gp_bandit)


def _run(
    name: str,
    rule: int,
    bandit: GPBandit,
    horizon: int,
    delta: float,
    parameters: dict[str, Any],
    checkpoints: Any,
    trace: bool,
    rng: RNGLike,
) -> BanditRun:
    bandit, rng = with_function(bandit, rng)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    n = setup.n_arms
    means, deviations = setup.traced(n), setup.traced(n)
    mean, covariance = np.zeros(n), np.array(bandit.kernel)
    gp_bandit_kernel(
        setup.world,
        setup.memory,
        setup.log,
        setup.horizon,
        rule,
        delta,
        bandit.sigma**2,
        mean,
        covariance,
        np.zeros((3, n)),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        means,
        deviations,
        setup.environment,
    )
    return finish(
        setup,
        name,
        parameters,
        theorem=rule == UCB and bool(np.diagonal(bandit.kernel).max() <= 1.0),
        trace={"means": means, "deviations": deviations, "function": np.array(bandit.means)},
        extra={"mean": mean, "covariance": covariance},
    )


def gp_ucb(
    bandit: GPBandit,
    horizon: int,
    *,
    delta: float = 0.05,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run GP-UCB for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        A :class:`GPBandit`; a prior without means draws a function for the run.
    horizon
        T, the number of rounds.
    delta
        The theorem holds with probability 1 - delta, jointly for all times.
    checkpoints
        Times at which regret is recorded; all steps up to 500, then at most 200 times.
    trace
        Keep points, rewards and the posterior before each round.
    rng
        An int, ``SeedSequence`` or ``Generator``.

    Returns
    -------
    BanditRun
        ``extra``: the final posterior ``mean`` (n,), ``covariance`` (n, n).  With ``trace=True`` also
        ``trace["means"]``, ``trace["deviations"]`` (T, n) before each round, and ``trace["function"]`` (n,), the truth.

    Raises
    ------
    TypeError, ValueError
        If the bandit is no GPBandit, or an argument is out of range; the message names it.

    Notes
    -----
    $R_T \le \sqrt{C_1 T \beta_T \gamma_T}$ with probability $1 - \delta$ [srinivas2010gaussian]:
    :func:`regret_bound`.

    Examples
    --------
    >>> from theorylab.bandits.models.gaussian_process import GPBandit, squared_exponential
    >>> prior = GPBandit(squared_exponential([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], 0.3), 0.1)
    >>> run = gp_ucb(prior, 300, rng=1)
    >>> int(run.pulls.sum()), bool(run.regret[-1] < 60), run.extra["mean"].shape
    (300, True, (6,))
    """
    delta = validate.confidence("delta", delta)
    return _run("gp_ucb", UCB, bandit, horizon, delta, {"delta": delta}, checkpoints, trace, rng)


def gp_ei(
    bandit: GPBandit, horizon: int, *, checkpoints: Any = None, trace: bool = False, rng: RNGLike = None
) -> BanditRun:
    r"""Run expected improvement over the largest posterior mean; parameters and record as of :func:`gp_ucb`.

    $E(f(x) - m^*)_+ = (m - m^*) \Phi(z) + s \phi(z)$ with $z = (m - m^*)/s$.

    Raises
    ------
    TypeError, ValueError
        As :func:`gp_ucb`.

    Examples
    --------
    >>> from theorylab.bandits.models.gaussian_process import GPBandit
    >>> gp_ei(GPBandit([[1.0, 0.0], [0.0, 1.0]], 0.1, means=[0.0, 1.0]), 50, rng=1).pulls.tolist()[1] > 40
    True
    """
    return _run("gp_ei", IMPROVEMENT, bandit, horizon, 0.5, {}, checkpoints, trace, rng)


def knowledge_gradient(
    bandit: GPBandit,
    horizon: int,
    *,
    online: bool = False,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run the knowledge gradient; other parameters and record as of :func:`gp_ucb`.

    Parameters
    ----------
    bandit, horizon, checkpoints, trace, rng
        As of :func:`gp_ucb`.
    online
        False: the point whose observation is worth most, for finding the best point.  True: $m + (T - t) KG$, for the
        sum of rewards.

    Raises
    ------
    TypeError, ValueError
        As :func:`gp_ucb`.

    Examples
    --------
    >>> from theorylab.bandits.models.gaussian_process import GPBandit
    >>> run = knowledge_gradient(GPBandit([[1.0, 0.0], [0.0, 1.0]], 0.1, means=[0.0, 1.0]), 50, online=True, rng=1)
    >>> run.pulls.tolist()[1] > 40
    True
    """
    rule = ONLINE_GRADIENT if validate.flag("online", online) else GRADIENT
    return _run("knowledge_gradient", rule, bandit, horizon, 0.5, {"online": online}, checkpoints, trace, rng)


def confidence(t: float, n: int, delta: float) -> float:
    r"""$\beta_t$: with probability $1 - \delta$ all points are within $\sqrt{\beta_t}\,s$ of m in all rounds t >= 1.

    Examples
    --------
    >>> round(confidence(10, 20, 0.05), 3)
    22.189
    """
    return float(_confidence(t, n, delta))


def regret_bound(t: float, n: int, sigma: float, gain: float, delta: float) -> float:
    r"""$\sqrt{C_1 t \beta_t \gamma_t}$ for prior variances at most 1; ``gain`` bounds $\gamma_t$ from above.

    Examples
    --------
    >>> round(regret_bound(100, 20, 0.5, 10.0, 0.05), 1)
    395.1
    """
    return math.sqrt(8.0 / math.log1p(sigma**-2) * t * _confidence(t, n, delta) * gain)
