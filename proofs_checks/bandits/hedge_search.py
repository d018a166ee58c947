"""A local search for tables of losses on which a learner does badly: what survives it means more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from theorylab.core.rng import as_generator, child_seed

__all__ = ["searched", "worst_found"]


def starts(horizon: int, n_arms: int, generator: Any) -> list[Any]:
    """Tables worth starting from: the last rounds decide, turns, fair coins."""
    turns = np.eye(n_arms)[np.arange(horizon) % n_arms]
    late = turns.copy()
    late[horizon // 2 :] = np.array([0.0] + [1.0] * (n_arms - 1))
    return [turns, late, generator.integers(0, 2, size=(horizon, n_arms)).astype(float)]


def searched(
    score: Callable[[Any], float], horizon: int, n_arms: int, *, rounds: int, rng: Any
) -> tuple[float, Any, int]:
    """The largest score found, its table (T, N) and the number of tables tried.

    Each round changes one row (to another vertex of the cube, rarely to a point inside it) or swaps two rows, and keeps
    the change when the score does not fall.
    """
    generator = as_generator(child_seed(rng, 17))
    best, best_table, tried = -np.inf, None, 0
    for start in starts(horizon, n_arms, generator):
        table, value = start, score(start)
        tried += 1
        for _ in range(rounds // 3):
            other = table.copy()
            t, s = generator.integers(horizon, size=2)
            kind = generator.integers(8)
            if kind == 0:
                other[t] = generator.random(n_arms)
            elif kind == 1:
                other[[t, s]] = other[[s, t]]
            else:
                other[t] = generator.integers(0, 2, size=n_arms)
            found = score(other)
            tried += 1
            if found >= value:
                table, value = other, found
        if value > best:
            best, best_table = value, table
    return float(best), best_table, tried


def worst_found(worst: float, losses: Any, tried: int) -> str:
    """The outcome in words, with the table when it is small."""
    rows = " ".join("".join(f"{x:g}" for x in row) for row in losses) if losses.size <= 60 else "a long table"
    return f"{worst:.4g} of the bound on the worst of {tried} tables: {rows}"
