r"""Q-learning with upper confidence bounds: optimism without a model.   [jin2018qlearning]

Setting      An episodic MDP with H steps, S states, A actions, an unknown kernel for each step, known rewards in
             [0, 1]; K episodes, K known.  Regret :math:`\sum_k (V^* - V^{\pi_k})`, every value exact.
Algorithm    UCB-H.  :math:`Q_h(s,a)` starts at the number of steps that remain, :math:`V_h = \min(H - h, \max_a Q_h)`.
             The t-th visit of (h, s, a), with next state s', sets
             :math:`Q \leftarrow (1-\alpha_t) Q + \alpha_t (r + V_{h+1}(s') + b_t)` where
             :math:`\alpha_t = (H+1)/(H+t)`, :math:`b_t = c\sqrt{H^3\iota/t}`, :math:`\iota = \log(2SAHK/\delta)`.
             Memory SAH; a step costs A operations.  Draws: see :mod:`theorylab.mdp.episodic.play`.
Guarantee    For :math:`c \ge 1`, with probability at least :math:`1-2\delta`,
             :math:`R_K \le e(H^2SA + 2(1+2c)\sqrt{H^5SAK\iota} + \sqrt{H^3K\log(1/\delta)})`, derived here (the
             paper leaves its constants open).   Claims: proofs_checks/q_learning_ucb.py
Deviations   From [jin2018qlearning]: Q starts and V is cut at H - h, the largest value from step h (counted from 0) on,
             in place of H; :math:`\iota` in place of :math:`\log(SAT/p)`; c is explicit.  UCB-B is left out: its two
             constants are not stated, so nothing could be checked.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike
from theorylab.mdp.episodic.model import EpisodicMDP
from theorylab.mdp.episodic.online import GREEDY, TIE, Setup, begin, finish, work_arrays
from theorylab.mdp.episodic.play import book_kernel, play_kernel, true_value_kernel
from theorylab.mdp.episodic.record import EpisodicRun

__all__ = ["bonus_kernel", "learning_rate_kernel", "log_term", "q_learning_ucb", "q_learning_ucb_kernel"]


def q_learning_ucb(
    mdp: EpisodicMDP,
    episodes: int,
    *,
    c: float = 2.0,
    delta: float = 0.05,
    scale: float = 1.0,
    threshold: float | None = None,
    checkpoints: Any = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> EpisodicRun:
    r"""Run optimistic Q-learning (UCB-H) for ``episodes`` episodes.

    Parameters
    ----------
    mdp
        Rewards must lie in [0, 1].
    episodes
        K >= 1; the algorithm is told.
    c
        Factor of the bonus, > 0. The guarantee holds for c >= 1.
    delta
        Confidence in (0, 1).
    scale
        Multiplies the bonus, >= 0. The guarantee is for 1; a learner that is meant to learn soon takes less.
    threshold
        Episodes below it are counted in the record; the algorithm does not look at it.
    checkpoints
        Episodes at which the series are kept; by default about log-spaced.
    trace
        Keep states, actions, values, greedy policies, Q and V of every episode (as they were before it).
    rng
        Seed, ``SeedSequence`` or ``Generator``.

    Returns
    -------
    EpisodicRun
        ``extra`` holds ``Q`` (H, S, A) after the last episode.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, with its name and value.

    Notes
    -----
    Q of step h is read at step h and changed after it, so the policy of an episode is fixed at its start. Its exact
    value is computed anew when an action of it has changed. Actions within 1e-11 of the largest Q are tied: the first.

    Examples
    --------
    >>> from theorylab.mdp.episodic.environments import named
    >>> run = q_learning_ucb(named("tiny"), 20_000, c=1.0, scale=0.1, rng=1)
    >>> run.theorems_algorithm, bool(run.regret[-1] < 0.1 * 20_000)
    (False, True)

    References
    ----------
    [jin2018qlearning], Algorithm 1 and Theorem 1.
    """
    c = validate.number("c", c, low=0.0, open_low=True)
    delta = validate.confidence("delta", delta)
    scale = validate.number("scale", scale, low=0.0)
    setup = begin(mdp, episodes, threshold=threshold, checkpoints=checkpoints, trace=trace, rng=rng)
    H, S, A = setup.shape
    table = make_table(setup, log_term(S, A, H, setup.episodes, delta), scale * c)
    rows = make_rows(setup)
    q_learning_ucb_kernel(
        setup.world, setup.episodes, np.zeros((H, S, A)), setup.environment, setup.agent, setup.log, table,
        work_arrays(H, S), rows,
    )  # fmt: skip
    return finish(
        setup,
        "q_learning_ucb",
        {"c": c, "delta": delta, "scale": scale},
        visits=table.visits,
        theorem=scale == 1.0 and c >= 1.0,
        trace=rows._asdict(),
        extra={"Q": table.Q},
    )


class Table(NamedTuple):
    """What the learner knows."""

    Q: NDArray[np.float64]  # (H, S, A)
    V: NDArray[np.float64]  # (H + 1, S), V[H] = 0
    greedy: NDArray[np.int64]  # (H, S)
    visits: NDArray[np.int64]  # (H, S, A)
    iota: float
    factor: float  # of the bonus


class Rows(NamedTuple):
    """One row for each episode of a traced run, as it was before the episode."""

    states: NDArray[np.int64]  # (K, H + 1)
    actions: NDArray[np.int64]  # (K, H)
    values: NDArray[np.float64]  # (K,) exact
    greedy: NDArray[np.int64]  # (K, H, S)
    Q: NDArray[np.float64]  # (K, H, S, A)
    V: NDArray[np.float64]  # (K, H, S)


def log_term(n_states: int, n_actions: int, horizon: int, episodes: int, delta: float) -> float:
    r""":math:`\iota = \log(2SAHK/\delta)`: two sides, every (h, s, a), every number of visits.

    Examples
    --------
    >>> round(log_term(2, 2, 2, 1000, 0.05), 6)
    12.676076
    """
    return math.log(2.0 * n_states * n_actions * horizon * episodes / delta)


def make_table(setup: Setup, iota: float, factor: float) -> Table:
    """The table before the first episode."""
    H, S, A = setup.shape
    Q, V = np.zeros((H, S, A)), np.zeros((H + 1, S))
    for h in range(H):
        Q[h] = H - h
        V[h] = H - h
    return Table(Q, V, np.zeros((H, S), np.int64), np.zeros((H, S, A), np.int64), iota, factor)


def make_rows(setup: Setup) -> Rows:
    """Room for the trace."""
    H, S, A = setup.shape
    return Rows(
        setup.traced(H + 1, dtype=np.int64),
        setup.traced(H, dtype=np.int64),
        setup.traced(),
        setup.traced(H, S, dtype=np.int64),
        setup.traced(H, S, A),
        setup.traced(H, S),
    )


def _learning_rate(horizon, t):
    """alpha_t of the t-th visit; exact for Fractions."""
    return (horizon + 1) / (horizon + t)


learning_rate_kernel = kernel(_learning_rate, inline=True)


def _bonus(horizon, t, iota, factor):
    """b_t of the t-th visit."""
    return factor * math.sqrt(horizon**3 * iota / t)


bonus_kernel = kernel(_bonus, inline=True)


def _learn(table, rewards, h, s, a, reached):
    """One step's update of Q, V and the greedy action; returns whether the action changed."""
    Q, V, greedy, visits, iota, factor = table
    H, A = Q.shape[0], Q.shape[2]
    visits[h, s, a] += 1
    t = visits[h, s, a]
    alpha = learning_rate_kernel(H, t)
    target = rewards[h, s, a] + V[h + 1, reached] + bonus_kernel(H, t, iota, factor)
    Q[h, s, a] = (1.0 - alpha) * Q[h, s, a] + alpha * target
    best = Q[h, s, 0]
    for b in range(1, A):
        best = max(best, Q[h, s, b])
    V[h, s] = min(H - h, best)
    chosen = 0
    while Q[h, s, chosen] < best - TIE:
        chosen += 1
    changed = chosen != greedy[h, s]
    greedy[h, s] = chosen
    return changed


learn_kernel = kernel(_learn, inline=True)


def _q_learning_ucb(world, episodes, law, environment, agent, log, table, buffers, rows):
    """K episodes; ``law`` (H, S, A) of a baseline that is never played; buffers of ``work_arrays``."""
    _, _, _, value, next_value, states, actions = buffers
    Q, V, greedy = table[0], table[1], table[2]
    kept_states, kept_actions, kept_values, kept_greedy, kept_Q, kept_V = rows
    H, S, A = Q.shape
    checkpoint = 0
    changed = True
    current = 0.0
    for k in range(episodes):
        if changed:
            current = true_value_kernel(world, greedy, law, 0, 0.0, value, next_value)
            changed = False
        traced = k < kept_values.shape[0]
        if traced:
            kept_values[k] = current
            for h in range(H):
                for s in range(S):
                    kept_greedy[k, h, s] = greedy[h, s]
                    kept_V[k, h, s] = V[h, s]
                    for a in range(A):
                        kept_Q[k, h, s, a] = Q[h, s, a]
        received = play_kernel(world, greedy, law, 0, 0.0, environment, agent, states, actions)
        for h in range(H):  # upwards: V of step h + 1 is still that of the start of the episode
            if learn_kernel(table, world[3], h, states[h], actions[h], states[h + 1]):
                changed = True
        if traced:
            kept_states[k, H] = states[H]
            for h in range(H):
                kept_states[k, h] = states[h]
                kept_actions[k, h] = actions[h]
        checkpoint = book_kernel(log, k + 1, checkpoint, current, GREEDY, received)


q_learning_ucb_kernel = kernel(_q_learning_ucb)
