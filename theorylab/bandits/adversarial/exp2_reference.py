"""Exp2 and its semi-bandit relatives line by line, in plain Python; for tests.

The loop of agents shows the reward of a play only, so the game comes as the keyword ``game`` (a CombinatorialLosses);
an agent reads of it what its feedback shows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.random import Generator

from theorylab.bandits.agents import AgentInfo

__all__ = ["CsbExp2", "CsbFtpl", "Exp2"]


def _draw(law: list[float], u: float) -> int:
    below = 0.0
    for n, p in enumerate(law):
        below += p
        if u < below:
            return n
    return max(n for n, p in enumerate(law) if p > 0)


class Exp2:
    """[bubeck2012towards] in the actions' own coordinates, with a pseudo-inverse and given exploration."""

    def __init__(self, info: AgentInfo) -> None:
        game = info.keywords["game"]
        self.A = np.asarray(game.policies)[:, 0, :]
        self.mu = np.asarray(info.keywords["design"])
        self.eta, self.gamma = info.keywords["rates"]
        self.estimated = np.zeros(self.A.shape[1])  # sum of the estimated loss vectors
        self.trace: dict[str, list[Any]] = {"probabilities": [], "estimates": []}

    def act(self, rng: Generator) -> int:
        """Draw from the mixture."""
        losses = self.A @ self.estimated
        w = [math.exp(-self.eta * (x - min(losses))) for x in losses]
        self.p = [(1 - self.gamma) * x / math.fsum(w) + self.gamma * m for x, m in zip(w, self.mu, strict=True)]
        self.trace["probabilities"].append(self.p)
        self.trace["estimates"].append(losses)
        return _draw(self.p, rng.random())

    def observe(self, arm: int, reward: float) -> None:
        """P^+ a z."""
        P = sum(p * np.outer(a, a) for p, a in zip(self.p, self.A, strict=True))
        self.estimated = self.estimated + np.linalg.pinv(P, rcond=1e-10) @ self.A[arm] * (1.0 - reward)


class CsbExp2:
    """Exponential weights over policies; loss of coordinate j over the probability that j is chosen."""

    def __init__(self, info: AgentInfo) -> None:
        self.game = info.keywords["game"]
        m, d, N = self.game.size, self.game.n_items, info.n_arms
        given = info.keywords.get("eta")
        self.eta = math.sqrt(2 * math.log(N) / (m * d * info.horizon)) if given is None else given
        self.L = [0.0] * N
        self.t = 0
        self.trace: dict[str, list[list[float]]] = {"probabilities": [], "estimates": []}

    def act(self, rng: Generator) -> int:
        """Draw a policy."""
        w = [math.exp(-self.eta * (x - min(self.L))) for x in self.L]
        self.p = [x / math.fsum(w) for x in w]
        self.trace["probabilities"].append(self.p)
        self.trace["estimates"].append(list(self.L))
        return _draw(self.p, rng.random())

    def observe(self, arm: int, reward: float) -> None:
        """Only losses of the set that was played are read."""
        sets = [policy[self.game.contexts[self.t]] for policy in self.game.policies]
        estimate = {}
        for j in np.flatnonzero(sets[arm]):
            q = math.fsum(p for p, a in zip(self.p, sets, strict=True) if a[j])
            estimate[j] = float(self.game.losses[self.t, j]) / q
        self.L = [x + sum(estimate[j] for j in estimate if a[j]) for x, a in zip(self.L, sets, strict=True)]
        self.t += 1


class CsbFtpl:
    """[syrgkanis2016efficient, Algorithm 3, geometric resampling]; the oracle goes over all policies and all data."""

    def __init__(self, info: AgentInfo) -> None:
        self.game = info.keywords["game"]
        K, T, m, X = self.game.n_items, info.horizon, self.game.size, self.game.n_contexts
        best = math.sqrt(10 * math.sqrt(X * m) * math.log(max(info.n_arms, 2)) / (2 * m * K * T))
        self.epsilon = info.keywords.get("epsilon") or best
        self.most = info.keywords.get("repetitions") or math.ceil(math.sqrt(K * T))
        self.data: list[tuple[int, dict[int, float]]] = []
        self.t = 0
        self.trace: dict[str, list[list[float]]] = {"waits": []}

    def oracle(self, rng: Generator) -> int:
        """The leader on the past and on one fake example for each context."""
        fakes = []
        for x in range(self.game.n_contexts):
            z = {}
            for j in range(self.game.n_items):
                u = rng.random()
                z[j] = (1 if u < 0.5 else -1) * -math.log(1 - 2 * u if u < 0.5 else 2 - 2 * u) / self.epsilon
            fakes.append((x, z))
        loss = [
            sum(v for x, z in [*self.data, *fakes] for j, v in z.items() if policy[x][j])
            for policy in self.game.policies
        ]
        return loss.index(min(loss))

    def act(self, rng: Generator) -> int:
        """Play the leader and repeat its draw until every coordinate of its set came again, at most L times."""
        context = self.game.contexts[self.t]
        arm = self.oracle(rng)
        wait = {int(j): 0 for j in np.flatnonzero(self.game.policies[arm][context])}
        for k in range(1, self.most + 1):
            if k == self.most:
                for j in wait:
                    wait[j] = wait[j] or k
            if all(wait.values()):
                break
            again = self.game.policies[self.oracle(rng)][context]
            for j in wait:
                if not wait[j] and again[j]:
                    wait[j] = k
        self.trace["waits"].append([float(wait.get(j, 0)) for j in range(self.game.n_items)])
        self.data.append((int(context), {j: k * float(self.game.losses[self.t, j]) for j, k in wait.items()}))
        self.t += 1
        return arm

    def observe(self, arm: int, reward: float) -> None:
        """The losses of the set were read in ``act``, after the play."""
