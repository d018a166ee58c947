r"""Bellman residuals with two-sided rounding bounds, in floats and over the rationals.

A row of ``P`` that is stored in floats rarely sums to exactly one, so it has to be said which model a bound is about.
All bounds of this package hold for every model that lies within the representation error of the given arrays: each row
within $|1 - \sum_{s'} P(s' \mid s, a)| + 2^{-51}$ of the given row in the L1 norm, each mean reward within two units of
its last place. In particular they hold for the row-normalised model, which the exact checks use, and for the rational
model that the floats were rounded from (7/20 stored as 0.35).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate

__all__ = ["EXACT_TERMS", "Tables", "TabularModel", "backup", "exact_backup", "outward", "relative_bounds", "tables"]

UNIT = 2.0**-52
ROW_SLACK = 2.0**-51
EXACT_TERMS = 60_000  # products of a check in Fractions (about half a second); above it, extended floats

FloatArray = NDArray[np.float64]


class TabularModel(Protocol):
    """What the planners read of a model, such as ``theorylab.mdp.model.FiniteMDP``."""

    @property
    def P(self) -> FloatArray:  # noqa: N802
        """(S, A, S) transition probabilities."""

    @property
    def R(self) -> FloatArray:  # noqa: N802
        """(S, A) mean rewards."""


@dataclass(frozen=True, slots=True)
class Tables:
    """Validated arrays of a model and the L1 slack of its rows."""

    P: FloatArray  # (S, A, S)
    R: FloatArray  # (S, A)
    rows: FloatArray  # (S * A, S), the same memory as P
    slack: FloatArray  # (S, A)
    terms: int  # the largest number of non-zero entries of a row
    fingerprint: str | None

    @property
    def n_states(self) -> int:
        """S."""
        return int(self.P.shape[0])

    @property
    def n_actions(self) -> int:
        """A."""
        return int(self.P.shape[1])

    @property
    def reward_scale(self) -> float:
        """The largest absolute mean reward, 1 when all are zero."""
        return float(np.abs(self.R).max()) or 1.0


def tables(mdp: TabularModel) -> Tables:
    """Read and validate ``mdp.P`` (S, A, S) and ``mdp.R`` (S, A).

    Raises
    ------
    TypeError, ValueError
        If a field is missing, has another shape, a row of ``P`` is no distribution, a reward exceeds 1e150 in absolute
        value or a positive probability is below 1e-150.
    """
    for field in ("P", "R"):
        if not hasattr(mdp, field):
            raise TypeError(f"mdp is {type(mdp).__name__} without a field {field}, expected a finite MDP")
    P = validate.array("P", mdp.P, ndim=3)
    S, A = P.shape[0], P.shape[1]
    if S == 0 or A == 0 or P.shape[2] != S:
        raise ValueError(f"P has shape {P.shape}, expected (S, A, S) with S >= 1 and A >= 1")
    validate.distributions("P", P)
    R = validate.array("R", mdp.R, shape=(S, A))
    validate.not_vanishing("P", P)
    validate.in_interval("R", R, -validate.LARGEST, validate.LARGEST)
    terms = int(np.count_nonzero(P, axis=-1).max())
    # the float sum of a row is off by at most terms * 2^-52, its exact sum is one plus a little
    defect = np.abs(1.0 - P.sum(axis=-1)) + (terms + 2) * UNIT * (terms > 1)
    return Tables(P, R, P.reshape(S * A, S), defect + ROW_SLACK, terms, getattr(mdp, "fingerprint", None))


def backup(model: Tables, values: FloatArray, discount: float = 1.0) -> tuple[FloatArray, FloatArray]:
    r"""$R(s, a) + \gamma \sum_{s'} P(s' \mid s, a) v(s')$ and a bound on its error, both (S, A).

    The error covers rounding and every model within the slack of the rows.
    """
    shape = model.R.shape
    moved = (model.rows @ values).reshape(shape)
    size = (model.rows @ np.abs(values)).reshape(shape)
    magnitude = np.abs(model.R) + discount * size
    largest = float(np.abs(values).max())
    error = (model.terms + 6) * UNIT * magnitude + 1.01 * discount * model.slack * largest
    return model.R + discount * moved, error


def reachable_in_one_step(model: Tables) -> NDArray[np.bool_]:
    """(S, S): whether some action moves from one state to the other with positive probability."""
    return np.asarray((model.P > 0.0).any(axis=1), dtype=np.bool_)


def outward(lower: Any, upper: Any) -> tuple[Any, Any]:
    """Four units in the last place further apart: more than the rounding of the last few operations."""
    for _ in range(4):
        lower, upper = np.nextafter(lower, -np.inf), np.nextafter(upper, np.inf)
    return lower, upper


def relative_bounds(value: float, excess: float, shortfall: float) -> tuple[float, float]:
    r"""Bounds on an expected hitting time from a residual of $v(s) = 1 + \min_a \sum P v$.

    If $Tv \le v + e$ then $v / (1 - e)$ is an upper bound, if $Tv \ge v - d$ then $v / (1 + d)$ is a lower one: scaling
    $v$ by that factor makes the inequality hold without a remainder, because every step costs one.
    """
    if value == 0.0:  # a single state
        return 0.0, 0.0
    upper = value / (1.0 - excess) if excess < 1.0 else math.inf
    low, high = outward(value / (1.0 + shortfall), upper)
    return float(low), float(high)


def exact_rows(model: Tables) -> list[list[list[tuple[int, Fraction]]]]:
    """The float rows as Fractions, divided by their exact sum: an exactly stochastic model."""
    result = []
    for s in range(model.n_states):
        of_state = []
        for a in range(model.n_actions):
            row = model.P[s, a]
            entries = [(int(t), Fraction(float(row[t]))) for t in np.flatnonzero(row)]
            total = sum((p for _, p in entries), Fraction(0))
            of_state.append(entries if total == 1 else [(t, p / total) for t, p in entries])
        result.append(of_state)
    return result


def exact_backup(model: Tables, values: Sequence[Fraction], discount: Fraction | int = 1) -> list[list[Fraction]]:
    """:func:`backup` of the row-normalised model without any rounding."""
    return [
        [
            Fraction(float(model.R[s, a])) + discount * sum((p * values[t] for t, p in row), Fraction(0))
            for a, row in enumerate(of_state)
        ]
        for s, of_state in enumerate(exact_rows(model))
    ]


def small(model: Tables, vectors: int = 1) -> bool:
    """Whether ``vectors`` backups in Fractions are affordable."""
    return int(np.count_nonzero(model.P)) * vectors <= EXACT_TERMS


def require(holds: Any, message: str) -> None:
    """Raise ``ValueError`` unless ``holds``: a certificate that does not hold is never passed over."""
    if not holds:
        raise ValueError(f"the certificate does not hold: {message}")
