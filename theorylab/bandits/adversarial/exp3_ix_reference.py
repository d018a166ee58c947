"""EXP3-IX line by line, in plain Python; for tests."""

from __future__ import annotations

import math

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo

__all__ = ["EXP3IX"]


class EXP3IX:
    """[neu2015explore, Algorithm 1]; the form "ls" is [lattimore2020bandit, Algorithm 10]."""

    def __init__(self, info: AgentInfo) -> None:
        K, n = info.n_arms, info.horizon
        experts = K + 1 if info.keywords.get("form", "ls") == "ls" else K
        self.eta = (2 * math.log(experts) / n / K) ** 0.5
        if info.keywords.get("eta") is not None:
            self.eta = info.keywords["eta"]
        self.gamma = self.eta / 2
        self.total = [0.0] * K
        self.P: list[float] = []
        self.trace: dict[str, list[list[float]]] = {"probabilities": [], "estimates": []}

    def act(self, rng: Generator) -> int:
        """Draw an arm from P."""
        best = min(self.total)
        powers = [math.exp(-self.eta * (loss - best)) for loss in self.total]
        self.P = [w / math.fsum(powers) for w in powers]
        self.trace["probabilities"].append(self.P)
        self.trace["estimates"].append(list(self.total))
        u, below = rng.random(), 0.0
        for arm, p in enumerate(self.P):
            below += p
            if u < below:
                return arm
        return max(arm for arm, p in enumerate(self.P) if p > 0)

    def observe(self, arm: int, reward: float) -> None:
        """The biased estimates of the round, all zero but one."""
        loss = 1 - reward
        self.total = [
            old + (loss / (p + self.gamma) if i == arm and loss > 0 else 0.0)
            for i, (old, p) in enumerate(zip(self.total, self.P, strict=True))
        ]
