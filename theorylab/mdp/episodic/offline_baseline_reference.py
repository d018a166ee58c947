r"""The offline baseline, slowly: plain Python, from the definitions; steps h = 1..H as in the literature.

Data is collected one draw at a time from lists of the same uniforms; next states are kept in lists and counted anew.
Nothing is shared with :mod:`theorylab.mdp.episodic.offline_baseline`.
"""

from __future__ import annotations

import math
from itertools import accumulate
from typing import Any

from theorylab.core.rng import streams
from theorylab.mdp.episodic.stepmix_reference import reference_stepmix

__all__ = ["reference_baseline", "reference_data", "reference_stepmix_offline"]

TIED = 1e-11


def reference_data(mdp: Any, behaviour: Any, episodes: int, generator: Any) -> tuple[list[list[int]], list[list[int]]]:
    """States and actions: for all episodes the start (when random), then for each step actions, then next states."""
    H, S = mdp.horizon, mdp.n_states
    P, law = mdp.P.tolist(), [[list(map(float, row)) for row in step] for step in behaviour]
    starts = mdp.start.tolist()
    if 1.0 in starts:
        states = [[starts.index(1.0)] for _ in range(episodes)]
    else:
        states = [[pick(starts, u)] for u in generator.random(episodes).tolist()]
    actions: list[list[int]] = [[] for _ in range(episodes)]
    for h in range(H):
        for k, u in enumerate(generator.random(episodes).tolist()):
            actions[k].append(pick(law[h][states[k][-1]], u))
        for k, u in enumerate(generator.random(episodes).tolist()):
            states[k].append(pick(P[h][states[k][-1]][actions[k][-1]], u))
    assert all(0 <= s < S for row in states for s in row)
    return states, actions


def pick(probabilities: list[float], u: float) -> int:
    """The first index whose cumulative probability exceeds ``u``, among the possible ones."""
    possible = [i for i, p in enumerate(probabilities) if p > 0]
    for i, total in zip(possible, accumulate(probabilities[i] for i in possible), strict=True):
        if u < total:
            return i
    return possible[-1]


def reference_baseline(
    states: Any, actions: Any, rewards: Any, start: Any, *, delta: float, scale: float = 1.0
) -> tuple[list[list[int]], float, list[list[float]]]:
    """Policy, lower value at the start, lower values of all steps."""
    H, S, A = len(rewards), len(rewards[0]), len(rewards[0][0])
    after: dict[tuple[int, int, int], list[int]] = {}
    for path, played in zip(states, actions, strict=True):
        for h in range(1, H + 1):
            after.setdefault((h, path[h - 1], played[h - 1]), []).append(path[h])
    L = math.log(S * A * H / delta)
    V = [0.0] * S
    policy: list[list[int]] = []
    values = [V]
    for h in range(H, 0, -1):
        chosen, now = [], []
        for s in range(S):
            Q = []
            for a in range(A):
                seen = after.get((h, s, a), [])
                n = len(seen)
                if n == 0:
                    width, mean = 2.0, sum(V) / S
                else:
                    beta = L + ((S - 1) * math.log(math.e * (1 + n / (S - 1))) if S > 1 else 0.0)
                    width, mean = min(2.0, math.sqrt(2 * beta / n)), sum(V[y] for y in seen) / n
                Q.append(max(0.0, rewards[h - 1][s][a] - scale * 0.5 * (H - h) * width + mean))
            best = next(a for a in range(A) if Q[a] >= max(Q) - TIED)
            chosen.append(best)
            now.append(Q[best])
        V = now
        policy.insert(0, chosen)
        values.insert(0, V)
    return policy, sum(p * v for p, v in zip(start, V, strict=True)), values


def reference_stepmix_offline(
    mdp: Any,
    episodes: int,
    *,
    behaviour: Any,
    offline_episodes: int,
    threshold: float,
    delta: float = 0.05,
    scale: float = 1.0,
    checkpoints: Any = None,
    trace: bool = False,
    rng: Any = None,
) -> Any:
    """The slow StepMix with the slow baseline; ``rng`` is a seed."""
    data = reference_data(mdp, behaviour, offline_episodes, streams(rng).instance)
    policy, value, _ = reference_baseline(*data, mdp.R.tolist(), mdp.start.tolist(), delta=0.5 * delta, scale=scale)
    law = [[[float(a == chosen) for a in range(mdp.n_actions)] for chosen in step] for step in policy]
    return reference_stepmix(
        mdp, episodes, baseline=law, baseline_value=value, threshold=threshold, delta=0.5 * delta, scale=scale,
        checkpoints=checkpoints, trace=trace, rng=rng,
    )  # fmt: skip
