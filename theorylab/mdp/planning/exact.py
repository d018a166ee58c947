r"""Planning over the rationals: a policy is solved with python-flint and its optimality is checked entry by entry.

Nothing computed in floats is trusted: the float policy only saves iterations. A returned pair (value, policy) satisfies
the optimality equation of the rational model with equality, which proves it optimal: gain and bias
$h + \rho = \max_a (r_a + P_a h)$, discounted value $v = \max_a (r_a + \gamma P_a v)$, hitting time
$v = 1 + \min_a P_a v$ off the target.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.mdp.planning.chains import recurrent_classes
from theorylab.mdp.planning.rational import RationalMDP

__all__ = [
    "MAX_EXACT_STATES",
    "ExactGain",
    "exact_chain",
    "exact_discounted",
    "exact_hitting_times",
    "exact_optimal_gain",
]

MAX_EXACT_STATES = 128
MAX_EXACT_ITERATIONS = 1000

Matrix = list[list[Fraction]]


@dataclass(frozen=True, slots=True)
class ExactGain:
    """An exact solution of the average-reward optimality equation."""

    gain: Fraction
    bias: tuple[Fraction, ...]  # (S,)
    policy: tuple[int, ...]  # (S,)
    iterations: int


def exact_optimal_gain(model: RationalMDP, policy: Sequence[int] | NDArray[np.int64]) -> ExactGain:
    """Policy iteration over the rationals from ``policy``, until the optimality equation holds exactly.

    Raises
    ------
    ValueError
        If the optimal gain depends on the start state, or the model has more than 128 states.
    """
    check_size(model)
    current = [int(a) for a in policy]
    for iteration in range(1, MAX_EXACT_ITERATIONS + 1):
        rows = [dict(model.rows[s][a]) for s, a in enumerate(current)]
        gain, bias = exact_chain(rows, [model.rewards[s][a] for s, a in enumerate(current)])
        improved = _improve_gain(model, gain, bias, current)
        if improved == current:
            if min(gain) != max(gain):
                high, low = gain.index(max(gain)), gain.index(min(gain))
                raise ValueError(
                    f"the optimal gain depends on the start state: {gain[high]} from state {high}, {gain[low]} from "
                    f"state {low}; expected a model with one optimal gain"
                )
            for s in range(model.n_states):  # the proof of optimality, entry by entry
                q = [r + _expect(row, bias) for r, row in zip(model.rewards[s], model.rows[s], strict=True)]
                if max(q) != bias[s] + gain[0]:
                    raise AssertionError(f"the optimality equation fails in state {s}")
            return ExactGain(gain[0], tuple(bias), tuple(current), iteration)
        current = improved
    raise RuntimeError(f"no optimal policy after {MAX_EXACT_ITERATIONS} exact policy iterations")


def exact_chain(
    rows: Sequence[dict[int, Fraction]], rewards: Sequence[Fraction]
) -> tuple[list[Fraction], list[Fraction]]:
    """Gain and bias, from each start state, of the chain with rows ``{next state: probability}``."""
    n = len(rows)
    positive = np.zeros((n, n), dtype=bool)
    for s, row in enumerate(rows):
        for t, p in row.items():
            positive[s, t] = p > 0
    gain, bias = [Fraction(0)] * n, [Fraction(0)] * n
    recurrent: set[int] = set()
    for members in recurrent_classes(positive):
        states = [int(s) for s in members]
        recurrent.update(states)
        system = _generator(rows, states)
        for equation in system:
            equation[0] = Fraction(1)  # the bias of the first member is pinned to zero; its column carries the gain
        solution = [x[0] for x in solve(system, [[rewards[s]] for s in states])]
        relative = [Fraction(0), *solution[1:]]
        transposed = [list(column) for column in zip(*system, strict=True)]
        weights = [x[0] for x in solve(transposed, [[Fraction(int(i == 0))] for i in range(len(states))])]
        mean = sum((w * h for w, h in zip(weights, relative, strict=True)), Fraction(0))
        for s, h in zip(states, relative, strict=True):
            gain[s], bias[s] = solution[0], h - mean
    transient = [s for s in range(n) if s not in recurrent]
    if transient:
        system = _generator(rows, transient)
        entering = [[(t, p) for t, p in rows[s].items() if t in recurrent] for s in transient]
        gains = [x[0] for x in solve(system, [[_expect(row, gain)] for row in entering])]
        right = [[rewards[s] - g + _expect(row, bias)] for s, g, row in zip(transient, gains, entering, strict=True)]
        biases = [x[0] for x in solve(system, right)]
        for i, s in enumerate(transient):
            gain[s], bias[s] = gains[i], biases[i]
    return gain, bias


def exact_discounted(
    model: RationalMDP, discount: Fraction, policy: Sequence[int] | NDArray[np.int64]
) -> tuple[list[Fraction], list[int], int]:
    """Optimal discounted values, an optimal policy and the number of iterations, over the rationals."""
    check_size(model)
    current = [int(a) for a in policy]
    n = model.n_states
    for iteration in range(1, MAX_EXACT_ITERATIONS + 1):
        system = [[Fraction(int(s == t)) for t in range(n)] for s in range(n)]
        for s, a in enumerate(current):
            for t, p in model.rows[s][a]:
                system[s][t] -= discount * p
        values = [x[0] for x in solve(system, [[model.rewards[s][a]] for s, a in enumerate(current)])]
        improved = list(current)
        for s in range(n):
            q = [r + discount * _expect(row, values) for r, row in zip(model.rewards[s], model.rows[s], strict=True)]
            if max(q) > q[current[s]]:
                improved[s] = q.index(max(q))
        if improved == current:
            return values, current, iteration
        current = improved
    raise RuntimeError(f"no optimal policy after {MAX_EXACT_ITERATIONS} exact policy iterations")


def exact_hitting_times(
    model: RationalMDP, target: int, policy: Sequence[int] | NDArray[np.int64]
) -> tuple[list[Fraction], list[int]]:
    """Least expected numbers of steps to ``target`` from each state, and a policy that attains them.

    ``policy`` must reach the target from every state; policy iteration then stays with such policies.
    """
    check_size(model)
    current = [int(a) for a in policy]
    others = [s for s in range(model.n_states) if s != target]
    for _ in range(MAX_EXACT_ITERATIONS):
        rows = [dict(model.rows[s][a]) for s, a in enumerate(current)]
        times = [Fraction(0)] * model.n_states
        for s, x in zip(others, solve(_generator(rows, others), [[Fraction(1)] for _ in others]), strict=True):
            times[s] = x[0]
        improved = list(current)
        for s in others:
            q = [1 + _expect(row, times) for row in model.rows[s]]
            if min(q) < q[current[s]]:
                improved[s] = q.index(min(q))
        if improved == current:
            return times, current
        current = improved
    raise RuntimeError(f"no optimal policy after {MAX_EXACT_ITERATIONS} exact policy iterations")


def solve(system: Matrix, right: Matrix) -> Matrix:
    """The solution of a square system over the rationals, by python-flint."""
    from flint import fmpq, fmpq_mat

    def matrix(rows: Matrix) -> Any:
        return fmpq_mat(len(rows), len(rows[0]), [fmpq(x.numerator, x.denominator) for row in rows for x in row])

    if not system:  # no unknowns: a single state
        return []
    solution = matrix(system).solve(matrix(right))
    columns = range(len(right[0]))
    return [[Fraction(int(solution[i, j].p), int(solution[i, j].q)) for j in columns] for i in range(len(right))]


def check_size(model: RationalMDP) -> None:
    """Refuse what would run for minutes.

    Raises
    ------
    ValueError
        If the model has more than ``MAX_EXACT_STATES`` states.
    """
    validate.integer("the number of states in the exact mode", model.n_states, low=1, high=MAX_EXACT_STATES)


def _improve_gain(model: RationalMDP, gain: list[Fraction], bias: list[Fraction], current: list[int]) -> list[int]:
    reached = [[_expect(row, gain) for row in of_state] for of_state in model.rows]
    improved = list(current)
    for s, of_state in enumerate(reached):
        if max(of_state) > of_state[current[s]]:
            improved[s] = of_state.index(max(of_state))
    if improved != current:
        return improved
    for s in range(model.n_states):
        q = {
            a: model.rewards[s][a] + _expect(model.rows[s][a], bias)
            for a in range(model.n_actions)
            if reached[s][a] == max(reached[s])
        }
        best = max(q.values())
        if best > q[current[s]]:
            improved[s] = min(a for a, value in q.items() if value == best)
    return improved


def _generator(rows: Sequence[dict[int, Fraction]], states: list[int]) -> Matrix:
    """I - P on the given states."""
    return [[Fraction(int(s == t)) - rows[s].get(t, Fraction(0)) for t in states] for s in states]


def _expect(row: Sequence[tuple[int, Fraction]], values: Sequence[Fraction]) -> Fraction:
    return sum((p * values[t] for t, p in row), Fraction(0))
