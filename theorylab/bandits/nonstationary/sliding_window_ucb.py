r"""Sliding-window UCB: an index over the last :math:`\tau` rounds.  Its sibling is ``discounted_ucb``.

Setting      K arms with independent rewards in [0, 1] whose means change at unknown rounds; dynamic regret
             over T rounds [garivier2011upper].
Algorithm    With t rounds played, $N_i$ plays and mean $m_i$ of arm i in the last $\tau$ rounds: the arm that maximises
             $m_i + \sqrt{\xi \ln(\min(t, \tau)) / N_i}$ (``index="ucb"``) or
             $\sup\{q : N_i \mathrm{kl}(m_i, q) \le \ln \min(t, \tau)\}$ (``index="kl"``, the published tables); an arm
             without plays in the window comes first, the lowest arm of equals. Default $\tau = \lceil 2
             \sqrt{T \ln T / Y} \rceil$ for Y changes.
Guarantee    Surely, for every arm i and every m: the rounds in which i is played although it has fewer than m plays in
             the window are at most $m \lceil T/\tau \rceil$ (derived here: cut the rounds into $\lceil T/\tau \rceil$
             blocks of length $\tau$; in one block the first m such plays are all that can happen).
             ``ucb``, $\xi > 1/2$, [garivier2011upper, Theorem 7] as recalled: the expected number of rounds in which a
             suboptimal arm i is played is at most $C T \ln \tau / \tau + \tau Y + \ln^2 \tau$ with
             $C = 4 \xi \Delta_i^{-2} \lceil T/\tau \rceil \tau / T + (2 / \ln \tau) \lceil \ln \tau /
             \ln(1 + 4 \sqrt{1 - 1/(2\xi)}) \rceil$, $\Delta_i$ the least gap of arm i while it is suboptimal.
Deviations   Indices within 1e-11 are tied. Means are kept as running sums over the window.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.bandits.models import BanditModel, PiecewiseStationaryBandit
from theorylab.bandits.nonstationary.forgetting_index import INDICES, forgetting_arm_kernel
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["claimed_miss", "default_window", "known_changes", "radius", "sliding_window_ucb"]


def _sliding_window_ucb(
    world, memory, log, horizon, window, index, padding, sums, plays, values, arms, rewards, seen, environment
):
    """One run; ``arms``, ``rewards`` (window,) hold the last rounds, ``seen`` (T or 0, K) the plays in the window."""
    n_arms, leader = sums.shape[0], 0
    for t in range(horizon):
        exploration = math.log(min(t, window)) if t > 1 else 0.0
        arm = forgetting_arm_kernel(index, exploration, padding, leader, sums, plays, values)
        leader = arm
        if t < seen.shape[0]:
            for i in range(n_arms):
                seen[t, i] = plays[i]
        reward = step_kernel(world, memory, log, arm, environment.random())
        slot = t % window
        if t >= window:
            sums[arms[slot]] -= rewards[slot]
            plays[arms[slot]] -= 1.0
        arms[slot] = arm
        rewards[slot] = reward
        sums[arm] += reward
        plays[arm] += 1.0


sliding_window_ucb_kernel = kernel(_sliding_window_ucb)


def known_changes(bandit: Any, horizon: int, changes: Any) -> int:
    """The caller's number of changes, or that of a piecewise-stationary bandit within the horizon; at least 1.

    Examples
    --------
    >>> from theorylab.bandits.environments import problem_1
    >>> known_changes(problem_1(5000), 5000, None), known_changes(problem_1(5000), 5000, 9)
    (4, 9)
    """
    if changes is not None:
        return validate.integer("changes", changes, low=1, high=horizon)
    if isinstance(bandit, PiecewiseStationaryBandit):
        return max(1, int(np.sum(bandit.change_points < horizon)))
    return 1


def default_window(horizon: int, changes: int) -> int:
    r"""$\tau = \lceil 2 \sqrt{T \ln T / Y} \rceil$, at most T [garivier2011upper].

    Examples
    --------
    >>> default_window(5000, 4)
    207
    """
    return min(horizon, max(1, math.ceil(2.0 * math.sqrt(horizon * math.log(max(2, horizon)) / changes))))


def sliding_window_ucb(
    bandit: BanditModel,
    horizon: int,
    *,
    window: int | None = None,
    index: str = "ucb",
    xi: float = 0.6,
    changes: int | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run sliding-window UCB for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Rewards in [0, 1]; the theory speaks of stationary and piecewise-stationary models.
    horizon
        T, the number of rounds.
    window
        $\tau$, the number of rounds that count; by default tuned to the number of changes.
    index
        "ucb" (the theorem) or "kl" (the published tables).
    xi
        Of the radius $\sqrt{\xi \ln(\min(t, \tau))/N}$; the theorem needs more than 1/2. Without effect for "kl".
    changes
        Y, for the default window; by default the number of changes of the bandit (1 where it has none).
    checkpoints, rng
        As in :func:`theorylab.bandits.stochastic.ucb1.ucb1`.
    trace
        Keep arms, rewards and the plays in the window before each round.

    Returns
    -------
    BanditRun
        With ``trace=True`` also ``trace["window_plays"]`` (T, K).

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Examples
    --------
    >>> from theorylab.bandits import PiecewiseStationaryBandit
    >>> bandit = PiecewiseStationaryBandit([[0.9, 0.1], [0.1, 0.9]], [500])
    >>> run = sliding_window_ucb(bandit, 1000, window=100, rng=1)
    >>> bool(run.regret[-1] < 250), run.notion
    (True, 'dynamic regret')
    """
    kind = INDICES.index(validate.choice("index", index, INDICES))
    xi = validate.number("xi", xi, low=0.0, open_low=True)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    count = known_changes(bandit, setup.horizon, changes)
    tau = (
        default_window(setup.horizon, count)
        if window is None
        else validate.integer("window", window, low=1, high=2**53)
    )
    kept = min(tau, setup.horizon)
    seen = setup.traced(setup.n_arms)
    sliding_window_ucb_kernel(
        setup.world,
        setup.memory,
        setup.log,
        setup.horizon,
        kept,
        kind,
        math.sqrt(xi),
        setup.work(),
        setup.work(),
        setup.work(),
        np.zeros(kept, np.int64),
        np.zeros(kept),
        seen,
        setup.environment,
    )
    speaks = bandit.stationary or isinstance(bandit, PiecewiseStationaryBandit)
    return finish(
        setup,
        "sliding_window_ucb",
        {"window": tau, "index": index, "xi": xi},
        theorem=index == "ucb" and xi > 0.5 and speaks,
        trace={"window_plays": seen},
    )


def radius(t: float, n: float, *, window: int, xi: float = 0.6) -> float:
    """Confidence radius of a mean of ``n`` rewards in the window after ``t`` rounds (index "ucb").

    Examples
    --------
    >>> round(radius(1000, 25, window=100), 4)
    0.3325
    """
    return math.sqrt(xi * math.log(min(t, window)) / n)


def claimed_miss(t: float, n: float, *, window: int, xi: float = 0.6) -> float:
    r"""What Hoeffding's inequality promises for a fixed number of plays: $\min(t, \tau)^{-2\xi}$.

    Examples
    --------
    >>> round(claimed_miss(1000, 25, window=100), 6)
    0.003981
    """
    return float(float(min(t, window)) ** (-2.0 * xi))
