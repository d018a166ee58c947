r"""The linear program of a constrained episodic MDP over occupancy measures.   [altman1999constrained]

Maximise :math:`\langle q, f \rangle` over :math:`q \ge 0` with :math:`\sum_a q_0(s, a) = \mu(s)`,
:math:`\sum_a q_{h+1}(s', a) = \sum_{s,a} q_h(s, a) p_h(s' | s, a)` and :math:`\langle q, g\rangle \ge` a level.  Solved
by HiGHS, whose answer is not trusted: the policy is read off, evaluated by backward recursion, and what the recursion
gives is returned, with the largest difference from the solver's numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate

__all__ = ["OccupancySolution", "constrained_optimum", "evaluate_law", "largest_value", "solve_occupancy"]

FloatArray = NDArray[np.float64]
DENSE = 40_000  # entries up to which the solver gets a dense matrix: less to set up
NEGLIGIBLE = 1e-9  # of an occupancy: the solver does not keep entries below
ROOM = 1e-8  # asked of the constraint beyond its level, for the solver's rounding


@dataclass(frozen=True, slots=True, eq=False)
class OccupancySolution:
    """An optimal policy and its values by recursion; arrays are read-only."""

    policy: FloatArray  # (H, S, A)
    objective: float
    constraint: float  # NaN: none
    residual: float  # largest difference between solver and recursion


def evaluate_law(P: FloatArray, rewards: FloatArray, law: FloatArray, start: FloatArray) -> float:
    """The value of a policy (H, S, A) by backward recursion; rewards may be any numbers."""
    value = np.zeros(P.shape[1])
    for h in range(len(P) - 1, -1, -1):
        value = (law[h] * (rewards[h] + P[h] @ value)).sum(axis=1)
    return float(start @ value)


def largest_value(P: FloatArray, rewards: FloatArray, start: FloatArray) -> float:
    """The largest value of any policy, by backward induction."""
    value = np.zeros(P.shape[1])
    for h in range(len(P) - 1, -1, -1):
        value = (rewards[h] + P[h] @ value).max(axis=1)
    return float(start @ value)


def solve_occupancy(
    P: FloatArray,
    objective: FloatArray,
    start: FloatArray,
    *,
    fallback: FloatArray,
    constraint: FloatArray | None = None,
    level: float = 0.0,
) -> OccupancySolution | None:
    r"""The best policy, or ``None`` when no policy reaches the level (by 1e-8: room for the solver's rounding).

    Parameters
    ----------
    P
        (H, S, A, S) transitions.
    objective, constraint
        (H, S, A) any numbers.
    start
        (S,) distribution.
    fallback
        (H, S, A) law of states that the optimal policy does not meet.
    level
        What the constraint has to reach.

    Raises
    ------
    RuntimeError
        If the solver stops without an answer.

    Examples
    --------
    >>> from theorylab.mdp.episodic.environments import named_problem
    >>> tiny = named_problem("tiny")
    >>> best = solve_occupancy(tiny.mdp.P, tiny.mdp.R, tiny.mdp.start, fallback=tiny.baseline)
    >>> round(best.objective, 9), best.residual < 1e-9
    (1.125, True)
    """
    if constraint is not None and largest_value(P, constraint, start) < level + ROOM:
        return None
    found, q = _solve(P, objective, start, constraint, level)
    if found is None:
        return None
    mass = q.sum(axis=2, keepdims=True)
    law = np.where(mass > NEGLIGIBLE, q / np.where(mass > NEGLIGIBLE, mass, 1.0), fallback)
    value = evaluate_law(P, objective, law, start)
    bound = np.nan if constraint is None else evaluate_law(P, constraint, law, start)
    residual = abs(value - found)
    if constraint is not None:
        residual = max(residual, abs(bound - float((q * constraint).sum())))
    return OccupancySolution(validate.readonly(law), value, float(bound), float(residual))


def _solve(
    P: FloatArray, objective: FloatArray, start: FloatArray, constraint: FloatArray | None, level: float
) -> tuple[float | None, FloatArray]:
    """The solver's value and occupancies; no value when it finds no feasible point."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix

    H, S, A = objective.shape
    n = H * S * A
    variables = np.arange(n)
    rows, columns, entries = [variables // A], [variables], [np.ones(n)]
    h, s, a, t = np.nonzero(P[:-1])
    rows.append((h + 1) * S + t)
    columns.append((h * S + s) * A + a)
    entries.append(-P[h, s, a, t])
    flow = csr_matrix((np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))), shape=(H * S, n))
    supply = np.concatenate([start, np.zeros((H - 1) * S)])
    limits: dict[str, Any] = {}
    if constraint is not None:
        limits = {"A_ub": -constraint.reshape(1, n), "b_ub": np.array([-(level + ROOM)])}
    matrix = flow.toarray() if H * S * n <= DENSE else flow
    answer = linprog(
        -objective.ravel(), A_eq=matrix, b_eq=supply, bounds=(0.0, None), method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}, **limits,
    )  # fmt: skip
    if answer.status == 2:
        return None, np.zeros(objective.shape)
    if answer.status != 0:
        raise RuntimeError(f"the linear program has no answer: {answer.message}")
    return float(-answer.fun), np.maximum(answer.x, 0.0).reshape(H, S, A)


def constrained_optimum(
    P: FloatArray, rewards: FloatArray, start: FloatArray, constraint: FloatArray, level: float
) -> float:
    """The largest value of a policy whose constraint value reaches the level, in a known model.

    Raises
    ------
    ValueError
        If no policy does.
    """
    best = solve_occupancy(
        P, rewards, start, fallback=np.full(rewards.shape, 1.0 / rewards.shape[2]), constraint=constraint, level=level
    )
    if best is None:
        raise ValueError(f"level is {level:.9g}, expected one that a policy reaches")
    return best.objective
