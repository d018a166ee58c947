r"""Diameter and least expected hitting times.   [jaksch2010near, Definition 1]

Setting      Finite MDP; $D = \max_{s \ne s'} \min_\pi E[T(s' \mid \pi, s)]$ with $T$ the first time in $s'$.
Algorithm    Infinite unless the graph of all actions is strongly connected. Else, for each target: a policy that
             moves towards it on the graph, then policy iteration with state elimination and some sweeps of value
             iteration in between, which keep every policy proper.
Guarantee    For a residual of $v = 1 + \min_a P_a v$ with $-d \le Tv - v \le e$ the true times lie in
             $[v / (1 + d), v / (1 - e)]$: a relative bound, whatever the size of the times. Small changes between
             sweeps prove nothing here and are not used.
Deviations   none
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.mdp.planning.certificates import (
    Tables,
    TabularModel,
    exact_rows,
    reachable_in_one_step,
    require,
    small,
    tables,
)
from theorylab.mdp.planning.chains import components
from theorylab.mdp.planning.memo import remember
from theorylab.mdp.planning.rational import DEFAULT_MAX_DENOMINATOR, RationalMDP, rational_of, row_distances

__all__ = ["DiameterSolution", "diameter"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DiameterSolution:
    """The diameter, a pair of states that attains it, and the least expected time between each pair."""

    value: float  # inf when some state cannot be reached from another
    lower: float
    upper: float
    from_state: int  # for an infinite diameter ``to_state`` cannot be reached from here under any policy
    to_state: int
    times: FloatArray | None  # (S, S) [from, to]; None when infinite
    iterations: int
    converged: bool  # upper - lower <= tolerance * value
    exact: Fraction | None
    max_denominator: int | None

    @property
    def communicating(self) -> bool:
        """Whether each state can be reached from each other one."""
        return math.isfinite(self.value)

    def check(self, mdp: TabularModel) -> bool:
        """Check the bounds again from ``times`` alone, or that ``to_state`` cannot be reached.

        Raises
        ------
        ValueError
            If a bound does not follow.
        """
        model = tables(mdp)
        if self.times is None:
            reached, frontier = {self.from_state}, [self.from_state]
            while frontier:
                s = frontier.pop()
                new = {int(t) for t in np.flatnonzero(model.P[s].any(axis=0))} - reached
                reached |= new
                frontier.extend(new)
            require(self.to_state not in reached, f"state {self.to_state} can be reached from state {self.from_state}")
            return True
        require(self.times.shape == (model.n_states,) * 2, f"times has shape {self.times.shape}")
        require(bool((self.times >= 0.0).all()), "a time is negative")
        lower: Fraction | float
        upper: Fraction | float
        if small(model, model.n_states):
            lower, upper = _exact_bounds(model, self.times)
        else:
            from theorylab.mdp.planning.hitting_times import bounds_by_target

            lowers, uppers = bounds_by_target(model, self.times)
            lower, upper = float(lowers.max()), float(uppers.max())
        require(self.lower <= lower, f"lower {self.lower} > {float(lower)}")
        require(self.upper >= upper, f"upper {self.upper} < {float(upper)}")
        return True


def diameter(
    mdp: TabularModel,
    *,
    tolerance: float = 1e-9,
    max_iterations: int = 200,
    exact: bool = False,
    rational: RationalMDP | None = None,
    max_denominator: int = DEFAULT_MAX_DENOMINATOR,
) -> DiameterSolution:
    r"""$D = \max_{s \ne s'} \min_\pi E[T(s' \mid \pi, s)]$, 0 for a single state.   [jaksch2010near, Definition 1]

    Parameters
    ----------
    tolerance
        Relative: ``converged`` says whether ``upper - lower <= tolerance * value``.
    max_iterations
        Bound on the policy iterations for each target.
    exact, rational, max_denominator
        As in :func:`~theorylab.mdp.planning.average_reward.optimal_gain`. Targets whose proved upper bound lies below
        the diameter are not solved over the rationals.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> lazy = SimpleNamespace(P=np.array([[[0.75, 0.25]], [[1.0, 0.0]]]), R=np.zeros((2, 1)))
    >>> solution = diameter(lazy, exact=True)
    >>> solution.value, solution.from_state, solution.to_state, solution.exact
    (4.0, 0, 1, Fraction(4, 1))
    """
    model = tables(mdp)
    tolerance = validate.number("tolerance", tolerance, low=0.0)
    max_iterations = validate.integer("max_iterations", max_iterations, low=1)
    solution = remember(
        model.fingerprint, ("diameter", tolerance, max_iterations), lambda: _solution(model, tolerance, max_iterations)
    )
    if not validate.flag("exact", exact) and rational is None:
        return solution
    max_denominator = validate.integer("max_denominator", max_denominator, low=1)
    fractions = rational_of(mdp, rational, max_denominator)
    return remember(
        model.fingerprint if rational is None else None,
        ("exact diameter", tolerance, max_iterations, max_denominator),
        lambda: _with_exact_value(model, fractions, solution),
    )


def _solution(model: Tables, tolerance: float, max_iterations: int) -> DiameterSolution:
    from theorylab.mdp.planning.hitting_times import bounds_by_target, hitting_times, hops  # loads numba

    reaches = reachable_in_one_step(model)
    labels = components(reaches)
    if labels.max() > 0:
        source, target = np.nonzero(reaches)
        closed = np.setdiff1d(labels, labels[source[labels[source] != labels[target]]])
        start = int(np.flatnonzero(np.isin(labels, closed))[0])
        unreached = int(np.flatnonzero(labels != labels[start])[0])
        return DiameterSolution(math.inf, math.inf, math.inf, start, unreached, None, 0, True, None, None)
    times, iterations = hitting_times(model, hops(reaches), max_iterations)
    lowers, uppers = bounds_by_target(model, times)
    lower, upper = float(lowers.max()), float(uppers.max())
    s, t = (int(i) for i in np.unravel_index(int(times.argmax()), times.shape))
    value = min(max(float(times[s, t]), lower), upper)
    times.flags.writeable = False
    converged = upper - lower <= tolerance * value
    return DiameterSolution(value, lower, upper, s, t, times, iterations, converged, None, None)


def _exact_bounds(model: Tables, times: FloatArray) -> tuple[Fraction, Fraction | float]:
    """The bounds of the row-normalised model without rounding."""
    rows = exact_rows(model)
    lower, upper = Fraction(0), Fraction(0)
    for t in range(model.n_states):
        v = [Fraction(float(x)) for x in times[:, t]]
        residual = [
            min(1 + sum((p * v[i] for i, p in row), Fraction(0)) for row in rows[s]) - v[s]
            for s in range(model.n_states)
            if s != t
        ]
        excess, shortfall = max([Fraction(0), *residual]), max([Fraction(0), *(-x for x in residual)])
        if excess >= 1:
            return lower, math.inf
        lower, upper = max(lower, max(v) / (1 + shortfall)), max(upper, max(v) / (1 - excess))
    return lower, upper


def _with_exact_value(model: Tables, rational: RationalMDP, solution: DiameterSolution) -> DiameterSolution:
    from theorylab.mdp.planning.exact import check_size, exact_hitting_times
    from theorylab.mdp.planning.hitting_times import bounds_by_target, first_policy, hops, is_proper

    check_size(rational)
    if solution.times is None:
        return replace(solution, max_denominator=rational.max_denominator)
    lower, upper = bounds_by_target(model, solution.times, model.slack + row_distances(model, rational))
    distance = hops(reachable_in_one_step(model))
    best, pair = Fraction(0), (solution.from_state, solution.to_state)
    for t in np.flatnonzero(upper >= lower.max()):
        values = solution.times[:, t]
        policy = (model.rows @ values).reshape(model.R.shape).argmin(axis=1)
        if not is_proper(model, policy, int(t)):
            policy = first_policy(model, distance[:, t])
        exact_times, _ = exact_hitting_times(rational, int(t), policy)
        if max(exact_times) > best:
            best, pair = max(exact_times), (exact_times.index(max(exact_times)), int(t))
    return replace(solution, from_state=pair[0], to_state=pair[1], exact=best, max_denominator=rational.max_denominator)
