"""Tsallis-INF line by line, in plain Python; for tests.  The level is found by bisection, not by Newton's method."""

from __future__ import annotations

import math

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo

__all__ = ["TsallisINF"]


class TsallisINF:
    """[zimmert2021tsallis, Algorithm 1]: w_t minimises <w, L> - sum w^alpha / (alpha (1 - alpha) eta_t)."""

    def __init__(self, info: AgentInfo) -> None:
        self.arms = range(info.n_arms)
        self.estimator = info.keywords.get("estimator", "iw")
        self.alpha = info.keywords.get("alpha", 0.5)
        self.eta = info.keywords.get("eta")
        self.horizon = info.horizon
        self.history: list[list[float]] = [[] for _ in self.arms]  # estimated losses, round after round
        self.t = 0
        self.trace: dict[str, list[list[float]]] = {"probabilities": [], "estimated_losses": []}

    def learning_rate(self) -> float:
        """2 / sqrt(t) with importance weighting, 4 / sqrt(t) with reduced variance, or fixed."""
        k, a = len(self.arms), self.alpha
        if self.eta == "tuned":
            return math.sqrt(2 * k ** (1 - 2 * a) / (a * (1 - a) * self.horizon))
        if self.eta is not None:
            return float(self.eta)
        numerator = 2 if self.estimator == "iw" else 4
        general = math.sqrt(4 * a * (1 - a) * k ** (2 * a - 1))  # 1 for alpha = 1/2
        return numerator / general / math.sqrt(self.t)

    def weights(self, z: float) -> list[float]:
        """Where the gradient of the objective is the same for all arms, at z below the least estimated loss."""
        above = [loss - min(self.total) for loss in self.total]
        return [((1 - self.alpha) * self.rate * (a + z)) ** (1 / (self.alpha - 1)) for a in above]

    def act(self, rng: Generator) -> int:
        """Solve for the weights, then draw from them."""
        self.t += 1
        self.rate = self.learning_rate()
        self.total = [sum(seen) for seen in self.history]
        unit = 1 / ((1 - self.alpha) * self.rate)  # an arm at this distance has weight 1
        near, far = 0.999 * unit, 1.001 * unit * len(self.arms) ** (1 - self.alpha)
        for _ in range(60):
            z = (near + far) / 2
            if math.fsum(self.weights(z)) > 1:
                near = z
            else:
                far = z
        self.w = self.weights(far)
        self.trace["probabilities"].append(self.w)
        self.trace["estimated_losses"].append(self.total)
        u = rng.random()
        for arm in self.arms:
            if u < sum(self.w[: arm + 1]):
                return arm
        return self.arms[-1]

    def observe(self, arm: int, reward: float) -> None:
        """Estimate the losses of all arms."""
        for i in self.arms:
            baseline = 0.0
            if self.estimator == "rv" and self.w[i] >= self.rate**2:
                baseline = 0.5
            played = ((1 - reward) - baseline) / self.w[i] if i == arm else 0.0
            self.history[i].append(played + baseline)
