"""What is recounted from the arms and rewards of a trace, and the links that every such proof has."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.verify.cases import Case, Instance
from theorylab.verify.statements import Link

__all__ = [
    "all_played",
    "before",
    "best_arm",
    "deciding",
    "largest_played_link",
    "of_arms",
    "plays",
    "regret_by_arms",
    "totals",
]


def best_arm(case: Case) -> int:
    """The lowest best arm."""
    return int(np.argmin(case.model.gaps))


def plays(run: Any, case: Case) -> Any:
    """(T, K) 1 where the arm is played, else 0."""
    return (run.trace["actions"][:, None] == np.arange(case.model.n_arms)[None, :]).astype(float)


def totals(run: Any, case: Case) -> tuple[Any, Any]:
    """Plays and sums of rewards of all arms after each round, (T, K) each."""
    played = plays(run, case)
    return np.cumsum(played, axis=0), np.cumsum(played * run.trace["rewards"][:, None], axis=0)


def before(run: Any, case: Case, *, unplayed: float = math.nan) -> tuple[Any, Any]:
    """Plays and means of all arms before each round, (T, K) each; ``unplayed`` is the mean of no rewards."""
    played, (pulls, sums) = plays(run, case), totals(run, case)
    pulls, sums = pulls - played, sums - played * run.trace["rewards"][:, None]
    return pulls, np.where(pulls > 0, sums / np.maximum(pulls, 1.0), unplayed)


def all_played(run: Any, case: Case) -> Any:
    """(T,) the rounds before which every arm had been played: those in which indices decide."""
    return np.arange(case.horizon) >= case.model.n_arms


def deciding(run: Any, case: Case) -> Any:
    """(T, 1) the rounds in which indices decide."""
    return all_played(run, case)[:, None]


def of_arms(values: Any, arms: Any) -> Any:
    """(T,) the entry of one arm in each row of (T, K) values."""
    return values[np.arange(len(arms)), arms]


def regret_by_arms(
    instances: tuple[Instance, ...],
    *,
    name: str = "regret by arms",
    source: str = "definition",
    statement: str = r"R_T = \sum_i N_i \Delta_i",
    algorithm: str | None = None,
) -> Link:
    """The regret is the sum of pulls times gaps."""
    return Link(
        name=name,
        left=lambda run, case: run.regret[-1],
        right=lambda run, case: float(run.pulls @ case.model.gaps),
        source=source,
        instances=instances,
        statement=statement,
        two_sided=True,
        algorithm=algorithm,
    )


def largest_played_link(instances: tuple[Instance, ...], traced: str, *, name: str, **fields: Any) -> Link:
    """The arm played has the largest of the traced ``indices`` or ``samples``, up to what counts as a tie."""
    return Link(
        name=name,
        left=lambda run, case: run.trace[traced].max(axis=1),
        right=lambda run, case: of_arms(run.trace[traced], run.trace["actions"]),
        instances=instances,
        tolerance=2e-11,
        **fields,
    )
