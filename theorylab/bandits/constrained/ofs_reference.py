"""Optimistic feasible search and its baselines in plain Python, with the loop of the world; for tests."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

from theorylab.bandits.models.constrained import ClosedLoopBandit
from theorylab.core.rng import RNGLike, streams

__all__ = ["search"]


def search(bandit: Any, horizon: int, *, rule: str = "ofs", delta: float = 0.05, rng: RNGLike = None) -> Any:
    """``rule`` is the name of the algorithm; lists of what happened in each round."""
    chance = streams(rng).environment
    n, state, multiplier = bandit.n_arms, 0.5, 0.0
    seen: list[list[tuple[float, float]]] = [[] for _ in range(n)]
    out = SimpleNamespace(actions=[], rewards=[], residuals=[], gaps=[], violations=[], optimistic=[], fallbacks=0)
    L = math.log(4 * n * horizon / delta)
    for _ in range(horizon):
        unseen = [i for i in range(n) if not seen[i]]
        if unseen:
            point = unseen[0]
            out.optimistic.append([[0.0] * n, [0.0] * n])
        else:
            high = [sum(r for r, _ in s) / len(s) + math.sqrt(L / (2 * len(s))) for s in seen]
            low = [sum(g for _, g in s) / len(s) - math.sqrt(2 * L / len(s)) for s in seen]
            out.optimistic.append([high, low])
            if rule == "ofs":
                candidates = [i for i in range(n) if low[i] <= 1e-11]
                value = high if candidates else [-g for g in low]
                out.fallbacks += not candidates
                candidates = candidates or list(range(n))
            else:
                candidates = list(range(n))
                value = [h - multiplier * g for h, g in zip(high, low, strict=True)]
            top = max(value[i] for i in candidates)
            point = next(i for i in candidates if value[i] >= top - 1e-11)
        reward_mean, residual_mean = bandit.means[point], bandit.residual_means[point]
        if isinstance(bandit, ClosedLoopBandit):
            reward_mean = (1 - state) * bandit.rewards[0][point] + state * bandit.rewards[1][point]
            residual_mean = (1 - state) * bandit.residuals[0][point] + state * bandit.residuals[1][point]
            state = (1 - bandit.rate) * state + bandit.rate * bandit.target[point]
        reward = 1.0 if chance.random() < reward_mean else 0.0
        residual = 1.0 if chance.random() < (1 + residual_mean) / 2 else -1.0
        if rule == "primal_dual_bandit":
            multiplier = max(0.0, multiplier + residual / math.sqrt(horizon))
        seen[point].append((reward, residual))
        out.actions.append(point)
        out.rewards.append(reward)
        out.residuals.append(residual)
        out.gaps.append(max(bandit.best_feasible - reward_mean, 0.0))
        out.violations.append(max(residual_mean, 0.0))
    out.state, out.multiplier = state, multiplier
    return out
