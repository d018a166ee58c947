"""EXP3 line by line, in plain Python; for tests."""

from __future__ import annotations

import math

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo

__all__ = ["EXP3"]


class EXP3:
    """[lattimore2020bandit, Algorithm 9], [audibert2010regret, Figure 2], [auer2002nonstochastic, Figure 1]."""

    def __init__(self, info: AgentInfo) -> None:
        self.form = info.keywords.get("form", "loss")
        self.K = K = info.n_arms
        n = info.horizon
        self.gamma = 0.0
        if self.form == "loss":
            self.eta = (2 * math.log(K) / n / K) ** 0.5
        elif self.form == "gain":
            self.eta = (math.log(K) / n / K) ** 0.5
        elif self.form == "mixed":
            self.eta = (5 / 4 * math.log(K) / n / K) ** 0.5
            self.gamma = min(1 / 2, (4 / 5 * K * math.log(K) / n) ** 0.5)
        else:
            g = info.keywords.get("gain_bound") or n
            self.gamma = min(1.0, (K * math.log(K) / (math.e - 1) / g) ** 0.5)
            self.eta = self.gamma / K
        if info.keywords.get("eta") is not None:
            self.eta = info.keywords["eta"]
        self.estimate = [0.0] * K
        self.P: list[float] = []
        self.trace: dict[str, list[list[float]]] = {"probabilities": [], "estimates": []}

    def act(self, rng: Generator) -> int:
        """Draw an arm from P."""
        sign = -1 if self.form == "loss" else 1
        top = max(sign * s for s in self.estimate)
        w = [math.exp(self.eta * (sign * s - top)) for s in self.estimate]
        self.P = [(1 - self.gamma) * x / math.fsum(w) + self.gamma / self.K for x in w]
        self.trace["probabilities"].append(self.P)
        rounds = len(self.trace["probabilities"]) - 1
        shown = [rounds - s for s in self.estimate] if self.form == "gain" else list(self.estimate)
        self.trace["estimates"].append(shown)  # in the form "gain" the estimated losses
        u = rng.random()
        for arm in range(self.K):
            if u < math.fsum(self.P[: arm + 1]):
                return arm
        return max(arm for arm in range(self.K) if self.P[arm] > 0)

    def observe(self, arm: int, reward: float) -> None:
        """Add the importance-weighted estimates of the round."""
        for i in range(self.K):
            played = 1 if i == arm else 0
            if self.form == "loss":
                self.estimate[i] += played * (1 - reward) / self.P[i] if played else 0.0
            elif self.form == "gain":
                self.estimate[i] += 1 - (played * (1 - reward) / self.P[i] if played else 0.0)
            else:
                self.estimate[i] += played * reward / self.P[i] if played else 0.0
