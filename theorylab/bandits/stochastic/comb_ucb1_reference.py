"""CombUCB1 line by line, in plain Python; for tests.

The agent meets the bandit itself, given as the keyword ``game``: the loop of agents shows totals, not items.
"""

from __future__ import annotations

import math
from typing import Any

from theorylab.bandits.online import TIE
from theorylab.core.rng import streams

__all__ = ["comb_ucb1_by_hand"]


def comb_ucb1_by_hand(bandit: Any, horizon: int, *, rng: Any, rule: str = "ucb") -> dict[str, list[Any]]:
    """[kveton2015tight]: actions, totals and regret of each round, indices before it."""
    environment = streams(rng).environment
    items = range(len(bandit.means))
    sets = [[e for e in items if row[e]] for row in bandit.actions.tolist()]
    value = [math.fsum(float(bandit.means[e]) for e in A) for A in sets]
    seen: dict[int, list[int]] = {e: [] for e in items}
    out: dict[str, list[Any]] = {"actions": [], "rewards": [], "regret": [], "indices": []}
    regret = 0.0
    for t in range(horizon):
        if any(not seen[e] for e in items):  # initialisation: u(e) = 1 for items that nobody saw
            U = [0.0 if seen[e] else 1.0 for e in items]
        else:
            U = [sum(seen[e]) / len(seen[e]) for e in items]
            if rule == "ucb":
                U = [u + math.sqrt(1.5 * math.log(t) / len(seen[e])) for e, u in enumerate(U)]
        score = [math.fsum(U[e] for e in A) for A in sets]
        action = next(n for n, s in enumerate(score) if s >= max(score) - TIE)
        weights = [int(environment.random() < float(bandit.means[e])) for e in items]
        for e in sets[action]:
            seen[e].append(weights[e])
        regret += max(value) - value[action]
        out["actions"].append(action)
        out["rewards"].append(sum(weights[e] for e in sets[action]))
        out["regret"].append(regret)
        out["indices"].append(U)
    return out
