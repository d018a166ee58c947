r"""Two-sided value bounds of backward recursions, and their check without rounding.

A sequence with $L_H \le 0$ and $L_h \le T_h L_{h+1}$ lies below the solution of $V_h = T_h V_{h+1}$, $V_H = 0$, because
every $T_h$ is monotone; the same with $\ge$ for upper bounds. The recursions subtract (add) at every step a bound on
the rounding of one float backup, so the inequalities hold without rounding; ``check_bounds`` verifies them.

Which model: every model within the representation error of the given arrays, as in
:mod:`theorylab.mdp.planning.certificates`, the row-normalised one among them.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.mdp.episodic.model import EpisodicMDP
from theorylab.mdp.planning.certificates import (
    EXACT_TERMS,
    ROW_SLACK,
    UNIT,
    Tables,
    exact_backup,
    outward,
    require,
)

__all__ = ["FloatArray", "average", "check_bounds", "row_slack", "start_bounds", "step_tables"]

FloatArray = NDArray[np.float64]
Combine = Callable[[int, NDArray[Any]], NDArray[Any]]  # step, (S, A) action values -> (S,) values


def row_slack(rows: FloatArray, *, always: bool) -> FloatArray:
    """L1 distance to the distributions that rows along the last axis may stand for.

    ``always=False``: a row with a single one is exact.
    """
    terms = np.count_nonzero(rows, axis=-1)
    many = terms > 1
    slack = np.abs(1.0 - rows.sum(axis=-1)) + (terms + 2) * UNIT * many
    return np.asarray(slack + ROW_SLACK * (many | always))


def step_tables(mdp: EpisodicMDP) -> list[Tables]:
    """The model of every step as the planners' tables."""
    H, S, A = mdp.R.shape
    slack = row_slack(mdp.P, always=True)
    terms = int(np.count_nonzero(mdp.P, axis=-1).max())
    return [Tables(mdp.P[h], mdp.R[h], mdp.P[h].reshape(S * A, S), slack[h], terms, None) for h in range(H)]


def average(weights: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weighted sums along the last axis and a bound on their error; rows of ``weights`` are distributions."""
    size = (weights * np.abs(values)).sum(axis=-1)
    error = (weights.shape[-1] + 4) * UNIT * size
    error = error + 1.01 * row_slack(weights, always=False) * np.abs(values).max(axis=-1)
    return np.asarray((weights * values).sum(axis=-1)), error


def start_bounds(mdp: EpisodicMDP, V: FloatArray, lower: FloatArray, upper: FloatArray) -> tuple[float, float, float]:
    """Value, lower and upper bound under the start distribution, from the values (S,) of the first step."""
    state = mdp.start_state
    if state is not None and mdp.start[state] == 1.0:
        return float(V[state]), float(lower[state]), float(upper[state])
    value, _ = average(mdp.start, V)
    low, low_error = average(mdp.start, lower)
    high, high_error = average(mdp.start, upper)
    low, high = outward(low - low_error, high + high_error)
    return float(value), float(low), float(high)


def check_bounds(
    mdp: EpisodicMDP, V: FloatArray, lower: FloatArray, upper: FloatArray, value: tuple[float, float, float],
    combine: Combine,
) -> None:  # fmt: skip
    """Verify the one-step inequalities and the value bounds: in Fractions when affordable, else in extended floats.

    Raises
    ------
    ValueError
        If one of them fails.
    """
    exact = 2 * int(np.count_nonzero(mdp.P)) <= EXACT_TERMS
    tables = step_tables(mdp)
    wide = _fractions if exact else _extended
    require((lower[-1] == 0.0).all() and (upper[-1] == 0.0).all(), "the bounds after the last step are not 0")
    require((lower <= V).all() and (V <= upper).all(), "V leaves its bounds")
    for h in reversed(range(mdp.horizon)):
        for below, bound in ((True, lower), (False, upper)):
            given, later = wide(bound[h]), wide(bound[h + 1])
            q = _exact(tables[h], later) if exact else _wide_backup(tables[h], later)
            backed = combine(h, q)
            holds = given <= backed if below else given >= backed
            bad = np.flatnonzero(~np.asarray(holds, dtype=bool))
            side = "V_lower" if below else "V_upper"
            require(not len(bad), f"{side}[{h}, {int(bad[0]) if len(bad) else 0}] violates its one-step inequality")
    weights = wide(mdp.start)
    weights = weights / weights.sum()
    require(value[1] <= value[0] <= value[2], "value leaves its bounds")
    require(wide(np.array([value[1]]))[0] <= (weights * wide(lower[0])).sum(), "value_lower does not follow")
    require(wide(np.array([value[2]]))[0] >= (weights * wide(upper[0])).sum(), "value_upper does not follow")


def _fractions(values: FloatArray) -> NDArray[Any]:
    flat = [Fraction(float(x)) for x in values.flat]
    result = np.empty(len(flat), dtype=object)
    result[:] = flat
    return result.reshape(values.shape)


def _extended(values: FloatArray) -> NDArray[Any]:
    return values.astype(np.longdouble)


def _exact(model: Tables, values: NDArray[Any]) -> NDArray[Any]:
    return np.array(exact_backup(model, list(values)), dtype=object)


def _wide_backup(model: Tables, values: NDArray[Any]) -> NDArray[Any]:
    rows = model.P.astype(np.longdouble)
    return np.asarray((rows * values).sum(axis=-1) / rows.sum(axis=-1) + model.R)


def normalised(weights: FloatArray, like: NDArray[Any]) -> NDArray[Any]:
    """Distributions along the last axis, in the arithmetic of ``like``, divided by their sums."""
    wide = _fractions(weights) if like.dtype == object else _extended(weights)
    return np.asarray(wide / wide.sum(axis=-1, keepdims=True))
