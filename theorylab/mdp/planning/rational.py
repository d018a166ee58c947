"""Models with rational entries: given exactly, or made from floats by an explicit, checked step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from theorylab.core import validate
from theorylab.mdp.planning.certificates import Tables, TabularModel, tables

__all__ = ["DEFAULT_MAX_DENOMINATOR", "RATIONAL_TOLERANCE", "RationalMDP", "rationalise"]

DEFAULT_MAX_DENOMINATOR = 10**6
RATIONAL_TOLERANCE = 1e-12  # |float - fraction| of each entry

Row = tuple[tuple[int, Fraction], ...]


@dataclass(frozen=True, slots=True)
class RationalMDP:
    """A finite MDP over the rationals; every row sums to exactly one."""

    rows: tuple[tuple[Row, ...], ...]  # rows[s][a]: pairs (next state, probability), zeros left out
    rewards: tuple[tuple[Fraction, ...], ...]  # rewards[s][a]
    max_denominator: int | None = None  # of :func:`rationalise`; None when the entries were given

    def __post_init__(self) -> None:
        for s, of_state in enumerate(self.rows):
            for a, row in enumerate(of_state):
                states = [t for t, _ in row]
                if states != sorted(set(states)) or (states and not 0 <= states[0] <= states[-1] < len(self.rows)):
                    raise ValueError(
                        f"rows[{s}][{a}] has next states {states}, expected increasing ones in 0..{len(self.rows) - 1}"
                    )
                for t, p in row:
                    if p < 0:
                        raise ValueError(f"P[{s}, {a}, {t}] is {p}, expected a probability >= 0")
                total = sum((p for _, p in row), Fraction(0))
                if total != 1:
                    raise ValueError(
                        f"P[{s}, {a}] sums to {_short(total)} over the rationals, expected exactly 1: give exact "
                        "entries, rational=RationalMDP.from_arrays(P, R) with Fractions or strings such as '1/3'"
                    )

    @property
    def n_states(self) -> int:
        """S."""
        return len(self.rows)

    @property
    def n_actions(self) -> int:
        """A."""
        return len(self.rows[0])

    @classmethod
    def from_arrays(cls, P: Sequence[Any], R: Sequence[Any]) -> RationalMDP:
        """From nested sequences (S, A, S) and (S, A) of Fractions, integers, strings ("1/3") or floats.

        A float is taken as the dyadic fraction that it is: 0.35 is not 7/20.

        Raises
        ------
        ValueError
            If the shapes disagree or a row does not sum to exactly one.

        Examples
        --------
        >>> RationalMDP.from_arrays([[["1/3", "2/3"]], [[1, 0]]], [[0], ["1/2"]]).rows[0][0]
        ((0, Fraction(1, 3)), (1, Fraction(2, 3)))
        """
        n = len(P)
        if n == 0 or len(R) != n:
            raise ValueError(f"P has {n} states and R has {len(R)}, expected the same number >= 1")
        n_actions = len(P[0])
        rows, rewards = [], []
        for s in range(n):
            if len(P[s]) != n_actions or len(R[s]) != n_actions or n_actions == 0:
                raise ValueError(f"P[{s}] has {len(P[s])} actions and R[{s}] has {len(R[s])}, expected {n_actions}")
            of_state = []
            for a in range(n_actions):
                if len(P[s][a]) != n:
                    raise ValueError(f"P[{s}, {a}] has {len(P[s][a])} entries, expected {n}")
                fractions = [_fraction(f"P[{s}, {a}, {t}]", p) for t, p in enumerate(P[s][a])]
                of_state.append(tuple((t, p) for t, p in enumerate(fractions) if p != 0))
            rows.append(tuple(of_state))
            rewards.append(tuple(_fraction(f"R[{s}, {a}]", r) for a, r in enumerate(R[s])))
        return cls(tuple(rows), tuple(rewards))


def rationalise(mdp: TabularModel, max_denominator: int = DEFAULT_MAX_DENOMINATOR) -> RationalMDP:
    """The rational model whose entries are the closest fractions with denominators up to ``max_denominator``.

    This is a guess about what the floats were meant to be (0.35 as 7/20), so it is never made silently: ``exact=True``
    asks for it, the result records ``max_denominator``, and every entry and every row is checked.

    Raises
    ------
    ValueError
        If a fraction is further than 1e-12 from its float, or a row does not sum to exactly one.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> rationalise(SimpleNamespace(P=np.array([[[1.0]]]), R=np.array([[0.35]]))).rewards
    ((Fraction(7, 20),),)
    """
    model = tables(mdp)
    max_denominator = validate.integer("max_denominator", max_denominator, low=1)
    known: dict[float, Fraction] = {}

    def closest(name: str, index: tuple[int, ...], value: float) -> Fraction:
        if value not in known:
            known[value] = Fraction(value).limit_denominator(max_denominator)
        fraction = known[value]
        if abs(Fraction(value) - fraction) > Fraction(RATIONAL_TOLERANCE):
            raise ValueError(
                f"{validate.where(name, index)} is {value!r}, further than {RATIONAL_TOLERANCE:g} from every fraction "
                f"with a denominator <= {max_denominator}; expected a larger max_denominator, or exact entries by "
                "rational=RationalMDP.from_arrays(P, R)"
            )
        return fraction

    S, A = model.R.shape

    def row(s: int, a: int) -> Row:
        states = (int(t) for t in np.flatnonzero(model.P[s, a]))
        return tuple((t, closest("P", (s, a, t), float(model.P[s, a, t]))) for t in states)

    rows = tuple(tuple(row(s, a) for a in range(A)) for s in range(S))
    rewards = tuple(tuple(closest("R", (s, a), float(model.R[s, a])) for a in range(A)) for s in range(S))
    return RationalMDP(rows, rewards, max_denominator)


def rational_of(mdp: TabularModel, rational: RationalMDP | None, max_denominator: int) -> RationalMDP:
    """The given rational model after a comparison with the floats, or the rationalised one."""
    if rational is None:
        return rationalise(mdp, max_denominator)
    if not isinstance(rational, RationalMDP):
        raise TypeError(f"rational is {rational!r}, expected a RationalMDP")
    model = tables(mdp)
    if (rational.n_states, rational.n_actions) != model.R.shape:
        raise ValueError(
            f"rational has {rational.n_states} states and {rational.n_actions} actions, expected {model.R.shape}"
        )
    for s in range(model.n_states):
        for a in range(model.n_actions):
            given = dict(rational.rows[s][a])
            for t in range(model.n_states):
                _close(f"rational P[{s}, {a}, {t}]", given.get(t, Fraction(0)), float(model.P[s, a, t]))
            _close(f"rational R[{s}, {a}]", rational.rewards[s][a], float(model.R[s, a]))
    return rational


def row_distances(model: Tables, rational: RationalMDP) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(S, A) upper bounds on the L1 distance between the float and the rational rows."""
    result = np.zeros(model.R.shape)
    for s, of_state in enumerate(rational.rows):
        for a, row in enumerate(of_state):
            given = dict(row)
            entries = set(given) | {int(t) for t in np.flatnonzero(model.P[s, a])}
            gaps = (abs(given.get(t, Fraction(0)) - Fraction(float(model.P[s, a, t]))) for t in entries)
            result[s, a] = np.nextafter(float(sum(gaps, Fraction(0))), np.inf)
    return result


def _close(name: str, fraction: Fraction, value: float) -> None:
    if abs(fraction - Fraction(value)) > Fraction(RATIONAL_TOLERANCE):
        raise ValueError(f"{name} is {_short(fraction)}, expected {value!r} within {RATIONAL_TOLERANCE:g}")


def _fraction(name: str, value: Any) -> Fraction:
    if isinstance(value, np.generic):
        value = value.item()
    try:
        return Fraction(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError) as error:
        raise TypeError(f"{name} is {value!r}, expected a Fraction, an integer, a float or a string '1/3'") from error


def _short(value: Fraction) -> str:
    text = str(value)
    return text if len(text) <= 50 else f"{text[:22]}...{text[-22:]} (about {float(value):.15g})"
