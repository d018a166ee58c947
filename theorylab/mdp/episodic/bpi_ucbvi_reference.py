r"""Best-policy identification, slowly: plain Python, from the definitions, everything recomputed before each episode.

Steps are those of the literature, h = 1..H.  All transitions are kept and counted anew.  Nothing is shared with the
kernels.  The agents never stop; :func:`reference_search` finds the episode at which they would have.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from numpy.random import Generator

from theorylab.core.rng import RNGLike
from theorylab.mdp.episodic.agents import AgentInfo, agent_algorithm
from theorylab.mdp.episodic.model import EpisodicMDP

__all__ = ["BracketAgent", "FastAgent", "ReferenceSearch", "reference_search"]

TIED = 1e-11
PLANS = ("greedy", "upper_values", "lower_values", "widths", "certificates")  # one more than episodes
Table = list[list[float]]


class FastAgent:
    """BPI-UCBVI: Bernstein bonuses, the recursion G for the gap."""

    kind = "greedy"

    def __init__(self, info: AgentInfo) -> None:
        self.S, self.A, self.H = info.n_states, info.n_actions, info.horizon
        self.r, self.start = info.rewards.tolist(), info.start.tolist()
        self.delta = float(info.keywords.get("delta", 0.05))
        self.scale = float(info.keywords.get("scale", 1.0))
        self.after: dict[tuple[int, int, int], list[int]] = {}  # (h, s, a) -> next states
        self.trace: dict[str, list[Any]] = {name: [] for name in PLANS}

    def observe(self, step: int, state: int, action: int, reward: float, next_state: int) -> None:
        """What a step showed."""
        self.after.setdefault((step + 1, state, action), []).append(next_state)

    def frequencies(self, h: int, s: int, a: int) -> tuple[int, list[float]]:
        """Visits and empirical transitions."""
        seen = self.after.get((h, s, a), [])
        return len(seen), [seen.count(y) / len(seen) for y in range(self.S)] if seen else []

    def plan(self) -> tuple[list[list[int]], list[Table]]:
        """The greedy policy and the tables of V upper, V lower and G, all for h = 1..H."""
        union = math.log(3 * self.S * self.A * self.H / self.delta)
        upper: Table = [[0.0] * self.S]
        lower: Table = [[0.0] * self.S]
        width: Table = [[0.0] * self.S]
        policy: list[list[int]] = []
        for h in range(self.H, 0, -1):
            rows = [[self.one(h, s, a, union, upper[0], lower[0], width[0]) for a in range(self.A)]
                    for s in range(self.S)]  # fmt: skip
            chosen = []
            for row in rows:
                best = max(q for q, _, _ in row)
                chosen.append(next(a for a in range(self.A) if row[a][0] >= best - TIED))
            policy.insert(0, chosen)
            upper.insert(0, [max(q for q, _, _ in row) for row in rows])
            lower.insert(0, [max(q for _, q, _ in row) for row in rows])
            width.insert(0, [row[a][2] for row, a in zip(rows, chosen, strict=True)])
        return policy, [upper[:-1], lower[:-1], width[:-1]]

    def one(
        self, h: int, s: int, a: int, union: float, V: list[float], U: list[float], G: list[float]
    ) -> tuple[float, float, float]:
        """Q upper, Q lower and G of one (h, s, a)."""
        n, p = self.frequencies(h, s, a)
        H = self.H
        if n == 0:
            return float(H), 0.0, float(H)
        beta = self.scale * (union + self.S * math.log(8 * math.e * (n + 1)))
        beta_star = self.scale * (union + math.log(8 * math.e * (n + 1)))
        mean = sum(q * v for q, v in zip(p, V, strict=True))
        variance = sum(q * (v - mean) ** 2 for q, v in zip(p, V, strict=True))
        difference = sum(q * (v - u) for q, v, u in zip(p, V, U, strict=True))
        bonus = 3 * math.sqrt(variance * beta_star / n) + 14 * H**2 * beta / n + difference / H
        r = self.r[h - 1][s][a]
        high = min(float(H), r + bonus + mean)
        low = max(0.0, r - bonus + sum(q * u for q, u in zip(p, U, strict=True)))
        later = sum(q * g for q, g in zip(p, G, strict=True))
        gap = min(float(H), 6 * math.sqrt(variance * beta_star / n) + 36 * H**2 * beta / n + (1 + 3 / H) * later)
        return high, low, gap

    def policy(self, rng: Generator) -> Any:
        """The greedy policy."""
        policy, (upper, lower, width) = self.plan()
        certificate = sum(p * g for p, g in zip(self.start, width[0], strict=True))
        said = (policy, upper, lower, width, certificate)
        for column, value in zip(self.trace.values(), said, strict=True):
            column.append(value)
        return policy


class BracketAgent(FastAgent):
    """BPI-UCRL with L1 brackets: the width is that of the greedy policy's bracket."""

    def plan(self) -> tuple[list[list[int]], list[Table]]:
        """The greedy policy and the tables of V upper, its V lower and their difference."""
        upper: Table = [[0.0] * self.S]
        lower: Table = [[0.0] * self.S]
        policy: list[list[int]] = []
        for h in range(self.H, 0, -1):
            above = [[self.side(h, s, a, 1, upper[0]) for a in range(self.A)] for s in range(self.S)]
            chosen = [next(a for a in range(self.A) if row[a] >= max(row) - TIED) for row in above]
            policy.insert(0, chosen)
            lower.insert(0, [self.side(h, s, a, -1, lower[0]) for s, a in enumerate(chosen)])
            upper.insert(0, [max(row) for row in above])
        width = [[u - v for u, v in zip(x, y, strict=True)] for x, y in zip(upper, lower, strict=True)]
        return policy, [upper[:-1], lower[:-1], width[:-1]]

    def side(self, h: int, s: int, a: int, sign: int, V: list[float]) -> float:
        """Q upper (sign 1) or Q lower (sign -1)."""
        n, p = self.frequencies(h, s, a)
        p = p or [1 / self.S] * self.S
        radius = 2.0
        if n:
            beta = math.log(self.S * self.A * self.H / self.delta)
            if self.S > 1:
                beta += (self.S - 1) * math.log(math.e * (1 + n / (self.S - 1)))
            radius = min(2.0, math.sqrt(2 * beta / n))
        q: float = self.r[h - 1][s][a] + sign * self.scale * 0.5 * (self.H - h) * radius
        q += sum(x * v for x, v in zip(p, V, strict=True))
        return min(float(self.H - h + 1), q) if sign > 0 else max(0.0, q)


AGENTS = {"bpi_ucbvi": FastAgent, "bpi_ucrl": BracketAgent}


@dataclass(frozen=True)
class ReferenceSearch:
    """What the slow search found, and its whole history up to the stop."""

    stopped: bool
    stopping_time: int
    policy: list[list[int]]
    history: dict[str, list[Any]]


def reference_search(
    algorithm: str, mdp: EpisodicMDP, episodes: int, *, epsilon: float, rng: RNGLike = None, **keywords: Any
) -> ReferenceSearch:
    """The slow ``bpi_ucbvi`` or ``bpi_ucrl``: cut where the certificate is good enough."""
    run = agent_algorithm(AGENTS[algorithm])(mdp, episodes + 1, rng=rng, trace=True, **keywords)
    assert run.trace is not None
    kept = {name: column.tolist() for name, column in run.trace.items()}
    enough = [k for k, value in enumerate(kept["certificates"]) if value <= epsilon]
    played = enough[0] if enough else episodes
    cut = {name: column[: played + (1 if name in PLANS else 0)] for name, column in kept.items()}
    return ReferenceSearch(bool(enough), played, kept["greedy"][played], cut)
