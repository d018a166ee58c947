"""GP-UCB, expected improvement and the knowledge gradient in plain Python, by the batch formulas; for tests."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo

__all__ = ["GPEI", "GPUCB", "KnowledgeGradient", "batch_posterior", "envelope_gain"]


def batch_posterior(kernel: Any, variance: float, points: Any, rewards: Any) -> tuple[Any, Any]:
    """Mean (n,) and covariance (n, n) given all observations, one row of the kernel matrix for each."""
    k = np.asarray(kernel)
    if not len(points):
        return np.zeros(len(k)), k.copy()
    gram = k[np.ix_(points, points)] + variance * np.eye(len(points))
    across = k[:, points]
    solved = np.linalg.solve(gram, across.T)
    return solved.T @ np.asarray(rewards), k - across @ solved


def envelope_gain(intercepts: Any, slopes: Any) -> float:
    """E max(a + b Z) - max a: integrate each piece between all crossings of all pairs of lines.

    All lines are taken relative to the one that is highest at 0 (E Z = 0): nothing large cancels.
    """
    from scipy.special import ndtr

    top, tilt = max(zip(intercepts, slopes, strict=True))
    lines = [(a - top, b - tilt) for a, b in zip(intercepts, slopes, strict=True)]
    cuts = sorted({(a - c) / (d - b) for (a, b), (c, d) in itertools.combinations(lines, 2) if b != d})
    ends = [-math.inf, *cuts, math.inf]
    total = 0.0
    for low, high in itertools.pairwise(ends):
        middle = min(max(low, -1e9), 1e9) / 2 + min(max(high, -1e9), 1e9) / 2
        a, b = max(lines, key=lambda line: line[0] + line[1] * middle)
        weight = float(ndtr(high) - ndtr(low)) if low < 0 else float(ndtr(-low) - ndtr(-high))
        total += a * weight + b * (math.exp(-low * low / 2) - math.exp(-high * high / 2)) / math.sqrt(2 * math.pi)
    return total


def worthiest(values: Any, mean: Any) -> int:
    """The point whose observation is worth most; the largest mean where all are worth less than 1e-14."""
    if max(values) < 1e-14:
        return next(x for x, m in enumerate(mean) if m >= max(mean) - 1e-11)
    return next(x for x, value in enumerate(values) if value >= max(values) * (1 - 1e-9))


class Posterior:
    """Remembers all observations; ``info.keywords`` has ``kernel`` and ``sigma``."""

    def __init__(self, info: AgentInfo) -> None:
        self.info = info
        self.kernel = np.asarray(info.keywords["kernel"])
        self.variance = info.keywords["sigma"] ** 2
        self.points: list[int] = []
        self.rewards: list[float] = []
        self.trace: dict[str, list[Any]] = {"means": [], "deviations": []}

    def believe(self) -> tuple[Any, Any]:
        """The posterior of all points; it goes into the trace."""
        mean, covariance = batch_posterior(self.kernel, self.variance, self.points, self.rewards)
        self.trace["means"].append(mean)
        self.trace["deviations"].append(np.sqrt(np.maximum(np.diagonal(covariance), 0.0)))
        return mean, covariance

    def observe(self, arm: int, reward: float) -> None:
        """Remember the observation."""
        self.points.append(arm)
        self.rewards.append(reward)


class GPUCB(Posterior):
    """[srinivas2010gaussian, Algorithm 1]: argmax of mu_{t-1}(x) + sqrt(beta_t) sigma_{t-1}(x)."""

    def act(self, rng: Generator) -> int:
        """The point with the largest index."""
        mean, _ = self.believe()
        t, delta = len(self.points) + 1, self.info.keywords.get("delta", 0.05)
        beta = 2 * math.log(self.info.n_arms * t**2 * math.pi**2 / (6 * delta))
        index = [m + math.sqrt(beta) * s for m, s in zip(mean, self.trace["deviations"][-1], strict=True)]
        return next(x for x, value in enumerate(index) if value >= max(index) - 1e-11)


class GPEI(Posterior):
    """The largest expected improvement over the largest posterior mean."""

    def act(self, rng: Generator) -> int:
        """The point that may improve most."""
        from scipy.special import ndtr

        mean, _ = self.believe()
        values = []
        for m, s in zip(mean, self.trace["deviations"][-1], strict=True):
            z = (m - max(mean)) / s if s > 0 else -math.inf
            values.append(
                s * (z * float(ndtr(z)) + math.exp(-z * z / 2) / math.sqrt(2 * math.pi))
                if s > 0
                else max(m - max(mean), 0.0)
            )
        return worthiest(values, mean)


class KnowledgeGradient(Posterior):
    """The observation that raises the largest posterior mean most, in expectation."""

    def act(self, rng: Generator) -> int:
        """The point whose observation is worth most; online: its mean too."""
        mean, covariance = self.believe()
        gains = [
            max(envelope_gain(mean, covariance[:, x] / math.sqrt(covariance[x, x] + self.variance)), 0.0)
            for x in range(len(mean))
        ]
        if self.info.keywords.get("online", False):
            rest = self.info.horizon - len(self.points) - 1
            gains = [m + rest * gain for m, gain in zip(mean, gains, strict=True)]
            return next(x for x, value in enumerate(gains) if value >= max(gains) - 1e-11)
        return worthiest(gains, mean)
