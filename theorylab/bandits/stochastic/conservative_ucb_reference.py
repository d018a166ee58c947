"""Conservative UCB and BudgetFirst line by line, in plain Python; for tests."""

from __future__ import annotations

import math

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo
from theorylab.bandits.online import TIE

__all__ = ["BudgetFirst", "ConservativeUCB"]


class ConservativeUCB:
    """[wu2016conservative, Algorithm 1]: arms 0..K, arm 0 of known mean; rounds t = 1, 2, ..."""

    def __init__(self, info: AgentInfo) -> None:
        self.K, self.n = max(info.n_arms - 1, 1), info.horizon
        self.mu0 = info.keywords["mu0"]
        self.alpha, self.delta = info.keywords.get("alpha", 0.1), info.keywords.get("delta", 0.05)
        self.rewards: list[list[float]] = [[] for _ in range(info.n_arms)]
        self.plays: list[int] = []
        self.trace: dict[str, list[float]] = {"budgets": [], "proposals": []}

    def _confidence(self, arm: int) -> tuple[float, float]:
        """The limits of an arm: lambda and theta."""
        if arm == 0:
            return self.mu0, self.mu0
        seen = self.rewards[arm]
        if not seen:
            return 0.0, math.inf
        half = math.sqrt(2 * math.log(self.K * len(seen) ** 3 / self.delta) / len(seen))
        average = sum(seen) / len(seen)
        return max(0.0, average - half), average + half

    def _proposal(self) -> tuple[int, float]:
        """J and the budget of the round."""
        limits = [self._confidence(arm) for arm in range(len(self.rewards))]
        top = max(theta for _, theta in limits)
        candidate = next(arm for arm, (_, theta) in enumerate(limits) if theta >= top - TIE)
        t = len(self.plays) + 1
        budget = math.fsum([limits[arm][0] for arm in self.plays] + [limits[candidate][0]])
        budget -= (1 - self.alpha) * t * self.mu0
        self.trace["budgets"].append(budget)
        self.trace["proposals"].append(float(candidate))
        return candidate, budget

    def act(self, rng: Generator) -> int:
        """J if the budget allows it, else the default."""
        candidate, budget = self._proposal()
        return candidate if budget >= -1e-9 else 0

    def observe(self, arm: int, reward: float) -> None:
        """Remember the play and its reward."""
        self.plays.append(arm)
        self.rewards[arm].append(reward)


class BudgetFirst(ConservativeUCB):
    """[wu2016conservative]: the default until t mu_0 - R_worst >= (1 - alpha) t mu_0 can be kept, then UCB."""

    def act(self, rng: Generator) -> int:
        """The default while the rounds played do not yet pay for the worst regret."""
        candidate, _ = self._proposal()
        length = 2 * math.log(self.K * self.n**3 / self.delta)
        worst = self.K + 2 * math.sqrt(self.K * self.n * length)
        t = len(self.plays)
        return 0 if t * self.mu0 - worst < (1 - self.alpha) * t * self.mu0 else candidate
