"""The formal development's UCB line by line, in plain Python; for tests."""

from __future__ import annotations

import math

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo
from theorylab.bandits.online import TIE

__all__ = ["LeanUCB"]


class LeanUCB:
    """[degenne2025leanbandits, UCB.nextArm]: the arm of round n + 1 from the history of the rounds up to n."""

    def __init__(self, info: AgentInfo) -> None:
        self.K = info.n_arms
        self.parameter = info.keywords.get("c", 3.0) * info.keywords.get("sigma2", 0.25)
        self.history: list[tuple[int, float]] = []
        self.trace: dict[str, list[list[float]]] = {"indices": []}

    def act(self, rng: Generator) -> int:
        """Round 0 plays arm 0; round n + 1 arm n + 1 while n < K - 1; else the largest mean plus width."""
        self.trace["indices"].append([0.0] * self.K)
        n = len(self.history) - 1
        if n < self.K - 1:
            return n + 1
        index = []
        for a in range(self.K):
            rewards = [reward for arm, reward in self.history if arm == a]
            width = math.sqrt(2 * self.parameter * math.log(n + 2) / len(rewards))
            index.append(sum(rewards) / len(rewards) + width)
        self.trace["indices"][-1] = index
        return min(a for a in range(self.K) if index[a] >= max(index) - TIE)

    def observe(self, arm: int, reward: float) -> None:
        """The history grows."""
        self.history.append((arm, reward))
