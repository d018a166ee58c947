"""MOSS line by line, in plain Python; for tests."""

from __future__ import annotations

import math

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo
from theorylab.bandits.online import TIE

__all__ = ["MOSS"]


class MOSS:
    """[audibert2010regret, Section 6]: the arm that maximises B_{i, T_i(t-1)}, which is infinite before the first play.

    ``subgaussian``: [lattimore2020bandit, Algorithm 7].
    """

    def __init__(self, info: AgentInfo) -> None:
        self.n, self.K = info.horizon, info.n_arms
        self.four = {"unit": 1, "subgaussian": 4}[info.keywords.get("form", "unit")]
        self.history: list[tuple[int, float]] = []
        self.trace: dict[str, list[list[float]]] = {"indices": []}

    def bound(self, arm: int) -> float:
        """B_{i,s}, from the rewards of the arm so far."""
        seen = [reward for played, reward in self.history if played == arm]
        if not seen:
            return math.inf
        s = len(seen)
        ratio = self.n / (self.K * s)
        exploration = math.log(ratio) if ratio > 1 else 0.0
        return sum(seen) / s + math.sqrt(self.four * exploration / s)

    def act(self, rng: Generator) -> int:
        """The arm with the largest index, the lowest one of several."""
        index = [self.bound(arm) for arm in range(self.K)]
        self.trace["indices"].append([0.0] * self.K if math.inf in index else index)
        return next(arm for arm, value in enumerate(index) if value >= max(index) - TIE)

    def observe(self, arm: int, reward: float) -> None:
        """Remember the play."""
        self.history.append((arm, reward))
