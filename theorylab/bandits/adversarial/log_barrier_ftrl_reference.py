"""The log-barrier forecaster line by line, in plain Python; for tests.  The level is found by bisection."""

from __future__ import annotations

import math
from typing import Any

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo

__all__ = ["LogBarrierFTRL"]


class LogBarrierFTRL:
    """p_t minimises <p, L> + (1 / eta) sum ln(1 / p_i) on the simplex."""

    def __init__(self, info: AgentInfo) -> None:
        self.arms = range(info.n_arms)
        log = math.log(info.horizon) if info.horizon > 1 else math.log(2)
        eta: Any = info.keywords.get("eta")
        best: Any = info.keywords.get("best_loss")
        if eta is None and best is None:
            eta = math.sqrt(2 * info.n_arms * log / info.horizon)
        elif eta is None:
            eta = min(1.0, math.sqrt(2 * info.n_arms * log / best)) if best else 1.0
        self.eta: float = eta
        self.history: list[list[float]] = [[] for _ in self.arms]
        self.trace: dict[str, list[list[float]]] = {"probabilities": [], "estimated_losses": []}

    def act(self, rng: Generator) -> int:
        """Solve sum 1 / (eta (L_i - x)) = 1 for x below all L_i, then draw."""
        total = [sum(seen) for seen in self.history]
        above = [loss - min(total) for loss in total]
        near, far = 0.999 / self.eta, 1.001 * len(total) / self.eta
        for _ in range(60):
            z = (near + far) / 2  # min L - x
            if math.fsum(1 / (self.eta * (a + z)) for a in above) > 1:
                near = z
            else:
                far = z
        self.p = [1 / (self.eta * (a + far)) for a in above]
        self.trace["probabilities"].append(self.p)
        self.trace["estimated_losses"].append(total)
        u = rng.random()
        for arm in self.arms:
            if u < sum(self.p[: arm + 1]):
                return arm
        return self.arms[-1]

    def observe(self, arm: int, reward: float) -> None:
        """The loss of the played arm over its probability; 0 for the others."""
        for i in self.arms:
            self.history[i].append((1 - reward) / self.p[i] if i == arm else 0.0)
