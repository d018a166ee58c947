"""EpsMix, slowly: plain Python, from the definition, on top of the slow optimistic learner.

The baseline's pessimistic value is computed before every episode, and so is the coin's probability; nothing is shared
with the kernel.
"""

from __future__ import annotations

from typing import Any

from numpy.random import Generator

from theorylab.mdp.episodic.agents import AgentInfo, EpisodeMixture, agent_algorithm
from theorylab.mdp.episodic.stepmix_reference import OptimisticAgent

__all__ = ["EpsMixAgent", "reference_epsmix"]


class EpsMixAgent(OptimisticAgent):
    """The greedy policy with probability epsilon, the baseline otherwise."""

    def __init__(self, info: AgentInfo) -> None:
        super().__init__(info)
        given = info.keywords["baseline"]
        self.base = [[list(map(float, row)) for row in step] for step in given]
        self.gamma = float(info.keywords["threshold"])
        self.value = info.keywords.get("baseline_value")

    def policy(self, rng: Generator) -> Any:
        """What the rule plays next."""
        coin = rng.random()
        greedy = self.optimistic_policy()
        bar = [self.sure(row) for row in greedy]
        bound, base_bound = self.lcb(bar), self.lcb(self.base) if self.value is None else float(self.value)
        if bound >= self.gamma:
            epsilon, self.kind = 1.0, "greedy"
        elif base_bound <= self.gamma:
            epsilon, self.kind = 0.0, "baseline"
        else:
            epsilon, self.kind = (base_bound - self.gamma) / (base_bound - bound), "mixture"
        certificate = epsilon * bound + (1.0 - epsilon) * base_bound
        drawn = EpisodeMixture((epsilon, 1.0 - epsilon), (bar, self.base), 0 if coin < epsilon else 1)
        return self.said(greedy, drawn, certificate, epsilon)


reference_epsmix = agent_algorithm(EpsMixAgent, name="reference_epsmix")
