"""Explore-then-commit line by line from the formal definition, in plain Python; for tests."""

from __future__ import annotations

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo
from theorylab.bandits.online import TIE

__all__ = ["ExploreThenCommit"]


class ExploreThenCommit:
    """[degenne2025leanbandits, ETC.nextArm]: the arm of round n + 1 from the history of the rounds up to n."""

    def __init__(self, info: AgentInfo) -> None:
        self.K, self.m = info.n_arms, info.keywords["m"]
        self.history: list[tuple[int, float]] = []

    def act(self, rng: Generator) -> int:
        """The three cases of the definition; the first round is arm 0."""
        if not self.history:
            return 0
        n = len(self.history) - 1
        if n < self.K * self.m - 1:
            return (n + 1) % self.K
        if n == self.K * self.m - 1:
            of_arm = [[reward for arm, reward in self.history if arm == a] for a in range(self.K)]
            average = [sum(rewards) / len(rewards) for rewards in of_arm]
            return min(a for a in range(self.K) if average[a] >= max(average) - TIE)
        return self.history[n][0]

    def observe(self, arm: int, reward: float) -> None:
        """The history grows."""
        self.history.append((arm, reward))
