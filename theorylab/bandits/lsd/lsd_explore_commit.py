r"""Explore, then commit, for recharging bandits: sample every state of every arm, plan on the means, repeat the plan.

Setting      A last-switch-dependent bandit in which runs do not matter, K arms with c states each, rewards in [0, 1].
Algorithm    Arm by arm: one play, then for each $\tau = 1..c$ n times $\tau - 1$ plays of the next arm and one play
             of the arm itself, whose state is then $\tau$. With the means of these n rewards :func:`lsd_optimum`
             plans, and its cycle is repeated to the end, from a point at which no beginning earns less than the
             cycle's mean.
Guarantee    Derived here: with $A = K c (c+1)/2$ and $L = \ln(2 K c/\delta)$, with probability $1 - \delta$
             $$\rho^* T - \sum_t \mu_t \le n A + 2 T \sqrt{L/(2n)} + 2K \le 3 (A L T^2/2)^{1/3} + A + 2K,$$
             the second for the default n. *Proof.* All Kc means are within $\epsilon = \sqrt{L/(2n)}$ (Hoeffding,
             union), hence every policy's rate too, and the plan's is at least $\rho^* - 2\epsilon$. Exploring lasts
             $nA + K$ rounds. After it the first play of each arm may find another state than in the cycle: K plays
             lose at most 1 each. A part of the cycle that begins where the cycle does earns its mean on the
             estimates, hence up to $\epsilon$ a round in truth: the last, incomplete period loses nothing more.
Deviations   The rewards of the arm that fills the waiting rounds are not used.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.lsd.lsd_optimum import lsd_optimum
from theorylab.bandits.lsd.play_pattern import play_pattern_kernel
from theorylab.bandits.models import BanditModel, LastSwitchDependentBandit
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.core import validate
from theorylab.core.rng import RNGLike

__all__ = ["default_samples", "exploration", "lsd_explore_commit", "regret_bound"]


def default_samples(horizon: int, n_arms: int, states: int, delta: float) -> int:
    """The n that balances exploring against planning on wrong means.

    Examples
    --------
    >>> default_samples(100_000, 2, 2, 0.05)
    890
    """
    L = math.log(2 * n_arms * states / delta)
    A = n_arms * states * (states + 1) / 2
    return max(1, math.ceil(float((horizon * math.sqrt(L / 2) / A) ** (2 / 3))))


def regret_bound(horizon: float, n_arms: int, states: int, n: int, delta: float) -> float:
    r"""$nA + 2T\sqrt{L/(2n)} + 2K$.

    Examples
    --------
    >>> round(regret_bound(100_000, 2, 2, 889, 0.05))
    16023
    """
    L = math.log(2 * n_arms * states / delta)
    return n * n_arms * states * (states + 1) / 2 + 2 * horizon * math.sqrt(L / (2 * n)) + 2 * n_arms


def exploration(n_arms: int, states: int, n: int, rounds: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(arms, what each play samples) of at most ``rounds``: arm * states + tau - 1, or -1 for no sample.

    Examples
    --------
    >>> arms, samples = exploration(2, 2, 1, 100)
    >>> arms.tolist(), samples.tolist()
    ([0, 0, 1, 0, 1, 1, 0, 1], [-1, 0, -1, 1, -1, 2, -1, 3])
    """
    arms: list[int] = []
    samples: list[int] = []
    for arm in range(n_arms):
        arms.append(arm)
        samples.append(-1)
        for tau in range(1, states + 1):
            waiting = tau - 1
            repeats = min(n, max(0, rounds - len(arms)))  # no more is played
            arms += ([(arm + 1) % n_arms] * waiting + [arm]) * repeats
            samples += ([-1] * waiting + [arm * states + tau - 1]) * repeats
    return np.array(arms[:rounds], np.int64), np.array(samples[:rounds], np.int64)


def lsd_explore_commit(
    bandit: BanditModel,
    horizon: int,
    *,
    n: int | None = None,
    delta: float = 0.05,
    states: int | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run explore-then-commit for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Last-switch-dependent without a table of runs.
    horizon
        T; when exploring takes longer it is cut short.
    n
        Samples of each state of each arm; by default :func:`default_samples`.
    delta
        The probability with which the guarantee may fail.
    states
        c, the rounds of waiting after which an arm's mean no longer changes; by default the width of the model's table.
        With one arm there is one state.

    Returns
    -------
    BanditRun
        ``regret`` is minus the expected reward (see ``approximation_regret``); ``extra`` has ``n``, ``explored``
        (rounds), ``cycle`` and ``estimates`` (K, c), the last two None when the horizon ends before.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, or runs matter in this bandit; the message names it.

    Examples
    --------
    >>> from theorylab.bandits import RechargingBandit
    >>> run = lsd_explore_commit(RechargingBandit.blocking([0.5, 0.9], [1, 2]), 20_000, rng=1)
    >>> run.extra["cycle"], run.notion
    ([1, 0], 'minus expected reward')
    """
    if not isinstance(bandit, LastSwitchDependentBandit):
        raise TypeError(f"bandit is {bandit!r}, expected a LastSwitchDependentBandit or a RechargingBandit")
    if bandit.run is not None:
        raise ValueError("bandit has a table of runs, expected run=None: only positive states are sampled")
    delta = validate.confidence("delta", delta)
    width = bandit.idle.shape[1] if states is None else validate.integer("states", states, low=1, high=1000)
    c = 1 if bandit.n_arms == 1 else width
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    K, T = setup.n_arms, setup.horizon
    n = default_samples(T, K, c, delta) if n is None else validate.integer("n", n, low=1, high=10**9)
    arms, samples = exploration(K, c, n, T)
    explored = len(arms)
    received = np.zeros(explored)
    kernel_arguments = (setup.world, setup.memory, setup.log)
    play_pattern_kernel(*kernel_arguments, arms, explored, received, setup.environment)
    cycle = estimates = None
    if explored < T:
        kept = samples >= 0
        sums = np.bincount(samples[kept], weights=received[kept], minlength=K * c)
        estimates = (sums / n).reshape(K, c)
        cycle = list(lsd_optimum(LastSwitchDependentBandit(estimates)).cycle)
        rounds = T - explored
        play_pattern_kernel(*kernel_arguments, np.array(cycle, np.int64), rounds, np.zeros(0), setup.environment)
    theorem = bandit.unit_rewards and (K == 1 or c >= bandit.idle.shape[1])
    extra = {"n": n, "explored": explored, "cycle": cycle, "estimates": estimates}
    return finish(setup, "lsd_explore_commit", {"n": n, "delta": delta, "states": c}, theorem=theorem, extra=extra)
