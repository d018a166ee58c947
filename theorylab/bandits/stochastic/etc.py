r"""Explore, then commit: every arm m times in turn, then the one with the best mean for ever.

Setting      K arms, T rounds; rewards $\sigma^2$-sub-Gaussian around their means ([0, 1]: $\sigma^2 = 1/4$).
Algorithm    The letter of a formal development [degenne2025leanbandits, ``ETC.nextArm``]: in round t = 0, 1, ... with
             t < Km arm t mod K; in round Km the arm with the largest empirical mean, the lowest one of several; then
             that arm again.
Guarantee    $E[R_T] \le \sum_a \Delta_a (m + (T - Km) e^{-m \Delta_a^2 / (4\sigma^2)})$ for $m \ge 1$ and $T \ge Km$
             [degenne2025leanbandits, ``ETC.regret_le``], proved in Lean.
Deviations   Means within 1e-11 of each other are tied. With T < Km the first T rounds are played and no theorem speaks.

Correspondence of the formal statement and this code:

==============================  =====================================================================================
the formal statement            the code
==============================  =====================================================================================
rewards are real numbers        rewards, sums and means are doubles; the tolerance of ties covers rounding
a Markov kernel draws rewards   a pseudo-random generator does; independence is that of its stream
the argmax is measurable        the loop over arms takes the lowest of several, as the formal choice does
``Fin K`` with K > 0            a model has at least one arm
sub-Gaussian, variance proxy    a hypothesis of the claim: [0, 1] has 1/4 (Hoeffding's lemma), Gaussian arms sigma^2
E[regret], an integral          the recorded pseudo-regret of a run is one sample of it
==============================  =====================================================================================
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from theorylab.bandits.models import BanditModel
from theorylab.bandits.online import TIE, begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import GAUSSIAN, NOISE, step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["etc", "etc_bound"]


def _etc(world, memory, log, horizon, m, means, sums, environment):
    """One run; ``means`` and ``sums`` are (K,) work space."""
    n_arms = sums.shape[0]
    gaussian = world.code[NOISE] == GAUSSIAN
    kept = 0
    for t in range(horizon):
        if t < n_arms * m:
            arm = t % n_arms
        else:
            if t == n_arms * m:
                for i in range(n_arms):
                    means[i] = sums[i] / m
                best = means[0]
                for i in range(1, n_arms):
                    best = max(best, means[i])
                kept = 0
                while means[kept] < best - TIE:
                    kept += 1
            arm = kept
        noise = environment.normal(0.0, 1.0) if gaussian else environment.random()
        sums[arm] += step_kernel(world, memory, log, arm, noise)


etc_kernel = kernel(_etc)


def etc(
    bandit: BanditModel,
    horizon: int,
    *,
    m: int,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run explore-then-commit for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Any bandit model; the theorem speaks of stationary ones.
    horizon
        T.
    m
        Plays of each arm before the choice, at least 1.
    checkpoints, trace, rng
        As in :func:`theorylab.bandits.stochastic.ucb1.ucb1`.

    Returns
    -------
    BanditRun

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Notes
    -----
    $E[R_T] \le \sum_a \Delta_a (m + (T - Km) e^{-m \Delta_a^2/(4 \sigma^2)})$ [degenne2025leanbandits].

    Examples
    --------
    >>> from theorylab.bandits import BernoulliBandit
    >>> run = etc(BernoulliBandit([0.9, 0.1]), 100, m=10, rng=1)
    >>> run.pulls.tolist(), round(float(run.regret[-1]), 9)
    ([90, 10], 8.0)
    """
    m = validate.integer("m", m, low=1, high=10**9)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    etc_kernel(setup.world, setup.memory, setup.log, setup.horizon, m, setup.work(), setup.work(), setup.environment)
    theorem = bandit.stationary and setup.horizon >= setup.n_arms * m
    return finish(setup, "etc", {"m": m}, theorem=theorem)


def etc_bound(gaps: Sequence[float], horizon: int, m: int, *, sigma2: float = 0.25) -> float:
    r"""The bound of ``ETC.regret_le``, $\sum_a \Delta_a (m + (T - Km) e^{-m \Delta_a^2/(4\sigma^2)})$.

    Raises
    ------
    ValueError
        If m < 1 or T < Km: the statement says nothing there.

    Examples
    --------
    >>> round(etc_bound([0.0, 0.2], 1000, 89), 3)
    22.475
    """
    found = validate.array("gaps", gaps, ndim=1)
    m = validate.integer("m", m, low=1)
    sigma2 = validate.number("sigma2", sigma2, low=0.0, open_low=True)
    horizon = validate.integer("horizon", horizon, low=len(found) * m)
    after = horizon - len(found) * m
    return math.fsum(d * (m + after * math.exp(-m * d * d / (4.0 * sigma2))) for d in found.tolist())
