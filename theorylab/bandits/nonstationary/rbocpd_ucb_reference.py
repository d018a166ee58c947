"""R-BOCPD-UCB line by line, in plain Python, its detector in whole numbers; for tests."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo
from theorylab.bandits.nonstationary.glr_klucb_reference import best

__all__ = ["RBOCPDUCB", "restart_needed"]


def arrangements(ones: int, n: int) -> int:
    """1 / the probability of a sequence with ``ones`` ones under a uniformly drawn mean: (n + 1)! / (ones! zeros!)."""
    return (n + 1) * math.comb(n, ones)


def restart_needed(seen: list[int], rule: str, level: Fraction, horizon: int) -> bool:
    """Whether eta q(first) q(second) > q(all) for some split, with the weights of the five rules; in integers."""
    n, ones, before = len(seen), sum(seen), 0
    whole = arrangements(ones, n)
    for first in range(1, n):
        before += seen[first - 1]
        second = n - first
        if rule == "theorem_r":
            up, down = level.numerator * (max(first, second) + 1), level.denominator * n * (n - 1) ** 2 * (n + 1)
        elif rule == "ville":
            up, down = level.numerator, level.denominator * first * (first + 1) * (n + 1)
        elif rule == "dirichlet_prior":
            up, down = level.numerator, level.denominator * first * (first + 1)
        else:
            up, down = 1, n if rule == "paper" else horizon
        if up * whole > down * arrangements(before, first) * arrangements(ones - before, second):
            return True
    return False


class RBOCPDUCB:
    """Forced exploration, UCB since the last restart, one detector for each arm."""

    def __init__(self, info: AgentInfo) -> None:
        get, self.K, self.T = info.keywords.get, info.n_arms, info.horizon
        self.rule, self.local, self.kind = get("rule", "theorem_r"), get("scope") == "local", get("index", "ucb")
        self.delta, self.c, self.every = Fraction(get("delta", 0.05)), get("c", 0.0), get("every", 1)
        alpha = get("alpha")
        alpha = min(1.0, math.sqrt(self.K * math.log(self.T) / self.T)) if alpha is None else alpha
        self.period = max(self.K, math.floor(self.K / alpha)) if alpha > 0 else 2**62
        self.t = 0
        self.born, self.phase = [0] * self.K, [1] * self.K
        self.rewards: list[list[float]] = [[] for _ in range(self.K)]
        self.symbols: list[list[int]] = [[] for _ in range(self.K)]
        self.restart_times: list[int] = []
        self.trace: dict[str, list[Any]] = {"symbols": []}
        self.rng: Generator | None = None

    def act(self, rng: Generator) -> int:
        """The arm whose turn it is, or the best index."""
        self.rng = rng
        if self.t % self.period < self.K:
            return self.t % self.period
        return best(self.kind, self.c, self.rewards, [self.t - born for born in self.born])

    def observe(self, arm: int, reward: float) -> None:
        """Feed the detector; restart on an alarm."""
        self.t += 1
        assert self.rng is not None
        symbol = int(reward) if reward in (0, 1) else int(self.rng.random() < reward)
        self.rewards[arm].append(reward)
        self.symbols[arm].append(symbol)
        self.trace["symbols"].append(symbol)
        j = self.phase[arm]
        level = self.delta / (self.K * j * (j + 1))
        if len(self.symbols[arm]) % self.every or not restart_needed(self.symbols[arm], self.rule, level, self.T):
            return
        self.restart_times.append(self.t)
        for i in [arm] if self.local else range(self.K):
            self.rewards[i], self.symbols[i] = [], []
            self.born[i], self.phase[i] = self.t, self.phase[i] + 1
