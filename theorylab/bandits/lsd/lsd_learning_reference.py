"""ISI-CombUCB1, CombUCB1 and explore-then-commit line by line, in plain Python; for tests."""

from __future__ import annotations

import itertools
import math

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo

__all__ = ["ExploreCommit", "ISICombUCB1", "karp_rate", "pattern_rate"]

SAME = 1e-11


class ISICombUCB1:
    """[laforgue2022last]: super-arms of d + 1 rounds, the first pull of an arm worth 0 and not observed."""

    def __init__(self, info: AgentInfo) -> None:
        self.n_arms, self.isi = info.n_arms, bool(info.keywords.get("isi", True))
        self.length = int(info.keywords["d"]) + int(self.isi)
        self.states = info.keywords["d"] if self.isi else info.keywords["states"]
        self.rewards: dict[tuple[int, int], list[float]] = {}
        self.history: list[int] = []
        self.block: list[int] = []

    def pair(self, past: list[int], arm: int) -> tuple[int, int] | None:
        """(arm, rounds since its last play) after these plays; None for what does not count."""
        if arm in past:
            return arm, min(past[::-1].index(arm) + 1, self.states)
        return None if self.isi else (arm, min(len(past) + 1, self.states))

    def index(self, pair: tuple[int, int] | None) -> float:
        """Mean plus radius; 0 for what does not count."""
        if pair is None:
            return 0.0
        seen = self.rewards.get(pair, [])
        if not seen:
            return 1000.0
        return sum(seen) / len(seen) + math.sqrt(1.5 * math.log(max(1, len(self.history))) / len(seen))

    def choose(self) -> list[int]:
        """The first best block of all."""
        before = [] if self.isi else self.history
        best, record = [], -1.0
        for block in itertools.product(range(self.n_arms), repeat=self.length):
            value = 0.0
            for j, arm in enumerate(block):
                value += self.index(self.pair([*before, *block[:j]], arm))
            if value > record + SAME:
                best, record = list(block), value
        return best

    def act(self, rng: Generator) -> int:
        """The next arm of the block."""
        if len(self.history) % self.length == 0:
            self.block = self.choose()
        return self.block[len(self.history) % self.length]

    def observe(self, arm: int, reward: float) -> None:
        """Count the reward of every pull but the first in its block."""
        begun = len(self.history) % self.length
        past = self.history[len(self.history) - begun :] if self.isi else self.history
        pair = self.pair(past, arm)
        if pair is not None:
            self.rewards.setdefault(pair, []).append(reward)
        self.history.append(arm)


class ExploreCommit:
    """Sample every state n times, then repeat a best cycle: here the first best one in order of length and arms."""

    def __init__(self, info: AgentInfo) -> None:
        self.K, self.c, self.n = info.n_arms, info.keywords["states"], info.keywords["n"]
        self.history: list[int] = []
        self.samples: dict[tuple[int, int], list[float]] = {(i, s): [] for i in range(self.K) for s in range(self.c)}
        self.turn = [(i, tau) for i in range(self.K) for tau in range(1, self.c + 1) for _ in range(self.n)]
        self.anchored: set[int] = set()
        self.waited = 0
        self.cycle: list[int] = []

    def act(self, rng: Generator) -> int:
        """Wait tau - 1 rounds, play the arm; in the end the cycle."""
        if not self.turn:
            self.cycle = self.cycle or best_pattern(self.estimates())
            self.waited += 1
            return self.cycle[(self.waited - 1) % len(self.cycle)]
        arm, tau = self.turn[0]
        if arm not in self.anchored or self.waited == tau - 1:
            return arm
        return (arm + 1) % self.K

    def observe(self, arm: int, reward: float) -> None:
        """Keep the sample that the waiting was for."""
        if not self.turn:
            return
        target, tau = self.turn[0]
        if target not in self.anchored:
            self.anchored.add(target)
        elif self.waited == tau - 1:
            self.samples[target, tau - 1].append(reward)
            self.turn.pop(0)
            self.waited = 0
        else:
            self.waited += 1

    def estimates(self) -> list[list[float]]:
        """(K, c) means of the samples."""
        return [[sum(self.samples[i, s]) / self.n for s in range(self.c)] for i in range(self.K)]


def pattern_rate(idle: list[list[float]], pattern: list[int]) -> float:
    """Mean reward a round of repeating the pattern: in its third repetition every state is typical, or at the end."""
    width = len(idle[0])
    repeats = 2 + width // len(pattern)
    plays = pattern * (repeats + 1)
    total = 0.0
    for t in range(repeats * len(pattern), len(plays)):
        arm = plays[t]
        gap = next(g for g in range(1, t + 1) if plays[t - g] == arm)
        total += idle[arm][min(gap, width) - 1]
    return total / len(pattern)


def best_pattern(idle: list[list[float]], longest: int = 6) -> list[int]:
    """The best pattern of at most ``longest`` arms, by trying all."""
    found, record = [0], -1.0
    for length in range(1, longest + 1):
        for pattern in itertools.product(range(len(idle)), repeat=length):
            rate = pattern_rate(idle, list(pattern))
            if rate > record + 1e-12:
                found, record = list(pattern), rate
    return found


def karp_rate(idle: list[list[float]]) -> float:
    """The maximum cycle mean by Karp's formula over all states (tau_1, ..., tau_K): no search, no potential."""
    K, width = len(idle), len(idle[0])
    states = list(itertools.product(range(width), repeat=K))
    number = {state: k for k, state in enumerate(states)}
    edges = []
    for state in states:
        for arm in range(K):
            then = tuple(0 if i == arm else min(s + 1, width - 1) for i, s in enumerate(state))
            edges.append((number[state], number[then], idle[arm][state[arm]]))
    V = len(states)
    best = [[-math.inf] * V for _ in range(V + 1)]
    best[0] = [0.0] * V
    for k in range(V):
        for u, v, r in edges:
            best[k + 1][v] = max(best[k + 1][v], best[k][u] + r)
    return max(min((best[V][v] - best[k][v]) / (V - k) for k in range(V)) for v in range(V) if best[V][v] > -math.inf)
