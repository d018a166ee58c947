"""KL-UCB line by line, in plain Python; for tests."""

from __future__ import annotations

import math

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo
from theorylab.bandits.online import TIE

__all__ = ["KLUCB", "largest_limit"]


def divergence(p: float, q: float) -> float:
    """d(p, q) with 0 ln 0 = 0 ln(0/0) = 0 and x ln(x/0) = infinity [garivier2011kl, Section 2]."""
    terms = 0.0
    for x, y in ((p, q), (1 - p, 1 - q)):
        if x > 0:
            terms += x * math.log(x / y) if y > 0 else math.inf
    return terms


def largest_limit(mean: float, level: float) -> float:
    """max{q in [mean, 1] : d(mean, q) <= level} by halving until doubles are exhausted."""
    low, high = mean, 1.0
    if divergence(mean, high) <= level:
        return high
    for _ in range(60):
        middle = (low + high) / 2
        if divergence(mean, middle) <= level:
            low = middle
        else:
            high = middle
    return low


class KLUCB:
    """[garivier2011kl, Algorithm 1]; ``explicit``: [lattimore2020bandit, Algorithm 8]."""

    def __init__(self, info: AgentInfo) -> None:
        self.form = info.keywords.get("form", "practice")
        self.rewards: list[list[float]] = [[] for _ in range(info.n_arms)]
        self.trace: dict[str, list[list[float]]] = {"indices": []}

    def budget(self, t: int) -> float:
        """The right-hand side after t plays."""
        if self.form == "explicit":
            number = t + 1  # of the round that is about to be played
            return math.log(1 + number * math.log(number) ** 2)
        if self.form == "theory":
            return math.log(t) + (3 * math.log(math.log(t)) if t >= 3 else 0.0)
        return math.log(t)

    def act(self, rng: Generator) -> int:
        """The arm with the largest index, the lowest one of several."""
        for arm, seen in enumerate(self.rewards):
            if not seen:
                self.trace["indices"].append([0.0] * len(self.rewards))
                return arm
        budget = self.budget(sum(len(seen) for seen in self.rewards))
        values = [largest_limit(sum(seen) / len(seen), budget / len(seen)) for seen in self.rewards]
        self.trace["indices"].append(values)
        return next(arm for arm, value in enumerate(values) if value >= max(values) - TIE)

    def observe(self, arm: int, reward: float) -> None:
        """Remember the reward."""
        self.rewards[arm].append(reward)
