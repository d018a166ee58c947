r"""Conservative UCB: learn, but never earn less than a fraction $1 - \alpha$ of what the default arm would have.

Setting      Arm 0 is the default, with a known mean $\mu_0 > 0$; K other arms with means in [0, 1] and 1-sub-Gaussian
             noise; a confidence level $\delta$.  In every round t, $\sum_{s \le t} \mu_{I_s} \ge (1 - \alpha) \mu_0 t$
             must hold.
Algorithm    [wu2016conservative, Algorithm 1].  With $\psi(s) = 2 \ln(K s^3/\delta)$ the limits of arm i are
             $\theta_i = m_i + \sqrt{\psi(N_i)/N_i}$ and $\lambda_i = \max(0, m_i - \sqrt{\psi(N_i)/N_i})$; before its
             first play $\theta_i = \infty$, $\lambda_i = 0$; $\theta_0 = \lambda_0 = \mu_0$.  In round t the proposal J
             is the arm with the largest $\theta$, the lowest of several, and the budget is
             $\xi_t = \sum_i N_i \lambda_i + \lambda_J - (1 - \alpha) t \mu_0$ (all plays at *current* limits); J is
             played if $\xi_t \ge 0$, else the default.
             :func:`budget_first`: the default until $\alpha t \mu_0 \ge R_{worst}$, then J without a budget.
Guarantee    With probability $1 - \delta$ the constraint holds in all rounds and, with $L = \psi(T)$ and sums over the
             arms other than the default, $R_T \le \sum_{\Delta_i > 0} (4L/\Delta_i + \Delta_i)
             + 2(K + 1) \Delta_0/(\alpha \mu_0)
             + (6L/(\alpha \mu_0)) \sum_i \Delta_0 / \max(\Delta_i, \Delta_0 - \Delta_i)$
             [wu2016conservative, Theorem 2].  ``budget_first`` (derived here): the constraint too, with
             $R_{worst} = K + 2\sqrt{K T L}$, and $R_T \le R_{worst} + \Delta_0 \lceil R_{worst}/(\alpha \mu_0) \rceil$.
Deviations   A budget above $-10^{-9}$ counts as non-negative: $\xi_t$ is exactly 0 again and again while early limits
             are 0, and rounding must not decide.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

from theorylab.bandits.models import BanditModel
from theorylab.bandits.online import TIE, Setup, begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import GAUSSIAN, NOISE, step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["budget_first", "claimed_miss", "conservative_ucb", "psi", "radius", "worst_regret"]

ROUNDING = 1e-9


def _psi(log_others: float, n: float) -> float:
    """2 ln(K n^3 / delta), ``log_others`` being ln(K / delta)."""
    return 2.0 * (log_others + 3.0 * math.log(n))


psi_kernel = kernel(_psi)


def _conservative_ucb(
    world, memory, log, horizon, mu0, alpha, log_others, first, watched,
    sums, pulls, upper, lower, budgets, proposals, environment,
):  # fmt: skip
    """One run; ``first`` rounds play the default; ``watched`` asks for the budget; (K + 1,) work space."""
    n_arms = sums.shape[0]
    gaussian = world.code[NOISE] == GAUSSIAN
    for i in range(n_arms):
        upper[i] = math.inf
    upper[0] = mu0
    lower[0] = mu0
    for t in range(horizon):
        best = -math.inf
        for i in range(n_arms):
            best = max(best, upper[i])
        proposal = 0
        while upper[proposal] < best - TIE:
            proposal += 1
        budget = lower[proposal]
        for i in range(n_arms):
            budget += pulls[i] * lower[i]
        budget -= (1.0 - alpha) * mu0 * (t + 1.0)
        arm = proposal
        if t < first or (watched and budget < -ROUNDING):
            arm = 0
        if t < budgets.shape[0]:
            budgets[t] = budget
            proposals[t] = proposal
        noise = environment.normal(0.0, 1.0) if gaussian else environment.random()
        sums[arm] += step_kernel(world, memory, log, arm, noise)
        pulls[arm] += 1.0
        if arm > 0:
            mean, width = sums[arm] / pulls[arm], math.sqrt(psi_kernel(log_others, pulls[arm]) / pulls[arm])
            upper[arm] = mean + width
            lower[arm] = max(0.0, mean - width)


conservative_ucb_kernel = kernel(_conservative_ucb)


def conservative_ucb(
    bandit: BanditModel,
    horizon: int,
    *,
    mu0: float,
    alpha: float = 0.1,
    delta: float = 0.05,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run Conservative UCB for ``horizon`` rounds; arm 0 is the default.

    Parameters
    ----------
    bandit
        Any bandit model; the theorem speaks of stationary ones with means in [0, 1] and 1-sub-Gaussian noise.
    horizon
        T; the algorithm does not use it.
    mu0
        $\mu_0 \in (0, 1]$, the mean of arm 0, which is known; the theorem speaks only if it is the right one.
    alpha
        $\alpha \in (0, 1]$, the part of the default's reward that may be lost.
    delta
        $\delta \in (0, 1)$.
    checkpoints, trace, rng
        As in :func:`theorylab.bandits.stochastic.ucb1.ucb1`.

    Returns
    -------
    BanditRun
        With ``trace=True`` also ``trace["budgets"]`` (T,) and ``trace["proposals"]`` (T,), the $\xi_t$ and the J.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Notes
    -----
    With probability $1 - \delta$, for all t: $\sum_{s \le t} \mu_{I_s} \ge (1 - \alpha) \mu_0 t$ [wu2016conservative].

    Examples
    --------
    >>> from theorylab.bandits import BernoulliBandit
    >>> run = conservative_ucb(BernoulliBandit([0.5, 0.9]), 10_000, mu0=0.5, alpha=0.2, rng=1)
    >>> bool(run.pulls[1] > 5000), run.theorems_algorithm
    (True, True)
    """
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    parameters = _checked(mu0, alpha, delta)
    return _run(setup, "conservative_ucb", parameters, 0, True)


def budget_first(
    bandit: BanditModel,
    horizon: int,
    *,
    mu0: float,
    alpha: float = 0.1,
    delta: float = 0.05,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Earn the whole budget first: the default for $\lceil R_{worst}/(\alpha \mu_0) \rceil$ rounds, then UCB.

    Parameters
    ----------
    bandit, mu0, alpha, delta, checkpoints, trace, rng
        As in :func:`conservative_ucb`.
    horizon
        T; it enters $R_{worst}$ (:func:`worst_regret`).

    Returns
    -------
    BanditRun
        With ``extra["first"]``, the rounds that play the default whatever happens (at most T).

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Examples
    --------
    >>> from theorylab.bandits import BernoulliBandit
    >>> run = budget_first(BernoulliBandit([0.5, 0.9]), 10_000, mu0=0.5, alpha=0.2, rng=1)
    >>> run.extra["first"], run.pulls.tolist()
    (10000, [10000, 0])
    """
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    parameters = _checked(mu0, alpha, delta)
    worst = worst_regret(setup.n_arms, setup.horizon, parameters["delta"])
    first = min(setup.horizon, math.ceil(worst / (parameters["alpha"] * parameters["mu0"])))
    return _run(setup, "budget_first", parameters, first, False, {"first": first})


LEAST = 1e-100  # their product is divided by


def _checked(mu0: Any, alpha: Any, delta: Any) -> dict[str, float]:
    return {
        "mu0": validate.number("mu0", mu0, low=LEAST, high=1.0),
        "alpha": validate.number("alpha", alpha, low=LEAST, high=1.0),
        "delta": validate.confidence("delta", delta),
    }


def _run(
    setup: Setup, name: str, given: dict[str, float], first: int, watched: bool, extra: dict[str, Any] | None = None
) -> BanditRun:
    work = [setup.work() for _ in range(4)]
    budgets, proposals = setup.traced(), setup.traced()
    log_others = math.log(max(setup.n_arms - 1, 1) / given["delta"])
    conservative_ucb_kernel(
        setup.world, setup.memory, setup.log, setup.horizon, given["mu0"], given["alpha"], log_others, first, watched,
        *work, budgets, proposals, setup.environment,
    )  # fmt: skip
    model: Any = setup.bandit
    noise = 0.5 if model.unit_rewards else float(getattr(model, "sigma", math.inf))
    theorem = model.stationary and noise <= 1.0 and bool(min(model.means) >= 0.0 and max(model.means) <= 1.0)
    theorem = theorem and abs(float(model.means[0]) - given["mu0"]) <= 1e-12
    kept = {"budgets": budgets, "proposals": proposals}
    return finish(setup, name, given, theorem=theorem, trace=kept, extra=extra)


def psi(n: float, *, n_arms: int = 2, delta: float = 0.05) -> float:
    r"""$\psi(n) = 2 \ln(K n^3/\delta)$ for a bandit of ``n_arms`` = K + 1 arms.

    Examples
    --------
    >>> round(psi(10, n_arms=3), 3)
    21.193
    """
    return float(_psi(math.log(max(n_arms - 1, 1) / delta), n))


def radius(t: float, n: float, *, n_arms: int = 2, delta: float = 0.05) -> float:
    """Radius of a mean of ``n`` rewards, at any time ``t``: what the audits look at.

    Examples
    --------
    >>> round(radius(1, 100), 4)
    0.5798
    """
    return math.sqrt(psi(n, n_arms=n_arms, delta=delta) / n)


def claimed_miss(t: float, n: float, *, n_arms: int = 2, delta: float = 0.05) -> float:
    r"""$\delta/(\zeta(3) K n^3)$: misses this rare add up to $\delta$ over all arms and all numbers of plays.

    Examples
    --------
    >>> round(claimed_miss(1, 1), 4)
    0.0416
    """
    return delta / (1.2020569031595942 * max(n_arms - 1, 1) * float(n) ** 3)


def worst_regret(n_arms: int, horizon: int, delta: float) -> float:
    r"""$R_{worst} = K + 2\sqrt{K T \psi(T)}$: what :func:`budget_first` saves before it learns.

    While all intervals hold, a play of arm i with $N_i - 1$ earlier ones has $\Delta_i \le 2 \sqrt{L/(N_i - 1)}$, so
    that $\Delta_i N_i \le 1 + 2\sqrt{L N_i}$; then Cauchy and Schwarz.

    Examples
    --------
    >>> round(worst_regret(2, 10_000, 0.05))
    1566
    """
    others = max(n_arms - 1, 1)
    return others + 2.0 * math.sqrt(others * horizon * psi(horizon, n_arms=n_arms, delta=delta))
