"""Sleeping experts and groupwise regret line by line, in plain Python; for tests."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["adanormalhedge", "groupwise", "sleeping_hedge"]

Table = Sequence[Sequence[float]]
Plays = tuple[list[list[float]], list[list[float]]]


def adanormalhedge(losses: Table, awake: Table) -> Plays:
    """[luo2015achieving, Algorithm 1] with confidences: distributions, and regrets before each round and at the end."""
    experts = range(len(losses[0]))
    history: list[list[float]] = [[] for _ in experts]  # r_{t,i}
    plays, regrets = [], []

    def phi(R: float, C: float) -> float:
        return 1.0 if C == 0 else math.exp(max(R, 0.0) ** 2 / (3 * C))

    for loss, confidence in zip(losses, awake, strict=True):
        R = [math.fsum(r) for r in history]
        C = [math.fsum(abs(x) for x in r) for r in history]
        w = [(phi(R[i] + 1, C[i] + 1) - phi(R[i] - 1, C[i] + 1)) / 2 for i in experts]
        share = [float(confidence[i]) * w[i] for i in experts]
        if math.fsum(share) == 0:
            share = [float(c) for c in confidence]
        p = [s / math.fsum(share) for s in share]
        suffered = math.fsum(p[i] * float(loss[i]) for i in experts)
        plays.append(p)
        regrets.append(R)
        for i in experts:
            history[i].append(float(confidence[i]) * (suffered - float(loss[i])))
    return plays, [*regrets, [math.fsum(r) for r in history]]


def sleeping_hedge(losses: Table, awake: Table, eta: float) -> Plays:
    """Weights themselves, not their logarithms: for short games; distributions, and regrets before and at the end."""
    N = len(losses[0])
    w = [1 / N] * N
    plays, regrets = [], [[0.0] * N]
    for loss, up in zip(losses, awake, strict=True):
        who = [i for i in range(N) if up[i]]
        before = math.fsum(w[i] for i in who)
        p = [w[i] / before if up[i] else 0.0 for i in range(N)]
        suffered = math.fsum(p[i] * float(loss[i]) for i in range(N))
        for i in who:
            w[i] *= math.exp(-eta * float(loss[i]))
        after = math.fsum(w[i] for i in who)
        for i in who:
            w[i] *= before / after
        plays.append(p)
        regrets.append([R + float(up[i]) * (suffered - float(loss[i])) for i, R in enumerate(regrets[-1])])
    return plays, regrets


def groupwise(losses: Table, groups: Table) -> Plays:
    """One Hedge learner with rate 2 sqrt(ln K / n) a group, n its rounds so far, under AdaNormalHedge: laws on experts.

    The second list has, for each group, the regret against each expert on the group's rounds.
    """
    K, G = len(losses[0]), len(groups[0])
    past: list[list[float]] = [[0.0] * K for _ in range(G)]
    seen = [0] * G
    meta_losses: list[list[float]] = []
    laws = []
    regret = [[0.0] * K for _ in range(G)]
    for t, loss in enumerate(losses):
        inner = []
        for g in range(G):
            eta = 2 * math.sqrt(math.log(K) / (seen[g] + 1))
            v = [math.exp(-eta * (L - min(past[g]))) for L in past[g]]
            inner.append([x / math.fsum(v) for x in v])
        meta_losses.append([math.fsum(p * float(x) for p, x in zip(law, loss, strict=True)) for law in inner])
        q = adanormalhedge(meta_losses, groups[: t + 1])[0][-1]
        law = [math.fsum(q[g] * inner[g][k] for g in range(G)) for k in range(K)]
        laws.append(law)
        suffered = math.fsum(p * float(x) for p, x in zip(law, loss, strict=True))
        for g in range(G):
            if groups[t][g]:
                seen[g] += 1
                for k in range(K):
                    past[g][k] += float(loss[k])
                    regret[g][k] += suffered - float(loss[k])
    return laws, regret
