"""Values over the rationals, for small instances and outcome trees."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from theorylab.core import validate
from theorylab.mdp.episodic.bounds import FloatArray
from theorylab.mdp.episodic.model import EpisodicMDP
from theorylab.mdp.episodic.policies import require_episodic, validated_policy
from theorylab.mdp.planning.rational import DEFAULT_MAX_DENOMINATOR, RATIONAL_TOLERANCE

__all__ = ["exact_optimal_value", "exact_policy_value"]

Rows = list[list[list[tuple[int, Fraction]]]]  # [state][action]: pairs (next state, probability)


def exact_policy_value(
    mdp: EpisodicMDP, policy: Any, *, name: str = "policy", max_denominator: int | None = DEFAULT_MAX_DENOMINATOR
) -> Fraction:
    """The value of a policy from the start distribution, without rounding.

    Parameters
    ----------
    policy
        (H, S) integer actions or (H, S, A) probabilities.
    name
        What errors call it.
    max_denominator
        Every float is read as the closest fraction with a denominator up to this one (0.35 as 7/20), within 1e-12, and
        every row must then sum to exactly one. ``None``: floats are the dyadic fractions that they are, and every row
        is divided by its exact sum.

    Raises
    ------
    ValueError
        If a float is far from all such fractions, or a row of them does not sum to one.

    Examples
    --------
    >>> mdp = EpisodicMDP(P=[[[0.65, 0.35]], [[0, 1]]], R=[[0], [0.3]], horizon=2)
    >>> exact_policy_value(mdp, [[0, 0], [0, 0]])
    Fraction(21, 200)
    """
    probabilities = validated_policy(name, policy, mdp)
    if max_denominator is not None:
        validate.integer("max_denominator", max_denominator, low=1)
    weights = [_distributions(f"{name}[{h}", probabilities[h], max_denominator) for h in range(mdp.horizon)]

    def combine(h: int, s: int, q: list[Fraction]) -> Fraction:
        return sum((w * value for w, value in zip(weights[h][s], q, strict=True)), Fraction(0))

    return _value(mdp, max_denominator, combine)


def exact_optimal_value(mdp: EpisodicMDP, *, max_denominator: int | None = DEFAULT_MAX_DENOMINATOR) -> Fraction:
    """The optimal value from the start distribution, without rounding; ``max_denominator`` as for a policy's value.

    Examples
    --------
    >>> exact_optimal_value(EpisodicMDP(P=[[[1.0], [1.0]]], R=[[0, 0.1]], horizon=3))
    Fraction(3, 10)
    """
    return _value(require_episodic(mdp), max_denominator, lambda h, s, q: max(q))


def _value(
    mdp: EpisodicMDP, max_denominator: int | None, combine: Callable[[int, int, list[Fraction]], Fraction]
) -> Fraction:
    values = [Fraction(0)] * mdp.n_states
    for h, (rows, rewards) in reversed(list(enumerate(_steps(mdp, max_denominator)))):
        values = [
            combine(h, s, [
                reward + sum((p * values[t] for t, p in row), Fraction(0))
                for row, reward in zip(of_state, rewards[s], strict=True)
            ])
            for s, of_state in enumerate(rows)
        ]  # fmt: skip
    start = _distributions("start[", mdp.start[None, :], max_denominator)[0]
    return sum((w * value for w, value in zip(start, values, strict=True)), Fraction(0))


def _steps(mdp: EpisodicMDP, max_denominator: int | None) -> list[tuple[Rows, list[list[Fraction]]]]:
    """Rows and rewards of every step as fractions."""
    if max_denominator is not None:
        validate.integer("max_denominator", max_denominator, low=1)
    result: list[tuple[Rows, list[list[Fraction]]]] = []
    for h in range(mdp.horizon):
        if h and (mdp.P[h] == mdp.P[h - 1]).all() and (mdp.R[h] == mdp.R[h - 1]).all():
            result.append(result[-1])
            continue
        rows, rewards = [], []
        for s in range(mdp.n_states):
            dense = _distributions(f"P[{h}, {s}", mdp.P[h, s], max_denominator)
            rows.append([[(t, p) for t, p in enumerate(row) if p] for row in dense])
            means = enumerate(mdp.R[h, s])
            rewards.append([_closest(f"R[{h}, {s}, {a}]", float(mean), max_denominator) for a, mean in means])
        result.append((rows, rewards))
    return result


def _distributions(name: str, rows: FloatArray, max_denominator: int | None) -> list[list[Fraction]]:
    """Rows of probabilities as fractions that sum to exactly one; ``name`` is an open bracket short of an index."""
    result = []
    for i, row in enumerate(rows):
        label = "start" if name == "start[" else f"{name}, {i}]"
        entries = [_closest(label, float(p), max_denominator) for p in row]
        total = sum(entries, Fraction(0))
        if max_denominator is not None and total != 1:
            raise ValueError(
                f"{label} sums to {float(total):.17g} over the rationals, expected exactly 1; max_denominator=None "
                "divides rows by their sums"
            )
        result.append([entry / total for entry in entries])
    return result


def _closest(name: str, value: float, max_denominator: int | None) -> Fraction:
    given = Fraction(value)
    if max_denominator is None:
        return given
    result = given.limit_denominator(max_denominator)
    if abs(given - result) > Fraction(RATIONAL_TOLERANCE):
        raise ValueError(
            f"{name} has the entry {value!r}, expected one within {RATIONAL_TOLERANCE:g} of a fraction with a "
            f"denominator <= {max_denominator}; max_denominator=None takes floats as they are"
        )
    return result
