r"""Discounted UCB: an index over sums in which older rounds count less.

Setting      K arms with independent rewards in [0, 1] whose means change at unknown rounds; dynamic regret
             over T rounds [garivier2011upper].
Algorithm    With the discount $\gamma < 1$ a play of s rounds ago counts $\gamma^{s-1}$; $N_i$ and $m_i$ are the
             discounted plays and mean of arm i, $n = \sum_i N_i$. The arm that maximises
             $m_i + 2 \sqrt{\xi \ln n / N_i}$ (``index="ucb"``) or $\sup\{q : N_i \mathrm{kl}(m_i, q) \le \ln n\}$
             (``index="kl"``, the published tables); an arm that was never played comes first, the lowest of equals.
             Default $\gamma = 1 - \sqrt{Y / T} / 4$ for Y changes.
Guarantee    Surely, for every arm i and every m: the rounds in which i is played although $N_i < m$ are at most
             $\lceil T (1 - \gamma) \rceil (m \gamma^{-1/(1-\gamma)} + 1)$ (derived here: cut the rounds into
             $\lceil T (1 - \gamma) \rceil$ blocks of at most $D = 1/(1-\gamma)$ rounds, rounded up; the k-th such play
             in a block finds k - 1 plays of it, each counting $\gamma^{D}$ at least, hence $(k - 1) \gamma^{D} < m$).
             ``ucb``: $O(\sqrt{Y T} \ln T)$ [garivier2011upper], a rate only here.
Deviations   Indices within 1e-11 are tied. An arm with fewer than 1e-9 discounted plays counts as unplayed.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

from theorylab.bandits.models import BanditModel, PiecewiseStationaryBandit
from theorylab.bandits.nonstationary.forgetting_index import INDICES, forgetting_arm_kernel
from theorylab.bandits.nonstationary.sliding_window_ucb import known_changes
from theorylab.bandits.online import begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import step_kernel
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["default_discount", "discounted_ucb"]


def _discounted_ucb(world, memory, log, horizon, discount, index, padding, sums, plays, values, seen, environment):
    """One run; ``seen`` (T or 0, K) are the discounted plays before each round."""
    n_arms, leader = sums.shape[0], 0
    for t in range(horizon):
        total = 0.0
        for i in range(n_arms):
            total += plays[i]
        exploration = math.log(total) if total > 1.0 else 0.0
        arm = forgetting_arm_kernel(index, exploration, padding, leader, sums, plays, values)
        leader = arm
        if t < seen.shape[0]:
            for i in range(n_arms):
                seen[t, i] = plays[i]
        reward = step_kernel(world, memory, log, arm, environment.random())
        for i in range(n_arms):
            sums[i] *= discount
            plays[i] *= discount
        sums[arm] += reward
        plays[arm] += 1.0


discounted_ucb_kernel = kernel(_discounted_ucb)


def default_discount(horizon: int, changes: int) -> float:
    r"""$\gamma = 1 - \sqrt{Y/T} / 4$ [garivier2011upper].

    Examples
    --------
    >>> round(default_discount(5000, 4), 5)
    0.99293
    """
    return 1.0 - math.sqrt(changes / horizon) / 4.0


def discounted_ucb(
    bandit: BanditModel,
    horizon: int,
    *,
    discount: float | None = None,
    index: str = "ucb",
    xi: float = 0.6,
    changes: int | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run discounted UCB for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        Rewards in [0, 1]; the theory speaks of stationary and piecewise-stationary models.
    horizon
        T, the number of rounds.
    discount
        $\gamma$ in (0, 1]; 1 never forgets. By default tuned to the number of changes.
    index
        "ucb" (the theorem) or "kl" (the published tables).
    xi
        Of the padding $2\sqrt{\xi \ln n / N}$; the theorem needs more than 1/2. Without effect for "kl".
    changes
        Y, for the default discount; by default the number of changes of the bandit (1 where it has none).
    checkpoints, rng
        As in :func:`theorylab.bandits.stochastic.ucb1.ucb1`.
    trace
        Keep arms, rewards and the discounted plays before each round.

    Returns
    -------
    BanditRun
        With ``trace=True`` also ``trace["discounted_plays"]`` (T, K).

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range; the message names it.

    Examples
    --------
    >>> from theorylab.bandits import PiecewiseStationaryBandit
    >>> bandit = PiecewiseStationaryBandit([[0.9, 0.1], [0.1, 0.9]], [500])
    >>> run = discounted_ucb(bandit, 1000, index="kl", rng=1)
    >>> bool(run.regret[-1] < 250), run.notion
    (True, 'dynamic regret')
    """
    kind = INDICES.index(validate.choice("index", index, INDICES))
    xi = validate.number("xi", xi, low=0.0, open_low=True)
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng, unit_rewards=True)
    count = known_changes(bandit, setup.horizon, changes)
    gamma = default_discount(setup.horizon, count) if discount is None else discount
    gamma = validate.number("discount", gamma, low=0.0, high=1.0, open_low=True)
    seen = setup.traced(setup.n_arms)
    discounted_ucb_kernel(
        setup.world,
        setup.memory,
        setup.log,
        setup.horizon,
        gamma,
        kind,
        2.0 * math.sqrt(xi),
        setup.work(),
        setup.work(),
        setup.work(),
        seen,
        setup.environment,
    )
    speaks = bandit.stationary or isinstance(bandit, PiecewiseStationaryBandit)
    return finish(
        setup,
        "discounted_ucb",
        {"discount": gamma, "index": index, "xi": xi},
        theorem=index == "ucb" and xi > 0.5 and gamma < 1.0 and speaks,
        trace={"discounted_plays": seen},
    )
