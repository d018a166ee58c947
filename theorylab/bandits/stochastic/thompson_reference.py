"""Thompson sampling line by line, in plain Python; for tests."""

from __future__ import annotations

from typing import Any

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo
from theorylab.bandits.online import TIE

__all__ = ["GaussianThompson", "Thompson"]


def lowest_largest(theta: list[float]) -> int:
    """The arm with the largest draw, the lowest one of several."""
    return next(arm for arm, value in enumerate(theta) if value >= max(theta) - TIE)


class Thompson:
    """[agrawal2013further, Algorithm 1], with the Bernoulli trial for rewards in [0, 1]."""

    def __init__(self, info: AgentInfo) -> None:
        prior: Any = info.keywords.get("prior", (1.0, 1.0))
        rows = [prior] * info.n_arms if not hasattr(prior[0], "__len__") else prior
        self.prior = [(float(a), float(b)) for a, b in rows]
        self.outcomes: list[list[int]] = [[] for _ in range(info.n_arms)]
        self.trace: dict[str, list[list[float]]] = {"samples": []}
        self.rng: Generator | None = None

    def act(self, rng: Generator) -> int:
        """One draw from each posterior."""
        self.rng = rng
        theta = []
        for (a, b), seen in zip(self.prior, self.outcomes, strict=True):
            successes = sum(seen)
            theta.append(float(rng.beta(a + successes, b + len(seen) - successes)))
        self.trace["samples"].append(theta)
        return lowest_largest(theta)

    def observe(self, arm: int, reward: float) -> None:
        """A success or a failure; by a coin of the reward's bias when it is neither."""
        assert self.rng is not None
        if reward in (0.0, 1.0):
            self.outcomes[arm].append(int(reward))
        else:
            self.outcomes[arm].append(int(self.rng.random() < reward))


class GaussianThompson:
    """[agrawal2013further, Algorithm 2]: theta_i from N(mu_i, 1 / (k_i + 1)), mu_i = sum of rewards / (k_i + 1)."""

    def __init__(self, info: AgentInfo) -> None:
        self.rewards: list[list[float]] = [[] for _ in range(info.n_arms)]
        self.trace: dict[str, list[list[float]]] = {"samples": []}

    def act(self, rng: Generator) -> int:
        """One draw from each posterior."""
        theta = [float(rng.normal(sum(seen) / (len(seen) + 1), (1 / (len(seen) + 1)) ** 0.5)) for seen in self.rewards]
        self.trace["samples"].append(theta)
        return lowest_largest(theta)

    def observe(self, arm: int, reward: float) -> None:
        """Remember the reward."""
        self.rewards[arm].append(reward)
