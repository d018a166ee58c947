"""R-BOCPD-UCRL2 line by line in plain Python, for tests only.   [alami2023restarted, Algorithms 1 and 2]

Each stream is a list, each test looks at every split of it in logarithms, and falls back on exact rationals where these
are close.  Nothing is shared with the kernels but the order of the draws.  O(T n) tests of O(S) terms: for short runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from theorylab.core.rng import RNGLike, streams
from theorylab.mdp.average_reward.rbocpd_reference import eta, laplace_probability
from theorylab.mdp.average_reward.ucrl2_reference import (
    ReferenceRun,
    _inverse,
    _is_random,
    _reward,
    reference_extended_value_iteration,
)

__all__ = ["DetectorReferenceRun", "alarm", "reference_rbocpd_ucrl2"]

CLOSE = 1e-7  # logarithms nearer than this are compared in rationals


@dataclass
class DetectorReferenceRun(ReferenceRun):
    """Also the restarts: steps played before each, and the pair that raised the alarm."""

    restarts: list[int] = field(default_factory=list)
    alarm_pairs: list[tuple[int, int]] = field(default_factory=list)


def log_q(counts: Sequence[int]) -> float:
    """Logarithm of the Laplace probability of a block with these counts."""
    n, order = sum(counts), len(counts)
    return math.lgamma(order) + sum(math.lgamma(c + 1.0) for c in counts) - math.lgamma(n + order)


def log_binomial(n: int, order: int) -> float:
    """Logarithm of C(n) = binom(n + O - 1, O - 1)."""
    return math.lgamma(n + order) - math.lgamma(n + 1.0) - math.lgamma(order)


def log_eta(rule: str, n1: int, n2: int, order: int, level: float, horizon: int) -> float:
    """Logarithm of the prior weight of the split n1 + n2."""
    n = n1 + n2
    if rule == "theorem_r":
        return (
            math.log(level)
            - math.log(n)
            - 2.0 * math.log(n - 1)
            + log_binomial(max(n1, n2), order)
            - log_binomial(n, order)
        )
    if rule == "ville":
        return math.log(level) - math.log(n1 * (n1 + 1)) - log_binomial(n, order)
    if rule == "dirichlet_prior":
        return math.log(level) - math.log(n1 * (n1 + 1))
    return -math.log(n) if rule == "paper" else -math.log(horizon)


def alarm(x: Sequence[int], order: int, rule: str, level: Fraction, horizon: int) -> bool:
    """Whether some split s of the whole list has eta q(x before s) q(x from s) > q(x)."""
    total = [0] * order
    for symbol in x:
        total[symbol] += 1
    whole, first = log_q(total), [0] * order
    for n1 in range(1, len(x)):
        first[x[n1 - 1]] += 1
        second = [t - f for t, f in zip(total, first, strict=True)]
        margin = log_eta(rule, n1, len(x) - n1, order, float(level), horizon) + log_q(first) + log_q(second) - whole
        if margin > CLOSE:
            return True
        if margin > -CLOSE:
            weight = eta(rule, n1, len(x) - n1, order, level, horizon)
            if weight * laplace_probability(x[:n1], order) * laplace_probability(x[n1:], order) > laplace_probability(
                x, order
            ):
                return True
    return False


def reference_rbocpd_ucrl2(
    mdp: Any,
    horizon: int,
    *,
    delta: float = 0.05,
    rule: str = "theorem_r",
    forced_exploration: float = 0.0,
    reward_streams: bool = False,
    published: bool = False,
    every: int = 1,
    scale: float = 1.0,
    rng: RNGLike = None,
) -> DetectorReferenceRun:
    """Algorithm 2 with the library's choices, or with ``published=True`` as printed; all splits are candidates."""
    chance = streams(rng)
    pieces = list(getattr(mdp, "pieces", (mdp,)))
    starts = [int(x) for x in getattr(mdp, "starts", (0,))]
    S, A = pieces[0].n_states, pieces[0].n_actions
    random_rewards = any(_is_random(p) for p in pieces)
    n_detectors = S * A * (2 if reward_streams else 1)
    run = DetectorReferenceRun()
    state = int(pieces[0].initial_state)
    history: list[tuple[int, int, float, int]] = []  # since the last restart
    rewards_seen: dict[tuple[int, int], list[int]] = {}
    t, restart, j = 0, 0, 1
    while t < horizon:
        delta_j = delta if published else delta / (j * (j + 1))
        clock = t + 1 if published else t - restart + 1
        visits = _count(history, S, A)
        r_tilde = [[0.0] * A for _ in range(S)]
        d = [[0.0] * A for _ in range(S)]
        p_hat = [[[1.0 / S] * S for _ in range(A)] for _ in range(S)]
        for s in range(S):
            for a in range(A):
                mine = [(r, following) for s_, a_, r, following in history if (s_, a_) == (s, a)]
                n = max(1, len(mine))
                d_reward = scale * math.sqrt(7.0 * math.log(2.0 * S * A * clock / delta_j) / (2.0 * n))
                r_tilde[s][a] = min(1.0, sum(r for r, _ in mine) / n + d_reward)
                d[s][a] = scale * math.sqrt(14.0 * S * math.log(2.0 * A * clock / delta_j) / n)
                if mine:
                    p_hat[s][a] = [sum(1 for _, following in mine if following == z) / n for z in range(S)]
        policy, _, sweeps = reference_extended_value_iteration(p_hat, r_tilde, d, 1.0 / math.sqrt(clock))
        run.episode_starts.append(t + 1)
        run.sweeps.append(sweeps)
        in_episode = [[0] * A for _ in range(S)]
        while t < horizon and in_episode[state][policy[state]] < max(1, visits[state][policy[state]]):
            action = policy[state]
            if forced_exploration > 0.0 and chance.agent.random() < forced_exploration:
                action = math.floor(chance.agent.random() * A)
            piece = pieces[max(i for i, first in enumerate(starts) if first <= t)]
            following = _inverse(list(piece.P[state, action]), chance.environment.random())
            reward = _reward(piece, state, action, chance.environment, random_rewards)
            history.append((state, action, reward, following))
            in_episode[state][action] += 1
            run.states.append(state)
            run.actions.append(action)
            run.rewards.append(reward)
            t += 1
            level = Fraction(delta) if published else Fraction(delta) / (j * (j + 1)) / n_detectors
            next_states = [z for s, a, _, z in history if (s, a) == (state, action)]
            fired = len(next_states) % every == 0 and alarm(next_states, S, rule, level, horizon)
            if reward_streams:
                coin = int(reward) if reward in (0.0, 1.0) else int(chance.agent.random() < reward)
                coins = rewards_seen.setdefault((state, action), [])
                coins.append(coin)
                fired = fired or (len(coins) % every == 0 and alarm(coins, 2, rule, level, horizon))
            pair, state = (state, action), following
            if fired and t < horizon:
                run.restarts.append(t)
                run.alarm_pairs.append(pair)
                history, rewards_seen, restart, j = [], {}, t, j + 1
                if not published:
                    break
                visits = _count(history, S, A)
                in_episode = [[0] * A for _ in range(S)]
    return run


def _count(history: list[tuple[int, int, float, int]], S: int, A: int) -> list[list[int]]:
    visits = [[0] * A for _ in range(S)]
    for s, a, _, _ in history:
        visits[s][a] += 1
    return visits
