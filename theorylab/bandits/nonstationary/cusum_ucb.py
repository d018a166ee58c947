r"""CUSUM-UCB: UCB whose arms restart when a two-sided cumulative sum passes a threshold.

Setting      K arms with rewards in [0, 1] whose means change at unknown rounds; dynamic regret
             over T rounds [liu2018change].
Algorithm    With probability alpha a uniform arm, else the arm with the largest index since its own last restart
             (``theorylab.bandits.nonstationary.restarting``). An arm's first M rewards after a restart give their mean
             $u_0$; every later reward y updates $g^+ = \max(0, g^+ + u_0 - y - \epsilon)$ and
             $g^- = \max(0, g^- + y - u_0 - \epsilon)$; the arm restarts when one of them reaches h.
             Defaults $h = \ln(T/Y)$, $\alpha = \sqrt{(Y/T) \ln(T/Y)}$.
Guarantee    None is claimed: the published analysis applies Hoeffding's inequality to a random number of terms
             [besson2022efficient]. A negative control shows that the test restarts without a change far more often
             than in one run of twenty.
Deviations   Those of ``restarting`` (the index counts rounds since the arm's restart; [liu2018change] counts the plays
             that are kept). ``index="kl"`` is the published tables'. Arms restart one by one. A sum within
             1e-11 of h has reached it: rounding must not decide.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.bandits.models import BanditModel
from theorylab.bandits.nonstationary.restarting import (
    INDICES,
    PULLS,
    arm_state,
    best_arm_kernel,
    forget_kernel,
    restart_log,
    restart_record,
    reward_kernel,
)
from theorylab.bandits.nonstationary.sliding_window_ucb import known_changes
from theorylab.bandits.online import TIE, begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["cusum_ucb"]

TOTAL, DOWN, UP = 0, 1, 2  # rows of the detectors: sum of the first M rewards, the two cumulative sums


def _cusum_ucb(
    world, memory, log, horizon, index, alpha, M, epsilon, h, arms, detectors, levels, restarts, environment, agent
):
    """One run; how many restarts.  ``levels`` (T or 0, 2) are the cumulative sums of the arm played."""
    n_arms = arms.shape[1]
    found, leader = 0, 0
    for t in range(horizon):
        coin = agent.random()
        if coin < alpha:
            arm = min(int(n_arms * coin / alpha), n_arms - 1)
        else:
            arm = best_arm_kernel(index, 0.0, t, leader, arms)
            leader = arm
        reward = step_kernel(world, memory, log, arm, environment.random())
        reward_kernel(arms, arm, reward)
        alarm = False
        if arms[PULLS, arm] <= M:
            detectors[TOTAL, arm] += reward
        else:
            start = detectors[TOTAL, arm] / M
            detectors[DOWN, arm] = max(0.0, detectors[DOWN, arm] + start - reward - epsilon)
            detectors[UP, arm] = max(0.0, detectors[UP, arm] + reward - start - epsilon)
            alarm = max(detectors[DOWN, arm], detectors[UP, arm]) >= h - TIE
        if t < levels.shape[0]:
            levels[t, 0] = detectors[DOWN, arm]
            levels[t, 1] = detectors[UP, arm]
        if alarm:
            restarts[0, found] = t + 1
            restarts[1, found] = arm
            restarts[2, found] = int(arms[PULLS, arm])
            restarts[3, found] = M
            found += 1
            forget_kernel(arms, arm, t + 1)
            for row in range(detectors.shape[0]):
                detectors[row, arm] = 0.0
    return found


cusum_ucb_kernel = kernel(_cusum_ucb)


def cusum_ucb(
    bandit: BanditModel,
    horizon: int,
    *,
    M: int = 100,
    epsilon: float = 0.1,
    h: float | None = None,
    alpha: float | None = None,
    index: str = "ucb",
    changes: int | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run CUSUM-UCB for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Rewards in [0, 1].
    horizon
        T, the number of rounds.
    M
        Rewards of an arm after a restart that give the level it is compared with.
    epsilon
        Drift subtracted from each step of the sums, in [0, 1].
    h
        Threshold > 0; :math:`\ln(T/Y)` by default.
    alpha
        Probability of a uniformly drawn arm, in [0, 1]; :math:`\sqrt{(Y/T) \ln(T/Y)}` by default.
    index
        "ucb" (the paper) or "kl" (the published tables).
    changes
        Y, for the defaults; by default the number of changes of the bandit (1 where it has none).
    checkpoints, rng
        As in :func:`theorylab.bandits.stochastic.ucb1.ucb1`.
    trace
        Keep arms, rewards and the two cumulative sums of the arm played.

    Returns
    -------
    BanditRun
        ``restart_times``; ``extra`` has ``alarm_arms`` and ``alarm_observations``.  With ``trace=True`` also
        ``trace["sums"]`` (T, 2).

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Examples
    --------
    >>> from theorylab.bandits import PiecewiseStationaryBandit
    >>> bandit = PiecewiseStationaryBandit([[0.9, 0.1], [0.1, 0.9]], [500])
    >>> run = cusum_ucb(bandit, 1000, rng=1)
    >>> bool(run.restart_times[0] > 500), int(run.extra["alarm_arms"][0]), run.theorems_algorithm
    (True, 0, False)
    """
    kind = INDICES.index(validate.choice("index", index, INDICES))
    M = validate.integer("M", M, low=1, high=2**53)
    epsilon = validate.number("epsilon", epsilon, low=0.0, high=1.0)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    T = setup.horizon
    count = min(known_changes(bandit, T, changes), T)
    h = max(math.log(T / count), 1e-9) if h is None else h
    h = validate.number("h", h, low=0.0, open_low=True)
    rate = min(1.0, math.sqrt(count / T * math.log(T / count))) if alpha is None else alpha
    rate = validate.number("alpha", rate, low=0.0, high=1.0)
    restarts, levels = restart_log(T), setup.traced(2)
    found = cusum_ucb_kernel(
        setup.world,
        setup.memory,
        setup.log,
        T,
        kind,
        rate,
        M,
        epsilon,
        h,
        arm_state(setup.n_arms),
        np.zeros((3, setup.n_arms)),
        levels,
        restarts,
        setup.environment,
        setup.agent,
    )
    return finish(
        setup,
        "cusum_ucb",
        {"M": M, "epsilon": epsilon, "h": h, "alpha": rate, "index": index},
        theorem=False,
        trace={"sums": levels},
        restart_times=restarts[0, :found],
        extra=restart_record(restarts, found),
    )
