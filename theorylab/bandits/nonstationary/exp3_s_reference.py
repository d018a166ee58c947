"""EXP3.S line by line, in plain Python; for tests."""

from __future__ import annotations

import math

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo

__all__ = ["EXP3S"]


class EXP3S:
    """[auer2002nonstochastic, Section 8], tuned as in its Corollary 8.3; logarithms of the weights are kept."""

    def __init__(self, info: AgentInfo) -> None:
        self.K, T = info.n_arms, info.horizon
        S = info.keywords.get("segments", 1)
        self.alpha = 1 / T
        self.gamma = min(1.0, math.sqrt(self.K * (S * math.log(self.K * T) + math.e) / ((math.e - 1) * T)))
        if info.keywords.get("alpha") is not None:
            self.alpha = info.keywords["alpha"]
        if info.keywords.get("gamma") is not None:
            self.gamma = info.keywords["gamma"]
        self.logs = [0.0] * self.K
        self.trace: dict[str, list[list[float]]] = {"probabilities": []}

    def act(self, rng: Generator) -> int:
        """Draw an arm from p."""
        top = max(self.logs)
        W = math.fsum(math.exp(x - top) for x in self.logs)
        p = [(1 - self.gamma) * math.exp(x - top) / W + self.gamma / self.K for x in self.logs]
        self.trace["probabilities"].append(p)
        u = rng.random()
        return next((arm for arm in range(self.K) if u < math.fsum(p[: arm + 1])), self.K - 1)

    def observe(self, arm: int, reward: float) -> None:
        """w_i exp(gamma x_i / K) + e alpha / K times the sum of the old weights."""
        p = self.trace["probabilities"][-1]
        top = max(self.logs)
        W = math.fsum(math.exp(x - top) for x in self.logs)
        estimates = [reward / p[i] if i == arm else 0.0 for i in range(self.K)]
        new = [
            math.exp(x - top) * math.exp(self.gamma * estimate / self.K) + math.e * self.alpha / self.K * W
            for x, estimate in zip(self.logs, estimates, strict=True)
        ]
        self.logs = [top + math.log(w) for w in new]
