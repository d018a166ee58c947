"""CUCBVI, slowly: plain Python, from the definition, on top of the slow optimistic learner.

The budget is summed anew from the whole history before every episode; nothing is shared with the kernel.
"""

from __future__ import annotations

import math
from typing import Any

from numpy.random import Generator

from theorylab.core.rng import RNGLike
from theorylab.mdp.episodic.agents import AgentInfo, agent_algorithm
from theorylab.mdp.episodic.model import EpisodicMDP
from theorylab.mdp.episodic.record import EpisodicRun
from theorylab.mdp.episodic.stepmix_reference import TIED, OptimisticAgent

__all__ = ["CucbviAgent", "reference_cucbvi"]


class CucbviAgent(OptimisticAgent):
    """The greedy policy when the budget pays for it."""

    def __init__(self, info: AgentInfo) -> None:
        super().__init__(info)
        self.base = [[list(map(float, row)) for row in step] for step in info.keywords["baseline"]]
        self.value, self.alpha = float(info.keywords["baseline_value"]), float(info.keywords["alpha"])
        self.credits: list[float] = []
        self.trace |= {"budgets": []}

    def policy(self, rng: Generator) -> Any:
        """What the rule plays next."""
        k = len(self.credits) + 1
        greedy = self.optimistic_policy()
        bar = [self.sure(row) for row in greedy]
        bound = self.lcb(bar)
        surplus = math.fsum([*self.credits, bound]) - (1.0 - self.alpha) * k * self.value
        pays = surplus >= -TIED * k
        self.kind = "greedy" if pays else "baseline"
        self.credits.append(bound if pays else self.value)
        self.trace["budgets"].append(math.fsum(self.credits))
        return self.said(greedy, bar if pays else self.base, self.credits[-1], 0.0)


agent = agent_algorithm(CucbviAgent, name="reference_cucbvi")


def reference_cucbvi(
    mdp: EpisodicMDP, episodes: int, *, baseline_value: float, alpha: float, rng: RNGLike = None, **keywords: Any
) -> EpisodicRun:
    """The slow run; its threshold is that of the constraint, as in the record of the kernel's."""
    line = (1.0 - alpha) * baseline_value
    return agent(mdp, episodes, threshold=line, rng=rng, baseline_value=baseline_value, alpha=alpha, **keywords)
