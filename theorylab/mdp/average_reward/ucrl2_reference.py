"""UCRL2 line by line from the paper in plain Python, for tests only.   [jaksch2010near, Figures 1 and 2]

Lists and ``math``; nothing is shared with the kernel.  It makes the same draws in the same order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from theorylab.core.rng import RNGLike, streams

__all__ = ["ReferenceRun", "reference_extended_value_iteration", "reference_inner_maximum", "reference_ucrl2"]


@dataclass
class ReferenceRun:
    """What the reference did, step by step."""

    states: list[int] = field(default_factory=list)
    actions: list[int] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)
    episode_starts: list[int] = field(default_factory=list)
    sweeps: list[int] = field(default_factory=list)


def reference_inner_maximum(p_hat: list[float], d: float, u: list[float]) -> list[float]:
    """Figure 2 of the paper: the maximiser of p . u over {p : |p - p_hat|_1 <= d} in the simplex."""
    n = len(u)
    ranked = sorted(range(n), key=lambda s: -u[s])  # s'_1, .., s'_n with u(s'_1) >= u(s'_2) >= ..
    p = list(p_hat)
    p[ranked[0]] = min(1.0, p_hat[ranked[0]] + d / 2.0)
    last = n - 1
    while sum(p) > 1.0 and last > 0:
        s = ranked[last]
        p[s] = max(0.0, 1.0 - sum(p[j] for j in range(n) if j != s))
        last -= 1
    return p


def reference_extended_value_iteration(
    p_hat: list[list[list[float]]], r_tilde: list[list[float]], d: list[list[float]], accuracy: float
) -> tuple[list[int], list[float], int]:
    """Section 3.1: returns the greedy policy with respect to u_i, u_i itself and the number of sweeps."""
    n_states, n_actions = len(r_tilde), len(r_tilde[0])
    u = [0.0] * n_states
    sweeps = 0
    while True:
        value = [
            [
                r_tilde[s][a]
                + sum(p * v for p, v in zip(reference_inner_maximum(p_hat[s][a], d[s][a], u), u, strict=True))
                for a in range(n_actions)
            ]
            for s in range(n_states)
        ]
        following = [max(row) for row in value]
        sweeps += 1
        change = [following[s] - u[s] for s in range(n_states)]
        if max(change) - min(change) < accuracy:
            return [_first_best(row) for row in value], u, sweeps
        u = [x - min(following) for x in following]


def _first_best(row: list[float]) -> int:
    """The first action that no later one beats by more than rounding."""
    chosen = 0
    for a in range(1, len(row)):
        if row[a] > row[chosen] + 1e-11:
            chosen = a
    return chosen


def reference_ucrl2(
    mdp: Any,
    horizon: int,
    *,
    delta: float,
    scale: float = 1.0,
    restarts: list[int] | None = None,
    deltas: list[float] | None = None,
    rng: RNGLike = None,
    environment: Any = None,
) -> ReferenceRun:
    """Figure 1, with optional restarts (the phases of Theorem 6): ``restarts`` are steps played before each one.

    ``environment`` is anything with ``random()``; by default the environment's stream of ``rng``.
    """
    environment = streams(rng).environment if environment is None else environment
    pieces = list(getattr(mdp, "pieces", (mdp,)))
    starts = [int(x) for x in getattr(mdp, "starts", (0,))]
    n_states, n_actions = pieces[0].n_states, pieces[0].n_actions
    pending = list(restarts or [])
    confidences = list(deltas or [delta])
    run = ReferenceRun()
    state = int(pieces[0].initial_state)
    phase_start = 0
    history: list[tuple[int, int, float, int]] = []  # of this phase
    t = 0
    while t < horizon:
        if pending and pending[0] == t:
            pending.pop(0)
            confidences.pop(0)
            phase_start, history = t, []
        clock = t - phase_start + 1
        visits = [[0] * n_actions for _ in range(n_states)]
        sums = [[0.0] * n_actions for _ in range(n_states)]
        seen = [[[0] * n_states for _ in range(n_actions)] for _ in range(n_states)]
        for s, a, r, s_next in history:
            visits[s][a] += 1
            sums[s][a] += r
            seen[s][a][s_next] += 1
        r_tilde = [[0.0] * n_actions for _ in range(n_states)]
        d = [[0.0] * n_actions for _ in range(n_states)]
        p_hat = [[[1.0 / n_states] * n_states for _ in range(n_actions)] for _ in range(n_states)]
        for s in range(n_states):
            for a in range(n_actions):
                n = max(1, visits[s][a])
                d_reward = scale * math.sqrt(
                    7.0 * math.log(2.0 * n_states * n_actions * clock / confidences[0]) / (2.0 * n)
                )
                r_tilde[s][a] = min(1.0, sums[s][a] / n + d_reward)
                d[s][a] = scale * math.sqrt(14.0 * n_states * math.log(2.0 * n_actions * clock / confidences[0]) / n)
                if visits[s][a]:
                    p_hat[s][a] = [c / n for c in seen[s][a]]
        policy, _, sweeps = reference_extended_value_iteration(p_hat, r_tilde, d, 1.0 / math.sqrt(clock))
        run.episode_starts.append(t + 1)
        run.sweeps.append(sweeps)
        in_episode = [[0] * n_actions for _ in range(n_states)]
        while in_episode[state][policy[state]] < max(1, visits[state][policy[state]]):
            action = policy[state]
            piece = pieces[max(i for i, first in enumerate(starts) if first <= t)]
            following = _inverse(list(piece.P[state, action]), environment.random())
            reward = _reward(piece, state, action, environment, any(_is_random(p) for p in pieces))
            in_episode[state][action] += 1
            history.append((state, action, reward, following))
            run.states.append(state)
            run.actions.append(action)
            run.rewards.append(reward)
            state = following
            t += 1
            if t == horizon or (pending and pending[0] == t):
                break
    return run


def _inverse(probabilities: list[float], u: float) -> int:
    """The first outcome whose cumulative probability exceeds ``u``; the last one takes what rounding leaves."""
    possible = [i for i, p in enumerate(probabilities) if p > 0.0]
    cumulative = 0.0
    for i in possible[:-1]:
        cumulative += probabilities[i]
        if u < cumulative:
            return i
    return possible[-1]


def _is_random(piece: Any) -> bool:
    """Whether some pair has more than one possible reward: then every step draws one uniform for its reward."""
    if piece.reward_law == "bernoulli":
        return any(0.0 < mean < 1.0 for row in piece.R for mean in row)
    if piece.reward_law == "table":
        return any(sum(p > 0.0 for p in law) > 1 for row in piece.reward_probabilities for law in row)
    return False


def _reward(piece: Any, state: int, action: int, environment: Any, drawn: bool) -> float:
    mean = float(piece.R[state, action])
    if not drawn:
        return mean
    u = environment.random()
    if piece.reward_law == "bernoulli":
        return 1.0 if u < mean else 0.0
    if piece.reward_law == "deterministic":
        return mean
    values = [float(x) for x in piece.reward_values[state, action]]
    return values[_inverse([float(x) for x in piece.reward_probabilities[state, action]], u)]
