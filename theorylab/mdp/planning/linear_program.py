r"""The optimal gain and hitting times by linear programming: a second method, used to cross-check the first.

Setting      $\max \sum_{s,a} x(s,a) r(s,a)$ over occupancies $x \ge 0$, $\sum x = 1$,
             $\sum_a x(s',a) = \sum_{s,a} x(s,a) P(s' \mid s,a)$; for hitting times of a target
             $\max \sum_s v(s)$ with $v \le 1 + P_a v$ and $v = 0$ in the target.   [puterman1994markov, Section 8.8]
Algorithm    scipy's HiGHS, which drops matrix entries below 1e-9 and stops at residuals of 1e-7.
Guarantee    None from the solver: the policy of the occupancy is evaluated by a linear solve and carries the bounds of
             :func:`~theorylab.mdp.planning.gain_search.gain_bounds`. ``objective`` is what the solver says.
Deviations   none
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.mdp.planning.certificates import TabularModel, tables
from theorylab.mdp.planning.chains import chain_value
from theorylab.mdp.planning.gain_search import gain_bounds

__all__ = ["LinearProgramGain", "gain_by_linear_program", "hitting_times_by_linear_program"]

DROPPED_BELOW = 1e-9


@dataclass(frozen=True, slots=True)
class LinearProgramGain:
    """The linear program's answer with the bounds that its policy proves."""

    objective: float  # of the solver, accurate to about 1e-7
    gain_lower: float  # of ``policy``
    gain_upper: float  # of the optimal gain
    occupancy: NDArray[np.float64]  # (S, A)
    policy: NDArray[np.int64]  # (S,)
    residual: float  # largest violation of a balance equation, and of total mass one
    dropped_entries: int  # non-zero entries of the matrix below 1e-9, which the solver takes for zero


def gain_by_linear_program(mdp: TabularModel) -> LinearProgramGain:
    """The optimal gain of a weakly communicating model by its occupancy linear program.

    Raises
    ------
    RuntimeError
        If the solver does not find an optimum.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> wheel = SimpleNamespace(P=np.array([[[0.0, 1.0]], [[1.0, 0.0]]]), R=np.array([[0.0], [1.0]]))
    >>> round(gain_by_linear_program(wheel).objective, 9)
    0.5
    """
    from scipy.optimize import linprog

    model = tables(mdp)
    S, A = model.R.shape
    balance = np.repeat(np.eye(S), A, axis=1) - model.rows.T
    equations = np.vstack([balance, np.ones(S * A)])
    right = np.zeros(S + 1)
    right[S] = 1.0
    result = linprog(-model.R.reshape(-1), A_eq=equations, b_eq=right, bounds=(0, None), method="highs")
    if result.status != 0:
        raise RuntimeError(f"the linear program of the gain ended with status {result.status}: {result.message}")
    occupancy = result.x.reshape(S, A)
    dual = -result.eqlin.marginals[:S]
    # where the occupancy is silent the dual variables choose, and off the recurrent class they may choose badly
    visited = occupancy.max(axis=1) > 10 * DROPPED_BELOW
    greedy = (model.R + (model.rows @ dual).reshape(S, A)).argmax(axis=1)
    policy = np.where(visited, occupancy.argmax(axis=1), greedy)
    states = np.arange(S)
    value = chain_value(model.P[states, policy], model.R[states, policy])
    lower, upper = gain_bounds(model, value.bias, policy)
    dropped = int(np.count_nonzero((balance != 0.0) & (np.abs(balance) < DROPPED_BELOW)))
    return LinearProgramGain(
        objective=-float(result.fun), gain_lower=lower, gain_upper=upper, occupancy=validate.readonly(occupancy),
        policy=validate.readonly(policy.astype(np.int64)), residual=float(np.abs(equations @ result.x - right).max()),
        dropped_entries=dropped,
    )  # fmt: skip


def hitting_times_by_linear_program(mdp: TabularModel, target: int) -> NDArray[np.float64]:
    """(S,) least expected numbers of steps to ``target``; accurate to the solver's tolerance, without a certificate.

    Raises
    ------
    RuntimeError
        If the solver does not find an optimum: the program is unbounded when a state cannot reach the target.
    """
    from scipy.optimize import linprog

    model = tables(mdp)
    S, A = model.R.shape
    target = validate.integer("target", target, low=0, high=S - 1)
    rows = np.repeat(np.arange(S), A) != target
    system = (np.repeat(np.eye(S), A, axis=0) - model.rows)[rows]
    bounds = [(0.0, 0.0) if s == target else (None, None) for s in range(S)]
    result = linprog(-np.ones(S), A_ub=system, b_ub=np.ones(len(system)), bounds=bounds, method="highs")
    if result.status != 0:
        raise RuntimeError(f"the linear program of state {target} ended with status {result.status}: {result.message}")
    return np.asarray(result.x, dtype=np.float64)
