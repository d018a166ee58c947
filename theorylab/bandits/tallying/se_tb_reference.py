"""Elimination over cyclic policies line by line, in plain Python; for tests."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo

__all__ = ["SETB", "QueryThenPlan", "long_run_shares"]


def long_run_shares(policy: tuple[int, ...], window: int) -> dict[tuple[int, int], float]:
    """The share of each (arm, tally) among the plays of the third of three periods, counted one by one."""
    plays = list(policy) * 3
    found: dict[tuple[int, int], float] = {}
    for t in range(2 * len(policy), 3 * len(policy)):
        tally = plays[max(0, t - window + 1) : t + 1].count(plays[t])
        found[plays[t], tally] = found.get((plays[t], tally), 0) + 1
    return {pair: count / len(policy) for pair, count in found.items()}


class SETB:
    """[malik2022complete, Algorithm 1]; keywords ``window``, ``delta``, ``scale``."""

    def __init__(self, info: AgentInfo) -> None:
        self.K, self.T = info.n_arms, info.horizon
        self.m, self.delta = info.keywords["window"], info.keywords["delta"]
        self.scale = info.keywords.get("scale", 1.0)
        period = int(math.sqrt(self.T))
        self.left = list(itertools.product(range(self.K), repeat=period))
        self.N = {policy: long_run_shares(policy, self.m) for policy in self.left}
        self.plays: list[int] = []
        self.losses: list[float] = []
        self.plan = self._plan()

    def _plan(self) -> Iterator[int]:
        Km = self.K * self.m
        S = max(1, math.ceil(math.log2(math.sqrt(self.T) / (4 * Km) + 1)))
        for s in range(1, S + 1):
            n = 2**s
            C = self.scale * math.sqrt(32 * Km / (n * math.sqrt(self.T)) * math.log(2 * Km * S / self.delta))
            mean = {}
            for pair in itertools.product(range(self.K), range(1, self.m + 1)):
                most = max(self.N[policy].get(pair, 0) for policy in self.left)
                best = next(policy for policy in self.left if self.N[policy].get(pair, 0) == most)
                yield from best * n  # nothing is stored
                first = len(self.plays)
                yield from best * n
                if most > 0:
                    stored = [self.losses[t] for t in range(first, len(self.plays)) if self._pair(t) == pair]
                    mean[pair] = sum(stored) / len(stored)
            value = {p: sum(share * mean[pair] for pair, share in self.N[p].items()) for p in self.left}
            self.left = [p for p in self.left if value[p] <= min(value.values()) + 2 * C + 1e-12]

    def _pair(self, t: int) -> tuple[int, int]:
        """The arm played in round t and its tally."""
        return self.plays[t], self.plays[max(0, t - self.m + 1) : t + 1].count(self.plays[t])

    def act(self, rng: Generator) -> int:
        """The next play of the plan."""
        return next(self.plan)

    def observe(self, arm: int, reward: float) -> None:
        """Remember play and loss."""
        self.plays.append(arm)
        self.losses.append(1.0 - reward)


class QueryThenPlan:
    """[malik2022complete, Proposition 1] with the plan found by trying all sequences; keyword ``window``."""

    def __init__(self, info: AgentInfo) -> None:
        self.K, self.T = info.n_arms, info.horizon
        self.m: int = info.keywords["window"]
        self.plays: list[int] = []
        self.h: dict[tuple[int, int], float] = {}
        self.plan: list[int] = []

    def act(self, rng: Generator) -> int:
        """Arm t // m while there is something to ask, then the plan."""
        t = len(self.plays)
        if t < self.K * self.m:
            return t // self.m
        if not self.plan:
            rest: list[tuple[int, ...]] = list(itertools.product(range(self.K), repeat=self.T - t))
            cheapest: tuple[int, ...] = min(rest, key=self._cost)
            self.plan = list(cheapest)
        return self.plan[t - self.K * self.m]

    def _tally(self, plays: list[int]) -> int:
        return plays[max(0, len(plays) - self.m) :].count(plays[-1])

    def _cost(self, rest: tuple[int, ...]) -> float:
        plays, total = list(self.plays), 0.0
        for arm in rest:
            plays.append(arm)
            total += self.h[arm, self._tally(plays)]
        return total

    def observe(self, arm: int, reward: float) -> None:
        """Remember the loss at this tally."""
        self.plays.append(arm)
        self.h[arm, self._tally(self.plays)] = 1.0 - reward
