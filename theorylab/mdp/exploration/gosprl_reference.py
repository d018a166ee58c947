"""GOSPRL line by line in plain Python, for tests only.   [tarbouriech2021provably, Algorithm 1]

Lists, ``math`` and the whole history, from which everything is counted again at each plan.  The inner minimum is
written as a transport of mass, not as a sorted maximum of -u; nothing is shared with the kernel.
"""

from __future__ import annotations

import math
from typing import Any

__all__ = ["GOSPRL", "reference_inner_minimum", "reference_shortest_path"]

TIE = 1e-11


class GOSPRL:
    """The agent; keywords delta, scale and accuracy as in the kernel."""

    def __init__(self, info: Any) -> None:
        self.S, self.A = info.n_states, info.n_actions
        self.b = info.requirements
        self.delta = info.keywords.get("delta", 0.05)
        self.scale = info.keywords.get("scale", 1.0)
        self.accuracy = info.keywords.get("accuracy", 0.01)
        self.history: list[tuple[int, int, int]] = []
        self.plans: list[int] = []
        self.sweeps: list[int] = []
        self.goals_of_plan: set[int] = set()
        self.at_plan = 0  # steps taken when the plan was made
        self.policy: list[int] = []

    def count(self, s: int, a: int, until: int | None = None) -> int:
        """N(s, a) after the first ``until`` steps."""
        return sum(1 for x, y, _ in self.history[:until] if (x, y) == (s, a))

    def goals(self) -> set[int]:
        """The states with an under-sampled action."""
        return {s for s in range(self.S) if any(self.count(s, a) < self.b[s][a] for a in range(self.A))}

    def act(self, state: int, rng: Any) -> int:
        """An under-sampled action where there is one, else a step on the optimistic shortest path."""
        for a in range(self.A):
            if self.count(state, a) < self.b[state][a]:
                return a
        if not self.plans or self.goals() != self.goals_of_plan or self.has_doubled():
            self.plan()
        return self.policy[state]

    def has_doubled(self) -> bool:
        """Whether some pair was played since the plan as often as before it."""
        for s in range(self.S):
            for a in range(self.A):
                before = self.count(s, a, self.at_plan)
                if self.count(s, a) - before >= max(1, before):
                    return True
        return False

    def estimates(self) -> tuple[list[list[list[float]]], list[list[float]]]:
        """Empirical transitions and radii from the whole history."""
        S, A = self.S, self.A
        p_hat = [[[1.0 / S] * S for _ in range(A)] for _ in range(S)]
        radius = [[2.0] * A for _ in range(S)]
        for s in range(S):
            for a in range(A):
                n = self.count(s, a)
                if n:
                    p_hat[s][a] = [sum(1 for x in self.history if x == (s, a, j)) / n for j in range(S)]
                    beta = math.log(S * A / self.delta)
                    if S > 1:
                        beta += (S - 1) * (1.0 + math.log(1.0 + n / (S - 1)))
                    radius[s][a] = min(2.0, self.scale * math.sqrt(2.0 * beta / n))
        return p_hat, radius

    def plan(self) -> None:
        """Confidence balls, extended value iteration towards the goals of the moment."""
        self.goals_of_plan = self.goals()
        p_hat, radius = self.estimates()
        self.policy, _, sweeps = reference_shortest_path(p_hat, radius, self.goals_of_plan, self.accuracy)
        self.at_plan = len(self.history)
        self.plans.append(len(self.history) + 1)
        self.sweeps.append(sweeps)

    def observe(self, state: int, action: int, next_state: int) -> None:
        """Remember the step."""
        self.history.append((state, action, next_state))


def reference_inner_minimum(p_hat: list[float], radius: float, u: list[float]) -> float:
    """The least p . u over {p : |p - p_hat|_1 <= radius}: move up to radius / 2 of mass from the worst states."""
    room = min(radius / 2.0, 1.0 - p_hat[u.index(min(u))])
    value = sum(p * x for p, x in zip(p_hat, u, strict=True))
    for j in sorted(range(len(u)), key=lambda j: -u[j]):
        moved = min(room, p_hat[j]) if u[j] > min(u) else 0.0
        value -= moved * (u[j] - min(u))
        room -= moved
    return value


def reference_shortest_path(
    p_hat: list[list[list[float]]], radius: list[list[float]], goals: set[int], accuracy: float
) -> tuple[list[int], list[float], int]:
    """The policy with respect to u_i, u_i itself and the number of sweeps."""
    S, A = len(p_hat), len(p_hat[0])
    u = [0.0] * S
    sweeps = 0
    while True:
        steps = [
            [1.0 + reference_inner_minimum(p_hat[s][a], radius[s][a], u) for a in range(A)]
            if s not in goals
            else [0.0] * A
            for s in range(S)
        ]
        following = [min(row) for row in steps]
        sweeps += 1
        if max(v - w for v, w in zip(following, u, strict=True)) <= accuracy:
            return [_first_least(row) for row in steps], u, sweeps
        u = following


def _first_least(row: list[float]) -> int:
    chosen = 0
    for a in range(1, len(row)):
        if row[a] < row[chosen] - TIE:
            chosen = a
    return chosen
