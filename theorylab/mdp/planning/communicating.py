r"""Diameter and least expected hitting times.   [jaksch2010near, Definition 1]

Setting      Finite MDP; $D = \max_{s \ne s'} \min_\pi E[T(s' \mid \pi, s)]$ with $T$ the first time in $s'$.
Algorithm    Infinite unless the graph of all actions is strongly connected. Else, for all targets at once: a policy that
             moves towards the target on the graph, then policy iteration with batched linear solves and some sweeps of
             value iteration in between, which keep every policy proper.
Guarantee    For a residual of $v = 1 + \min_a P_a v$ with $-d \le Tv - v \le e$ the true times lie in
             $[v / (1 + d), v / (1 - e)]$: a relative bound, whatever the size of the times. Small changes between sweeps
             prove nothing here and are not used.
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
    UNIT,
    Tables,
    TabularModel,
    exact_rows,
    relative_bounds,
    require,
    small,
    tables,
)
from theorylab.mdp.planning.chains import components, generator
from theorylab.mdp.planning.memo import remember
from theorylab.mdp.planning.rational import DEFAULT_MAX_DENOMINATOR, RationalMDP, rational_of, row_distances

__all__ = ["DiameterSolution", "diameter"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
SWEEPS_BETWEEN_SOLVES = 8
BATCH_ENTRIES = 4_000_000  # floats of the systems solved together: 32 MB
TIE = 1e-13


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
        """Verify the bounds again from ``times`` alone, or that ``to_state`` cannot be reached.

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
        lower, upper = _exact_bounds(model, self.times) if small(model, model.n_states) else _bounds(model, self.times)
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
    if rational is None and not exact:
        return solution
    max_denominator = validate.integer("max_denominator", max_denominator, low=1)
    fractions = rational_of(mdp, rational, max_denominator)
    return remember(
        model.fingerprint if rational is None else None,
        ("exact diameter", tolerance, max_iterations, max_denominator),
        lambda: _with_exact_value(model, fractions, solution),
    )


def _solution(model: Tables, tolerance: float, max_iterations: int) -> DiameterSolution:
    S = model.n_states
    reaches = (model.P > 0.0).any(axis=1)
    labels = components(reaches)
    if labels.max() > 0:
        source, target = np.nonzero(reaches)
        closed = np.setdiff1d(labels, labels[source[labels[source] != labels[target]]])
        start = int(np.flatnonzero(np.isin(labels, closed))[0])
        unreached = int(np.flatnonzero(labels != labels[start])[0])
        return DiameterSolution(math.inf, math.inf, math.inf, start, unreached, None, 0, True, None, None)
    times = np.zeros((S, S))
    iterations = 0
    step = max(1, BATCH_ENTRIES // (S * S))
    distance = _hops(reaches)
    for first in range(0, S, step):
        targets = np.arange(first, min(first + step, S))
        times[:, targets], used = _hitting_times(model, targets, _first_policies(model, distance, targets), max_iterations)
        iterations = max(iterations, used)
    lower, upper = _bounds(model, times)
    s, t = (int(i) for i in np.unravel_index(int(times.argmax()), times.shape))
    value = min(max(float(times[s, t]), lower), upper)
    times.flags.writeable = False
    return DiameterSolution(value, lower, upper, s, t, times, iterations, upper - lower <= tolerance * value, None, None)


def _hops(reaches: NDArray[np.bool_]) -> FloatArray:
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import shortest_path

    return np.asarray(shortest_path(csr_matrix(reaches), unweighted=True))


def _first_policies(model: Tables, distance: FloatArray, targets: IntArray) -> IntArray:
    """(S, targets): the action most likely to come nearer to the target on the graph; it reaches it surely."""
    nearer = (distance[None, :, targets] < distance[:, None, targets]).astype(np.float64)
    return np.matmul(model.P, nearer).argmax(axis=1)


def _hitting_times(model: Tables, targets: IntArray, policy: IntArray, max_iterations: int) -> tuple[FloatArray, int]:
    """(S, targets) least expected times, by policy iteration on all targets that still change."""
    S, A = model.R.shape
    states = np.arange(S)[:, None]
    times = np.full((S, len(targets)), np.inf)
    active = np.arange(len(targets))
    for iteration in range(1, max_iterations + 1):
        batch, columns = np.arange(len(active)), targets[active]
        solved = _policy_times(model.P[states, policy].transpose(1, 0, 2), columns)
        times[:, active] = solved
        q = 1.0 + (model.rows @ solved).reshape(S, A, len(active))
        best = q.min(axis=1)
        better = best < np.take_along_axis(q, policy[:, None, :], axis=1)[:, 0] * (1.0 - TIE)
        better[columns, batch] = False
        changed = better.any(axis=0)
        if not changed.any():
            return times, iteration
        policy = np.where(better, q.argmin(axis=1), policy)[:, changed]
        active, values, columns = active[changed], best[:, changed], columns[changed]
        for _ in range(SWEEPS_BETWEEN_SOLVES):
            values[columns, np.arange(len(active))] = 0.0
            q = 1.0 + (model.rows @ values).reshape(S, A, len(active))
            best = q.min(axis=1)
            better = best < np.take_along_axis(q, policy[:, None, :], axis=1)[:, 0] * (1.0 - TIE)
            policy = np.where(better, q.argmin(axis=1), policy)
            values = best
    return times, max_iterations


def _policy_times(chains: FloatArray, targets: IntArray) -> FloatArray:
    """(S, T) expected times to target t in chain t of (T, S, S); by elimination where the linear solve loses its digits."""
    batch = np.arange(len(targets))
    systems = generator(chains)
    systems[batch, targets, :] = 0.0
    systems[batch, targets, targets] = 1.0
    right = np.ones((len(targets), chains.shape[1], 1))
    right[batch, targets] = 0.0
    try:
        solved = np.linalg.solve(systems, right)[:, :, 0]
    except np.linalg.LinAlgError:
        return _eliminate(chains, targets).T
    residual = np.abs(np.matmul(systems, solved[:, :, None]) - right)[:, :, 0]
    poor = (residual.max(axis=1) > 1e-6) | (solved + right[:, :, 0] < 1.999 * right[:, :, 0]).any(axis=1)
    if poor.any():
        solved[poor] = _eliminate(chains[poor], targets[poor])
    return np.asarray(solved.T)


def _eliminate(chains: FloatArray, targets: IntArray) -> FloatArray:
    """The same (T, S) by eliminating state after state without a subtraction: every entry keeps its relative accuracy."""
    T, S, _ = chains.shape
    batch = np.arange(T)
    order = np.tile(np.arange(S), (T, 1))
    order[batch, targets], order[:, 0] = 0, targets  # the target comes first and is never eliminated
    A = chains[batch[:, None, None], order[:, :, None], order[:, None, :]]
    cost, leaving = np.ones((T, S)), np.ones((T, S))
    for k in range(S - 1, 0, -1):
        leaving[:, k] = A[:, k, :k].sum(axis=1)
        share = A[:, 1:k, k] / leaving[:, k, None]
        A[:, 1:k, :k] += share[:, :, None] * A[:, k, None, :k]
        cost[:, 1:k] += share * cost[:, k, None]
    ordered, times = np.zeros((T, S)), np.zeros((T, S))
    for k in range(1, S):
        ordered[:, k] = (cost[:, k] + (A[:, k, :k] * ordered[:, :k]).sum(axis=1)) / leaving[:, k]
    times[batch[:, None], order] = ordered
    return times


def _bounds(model: Tables, times: FloatArray, slack: FloatArray | None = None) -> tuple[float, float]:
    """Proved lower and upper bound on the diameter from approximate times."""
    lower, upper = _bounds_by_target(model, times, slack)
    return float(lower.max()), float(upper.max())


def _bounds_by_target(model: Tables, times: FloatArray, slack: FloatArray | None = None) -> tuple[FloatArray, FloatArray]:
    S, A = model.R.shape
    largest = times.max(axis=0)
    q = 1.0 + (model.rows @ times).reshape(S, A, S)
    row_slack = model.slack if slack is None else slack
    error = (model.terms + 8) * UNIT * q + 1.01 * row_slack[:, :, None] * largest
    excess = (q + error).min(axis=1) - times
    shortfall = times - (q - error).min(axis=1)
    np.fill_diagonal(excess, 0.0)
    np.fill_diagonal(shortfall, 0.0)
    pairs = [
        relative_bounds(float(largest[t]), max(0.0, float(excess[:, t].max())), max(0.0, float(shortfall[:, t].max())))
        for t in range(S)
    ]
    return np.array([low for low, _ in pairs]), np.array([high for _, high in pairs])


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

    check_size(rational)
    if solution.times is None:
        return replace(solution, max_denominator=rational.max_denominator)
    lower, upper = _bounds_by_target(model, solution.times, model.slack + row_distances(model, rational))
    distance = _hops((model.P > 0.0).any(axis=1))
    best, pair = Fraction(0), (solution.from_state, solution.to_state)
    for t in np.flatnonzero(upper >= lower.max()):
        values = solution.times[:, t]
        policy = (model.rows @ values).reshape(model.R.shape).argmin(axis=1)
        if not _is_proper(model, policy, int(t)):
            policy = _first_policies(model, distance, np.array([t]))[:, 0]
        exact_times, _ = exact_hitting_times(rational, int(t), policy)
        if max(exact_times) > best:
            best, pair = max(exact_times), (exact_times.index(max(exact_times)), int(t))
    return replace(
        solution, from_state=pair[0], to_state=pair[1], exact=best, max_denominator=rational.max_denominator
    )


def _is_proper(model: Tables, policy: IntArray, target: int) -> bool:
    """Whether the target is reached with probability one from each state."""
    reaches = model.P[np.arange(model.n_states), policy] > 0.0
    return bool(np.isfinite(_hops(reaches)[:, target]).all())
