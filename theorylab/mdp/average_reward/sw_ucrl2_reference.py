"""SW-UCRL in plain Python, for tests only: every episode counts the last W steps of the history afresh.

Only the helpers of UCRL2's reference are shared; the draws are the kernel's, in the same order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from theorylab.core.rng import RNGLike, streams
from theorylab.mdp.average_reward.ucrl2_reference import (
    ReferenceRun,
    _inverse,
    _reward,
    reference_extended_value_iteration,
)

__all__ = ["WindowReferenceRun", "reference_on_draws", "reference_sw_ucrl2"]


@dataclass
class WindowReferenceRun(ReferenceRun):
    """Also what the learner counted at the start of each episode: nested lists (S, A) or (S, A, S)."""

    visits: list[Any] = field(default_factory=list)
    counts: list[Any] = field(default_factory=list)
    reward_sums: list[Any] = field(default_factory=list)


def reference_sw_ucrl2(
    mdp: Any, horizon: int, *, window: int, delta: float, scale: float = 1.0, rng: RNGLike
) -> WindowReferenceRun:
    """The algorithm as the kernel's docstring states it."""
    draws = streams(rng).environment
    return reference_on_draws(mdp, horizon, window=window, delta=delta, scale=scale, environment=draws)


def reference_on_draws(
    mdp: Any, horizon: int, *, window: int, delta: float, scale: float = 1.0, environment: Any
) -> WindowReferenceRun:
    """The same with the draws of ``environment.random()``, which may be scripted."""
    pieces = list(getattr(mdp, "pieces", (mdp,)))
    starts = [int(x) for x in getattr(mdp, "starts", (0,))]
    random_rewards = any(_some_reward_is_random(piece) for piece in pieces)
    n_states, n_actions = pieces[0].n_states, pieces[0].n_actions
    run = WindowReferenceRun()
    history: list[tuple[int, int, float, int]] = []
    state = int(pieces[0].initial_state)
    while len(history) < horizon:
        clock = len(history) + 1  # t_k
        seen = history[-window:]
        visits = [[0] * n_actions for _ in range(n_states)]
        sums = [[0.0] * n_actions for _ in range(n_states)]
        counts = [[[0] * n_states for _ in range(n_actions)] for _ in range(n_states)]
        for s, a, r, s_next in seen:
            visits[s][a] += 1
            sums[s][a] += r
            counts[s][a][s_next] += 1
        r_tilde = [[0.0] * n_actions for _ in range(n_states)]
        d = [[0.0] * n_actions for _ in range(n_states)]
        p_hat = [[[1.0 / n_states] * n_states for _ in range(n_actions)] for _ in range(n_states)]
        for s in range(n_states):
            for a in range(n_actions):
                n = max(1, visits[s][a])
                d_reward = scale * math.sqrt(7.0 * math.log(2.0 * n_states * n_actions * clock / delta) / (2.0 * n))
                r_tilde[s][a] = min(1.0, sums[s][a] / n + d_reward)
                d[s][a] = scale * math.sqrt(14.0 * n_states * math.log(2.0 * n_actions * clock / delta) / n)
                if visits[s][a]:
                    p_hat[s][a] = [c / n for c in counts[s][a]]
        policy, _, sweeps = reference_extended_value_iteration(p_hat, r_tilde, d, 1.0 / math.sqrt(clock))
        run.episode_starts.append(clock)
        run.sweeps.append(sweeps)
        run.visits.append(visits)
        run.counts.append(counts)
        run.reward_sums.append(sums)
        in_episode = [0] * n_states
        while len(history) < horizon and in_episode[state] < max(1, visits[state][policy[state]]):
            action = policy[state]
            piece = pieces[max(i for i, first in enumerate(starts) if first <= len(history))]
            following = _inverse(list(piece.P[state, action]), environment.random())
            reward = _reward(piece, state, action, environment, random_rewards)
            in_episode[state] += 1
            history.append((state, action, reward, following))
            run.states.append(state)
            run.actions.append(action)
            run.rewards.append(reward)
            state = following
    return run


def _some_reward_is_random(piece: Any) -> bool:
    """A reward is drawn, for all pairs, as soon as one pair has two possible rewards."""
    if piece.reward_law == "bernoulli":
        return any(0.0 < mean < 1.0 for row in piece.R.tolist() for mean in row)
    if piece.reward_law == "table":
        return any(sum(p > 0.0 for p in law) > 1 for row in piece.reward_probabilities.tolist() for law in row)
    return False
