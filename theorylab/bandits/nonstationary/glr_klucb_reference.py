"""GLR-klUCB and the oracle line by line, in plain Python; for tests."""

from __future__ import annotations

import math
from typing import Any

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo
from theorylab.bandits.online import TIE
from theorylab.detection.glr_reference import bernoulli_kl, brute_force_fires

__all__ = ["GLRKLUCB", "OracleRestart"]


def upper_limit(kind: str, mean: float, level: float) -> float:
    """sup{q : kl(mean, q) <= level}, by bisection, or the Hoeffding limit."""
    if kind == "ucb":
        return mean + math.sqrt(level / 2)
    if mean == 1:
        return 1.0
    low, high = mean, 1.0
    for _ in range(100):
        middle = (low + high) / 2
        if middle < 1 and bernoulli_kl(mean, middle) <= level:
            low = middle
        else:
            high = middle
    return low


def best(kind: str, c: float, rewards: list[list[float]], elapsed: list[int]) -> int:
    """The arm with the largest index, the lowest of equals."""
    values = []
    for seen, time in zip(rewards, elapsed, strict=True):
        if not seen:
            values.append(1.0 if kind == "kl" else math.inf)
            continue
        f = math.log(time) + (c * math.log(math.log(time)) if time > 2 else 0)
        values.append(upper_limit(kind, sum(seen) / len(seen), f / len(seen)))
    return next(arm for arm, value in enumerate(values) if value >= max(values) - TIE)


class GLRKLUCB:
    """[besson2022efficient, Algorithm 1], rounds numbered from 1."""

    def __init__(self, info: AgentInfo) -> None:
        get, self.K, T = info.keywords.get, info.n_arms, info.horizon
        self.local, self.kind = get("scope", "global") == "local", get("index", "kl")
        self.rule, self.c = get("threshold", "ville"), get("c", 0.0)
        delta, alpha = get("delta"), get("alpha")
        self.delta = min(0.5, T**-0.5) if delta is None else delta
        self.alpha = min(1.0, math.sqrt(self.K * math.log(T) / T)) if alpha is None else alpha
        self.every, self.spacing = get("every", 1), get("spacing", 1)
        self.t, self.k = 0, 1  # the round, the episode
        self.tau = [0] * self.K
        self.rewards: list[list[float]] = [[] for _ in range(self.K)]
        self.restart_times: list[int] = []
        self.trace: dict[str, list[Any]] = {"periods": []}

    def act(self, rng: Generator) -> int:
        """The arm whose turn it is, or the best index."""
        self.t += 1
        rate = self.alpha * math.sqrt(self.k)
        period = max(self.K, math.floor(self.K / rate)) if rate > 0 else 2**62
        self.trace["periods"].append(period)
        turn = (self.t - 1) % period + 1
        if turn <= self.K:
            return turn - 1
        return best(self.kind, self.c, self.rewards, [self.t - 1 - tau for tau in self.tau])

    def observe(self, arm: int, reward: float) -> None:
        """Test the arm that was played."""
        self.rewards[arm].append(reward)
        seen = self.rewards[arm]
        if len(seen) < 2 or (self.t - self.tau[arm]) % self.every != 0:
            return
        if brute_force_fires(seen, self.rule, self.delta, self.spacing) == 0:
            return
        self.restart_times.append(self.t)
        self.k += 1
        for i in range(self.K) if not self.local else [arm]:
            self.rewards[i], self.tau[i] = [], self.t


class OracleRestart:
    """The index policy that forgets everything at the change points."""

    def __init__(self, info: AgentInfo) -> None:
        self.K, self.kind, self.c = info.n_arms, info.keywords.get("index", "kl"), info.keywords.get("c", 0.0)
        self.changes = [int(change) for change in info.keywords.get("change_points", ())]
        self.history: list[tuple[int, float]] = []
        self.restart_times = [change for change in self.changes if change < info.horizon]

    def act(self, rng: Generator) -> int:
        """The best index of the current piece."""
        t = len(self.history)
        start = max([0, *(change for change in self.changes if change <= t)])
        rewards = [[reward for arm, reward in self.history[start:] if arm == i] for i in range(self.K)]
        return best(self.kind, self.c, rewards, [t - start] * self.K)

    def observe(self, arm: int, reward: float) -> None:
        """Remember."""
        self.history.append((arm, reward))
