"""EXP3.P line by line, in plain Python; for tests."""

from __future__ import annotations

import math

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo

__all__ = ["EXP3P"]


class EXP3P:
    """[bubeck2012regret, Section 3.2]."""

    def __init__(self, info: AgentInfo) -> None:
        K, n = info.n_arms, info.horizon
        delta = info.keywords.get("delta", 0.05)
        self.beta = (math.log(K / delta) / (n * K)) ** 0.5
        self.eta = 0.95 * (math.log(K) / (n * K)) ** 0.5
        self.gamma = min(1.0, 1.05 * (K * math.log(K) / n) ** 0.5)
        self.G = [0.0] * K
        self.p = [1 / K] * K
        self.trace: dict[str, list[list[float]]] = {"probabilities": [], "estimates": []}

    def act(self, rng: Generator) -> int:
        """Draw an arm from p."""
        self.trace["probabilities"].append(list(self.p))
        self.trace["estimates"].append(list(self.G))
        u = rng.random()
        arms = range(len(self.p))
        return next((arm for arm in arms if u < math.fsum(self.p[: arm + 1])), arms[-1])

    def observe(self, arm: int, reward: float) -> None:
        """New gains, then the new distribution."""
        for i, p in enumerate(self.p):
            g = reward if i == arm else 0.0
            self.G[i] += (g + self.beta) / p
        top = max(self.G)
        e = [math.exp(self.eta * g - self.eta * top) for g in self.G]
        self.p = [(1 - self.gamma) * x / math.fsum(e) + self.gamma / len(e) for x in e]
