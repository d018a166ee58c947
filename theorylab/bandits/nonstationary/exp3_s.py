r"""EXP3.S: EXP3 whose weights share, against sequences of arms that switch.

Setting      K arms with rewards in [0, 1] fixed in advance (or drawn from means that change), T rounds, bandit
             feedback; regret against every sequence of arms with at most S segments [auer2002nonstochastic].
Algorithm    Arm i is drawn with probability $p_i = (1 - \gamma) w_i / W + \gamma / K$, $W = \sum_j w_j$; then
             $w_i \leftarrow w_i e^{\gamma \hat x_i / K} + (e \alpha / K) W$ with $\hat x_i = 1\{A = i\} x / p_i$ and W
             from before the update. $\alpha = 1/T$,
             $\gamma = \min(1, \sqrt{K (S \ln(K T) + e) / ((e - 1) T)})$.
Guarantee    $E[R_T] \le 2 \sqrt{e - 1} \sqrt{K T (S \ln(K T) + e)}$ against any sequence of S segments (recalled)
             [auer2002nonstochastic, Corollary 8.3].
Deviations   Weights are divided by a power of two when their sum is large, which changes no digit of the probabilities.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

from theorylab.bandits.models import AdversarialBandit, BanditModel, PiecewiseStationaryBandit
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["exp3_s", "rates"]

LARGEST = 2.0**300  # sum of weights beyond which all are divided by it


def _exp3_s(world, memory, log, horizon, alpha, gamma, weights, probabilities, environment, agent):
    """One run; ``weights`` (K,) are ones."""
    n_arms = weights.shape[0]
    kept, share, rate = 1.0 - gamma, gamma / n_arms, gamma / n_arms
    for t in range(horizon):
        total = 0.0
        for i in range(n_arms):
            total += weights[i]
        if total > LARGEST:
            for i in range(n_arms):
                weights[i] /= LARGEST
            total /= LARGEST
        if t < probabilities.shape[0]:
            for i in range(n_arms):
                probabilities[t, i] = kept * weights[i] / total + share
        left, arm = agent.random() * total, 0
        mass = kept * weights[0] + share * total
        passed = mass
        while left >= passed and arm < n_arms - 1:
            arm += 1
            mass = kept * weights[arm] + share * total
            passed += mass
        reward = step_kernel(world, memory, log, arm, environment.random())
        weights[arm] *= math.exp(rate * reward * (total / mass))
        for i in range(n_arms):
            weights[i] += math.e * alpha / n_arms * total


exp3_s_kernel = kernel(_exp3_s)


def rates(n_arms: int, horizon: int, segments: int) -> tuple[float, float]:
    r"""$(\alpha, \gamma)$ of [auer2002nonstochastic, Corollary 8.3].

    Examples
    --------
    >>> alpha, gamma = rates(3, 5000, 5)
    >>> alpha, round(gamma, 6)
    (0.0002, 0.133183)
    """
    root = math.sqrt(n_arms * (segments * math.log(n_arms * horizon) + math.e) / ((math.e - 1.0) * horizon))
    return 1.0 / horizon, min(1.0, root)


def exp3_s(
    bandit: BanditModel,
    horizon: int,
    *,
    segments: int = 1,
    alpha: float | None = None,
    gamma: float | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run EXP3.S for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Any bandit model with rewards in [0, 1]; the theorem speaks of piecewise-stationary and stationary arms and of
        tables of losses.
    horizon
        T, the number of rounds, which the rates are tuned to.
    segments
        S, the number of segments that it is tuned to: one more than the number of changes.
    alpha, gamma
        Sharing and exploration in [0, 1] instead of the tuned ones; no theorem is claimed then.
    checkpoints
        Times at which regret is recorded; all steps up to 500, then at most 200 times.
    trace
        Keep arms, rewards and probabilities of every round.
    rng
        An int, ``SeedSequence`` or ``Generator``.

    Returns
    -------
    BanditRun
        With ``trace=True`` also ``trace["probabilities"]`` (T, K), the law of each draw.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Notes
    -----
    The dynamic regret of a piecewise-stationary bandit is the regret against one sequence of Y + 1 segments: the best
    arm of each. On tables of losses ``regret`` is against the best fixed arm, which is one segment.

    Examples
    --------
    >>> from theorylab.bandits import PiecewiseStationaryBandit
    >>> run = exp3_s(PiecewiseStationaryBandit([[0.9, 0.1], [0.1, 0.9]], [500]), 1000, segments=2, rng=1)
    >>> int(run.pulls.sum()), run.notion, run.theorems_algorithm
    (1000, 'dynamic regret', True)
    """
    segments = validate.integer("segments", segments, low=1, high=2**53)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    shared, mixed = rates(setup.n_arms, setup.horizon, segments)
    if alpha is not None:
        shared = validate.number("alpha", alpha, low=0.0, high=1.0)
    if gamma is not None:
        mixed = validate.number("gamma", gamma, low=0.0, high=1.0, open_low=True)
    probabilities, weights = setup.traced(setup.n_arms), setup.work()
    weights += 1.0
    exp3_s_kernel(
        setup.world,
        setup.memory,
        setup.log,
        setup.horizon,
        shared,
        mixed,
        weights,
        probabilities,
        setup.environment,
        setup.agent,
    )
    parts = bandit.n_changes + 1 if isinstance(bandit, PiecewiseStationaryBandit) else 1
    known = bandit.stationary or isinstance(bandit, (AdversarialBandit, PiecewiseStationaryBandit))
    return finish(
        setup,
        "exp3_s",
        {"segments": segments, "alpha": shared, "gamma": mixed},
        theorem=alpha is None and gamma is None and known and parts <= segments,
        trace={"probabilities": probabilities},
    )
