"""SquareCB line by line, in plain Python; for tests.  Agents see no contexts, so this one brings its own loop."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from theorylab.bandits.models.contextual import ContextualBandit
from theorylab.bandits.online import TIE
from theorylab.bandits.record import BanditRun
from theorylab.core.checkpoints import checkpoints
from theorylab.core.rng import RNGLike, streams

__all__ = ["SquareCB", "run_square_cb"]


class SquareCB:
    """[foster2020beyond, Algorithm 1] with a table of means as the oracle."""

    def __init__(self, bandit: ContextualBandit, horizon: int, keywords: Mapping[str, Any]) -> None:
        self.arms = list(range(bandit.n_arms))
        self.laplace = keywords.get("oracle", "mean") == "laplace"
        g = keywords.get("g")
        if g is None:
            error = bandit.n_contexts * bandit.n_arms * ((1 if self.laplace else 2) + math.log(horizon)) / 4
            g = math.sqrt(8 * (bandit.n_arms - 1) * horizon / error)
        self.g: float = g
        self.seen: dict[tuple[int, int], list[float]] = {}

    def predict(self, context: int) -> list[float]:
        """The oracle's estimates."""
        out = []
        for arm in self.arms:
            rewards = self.seen.get((context, arm), [])
            if self.laplace:
                rewards = [*rewards, 0.0, 1.0]
            out.append(sum(rewards) / len(rewards) if rewards else 0.5)
        return out

    def distribution(self, y: list[float]) -> list[float]:
        """Inverse gap weighting."""
        greedy = next(arm for arm in self.arms if y[arm] >= max(y) - TIE)
        others = {arm: 1 / (len(y) + self.g * (y[greedy] - y[arm])) for arm in self.arms if arm != greedy}
        return [others[arm] if arm in others else 1 - math.fsum(others.values()) for arm in self.arms]


def run_square_cb(bandit: ContextualBandit, horizon: int, *, rng: RNGLike = None, **keywords: Any) -> BanditRun:
    """One run with its trace; with the same ``rng`` it plays like the compiled algorithm."""
    made = streams(rng)
    if bandit.contexts is None:
        contexts = []
        for u in made.environment.random(horizon):
            below = [x for x in range(bandit.n_contexts) if math.fsum(bandit.law[: x + 1]) <= u]
            contexts.append(len(below))
    else:
        contexts = [int(x) for x in bandit.contexts[:horizon]]
    learner = SquareCB(bandit, horizon, keywords)
    arms, rewards, gaps = [], [], []
    trace: dict[str, Any] = {"probabilities": [], "predictions": []}
    for x in contexts:
        y = learner.predict(x)
        p = learner.distribution(y)
        u = made.agent.random()
        arm = next((a for a in learner.arms if u < sum(p[: a + 1])), learner.arms[-1])
        reward = 1.0 if made.environment.random() < bandit.f[x][arm] else 0.0
        learner.seen.setdefault((x, arm), []).append(reward)
        trace["probabilities"].append(p)
        trace["predictions"].append(y)
        arms.append(arm)
        rewards.append(reward)
        gaps.append(max(bandit.f[x]) - bandit.f[x][arm])
    times = checkpoints(horizon)
    return BanditRun(
        algorithm="SquareCB",
        parameters=keywords,
        seed=made.seed,
        model=bandit.name or repr(bandit),
        horizon=horizon,
        notion=bandit.notion,
        times=times,
        regret=np.cumsum(gaps)[times - 1],
        reward_sum=np.cumsum(rewards)[times - 1],
        pulls=np.bincount(arms, minlength=bandit.n_arms).astype(np.int64),
        theorems_algorithm=False,
        trace=MappingProxyType(
            {
                "actions": np.array(arms),
                "rewards": np.array(rewards),
                "contexts": np.array(contexts),
                **{key: np.array(value) for key, value in trace.items()},
            }
        ),
    )
