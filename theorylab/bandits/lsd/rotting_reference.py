"""RAW-UCB and FEWA line by line, in plain Python; for tests."""

from __future__ import annotations

import math

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo

__all__ = ["FEWA", "RawUCB"]

SAME = 1e-11


class _Rotting:
    def __init__(self, info: AgentInfo) -> None:
        self.alpha = info.keywords["alpha"]
        self.sigma = info.keywords["sigma"]
        self.every_window = info.keywords.get("windows", "geometric") == "all"
        self.rewards: list[list[float]] = [[] for _ in range(info.n_arms)]

    def observe(self, arm: int, reward: float) -> None:
        """Remember the reward."""
        self.rewards[arm].append(reward)

    def radius(self, h: int) -> float:
        t = sum(len(seen) for seen in self.rewards)
        return math.sqrt(2 * self.alpha * self.sigma**2 * math.log(t) / h)

    def windows_up_to(self, n: int) -> list[int]:
        return [h for h in range(1, n + 1) if self.every_window or h & (h - 1) == 0]

    def mean_of_last(self, arm: int, h: int) -> float:
        return math.fsum(self.rewards[arm][-h:]) / h

    def unplayed(self) -> int | None:
        return next((arm for arm, seen in enumerate(self.rewards) if not seen), None)


class RawUCB(_Rotting):
    """[seznec2020single]: pull the arm of the largest min over h of mean of the last h rewards + c(h)."""

    def act(self, rng: Generator) -> int:
        """The arm with the largest index."""
        arm = self.unplayed()
        if arm is not None:
            return arm
        index = [
            min(self.mean_of_last(arm, h) + self.radius(h) for h in self.windows_up_to(len(seen)))
            for arm, seen in enumerate(self.rewards)
        ]
        return next(arm for arm, value in enumerate(index) if value >= max(index) - SAME)


class FEWA(_Rotting):
    """[seznec2019rotting]: filter with windows that grow until an arm has too few rewards."""

    def act(self, rng: Generator) -> int:
        """The first arm left that has fewer than h rewards."""
        arm = self.unplayed()
        if arm is not None:
            return arm
        left = list(range(len(self.rewards)))
        h = 1
        while True:
            short = [arm for arm in left if len(self.rewards[arm]) < h]
            if short:
                return short[0]
            means = {arm: self.mean_of_last(arm, h) for arm in left}
            bar = max(means.values()) - 2 * self.radius(h)
            left = [arm for arm in left if means[arm] >= bar - SAME]
            h = h + 1 if self.every_window else 2 * h
