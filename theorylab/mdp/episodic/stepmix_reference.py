r"""StepMix and the constraint-free learner, slowly: plain Python, everything recomputed each time.

Steps are those of the literature, h = 1..H.  All histories are kept; visits and transition frequencies are counted anew
from them before each episode.  Nothing is shared with the kernels.
"""

from __future__ import annotations

import math
from typing import Any

from numpy.random import Generator

from theorylab.mdp.episodic.agents import AgentInfo, agent_algorithm

__all__ = ["OptimisticAgent", "StepMixAgent", "reference_stepmix", "reference_ucbvi"]

TIED = 1e-11


class OptimisticAgent:
    """Counts, brackets, the optimistic greedy policy; plays it always."""

    def __init__(self, info: AgentInfo) -> None:
        self.S, self.A, self.H = info.n_states, info.n_actions, info.horizon
        self.r: list[list[list[float]]] = info.rewards.tolist()
        self.start: list[float] = info.start.tolist()
        self.delta = float(info.keywords.get("delta", 0.05))
        self.scale: float = float(info.keywords.get("scale", 1.0))
        self.name = info.keywords.get("bonus", "l1")
        self.seen: dict[tuple[int, int, int], list[int]] = {}  # (h, s, a) -> next states
        self.kind = "greedy"
        self.trace: dict[str, list[Any]] = {"greedy": [], "greedy_bounds": [], "certificates": [], "weights": []}

    def observe(self, step: int, state: int, action: int, reward: float, next_state: int) -> None:
        """Keep what the step showed."""
        self.seen.setdefault((step + 1, state, action), []).append(next_state)

    def bonus(self, h: int, s: int, a: int) -> float:
        """B of (h, s, a)."""
        n = len(self.seen.get((h, s, a), []))
        if n == 0:
            return self.scale * (self.H - h)
        beta = math.log(self.S * self.A * self.H / self.delta)
        if self.S > 1:
            beta += (self.S - 1) * math.log(math.e * (1 + n / (self.S - 1)))
        return self.scale * 0.5 * (self.H - h) * min(2.0, math.sqrt(2 * beta / n))

    def expectation(self, h: int, s: int, a: int, V: list[float]) -> float:
        """The mean of V over the next states that were seen."""
        after = self.seen.get((h, s, a), [])
        if not after:
            return sum(V) / self.S
        return sum(V[y] for y in after) / len(after)

    def upper(self, h: int, s: int, a: int, V: list[float]) -> float:
        """Optimistic value of an action."""
        return min(float(self.H - h + 1), self.r[h - 1][s][a] + self.bonus(h, s, a) + self.expectation(h, s, a, V))

    def lower(self, h: int, s: int, a: int, V: list[float]) -> float:
        """Pessimistic value of an action."""
        return max(0.0, self.r[h - 1][s][a] - self.bonus(h, s, a) + self.expectation(h, s, a, V))

    def both(self, h: int, s: int, a: int, V: list[float], U: list[float]) -> tuple[float, float]:
        """Optimistic and pessimistic value of an action, from those of the next step, V and U."""
        if self.name == "l1":
            return self.upper(h, s, a, V), self.lower(h, s, a, U)
        n = len(self.seen.get((h, s, a), []))
        if n == 0:
            return float(self.H - h + 1), 0.0
        mean = self.expectation(h, s, a, V)
        variance = self.expectation(h, s, a, [(v - mean) ** 2 for v in V])
        union = math.log(3 * self.S * self.A * self.H / self.delta)
        beta_star = union + math.log(8 * math.e * (n + 1))
        beta = union + self.S * math.log(8 * math.e * (n + 1))
        extra = self.scale * (3 * math.sqrt(variance * beta_star / n) + 14 * self.H**2 * beta / n)
        extra += self.expectation(h, s, a, [v - u for v, u in zip(V, U, strict=True)]) / self.H
        reward = self.r[h - 1][s][a]
        high = min(float(self.H - h + 1), reward + extra + mean)
        return high, max(0.0, reward - extra + self.expectation(h, s, a, U))

    def optimistic_policy(self) -> list[list[int]]:
        """The greedy policy of the optimistic values."""
        V, U = [0.0] * self.S, [0.0] * self.S
        policy: list[list[int]] = []
        for h in range(self.H, 0, -1):
            Q = [[self.both(h, s, a, V, U) for a in range(self.A)] for s in range(self.S)]
            V = [max(q[0] for q in row) for row in Q]
            policy.insert(0, [next(a for a in range(self.A) if Q[s][a][0] >= V[s] - TIED) for s in range(self.S)])
            U = [Q[s][policy[0][s]][1] for s in range(self.S)]
        return policy

    def lcb(self, laws: list[list[list[float]]]) -> float:
        """Pessimistic value of the laws of all steps."""
        V, U = [0.0] * self.S, [0.0] * self.S
        for h in range(self.H, 0, -1):
            Q = [[(p, *self.both(h, s, a, V, U)) for a, p in enumerate(laws[h - 1][s]) if p > 0] for s in range(self.S)]
            V = [sum(p * high for p, high, _ in row) for row in Q]
            U = [sum(p * low for p, _, low in row) for row in Q]
        return sum(p * u for p, u in zip(self.start, U, strict=True))

    def sure(self, actions: list[int]) -> list[list[float]]:
        """Laws that put all on one action."""
        return [[float(a == action) for a in range(self.A)] for action in actions]

    def policy(self, rng: Generator) -> Any:
        """The policy of the next episode."""
        greedy = self.optimistic_policy()
        return self.said(greedy, [self.sure(row) for row in greedy], None, 0.0)

    def said(self, greedy: Any, laws: Any, certificate: float | None, weight: float) -> Any:
        """Keep what was decided; the laws themselves."""
        bound = self.lcb([self.sure(row) for row in greedy])
        self.trace["greedy"].append(greedy)
        self.trace["greedy_bounds"].append(bound)
        self.trace["certificates"].append(bound if certificate is None else certificate)
        self.trace["weights"].append(weight)
        return laws


class StepMixAgent(OptimisticAgent):
    """StepMix with its baseline first."""

    def __init__(self, info: AgentInfo) -> None:
        super().__init__(info)
        given = info.keywords["baseline"]
        self.base = [[list(map(float, row)) for row in step] for step in given]
        self.gamma = float(info.keywords["threshold"])
        self.value = info.keywords.get("baseline_value")

    def policy(self, rng: Generator) -> Any:
        """The policy of the next episode."""
        greedy = self.optimistic_policy()
        bar = [self.sure(row) for row in greedy]
        bounds = []
        for h0 in range(self.H + 1):
            bound = self.lcb([self.base[h - 1] if h <= h0 else bar[h - 1] for h in range(1, self.H + 1)])
            if h0 == self.H and self.value is not None:
                bound = float(self.value)
            bounds.append(bound)
            if bound >= self.gamma:
                break
        h0 = len(bounds) - 1
        if bounds[0] >= self.gamma:
            self.kind = "greedy"
            return self.said(greedy, bar, None, 0.0)
        if bounds[-1] < self.gamma:
            self.kind = "baseline"
            return self.said(greedy, self.base, bounds[-1], 0.0)
        self.kind = "mixture"
        rho = (bounds[h0] - self.gamma) / (bounds[h0] - bounds[h0 - 1])
        laws: list[Any] = []
        for h in range(1, self.H + 1):
            if h < h0:
                laws.append(self.base[h - 1])
            elif h == h0:
                pairs = zip(bar[h - 1], self.base[h - 1], strict=True)
                laws.append([[rho * g + (1 - rho) * b for g, b in zip(x, y, strict=True)] for x, y in pairs])
            else:
                laws.append(bar[h - 1])
        return self.said(greedy, laws, (1 - rho) * bounds[h0] + rho * bounds[h0 - 1], rho)


reference_ucbvi = agent_algorithm(OptimisticAgent, name="reference_ucbvi")
reference_stepmix = agent_algorithm(StepMixAgent, name="reference_stepmix")
