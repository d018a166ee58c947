"""Successive elimination with burn-in line by line, in plain Python; for tests."""

from __future__ import annotations

import math
from collections.abc import Iterator

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo

__all__ = ["WTBSuccessiveElimination"]


class WTBSuccessiveElimination:
    """Epoch by epoch: M - 1 plays and then 2^s plays of each arm that is left; keep what is near the least mean."""

    def __init__(self, info: AgentInfo) -> None:
        self.n_arms, self.horizon = info.n_arms, info.horizon
        self.M, self.delta = info.keywords["M"], info.keywords["delta"]
        self.trace: dict[str, list[float]] = {"epochs": [], "recorded": []}
        self.survivors: list[list[int]] = [list(range(self.n_arms))]
        self.losses: list[float] = []
        self.plan = self._plan()

    def _plan(self) -> Iterator[int]:
        """The arms in the order of play; what was observed since the last arm lies in ``self.losses``."""
        S = math.ceil(math.log2(self.horizon)) + 1
        L = math.log(2 * self.n_arms * S / self.delta)
        s = 0
        while len(self.survivors[-1]) > 1:
            s += 1
            mean = {}
            for x in self.survivors[-1]:
                for i in range(self.M - 1 + 2**s):
                    self.trace["epochs"].append(s)
                    self.trace["recorded"].append(i >= self.M - 1)
                    yield x
                recorded = self.losses[-(2**s) :]
                mean[x] = sum(recorded) / 2**s
            C = math.sqrt(L / (2 * 2**s))
            self.survivors.append([x for x in mean if mean[x] <= min(mean.values()) + 2 * C])
        while True:
            self.trace["epochs"].append(0)
            self.trace["recorded"].append(0)
            yield self.survivors[-1][0]

    def act(self, rng: Generator) -> int:
        """The next arm of the plan."""
        return next(self.plan)

    def observe(self, arm: int, reward: float) -> None:
        """Remember the loss."""
        self.losses.append(1.0 - reward)
