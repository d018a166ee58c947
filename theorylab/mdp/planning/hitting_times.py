"""Least expected hitting times, target by target: compiled policy iteration, and bounds from its residual.

The times of a policy come from state elimination without a subtraction, so every entry is accurate to a relative
rounding error even where the chain needs 10^15 steps; a general linear solve loses all digits there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core.kernels import kernel
from theorylab.mdp.planning.certificates import UNIT, Tables, relative_bounds

__all__ = ["bounds_by_target", "first_policy", "hitting_times", "hops", "is_proper"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
SWEEPS_BETWEEN_SOLVES = 8
TIE = 1e-13  # relative: smaller improvements are rounding, and the current action is kept


def hitting_times(model: Tables, distance: FloatArray, max_iterations: int) -> tuple[FloatArray, int]:
    """(S, S) [from, to] least expected times of a communicating model, and the largest number of policy iterations."""
    S = model.n_states
    times = np.zeros((S, S))
    starts, states, chances = _sparse(model)
    work = (np.zeros((S, S)), np.zeros(S), np.zeros(S), np.zeros(S), np.zeros(S, dtype=np.int64))
    used = _all_times_kernel(
        starts, states, chances, model.n_actions, np.ascontiguousarray(distance.T), max_iterations, times, *work
    )
    return np.ascontiguousarray(times.T), int(used)


def bounds_by_target(
    model: Tables, times: FloatArray, slack: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Proved lower and upper bounds (S,) on the largest time to each target, from approximate times (S, S)."""
    S = model.n_states
    starts, states, chances = _sparse(model)
    row_slack = np.ascontiguousarray(model.slack if slack is None else slack).reshape(-1)
    excess, shortfall = np.zeros(S), np.zeros(S)
    columns = np.ascontiguousarray(times.T)
    rounding = (model.terms + 8) * UNIT
    _residuals_kernel(starts, states, chances, model.n_actions, row_slack, rounding, columns, excess, shortfall)
    pairs = [relative_bounds(float(columns[t].max()), float(excess[t]), float(shortfall[t])) for t in range(S)]
    return np.array([low for low, _ in pairs]), np.array([high for _, high in pairs])


def hops(reaches: NDArray[np.bool_]) -> FloatArray:
    """(S, S) least number of arcs from state to state, inf where there is no path."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import shortest_path

    return np.asarray(shortest_path(csr_matrix(reaches), unweighted=True))


def first_policy(model: Tables, distance: FloatArray) -> IntArray:
    """(S,) the action most likely to come nearer to the target, ``distance`` (S,) away; it reaches it surely."""
    starts, states, chances = _sparse(model)
    policy = np.zeros(model.n_states, dtype=np.int64)
    _move_nearer_kernel(starts, states, chances, model.n_actions, distance, policy)
    return policy


def is_proper(model: Tables, policy: IntArray, target: int) -> bool:
    """Whether the target is reached with probability one from each state."""
    reaches = model.P[np.arange(model.n_states), policy] > 0.0
    return bool(np.isfinite(hops(reaches)[:, target]).all())


def _sparse(model: Tables) -> tuple[IntArray, IntArray, FloatArray]:
    """Compressed rows: entries starts[row] to starts[row + 1] belong to row s * A + a."""
    row, state = np.nonzero(model.rows)
    starts = np.zeros(len(model.rows) + 1, dtype=np.int64)
    np.cumsum(np.bincount(row, minlength=len(model.rows)), out=starts[1:])
    return starts, state.astype(np.int64), model.rows[row, state]


def _backup(starts: Any, states: Any, chances: Any, row: int, values: Any) -> Any:
    total = 1.0
    for entry in range(starts[row], starts[row + 1]):
        total += chances[entry] * values[states[entry]]
    return total


_backup_kernel = kernel(_backup)


def _move_nearer(starts: Any, states: Any, chances: Any, n_actions: int, distance: Any, policy: Any) -> None:
    for s in range(len(policy)):
        best = -1.0
        for a in range(n_actions):
            nearer = 0.0
            for entry in range(starts[s * n_actions + a], starts[s * n_actions + a + 1]):
                if distance[states[entry]] < distance[s]:
                    nearer += chances[entry]
            if nearer > best:
                best = nearer
                policy[s] = a


_move_nearer_kernel = kernel(_move_nearer)


def _eliminate(starts: Any, states: Any, chances: Any, n_actions: int, policy: Any, target: int, moves: Any, enter: Any, cost: Any, leave: Any, values: Any) -> None:  # fmt: skip  # noqa: E501
    """Expected steps to ``target`` under ``policy`` into ``values`` (S,); the other arrays are scratch."""
    S = len(policy)
    for s in range(S):
        enter[s] = 0.0
        cost[s] = 1.0
        for t in range(S):
            moves[s, t] = 0.0
        row = s * n_actions + policy[s]
        for entry in range(starts[row], starts[row + 1]):
            if states[entry] == target:
                enter[s] += chances[entry]
            elif states[entry] != s:
                moves[s, states[entry]] += chances[entry]
    for k in range(S - 1, -1, -1):
        if k == target:
            continue
        leave[k] = enter[k]
        for t in range(k):
            leave[k] += moves[k, t]
        for s in range(k):
            if s != target and moves[s, k] > 0.0:
                share = moves[s, k] / leave[k]
                enter[s] += share * enter[k]
                cost[s] += share * cost[k]
                for t in range(k):
                    moves[s, t] += share * moves[k, t]
                moves[s, s] = 0.0  # a way back to the same state is no way out
    for s in range(S):
        values[s] = 0.0
        if s != target:
            total = cost[s]
            for t in range(s):
                total += moves[s, t] * values[t]
            values[s] = total / leave[s]


_eliminate_kernel = kernel(_eliminate)


def _improve(starts: Any, states: Any, chances: Any, n_actions: int, target: int, policy: Any, values: Any, in_place: bool) -> bool:  # fmt: skip  # noqa: E501
    """Take better actions; with ``in_place`` the values follow (a Gauss-Seidel sweep). Whether any action changed."""
    changed = False
    for s in range(len(policy)):
        if s == target:
            continue
        current = _backup_kernel(starts, states, chances, s * n_actions + policy[s], values)
        best = current * (1.0 - TIE)
        for a in range(n_actions):
            q = _backup_kernel(starts, states, chances, s * n_actions + a, values)
            if q < best:
                best = q
                current = q
                policy[s] = a
                changed = True
        if in_place:
            values[s] = min(values[s], current)
    return changed


_improve_kernel = kernel(_improve)


def _all_times(starts: Any, states: Any, chances: Any, n_actions: int, distance: Any, max_iterations: int, times: Any, moves: Any, enter: Any, cost: Any, leave: Any, policy: Any) -> int:  # fmt: skip  # noqa: E501
    """Policy iteration for each target; distance and times are (target, state). The most iterations of a target."""
    most = 0
    for target in range(len(policy)):
        _move_nearer_kernel(starts, states, chances, n_actions, distance[target], policy)
        values = times[target]
        for iteration in range(1, max_iterations + 1):
            most = max(most, iteration)
            _eliminate_kernel(starts, states, chances, n_actions, policy, target, moves, enter, cost, leave, values)
            if iteration == max_iterations or not _improve_kernel(
                starts, states, chances, n_actions, target, policy, values, False
            ):
                break
            for _ in range(SWEEPS_BETWEEN_SOLVES):
                _improve_kernel(starts, states, chances, n_actions, target, policy, values, True)
    return most


_all_times_kernel = kernel(_all_times)


def _residuals(starts: Any, states: Any, chances: Any, n_actions: int, slack: Any, rounding: float, times: Any, excess: Any, shortfall: Any) -> None:  # fmt: skip  # noqa: E501
    """For each target: how far v = 1 + min_a P_a v may fail upwards and downwards; times are (target, state)."""
    S = len(excess)
    for target in range(S):
        largest = 0.0
        for s in range(S):
            largest = max(largest, times[target, s])
        for s in range(S):
            if s == target:
                continue
            high, low = np.inf, np.inf
            for a in range(n_actions):
                q = _backup_kernel(starts, states, chances, s * n_actions + a, times[target])
                error = rounding * q + 1.01 * slack[s * n_actions + a] * largest
                high = min(high, q + error)
                low = min(low, q - error)
            excess[target] = max(excess[target], high - times[target, s])
            shortfall[target] = max(shortfall[target], times[target, s] - low)


_residuals_kernel = kernel(_residuals)
