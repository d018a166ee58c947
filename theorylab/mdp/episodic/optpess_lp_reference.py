r"""OptPess-LP, slowly: plain Python from the definitions, a dense program built line by line, steps h = 1..H.

Counts, bonuses and pessimistic values are those of the slow agents; the program is written row by row as in the paper.
Nothing is shared with the kernels or with :mod:`theorylab.mdp.episodic.occupancy_program`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator

from theorylab.mdp.episodic.agents import AgentInfo, agent_algorithm
from theorylab.mdp.episodic.stepmix_reference import OptimisticAgent

__all__ = ["OptPessAgent", "reference_optpess_lp"]

ROOM = 1e-8


class OptPessAgent(OptimisticAgent):
    """The constraint speaks of ``constraint_rewards``, or of the rewards."""

    def __init__(self, info: AgentInfo) -> None:
        super().__init__(info)
        known = info.keywords
        self.base = [[list(map(float, row)) for row in step] for step in known["baseline"]]
        self.gamma = float(known["threshold"])
        signal = known.get("constraint_rewards")
        self.g = self.r if signal is None else np.asarray(signal, dtype=float).tolist()
        given = known.get("optimism")
        self.alpha = 1 + 4 * self.H / (known["baseline_value"] - self.gamma) if given is None else float(given)
        self.always = known.get("resolve", "doubling") == "always"
        self.planned: dict[tuple[int, int, int], int] | None = None
        self.law: Any = None
        self.certificate = 0.0
        self.trace = {"certificates": []}

    def policy(self, rng: Generator) -> Any:
        """The law of the next episode."""
        visits = {key: len(after) for key, after in self.seen.items()}
        grown = self.planned is None or any(
            n >= max(1, 2 * self.planned.get(key, 0)) and n > self.planned.get(key, 0) for key, n in visits.items()
        )
        if self.always or grown:
            self.planned = visits
            self.replan()
        self.trace["certificates"].append(self.certificate)
        return self.law

    def replan(self) -> None:
        """The program's policy when it is certified, else the baseline."""
        self.law, self.kind = self.program(), "greedy"
        self.certificate = -1.0 if self.law is None else self.pessimistic(self.law)
        if self.certificate < self.gamma:
            self.law, self.kind = self.base, "baseline"
            self.certificate = self.pessimistic(self.base)

    def pessimistic(self, laws: Any) -> float:
        """The pessimistic value of the constraint's signal."""
        rewards, self.r = self.r, self.g
        value = self.lcb(laws)
        self.r = rewards
        return value

    def frequency(self, h: int, s: int, a: int, t: int) -> float:
        """The empirical transition; uniform without a visit."""
        after = self.seen.get((h, s, a), [])
        return after.count(t) / len(after) if after else 1.0 / self.S

    def program(self) -> Any:
        """The policy of the best feasible occupancy measure, or None."""
        from scipy.optimize import linprog

        where = {
            key: i
            for i, key in enumerate(
                (h, s, a) for h in range(1, self.H + 1) for s in range(self.S) for a in range(self.A)
            )
        }
        cost, limit = [0.0] * len(where), [0.0] * len(where)
        for (h, s, a), i in where.items():
            cost[i] = -(self.r[h - 1][s][a] + self.alpha * self.bonus(h, s, a))
            limit[i] = -(self.g[h - 1][s][a] - self.bonus(h, s, a))
        flow, supply = [], []
        for h in range(1, self.H + 1):
            for t in range(self.S):
                row = [0.0] * len(where)
                for a in range(self.A):
                    row[where[h, t, a]] = 1.0
                if h > 1:
                    for s in range(self.S):
                        for a in range(self.A):
                            row[where[h - 1, s, a]] -= self.frequency(h - 1, s, a, t)
                flow.append(row)
                supply.append(self.start[t] if h == 1 else 0.0)
        answer = linprog(
            cost, A_ub=[limit], b_ub=[-(self.gamma + ROOM)], A_eq=flow, b_eq=supply, bounds=(0, None), method="highs",
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )  # fmt: skip
        if answer.status != 0:
            return None
        laws: list[Any] = []
        for h in range(1, self.H + 1):
            step = []
            for s in range(self.S):
                masses = [max(0.0, float(answer.x[where[h, s, a]])) for a in range(self.A)]
                step.append([m / sum(masses) for m in masses] if sum(masses) > 1e-9 else self.base[h - 1][s])
            laws.append(step)
        return laws


reference_optpess_lp = agent_algorithm(OptPessAgent, name="reference_optpess_lp")
