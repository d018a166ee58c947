"""Hedge line by line, in plain Python; for tests."""

from __future__ import annotations

import math
from collections.abc import Sequence

from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo

__all__ = ["Hedge", "mixture_regret"]


class Hedge:
    """[cesabianchi2006prediction, Section 2.2]; the table of losses comes as the keyword ``losses``.

    The agent's loop shows rewards of played arms only, so the table is given beforehand and read one row at a time.
    """

    def __init__(self, info: AgentInfo) -> None:
        self.losses = info.keywords["losses"]
        self.N = info.n_arms
        self.form = info.keywords.get("form", "fixed")
        self.n = info.horizon
        self.given = info.keywords.get("eta")
        self.t = 0
        self.trace: dict[str, list[list[float]]] = {"probabilities": []}

    def act(self, rng: Generator) -> int:
        """Draw an arm from the exponential weights of the rounds before."""
        self.t += 1
        if self.form == "fixed":
            eta = math.sqrt(8 * math.log(self.N) / self.n) if self.given is None else self.given
        else:
            eta = (math.sqrt(8 * math.log(self.N)) if self.given is None else self.given) / math.sqrt(self.t)
        past = [math.fsum(float(row[i]) for row in self.losses[: self.t - 1]) for i in range(self.N)]
        weights = [math.exp(-eta * (loss - min(past))) for loss in past]
        p = [w / math.fsum(weights) for w in weights]
        self.trace["probabilities"].append(p)
        u, below = rng.random(), 0.0
        for arm in range(self.N):
            below += p[arm]
            if u < below:
                return arm
        return max(arm for arm in range(self.N) if p[arm] > 0)

    def observe(self, arm: int, reward: float) -> None:
        """The row of the table is read in ``act``."""


def mixture_regret(losses: Sequence[Sequence[float]], probabilities: Sequence[Sequence[float]]) -> float:
    """Mean losses of the distributions minus the loss of the best expert."""
    suffered = math.fsum(
        float(p) * float(x)
        for row, law in zip(losses, probabilities, strict=True)
        for p, x in zip(law, row, strict=True)
    )
    return suffered - min(math.fsum(float(row[i]) for row in losses) for i in range(len(losses[0])))
