"""Mini-GP-UCB and mini-GP-EI in plain Python; the posterior of each phase comes from all observations; for tests."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo

__all__ = ["MiniGPEI", "MiniGPUCB"]


class MiniGPUCB:
    """``info.keywords`` has ``kernel``, ``sigma``, ``C`` and ``delta``."""

    def __init__(self, info: AgentInfo) -> None:
        self.info = info
        self.kernel = np.asarray(info.keywords["kernel"])
        self.variance = info.keywords["sigma"] ** 2
        self.points: list[int] = []
        self.rewards: list[float] = []
        self.planned: list[int] = []
        self.phase = -1
        self.trace: dict[str, list[Any]] = {"means": [], "deviations": [], "phases": []}
        self.mean: Any = None
        self.deviation: Any = None

    def index(self) -> list[float]:
        """Optimistic values; the comparison is absolute."""
        t = len(self.points) + 1
        beta = 2 * math.log(self.info.n_arms * t**2 * math.pi**2 / (6 * self.info.keywords.get("delta", 0.05)))
        values = [m + math.sqrt(beta) * s for m, s in zip(self.mean, self.deviation, strict=True)]
        return [value - max(values) + 1e-11 for value in values]

    def act(self, rng: Generator) -> int:
        """The next evaluation that was planned; when there is none, a new phase."""
        if not self.planned:
            self.phase += 1
            root = np.linalg.cholesky(
                self.kernel[np.ix_(self.points, self.points)] + self.variance * np.eye(len(self.points))
            )
            half = np.linalg.solve(root, self.kernel[self.points])
            self.mean = half.T @ np.linalg.solve(root, np.array(self.rewards)) if self.points else 0 * self.kernel[0]
            self.deviation = np.sqrt(np.maximum(np.diagonal(self.kernel) - (half**2).sum(axis=0), 0.0))
            point = next(x for x, value in enumerate(self.index()) if value >= 0.0)
            left, C = self.info.horizon - len(self.points), self.info.keywords.get("C", 2.0)
            s2 = self.deviation[point] ** 2 / self.variance  # in units of the noise
            often = math.ceil((C**2 - 1) / s2) if s2 * left > C**2 - 1 else left
            self.planned = [point] * max(1, min(often, left))
        self.trace["means"].append(self.mean)
        self.trace["deviations"].append(self.deviation)
        self.trace["phases"].append(self.phase)
        return self.planned.pop()

    def observe(self, arm: int, reward: float) -> None:
        """Remember the observation."""
        self.points.append(arm)
        self.rewards.append(reward)


class MiniGPEI(MiniGPUCB):
    """Expected improvement over the largest posterior mean."""

    def index(self) -> list[float]:
        """Values of information; the comparison is relative, and by means where nothing is worth 1e-14."""
        from scipy.special import ndtr

        top = max(self.mean)
        z = [(m - top) / s if s > 0 else -math.inf for m, s in zip(self.mean, self.deviation, strict=True)]
        values = [
            s * (x * float(ndtr(x)) + math.exp(-x * x / 2) / math.sqrt(2 * math.pi)) if s > 0 else 0.0
            for x, s in zip(z, self.deviation, strict=True)
        ]
        if max(values) < 1e-14:
            return [m - top + 1e-11 for m in self.mean]
        return [value - max(values) * (1 - 1e-9) for value in values]
