"""EXP3 on blocks and round-robin elimination line by line, in plain Python; for tests."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo

__all__ = ["BatchedEXP3", "RoundRobinSE"]


class BatchedEXP3:
    """[arora2012online]: one arm for each block, exponential weights on the importance-weighted mean losses."""

    def __init__(self, info: AgentInfo) -> None:
        self.K, self.block = info.n_arms, info.keywords["block"]
        self.eta = math.sqrt(2 * math.log(self.K) / (self.K * math.ceil(info.horizon / self.block)))
        self.estimates: list[list[float]] = [[] for _ in range(self.K)]
        self.losses: list[float] = []
        self.arm, self.p = 0, [1.0]

    def act(self, rng: Generator) -> int:
        """Draw at the beginning of a block."""
        if len(self.losses) % self.block == 0:
            total = np.array([sum(seen) for seen in self.estimates])
            weight = np.exp(-self.eta * (total - total.min()))
            self.p = list(weight / weight.sum())
            below = np.cumsum(weight) <= rng.random() * weight.sum()
            self.arm = min(int(below.sum()), self.K - 1)
        return self.arm

    def observe(self, arm: int, reward: float) -> None:
        """At the end of a block: its mean loss over the probability of the arm."""
        self.losses.append(1.0 - reward)
        if len(self.losses) % self.block == 0:
            self.estimates[arm].append(sum(self.losses[-self.block :]) / self.block / self.p[arm])


class RoundRobinSE:
    """Successive elimination, each round of an epoch playing all remaining arms once."""

    def __init__(self, info: AgentInfo) -> None:
        S = math.ceil(math.log2(info.horizon)) + 1
        self.L = math.log(2 * info.n_arms * S / info.keywords["delta"])
        self.left = list(range(info.n_arms))
        self.s = 1
        self.seen: dict[int, list[float]] = {x: [] for x in self.left}

    def act(self, rng: Generator) -> int:
        """The remaining arm with the fewest plays of this epoch."""
        if len(self.left) > 1 and all(len(self.seen[x]) == 2**self.s for x in self.left):
            mean = {x: sum(self.seen[x]) / 2**self.s for x in self.left}
            C = math.sqrt(self.L / (2 * 2**self.s))
            self.left = [x for x in self.left if mean[x] <= min(mean.values()) + 2 * C]
            self.s += 1
            self.seen = {x: [] for x in self.left}
        return min(self.left, key=lambda x: len(self.seen[x]))

    def observe(self, arm: int, reward: float) -> None:
        """Remember the loss."""
        self.seen[arm].append(1.0 - reward)
