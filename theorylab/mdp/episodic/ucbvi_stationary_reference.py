r"""UCBVI with one kernel for all steps, slowly: plain Python, the whole history counted anew before each episode.

Steps are those of the literature, h = 1..H.  Nothing is shared with the kernel.
"""

from __future__ import annotations

import math
from typing import Any

from numpy.random import Generator

from theorylab.mdp.episodic.agents import AgentInfo, agent_algorithm

__all__ = ["StationaryAgent", "reference_ucbvi_stationary"]

TIED = 1e-11


class StationaryAgent:
    """UCBVI-CH ("hoeffding") or UCBVI-BF ("bernstein")."""

    kind = "greedy"

    def __init__(self, info: AgentInfo) -> None:
        self.S, self.A, self.H = info.n_states, info.n_actions, info.horizon
        self.r = info.rewards.tolist()
        self.bonus_name = str(info.keywords.get("bonus", "hoeffding"))
        self.scale = float(info.keywords.get("scale", 1.0))
        delta = float(info.keywords.get("delta", 0.05))
        steps = info.episodes * info.horizon
        self.L = math.log(5 * self.S * self.A * steps / delta)
        self.history: list[tuple[int, int, int, int]] = []  # (h, s, a, next state)
        # Q of the plan before: at first the steps that remain
        self.Q = [[[float(self.H - h + 1)] * self.A for _ in range(self.S)] for h in range(1, self.H + 1)]
        self.trace: dict[str, list[Any]] = {"greedy": [], "optimistic": [], "scores": []}

    def observe(self, step: int, state: int, action: int, reward: float, next_state: int) -> None:
        """What a step showed."""
        self.history.append((step + 1, state, action, next_state))

    def bonus(self, n: int, p: list[float], V: list[float], arrivals: list[int]) -> float:
        """B of the paper for a pair with n visits, frequencies p, next values V and visits of the next states."""
        H, S, A, L = self.H, self.S, self.A, self.L
        if self.bonus_name == "hoeffding":
            return 7 * H * L / math.sqrt(n)
        mean = sum(q * v for q, v in zip(p, V, strict=True))
        variance = sum(q * (v - mean) ** 2 for q, v in zip(p, V, strict=True))
        tail = 0.0
        for q, met in zip(p, arrivals, strict=True):
            unsure = H**2 if met == 0 else min(100**2 * H**3 * S**2 * A * L**2 / met, H**2)
            tail += q * unsure
        return math.sqrt(8 * L * variance / n) + 14 * H * L / (3 * n) + math.sqrt(8 * tail / n)

    def policy(self, rng: Generator) -> Any:
        """Value iteration from the last step back, with the minimum over all plans so far."""
        after: dict[tuple[int, int], list[int]] = {}
        reached = [[0] * self.S for _ in range(self.H + 2)]  # N'_h(y), h = 2..H+1
        for h, s, a, y in self.history:
            after.setdefault((s, a), []).append(y)
            reached[h + 1][y] += 1
        V = [0.0] * self.S
        greedy: list[list[int]] = []
        values: list[list[float]] = []
        for h in range(self.H, 0, -1):
            for (s, a), seen in after.items():
                n = len(seen)
                p = [seen.count(y) / n for y in range(self.S)]
                target = self.r[h - 1][s][a] + sum(q * v for q, v in zip(p, V, strict=True))
                extra = self.scale * self.bonus(n, p, V, reached[h + 1])
                self.Q[h - 1][s][a] = min(self.Q[h - 1][s][a], target + extra)
            rows = self.Q[h - 1]
            V = [max(row) for row in rows]
            greedy.insert(0, [next(a for a in range(self.A) if row[a] >= max(row) - TIED) for row in rows])
            values.insert(0, V)
        self.trace["greedy"].append(greedy)
        self.trace["optimistic"].append(values)
        self.trace["scores"].append([[q for row in step for q in row] for step in self.Q])
        return greedy


reference_ucbvi_stationary = agent_algorithm(StationaryAgent, name="reference_ucbvi_stationary")
