r"""Q-learning with upper confidence bounds, slowly: plain Python, from the unrolled form, everything from histories.

Steps are those of the literature, h = 1..H.  For each (h, s, a) the targets :math:`r + V_{h+1}^{k_i}(s')` of its visits
are kept; Q is their sum with the weights :math:`\alpha_t^i` ([jin2018qlearning], (4.3)), formed anew after each visit.
Nothing is shared with the kernel, which updates Q in place.
"""

from __future__ import annotations

import math
from typing import Any

from numpy.random import Generator

from theorylab.mdp.episodic.agents import AgentInfo, agent_algorithm

__all__ = ["QLearningAgent", "reference_q_learning_ucb"]

TIED = 1e-11


class QLearningAgent:
    """Targets of all visits, weights by their definition."""

    kind = "greedy"

    def __init__(self, info: AgentInfo) -> None:
        self.S, self.A, self.H = info.n_states, info.n_actions, info.horizon
        self.r = info.rewards.tolist()
        known = info.keywords
        self.factor = float(known.get("c", 2.0)) * float(known.get("scale", 1.0))
        delta = float(known.get("delta", 0.05))
        self.iota = math.log(2 * self.S * self.A * self.H * info.episodes / delta)
        self.targets: dict[tuple[int, int, int], list[float]] = {}
        self.fresh: dict[tuple[int, int, int], float] = {}  # Q by its definition, until the next visit
        self.V: list[list[float]] = []  # of the start of the episode, for h = 1..H + 1
        self.trace: dict[str, list[Any]] = {"greedy": [], "Q": [], "V": []}

    def weights(self, t: int) -> list[float]:
        """alpha_t^i for i = 1..t, from the last one back."""
        out, left = [], 1.0
        for i in range(t, 0, -1):
            alpha = (self.H + 1) / (self.H + i)
            out.append(alpha * left)
            left *= 1.0 - alpha
        return out[::-1]

    def q(self, h: int, s: int, a: int) -> float:
        """Q_h(s, a) after the visits so far."""
        seen = self.targets.get((h, s, a), [])
        if not seen:
            return float(self.H - h + 1)
        if (h, s, a) not in self.fresh:
            terms = []
            for i, (weight, target) in enumerate(zip(self.weights(len(seen)), seen, strict=True), start=1):
                terms.append(weight * (target + self.factor * math.sqrt(self.H * self.H * self.H * self.iota / i)))
            self.fresh[h, s, a] = math.fsum(terms)
        return self.fresh[h, s, a]

    def table(self) -> list[list[list[float]]]:
        """Q of every step, state and action."""
        return [[[self.q(h, s, a) for a in range(self.A)] for s in range(self.S)] for h in range(1, self.H + 1)]

    def cut(self, Q: list[list[list[float]]]) -> list[list[float]]:
        """V of the steps 1..H + 1."""
        return [[min(float(self.H - i), max(row)) for row in step] for i, step in enumerate(Q)] + [[0.0] * self.S]

    def policy(self, rng: Generator) -> Any:
        """Greedy in Q."""
        Q = self.table()
        greedy = [[next(a for a in range(self.A) if row[a] >= max(row) - TIED) for row in step] for step in Q]
        self.trace["greedy"].append(greedy)
        self.trace["Q"].append(Q)
        self.trace["V"].append(self.cut(Q)[:-1])
        return greedy

    def observe(self, step: int, state: int, action: int, reward: float, next_state: int) -> None:
        """One more target."""
        if step == 0:
            self.V = self.cut(self.table())
        key = (step + 1, state, action)
        self.targets.setdefault(key, []).append(self.r[step][state][action] + self.V[step + 1][next_state])
        self.fresh.pop(key, None)


reference_q_learning_ucb = agent_algorithm(QLearningAgent, name="reference_q_learning_ucb")
