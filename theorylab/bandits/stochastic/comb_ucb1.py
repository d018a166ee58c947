r"""CombUCB1: optimism for sets of items whose rewards are seen one by one.

Setting      d items with independent rewards in {0, 1}, means $w_e$; N actions, sets of at most m items. The items of
             the action played are seen; regret against the action of the largest total mean [kveton2015tight].
Algorithm    While an item is unseen: the action with the most unseen items. Then, t rounds played, the action that
             maximises $\sum_{e \in A} U_e$, $U_e = \hat w_e + \sqrt{1.5 \ln t / N_e}$, $N_e$ the number of times that
             item e was seen: an exact oracle goes over all actions; the lowest wins ties.
Guarantee    $E[R_T] \le \sum_{e \notin A^*} \frac{534\, m}{\Delta_e} \ln T + (\frac{\pi^2}{3} + 1) m d$, $\Delta_e$
             the smallest positive gap of an action with e [kveton2015tight, Theorem 5]; whatever the gaps,
             $E[R_T] \le 47 \sqrt{m d T \ln T} + (\frac{\pi^2}{3} + 1) m d$ [kveton2015tight, Theorem 6], which says
             nothing below $T \approx 2209\, d \ln T / m$ even if every action of gap m is played for ever.
Deviations   Indices within 1e-11 of each other are tied, as everywhere in this library.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.bandits.models.combinatorial import CombinatorialBandit
from theorylab.bandits.online import TIE, begin, finish
from theorylab.bandits.record import BanditRun
from theorylab.bandits.world import COUNTS
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike

__all__ = ["claimed_miss", "comb_ucb1", "radius"]

RULES = ("ucb", "greedy")


def _radius(t, n):
    """The confidence radius of an item seen n times after t rounds."""
    return math.sqrt(1.5 * math.log(t) / n)


radius_kernel = kernel(_radius)


def _comb_ucb1(greedy, horizon, means, members, gaps, memory, log, values, stats, totals, traces, environment):
    """One run; ``members`` (N, m) items, filled up with -1; ``stats`` (3, d): sums, counts, indices."""
    n_actions, size = members.shape
    d, times, series, at = means.shape[0], log.times, log.series, 0
    indices, seen = traces
    for t in range(horizon):
        unseen = 0
        for e in range(d):
            if stats[1, e] == 0.0:
                unseen += 1
        for e in range(d):
            if unseen > 0:
                stats[2, e] = 1.0 if stats[1, e] == 0.0 else 0.0
            else:
                stats[2, e] = stats[0, e] / stats[1, e]
                if not greedy:
                    stats[2, e] += radius_kernel(t, stats[1, e])
            if t < indices.shape[0]:
                indices[t, e] = stats[2, e]
        best = -math.inf
        for n in range(n_actions):
            totals[n] = 0.0
            for i in range(size):
                if members[n, i] >= 0:
                    totals[n] += stats[2, members[n, i]]
            best = max(best, totals[n])
        action = 0
        while totals[action] < best - TIE:
            action += 1
        for e in range(d):  # every item has its luck in every round, whether it is seen or not
            values[e] = 1.0 if environment.random() < means[e] else 0.0
        reward = 0.0
        for i in range(size):
            item = members[action, i]
            if item >= 0:
                stats[0, item] += values[item]
                stats[1, item] += 1.0
                reward += values[item]
                if t < seen.shape[0]:
                    seen[t, item] = values[item]
        memory[COUNTS + action] += 1
        series[0, 0] += gaps[action]
        series[1, 0] += reward
        if t < log.actions.shape[0]:
            log.actions[t] = action
            log.rewards[t] = reward
        if t + 1 == times[at]:
            series[0, at + 1], series[1, at + 1] = series[0, 0], series[1, 0]
            at = min(at + 1, times.shape[0] - 1)


comb_ucb1_kernel = kernel(_comb_ucb1)


def comb_ucb1(
    bandit: CombinatorialBandit,
    horizon: int,
    *,
    rule: str = "ucb",
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> BanditRun:
    r"""Run CombUCB1 for ``horizon`` rounds.

    Parameters
    ----------
    bandit
        A :class:`CombinatorialBandit`.
    horizon
        T, the number of rounds.
    rule
        "ucb", or "greedy": means without radii, the baseline that gets stuck; no theorem is claimed for it.
    checkpoints
        Times at which regret is recorded; all steps up to 500, then at most 200 times.
    trace
        Keep actions, rewards, indices of items and the items' rewards of every round.
    rng
        An int, ``SeedSequence`` or ``Generator``; one uniform for each item and round, in order.

    Returns
    -------
    BanditRun
        ``pulls`` (N,) of the actions; ``extra["item_counts"]`` (d,). With ``trace=True`` also ``trace["indices"]``
        (T, d) (1 for unseen items while there are any) and ``trace["items"]`` (T, d), 0 for items that were not played.

    Raises
    ------
    TypeError, ValueError
        If the bandit is no combinatorial one, or another argument is out of range; the message names it.

    Notes
    -----
    By Hoeffding's inequality an item's mean is off by more than its radius with probability at most $2 t^{-3}$ for each
    count; when no interval fails, $\Delta_{A_t} \le 2 \sum_{e \in A_t \setminus A^*} \sqrt{1.5 \ln T / N_e}$.

    Examples
    --------
    >>> bandit = CombinatorialBandit([0.9, 0.8, 0.1, 0.2], [[1, 1, 0, 0], [0, 0, 1, 1]])
    >>> run = comb_ucb1(bandit, 1000, rng=1)
    >>> int(run.pulls.sum()), bool(run.pulls[0] > 900), run.notion
    (1000, True, 'pseudo-regret')
    """
    validate.choice("rule", rule, RULES)
    if not isinstance(bandit, CombinatorialBandit):
        raise TypeError(f"bandit is {bandit!r}, expected a CombinatorialBandit")
    setup = begin(bandit, horizon, checkpoints=checkpoints, trace=trace, rng=rng)
    d = bandit.n_items
    members = np.full((bandit.n_arms, bandit.size), -1, np.int64)
    for n, row in enumerate(bandit.actions):
        items = np.flatnonzero(row)
        members[n, : len(items)] = items
    stats, traces = np.zeros((3, d)), (setup.traced(d), setup.traced(d))
    comb_ucb1_kernel(
        rule == "greedy",
        setup.horizon,
        bandit.means,
        members,
        bandit.gaps,
        setup.memory,
        setup.log,
        np.zeros(d),
        stats,
        setup.work(),
        traces,
        setup.environment,
    )
    return finish(
        setup,
        "comb_ucb1",
        {"rule": rule},
        theorem=rule == "ucb",
        trace={"indices": traces[0], "items": traces[1]},
        extra={"item_counts": stats[1].copy()},
    )


def radius(t: float, n: float) -> float:
    """Confidence radius of an item seen ``n`` times after ``t`` rounds: what the exact audit looks at.

    Examples
    --------
    >>> round(radius(100, 25), 4)
    0.5257
    """
    return float(_radius(t, n))  # type: ignore[no-untyped-call]


def claimed_miss(t: float, n: float) -> float:
    r"""What Hoeffding's inequality promises for both sides together: a miss has probability at most $2 t^{-3}$.

    Examples
    --------
    >>> claimed_miss(10, 5)
    0.002
    """
    return 2.0 * float(t) ** -3
