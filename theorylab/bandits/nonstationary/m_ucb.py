r"""M-UCB: UCB that restarts when the two halves of an arm's last w rewards differ too much.

Setting      K arms with rewards in [0, 1] whose means change at unknown rounds; dynamic regret over T rounds
             [cao2019nearly].
Algorithm    Forced exploration at the rate $\gamma$, counted from the last restart, else the arm with the largest index
             since the last restart (``theorylab.bandits.nonstationary.restarting``). After a play the arm's last w
             rewards since the restart, when there are w, are tested: an alarm when the sums of their halves differ by
             more than b. An alarm restarts all arms. Defaults $b = \sqrt{(w/2) \ln(2 K T^2)}$ and
             $\gamma = \sqrt{Y K (2b + 3\sqrt w) / (2T)}$, at most 1.
Guarantee    In a stationary bandit $P(\text{any restart}) \le 1/T$ with the default b (derived here: for one window
             $P(|\text{difference}| > b) \le 2 e^{-2 b^2 / w} = 1/(K T^2)$ by Hoeffding, and there are at most T tests).
             When the mean of an arm jumps by d with $w \ge (4/d^2)(\sqrt{\ln(2 K T^2)} + \sqrt{\ln(2T)})^2$ and w/2
             rewards since the restart lie before the jump, w/2 rewards after it raise an alarm with probability
             $\ge 1 - 1/(4T^2)$ (derived here: the expected difference is wd/2, and
             $wd/2 - b \ge \sqrt{w \ln(2T)}$). Regret $O(\sqrt{Y K T \ln T})$ [cao2019nearly], a rate only.
Deviations   Those of ``restarting``. ``index="kl"`` is the published tables', "ucb" the paper's.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.bandits.models import BanditModel, PiecewiseStationaryBandit
from theorylab.bandits.nonstationary.restarting import (
    INDICES,
    PULLS,
    arm_state,
    best_arm_kernel,
    forced_arm_kernel,
    forget_kernel,
    period_kernel,
    restart_log,
    restart_record,
    reward_kernel,
)
from theorylab.bandits.nonstationary.sliding_window_ucb import known_changes
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["default_exploration", "default_threshold", "m_ucb"]


def _window_statistic(ring, arm, seen, w):
    """Sum of the newer half of the last w rewards minus that of the older half; recomputed, so that nothing drifts."""
    older, newer = 0.0, 0.0
    for j in range(w):
        reward = ring[arm, (seen + j) % w]
        if j < w // 2:
            older += reward
        else:
            newer += reward
    return newer - older


window_statistic_kernel = kernel(_window_statistic)


def _m_ucb(world, memory, log, horizon, index, gamma, w, b, arms, ring, differences, restarts, environment):
    """One run; how many restarts.  ``ring`` (K, w) holds the last rewards, ``differences`` (K,) their statistic."""
    n_arms = arms.shape[1]
    found, leader, born = 0, 0, 0
    period = period_kernel(gamma, n_arms)
    for t in range(horizon):
        arm = forced_arm_kernel(t - born, period, n_arms)
        if arm < 0:
            arm = best_arm_kernel(index, 0.0, t, leader, arms)
            leader = arm
        reward = step_kernel(world, memory, log, arm, environment.random())
        seen = int(arms[PULLS, arm])  # since the restart, without this one
        slot = seen % w
        middle = (seen + w // 2) % w
        if seen >= w:  # the oldest leaves, the first of the newer half becomes an older one
            differences[arm] += ring[arm, slot] - 2.0 * ring[arm, middle] + reward
        elif seen >= w // 2:
            differences[arm] += reward
        else:
            differences[arm] -= reward
        ring[arm, slot] = reward
        reward_kernel(arms, arm, reward)
        if seen + 1 >= w and abs(differences[arm]) > b - 1e-6:  # the running difference may have drifted: look again
            exact = window_statistic_kernel(ring, arm, seen + 1, w)
            differences[arm] = exact
            if abs(exact) > b:
                restarts[0, found] = t + 1
                restarts[1, found] = arm
                restarts[2, found] = seen + 1
                restarts[3, found] = seen + 1 - w // 2
                found += 1
                born = t + 1
                for i in range(n_arms):
                    forget_kernel(arms, i, t + 1)
                    differences[i] = 0.0
    return found


m_ucb_kernel = kernel(_m_ucb)


def default_threshold(window: int, n_arms: int, horizon: int) -> float:
    r"""$b = \sqrt{(w/2) \ln(2 K T^2)}$.

    Examples
    --------
    >>> round(default_threshold(200, 3, 5000), 3)
    43.389
    """
    return math.sqrt(0.5 * window * math.log(2.0 * n_arms * float(horizon) ** 2))


def default_exploration(window: int, threshold: float, n_arms: int, horizon: int, changes: int) -> float:
    r"""$\gamma = \sqrt{Y K (2b + 3\sqrt w) / (2T)}$, at most 1.

    Examples
    --------
    >>> round(default_exploration(200, 43.393, 3, 5000, 4), 4)
    0.3938
    """
    return min(1.0, math.sqrt(changes * n_arms * (2.0 * threshold + 3.0 * math.sqrt(window)) / (2.0 * horizon)))


def m_ucb(
    bandit: BanditModel,
    horizon: int,
    *,
    window: int = 200,
    threshold: float | None = None,
    gamma: float | None = None,
    index: str = "ucb",
    changes: int | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run M-UCB for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Rewards in [0, 1]; the theory speaks of stationary and piecewise-stationary models.
    horizon
        T, the number of rounds.
    window
        w, even: rewards of an arm that are compared, half against half.
    threshold
        b > 0; :math:`\sqrt{(w/2) \ln(2 K T^2)}` by default.
    gamma
        Rate of forced exploration in [0, 1]; tuned to the number of changes by default.
    index
        "ucb" (the paper) or "kl" (the published tables).
    changes
        Y, for the default rate; by default the number of changes of the bandit (1 where it has none).
    checkpoints, trace, rng
        As in :func:`theorylab.bandits.stochastic.ucb1.ucb1`.

    Returns
    -------
    BanditRun
        ``restart_times``; ``extra`` has ``alarm_arms``, ``alarm_observations`` and ``alarm_splits``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Examples
    --------
    >>> from theorylab.bandits import PiecewiseStationaryBandit
    >>> bandit = PiecewiseStationaryBandit([[0.9, 0.1], [0.1, 0.9]], [1000])
    >>> run = m_ucb(bandit, 2000, window=100, rng=1)
    >>> len(run.restart_times), bool(run.restart_times[0] > 1000)
    (1, True)
    """
    kind = INDICES.index(validate.choice("index", index, INDICES))
    window = validate.integer("window", window, low=2, high=2**40)
    if window % 2:
        raise ValueError(f"window is {window}, expected an even number: its halves are compared")
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    T, K = setup.horizon, setup.n_arms
    given = threshold is not None
    b = validate.number("threshold", threshold, low=0.0, open_low=True) if given else default_threshold(window, K, T)
    count = known_changes(bandit, T, changes)
    rate = default_exploration(window, b, K, T, count) if gamma is None else gamma
    rate = validate.number("gamma", rate, low=0.0, high=1.0)
    restarts = restart_log(T)
    fits = window <= T  # a window that the run cannot fill never speaks
    w = window if fits else 2
    found = m_ucb_kernel(
        setup.world,
        setup.memory,
        setup.log,
        T,
        kind,
        rate,
        w,
        b if fits else math.inf,
        arm_state(K),
        np.zeros((K, w)),
        setup.work(),
        restarts,
        setup.environment,
    )
    parameters = {"window": window, "threshold": b, "gamma": rate, "index": index}
    speaks = bandit.stationary or isinstance(bandit, PiecewiseStationaryBandit)
    return finish(
        setup,
        "m_ucb",
        parameters,
        theorem=speaks and b >= default_threshold(window, K, T) * (1.0 - 1e-12),
        restart_times=restarts[0, :found],
        extra=restart_record(restarts, found),
    )
