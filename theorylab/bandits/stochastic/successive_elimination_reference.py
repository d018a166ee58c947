"""Successive elimination line by line, in plain Python; for tests."""

from __future__ import annotations

import math

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo

__all__ = ["SuccessiveElimination"]


class SuccessiveElimination:
    """[evendar2006action]: sample every arm of the set S once; remove those whose mean is two radii below the best."""

    def __init__(self, info: AgentInfo) -> None:
        self.arms, self.horizon = info.n_arms, info.horizon
        self.delta = info.keywords.get("delta", 0.05)
        self.rewards: list[list[float]] = [[] for _ in range(info.n_arms)]
        self.candidates = list(range(info.n_arms))
        self.queue: list[int] = []
        self.trace: dict[str, list[list[float]]] = {"active": []}

    def act(self, rng: Generator) -> int:
        """The next arm of the phase; a new phase begins with a look at the means."""
        if not self.queue:
            self.candidates = [arm for arm in self.candidates if not self._worse(arm)]
            self.queue = list(self.candidates)
        self.trace["active"].append([float(arm in self.candidates) for arm in range(self.arms)])
        return self.queue.pop(0)

    def observe(self, arm: int, reward: float) -> None:
        """Remember the reward."""
        self.rewards[arm].append(reward)

    def _worse(self, arm: int) -> bool:
        """Whether some candidate's lower limit lies above the upper limit of ``arm``."""
        if not self.rewards[arm]:
            return False
        limits = []
        for other in self.candidates:
            seen = self.rewards[other]
            half = math.sqrt(math.log(2 * self.arms * self.horizon / self.delta) / (2 * len(seen)))
            limits.append((sum(seen) / len(seen) - half, sum(seen) / len(seen) + half))
        return max(low for low, _ in limits) > limits[self.candidates.index(arm)][1]
