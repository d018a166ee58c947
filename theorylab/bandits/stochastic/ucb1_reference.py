"""UCB1 line by line, in plain Python; for tests."""

from __future__ import annotations

import math

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo
from theorylab.bandits.online import TIE

__all__ = ["UCB1"]


class UCB1:
    """[auer2002finite, Figure 1]: play each machine once; then the one that maximises x_j + sqrt(2 ln n / n_j)."""

    def __init__(self, info: AgentInfo) -> None:
        self.form = info.keywords.get("form", "auer")
        self.rewards: list[list[float]] = [[] for _ in range(info.n_arms)]

    def act(self, rng: Generator) -> int:
        """The arm with the largest index, the lowest one of several."""
        for arm, seen in enumerate(self.rewards):
            if not seen:
                return arm
        n = sum(len(seen) for seen in self.rewards)
        if self.form == "auer":
            exploration = 2 * math.log(n)
        else:  # [garivier2011kl]: UCB with the exploration function of KL-UCB
            exploration = (math.log(n) + 3 * math.log(math.log(n)) if n > 2 else math.log(n)) / 2
        index = [sum(seen) / len(seen) + math.sqrt(exploration / len(seen)) for seen in self.rewards]
        return next(arm for arm, value in enumerate(index) if value >= max(index) - TIE)

    def observe(self, arm: int, reward: float) -> None:
        """Remember the reward."""
        self.rewards[arm].append(reward)
