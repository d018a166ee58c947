"""Sliding-window and discounted UCB line by line, in plain Python, recomputed from the history; for tests."""

from __future__ import annotations

import math

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo
from theorylab.bandits.online import TIE

__all__ = ["DiscountedUCB", "SlidingWindowUCB"]


def bernoulli_divergence(p: float, q: float) -> float:
    """kl(p, q) with 0 ln 0 = 0."""
    first = p * math.log(p / q) if p > 0 else 0.0
    return first + ((1 - p) * math.log((1 - p) / (1 - q)) if p < 1 else 0.0)


def upper_limit(mean: float, level: float) -> float:
    """The largest q with kl(mean, q) <= level, by bisection."""
    if mean >= 1:
        return 1.0
    low, high = mean, 1.0
    for _ in range(80):
        middle = (low + high) / 2
        if middle < 1 and bernoulli_divergence(mean, middle) <= level:
            low = middle
        else:
            high = middle
    return low


class _Forgetting:
    """The common part: plays and rewards so far, and weights of past rounds."""

    def __init__(self, info: AgentInfo) -> None:
        self.info = info
        self.index = info.keywords.get("index", "ucb")
        self.xi = info.keywords.get("xi", 0.6)
        self.changes = info.keywords.get("changes") or 1
        self.history: list[tuple[int, float]] = []

    def weights(self) -> list[float]:
        """The weight of each past round."""
        raise NotImplementedError

    def level(self, plays: list[float]) -> float:
        """The logarithm of the index."""
        raise NotImplementedError

    padding = 1.0

    def act(self, rng: Generator) -> int:
        """The arm with the largest index, the lowest one of several."""
        plays, sums = [0.0] * self.info.n_arms, [0.0] * self.info.n_arms
        for weight, (arm, reward) in zip(self.weights(), self.history, strict=True):
            plays[arm] += weight
            sums[arm] += weight * reward
        for arm, n in enumerate(plays):
            if n < 1e-9:
                return arm
        level = self.level(plays)
        values = []
        for s, n in zip(sums, plays, strict=True):
            mean = min(1.0, max(0.0, s / n))
            if self.index == "kl":
                values.append(upper_limit(mean, level / n))
            else:
                values.append(mean + self.padding * math.sqrt(self.xi * level / n))
        return next(arm for arm, value in enumerate(values) if value >= max(values) - TIE)

    def observe(self, arm: int, reward: float) -> None:
        """Remember the round."""
        self.history.append((arm, reward))


class SlidingWindowUCB(_Forgetting):
    """[garivier2011upper, SW-UCB]: X_t(tau, i) + B sqrt(xi log(t ^ tau) / N_t(tau, i)), B = 1."""

    def window(self) -> int:
        """The window, or the tuned one."""
        horizon = self.info.horizon
        tuned = math.ceil(2 * math.sqrt(horizon * math.log(max(2, horizon)) / self.changes))
        return int(self.info.keywords.get("window") or min(horizon, tuned))

    def weights(self) -> list[float]:
        """One for the last tau rounds."""
        t = len(self.history)
        return [1.0 if s >= t - self.window() else 0.0 for s in range(t)]

    def level(self, plays: list[float]) -> float:
        """log(min(t, tau))."""
        return math.log(max(1, min(len(self.history), self.window())))


class DiscountedUCB(_Forgetting):
    """[garivier2011upper, D-UCB]: X_t(gamma, i) + 2 B sqrt(xi log n_t(gamma) / N_t(gamma, i)), B = 1."""

    padding = 2.0

    def weights(self) -> list[float]:
        """The discount to the age of the round."""
        gamma = self.info.keywords.get("discount")
        gamma = 1 - math.sqrt(self.changes / self.info.horizon) / 4 if gamma is None else gamma
        t = len(self.history)
        return [gamma ** (t - 1 - s) for s in range(t)]

    def level(self, plays: list[float]) -> float:
        """The logarithm of the discounted number of rounds."""
        return max(0.0, math.log(sum(plays)))
