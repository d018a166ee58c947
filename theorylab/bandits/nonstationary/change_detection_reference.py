"""M-UCB and CUSUM-UCB line by line, in plain Python: everything recomputed from what was kept; for tests."""

from __future__ import annotations

import math

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo
from theorylab.bandits.nonstationary.sliding_window_ucb_reference import upper_limit
from theorylab.bandits.online import TIE

__all__ = ["MUCB", "CusumUCB"]


class _Restarting:
    """Rewards of each arm since its restart, and the index with f(u) = ln u."""

    def __init__(self, info: AgentInfo) -> None:
        self.info = info
        self.index = info.keywords.get("index", "ucb")
        self.changes = info.keywords.get("changes") or 1
        self.kept: list[list[float]] = [[] for _ in range(info.n_arms)]
        self.born = [0] * info.n_arms
        self.t = 0
        self.restart_times: list[int] = []

    def largest(self) -> int:
        """The arm with the largest index, the lowest of several."""
        values = []
        for seen, born in zip(self.kept, self.born, strict=True):
            if not seen:
                values.append(1.0 if self.index == "kl" else math.inf)
                continue
            mean, level = sum(seen) / len(seen), math.log(self.t - born) / len(seen)
            values.append(upper_limit(mean, level) if self.index == "kl" else mean + math.sqrt(level / 2))
        return next(arm for arm, value in enumerate(values) if value >= max(values) - TIE)

    def restart(self, arm: int) -> None:
        """Forget an arm."""
        self.kept[arm] = []
        self.born[arm] = self.t


class MUCB(_Restarting):
    """[cao2019nearly, Algorithms 1 and 2]."""

    def act(self, rng: Generator) -> int:
        """A = (t - tau) mod floor(K / gamma); arm A if there is one, else the largest index."""
        T, K, keywords = self.info.horizon, self.info.n_arms, self.info.keywords
        w = keywords.get("window", 200)
        b = keywords.get("threshold")
        self.b = math.sqrt(w / 2 * math.log(2 * K * T * T)) if b is None else b
        gamma = keywords.get("gamma")
        if gamma is None:
            gamma = min(1.0, math.sqrt(self.changes * K * (2 * self.b + 3 * math.sqrt(w)) / (2 * T)))
        turn = (self.t - max(self.born)) % math.floor(K / gamma) if gamma > 0 else K
        return turn if turn < K else self.largest()

    def observe(self, arm: int, reward: float) -> None:
        """Compare the halves of the last w rewards; restart all arms on an alarm."""
        w = self.info.keywords.get("window", 200)
        self.t += 1
        self.kept[arm].append(reward)
        last = self.kept[arm][-w:]
        if len(last) == w and abs(sum(last[w // 2 :]) - sum(last[: w // 2])) > self.b:
            self.restart_times.append(self.t)
            for each in range(self.info.n_arms):
                self.restart(each)


class CusumUCB(_Restarting):
    """[liu2018change, Algorithms 1 and 2]."""

    def __init__(self, info: AgentInfo) -> None:
        super().__init__(info)
        T, keywords = info.horizon, info.keywords
        given_alpha, given_h = keywords.get("alpha"), keywords.get("h")
        rate = math.sqrt(self.changes / T * math.log(T / self.changes))
        self.alpha = min(1.0, rate) if given_alpha is None else given_alpha
        self.h = max(math.log(T / self.changes), 1e-9) if given_h is None else given_h
        self.M, self.epsilon = keywords.get("M", 100), keywords.get("epsilon", 0.1)

    def act(self, rng: Generator) -> int:
        """With probability alpha any arm, else the largest index."""
        coin = rng.random()
        if coin < self.alpha:
            return min(int(self.info.n_arms * coin / self.alpha), self.info.n_arms - 1)
        return self.largest()

    def observe(self, arm: int, reward: float) -> None:
        """Both sums from the start; restart the arm when one reaches h."""
        self.t += 1
        self.kept[arm].append(reward)
        first, later = self.kept[arm][: self.M], self.kept[arm][self.M :]
        level, down, up = sum(first) / self.M, 0.0, 0.0
        for y in later:
            down = max(0.0, down + level - y - self.epsilon)
            up = max(0.0, up + y - level - self.epsilon)
        if max(down, up) >= self.h - TIE:
            self.restart_times.append(self.t)
            self.restart(arm)
