r"""What all restarting index policies share: forced exploration, indices since the last restart, the best arm.

Setting      Arms whose means change at unknown rounds. A change detector restarts arms; an arm's index rests on what
             was seen since its own last restart.
Algorithm    *Forced exploration* [besson2022efficient]: with the rate alpha and the period
             $w = \lfloor K/\alpha \rfloor$ arm $t \bmod w$ is played in each round t (from 0) where that is below K;
             other rounds belong to the index.
             *Index* of arm a after t rounds, born (restarted) after $\tau_a$, with N plays of mean m since then:
             $\sup\{q : N\, \mathrm{kl}(m, q) \le f(t - \tau_a)\}$ (``kl``) or $m + \sqrt{f(t - \tau_a)/(2N)}$
             (``ucb``), $f(u) = \ln u + c \ln\ln u$; unplayed arms have the index 1 (``kl``) or infinity; the lowest
             arm of equals.
Guarantee    Proposition 3 of [besson2022efficient], for any rate at most 1: between two rounds s < t without a restart
             each arm is played at least $\lfloor \alpha (t - s) / K \rfloor$ times, since w consecutive rounds hold
             each arm's turn once and $w \le K/\alpha$.
Deviations   The paper prints $\lceil K/\alpha \rceil$, with which its Proposition 3 fails by a play in long windows;
             its authors' script has the floor, as here. A rate above 1 is read as 1: every round is then forced.
             $\ln\ln u$ is read as 0 for u < 3.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.online import TIE
from theorylab.bandits.stochastic.kl_index import kl_index_kernel, kl_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel

__all__ = [
    "BORN",
    "INDICES",
    "PULLS",
    "SUMS",
    "arm_state",
    "best_arm_kernel",
    "exploration_rate",
    "forced_arm_kernel",
    "forget_kernel",
    "period_kernel",
    "restart_log",
    "restart_record",
    "reward_kernel",
]

INDICES = ("kl", "ucb")
KL, UCB = 0, 1
SUMS, PULLS, BORN, VALUES = 0, 1, 2, 3  # rows of the arms' state
TIME, ARM, SEEN, SPLIT = 0, 1, 2, 3  # rows of the log of restarts
LONGEST_PERIOD = 2**62
MOST_ROUNDS = 10**9  # of a run that keeps its alarms
GUARD = 1e-9  # below the best index so far: many times TIE, and more than the index solver's error


def arm_state(n_arms: int) -> NDArray[np.float64]:
    """(4, K) sums and plays since the last restart, the round of that restart, work space."""
    return np.zeros((4, n_arms))


def restart_log(horizon: int) -> NDArray[np.int64]:
    """(4, R) round, arm, its observations, its split of each restart; an alarm needs two observations at least."""
    if horizon > MOST_ROUNDS:
        raise ValueError(f"horizon is {horizon}, expected at most {MOST_ROUNDS} with change detection: alarms are kept")
    return np.zeros((4, horizon // 2 + 1), dtype=np.int64)


def restart_record(log: NDArray[np.int64], found: int) -> dict[str, Any]:
    """What a run's ``extra`` says about its restarts."""
    return {
        "alarm_arms": log[ARM, :found].copy(),
        "alarm_observations": log[SEEN, :found].copy(),
        "alarm_splits": log[SPLIT, :found].copy(),
    }


def exploration_rate(alpha: Any, n_arms: int, horizon: int) -> float:
    r"""The caller's rate in [0, 1], or $\sqrt{K \ln T / T}$, at most 1.

    Examples
    --------
    >>> round(exploration_rate(None, 3, 5000), 4), exploration_rate(0.25, 3, 5000)
    (0.0715, 0.25)
    """
    if alpha is None:
        return min(1.0, math.sqrt(n_arms * math.log(horizon) / horizon))
    return validate.number("alpha", alpha, low=0.0, high=1.0)


def _period(rate, n_arms):
    """Rounds from one forced play of an arm to the next."""
    if rate * LONGEST_PERIOD <= n_arms:
        return LONGEST_PERIOD
    return max(n_arms, math.floor(n_arms / rate))


period_kernel = kernel(_period)


def _forced_arm(t, period, n_arms):
    """The arm that must be played in round t (from 0), or -1."""
    turn = t % period
    return turn if turn < n_arms else -1


forced_arm_kernel = kernel(_forced_arm)


def _exploration(elapsed, c):
    """f(u)."""
    log = math.log(elapsed)
    if c > 0.0 and elapsed > 2.0:
        return log + c * math.log(log)
    return log


exploration_kernel = kernel(_exploration)


def _arm_index(index, c, t, arm, arms):
    pulls = arms[PULLS, arm]
    if pulls == 0.0:
        return 1.0 if index == KL else math.inf
    mean = arms[SUMS, arm] / pulls
    level = exploration_kernel(t - arms[BORN, arm], c) / pulls
    if index == KL:
        return kl_index_kernel(mean, level)
    return mean + math.sqrt(0.5 * level)


arm_index_kernel = kernel(_arm_index)


def _surely_below(value, c, t, arm, arms):
    """Whether the arm's KL index is clearly below ``value``: one divergence instead of an inversion."""
    pulls = arms[PULLS, arm]
    if pulls == 0.0:
        return False
    mean = arms[SUMS, arm] / pulls
    bar = value - GUARD
    if bar <= mean:
        return False
    return pulls * kl_kernel(mean, bar) > exploration_kernel(t - arms[BORN, arm], c)


surely_below_kernel = kernel(_surely_below)


def _best_arm(index, c, t, leader, arms):
    """The arm with the largest index after t rounds, the lowest of equals; ``leader`` is a guess."""
    n_arms = arms.shape[1]
    best = arm_index_kernel(index, c, t, leader, arms)
    arms[VALUES, leader] = best
    for i in range(n_arms):
        if i == leader:
            continue
        if index == KL and surely_below_kernel(best, c, t, i, arms):
            arms[VALUES, i] = -math.inf
        else:
            arms[VALUES, i] = arm_index_kernel(index, c, t, i, arms)
            best = max(best, arms[VALUES, i])
    arm = 0
    while arms[VALUES, arm] < best - TIE:
        arm += 1
    return arm


best_arm_kernel = kernel(_best_arm)


def _reward(arms, arm, reward):
    """Count a play."""
    arms[SUMS, arm] += reward
    arms[PULLS, arm] += 1.0


reward_kernel = kernel(_reward)


def _forget(arms, arm, now):
    """Restart the index of an arm after ``now`` rounds."""
    arms[SUMS, arm] = 0.0
    arms[PULLS, arm] = 0.0
    arms[BORN, arm] = now


forget_kernel = kernel(_forget)
