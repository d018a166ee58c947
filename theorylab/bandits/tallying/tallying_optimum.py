r"""The best sequence of plays in a (weighted) tallying bandit: the benchmark of complete policy regret.

Setting      Known mean losses; the loss of a play depends on the last $m$ plays, this one included. Sought is the
             sequence of $T$ plays with the least sum of mean losses.
Algorithm    Dynamic programming forward in time; the state is the sequence of the last $m - 1$ plays, $K^{m-1}$ of
             them. Tallies alone are no state: what leaves the window next matters.
Guarantee    ``lower <= optimum <= upper``, widened for rounding: ``upper`` is the cost of the returned sequence,
             recomputed play by play from the model's definition, ``lower`` the value of the dynamic program. With
             ``exact=True`` the table of losses is read as rationals (the doubles that it holds) and both are equal.
Deviations   none
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.models import TallyingBandit, WeightedTallyingBandit
from theorylab.core import validate

__all__ = ["TallyingOptimum", "complete_policy_regret", "sequence_cost", "tallying_optimum"]

MOST_STATES = 2**20  # states times arms
MOST_POINTERS = 2 * 10**8  # bytes of back pointers, one for each round and state
Tallying: TypeAlias = TallyingBandit | WeightedTallyingBandit


@dataclass(frozen=True, slots=True)
class TallyingOptimum:
    """A sequence and the proof that none is better by more than ``upper - lower``."""

    horizon: int
    lower: float  # no sequence costs less
    upper: float  # what ``sequence`` costs
    sequence: NDArray[np.int64]  # (T,)
    least_costs: NDArray[np.float64]  # (T + 1,)  the optimum of every shorter horizon, as the program computes it
    exact: Fraction | None = None  # the optimum, with ``exact=True``

    def __post_init__(self) -> None:
        for values in (self.sequence, self.least_costs):
            values.flags.writeable = False

    def __reduce__(self) -> tuple[Any, ...]:  # copies are read-only too
        values = (self.horizon, self.lower, self.upper, self.sequence, self.least_costs, self.exact)
        return type(self), values

    @property
    def gap(self) -> float:
        """``upper - lower``."""
        return self.upper - self.lower


def tallying_optimum(
    bandit: Tallying, horizon: int, *, history: Sequence[int] = (), exact: bool = False
) -> TallyingOptimum:
    r"""The least expected loss of ``horizon`` plays, over all sequences.

    Parameters
    ----------
    bandit
        A :class:`TallyingBandit` or :class:`WeightedTallyingBandit` with $K^m \le 2^{20}$.
    horizon
        T >= 0.
    history
        Plays made before; the optimum is over what follows them.
    exact
        Compute in rationals.

    Raises
    ------
    TypeError
        If ``bandit`` is another model.
    ValueError
        If there are too many states; the message says how many.

    Examples
    --------
    Alternating costs nothing, repeating an arm costs 1 in all rounds but the first:

    >>> best = tallying_optimum(TallyingBandit([[0.0, 1.0], [0.0, 1.0]]), 6, exact=True)
    >>> best.sequence.tolist(), best.exact
    ([1, 0, 1, 0, 1, 0], Fraction(0, 1))
    """
    _expect_tallying(bandit)
    T = validate.integer("horizon", horizon, low=0)
    K, d = bandit.n_arms, max(1, bandit.window - 1)
    before = validate.indices("history", history, below=K).tolist()[-d:]
    if K ** (d + 1) > MOST_STATES or K**d * T > MOST_POINTERS:
        raise ValueError(
            f"bandit has K = {K} arms and a window of {bandit.window}: {K**d} states and {T} rounds are too many"
        )
    exact = validate.flag("exact", exact)
    table, unit = _table(bandit, exact)
    values, sequence, least = _forward(bandit, table, T, before)
    sequence.flags.writeable = False
    floats = np.array([float(Fraction(int(v), unit)) if exact else float(v) for v in least])
    floats.flags.writeable = False
    if exact:
        value = Fraction(int(min(values)), unit)
        return TallyingOptimum(T, float(value), float(value), sequence, floats, value)
    value_float = float(values.min())
    cost = sequence_cost(bandit, sequence, history=before)
    slack = T * 2.0**-52  # roundings of the two sums, each of at most T terms in [0, 1]
    return TallyingOptimum(T, value_float * (1.0 - slack), cost + slack, sequence, floats)


def sequence_cost(bandit: Tallying, actions: Any, *, history: Sequence[int] = ()) -> float:
    """The sum of the mean losses of the plays, from the model's definition.

    Raises
    ------
    TypeError, ValueError
        If the bandit is no tallying bandit, or an entry of ``actions`` or ``history`` is no arm.

    Examples
    --------
    >>> sequence_cost(TallyingBandit([[0.0, 1.0], [0.0, 1.0]]), [0, 0, 1, 1])
    2.0
    """
    _expect_tallying(bandit)
    before = validate.indices("history", history, below=bandit.n_arms).tolist()
    plays = before + validate.indices("actions", actions, below=bandit.n_arms).tolist()
    first, m = len(before), bandit.window
    losses = (1.0 - bandit.mean_reward(plays[max(0, t - m) : t], plays[t]) for t in range(first, len(plays)))
    return math.fsum(losses)


def complete_policy_regret(bandit: Tallying, actions: Any) -> float:
    """Expected loss of the plays minus that of the best sequence of the same length.

    Repeating the best arm is *not* the benchmark: it may be far from the best sequence.

    Examples
    --------
    >>> complete_policy_regret(TallyingBandit([[0.0, 1.0], [0.0, 1.0]]), [0, 0, 0, 0])
    3.0
    """
    return sequence_cost(bandit, actions) - float(tallying_optimum(bandit, len(actions)).least_costs[-1])


def _expect_tallying(bandit: Any) -> None:
    if not isinstance(bandit, (TallyingBandit, WeightedTallyingBandit)):
        raise TypeError(f"bandit is {bandit!r}, expected a TallyingBandit or a WeightedTallyingBandit")


def _table(bandit: Tallying, exact: bool) -> tuple[NDArray[Any], int]:
    """Mean losses (K, columns), as floats or as integers over the returned unit."""
    if not exact:
        return np.asarray(bandit.h), 1
    rationals = [[Fraction(float(v)) for v in row] for row in bandit.h]
    unit = math.lcm(*(v.denominator for v in itertools.chain(*rationals)))
    return np.array([[int(v * unit) for v in row] for row in rationals], dtype=object), unit


def _losses(bandit: Tallying, table: NDArray[Any], length: int) -> NDArray[Any]:
    """(K^length, K) mean loss of each arm after each history of that length (base K, the newest play last)."""
    K, m = bandit.n_arms, bandit.window
    codes = np.arange(K**length)
    same = [codes // K**age % K for age in range(min(length, m - 1))]  # the arm played 1, 2, .. rounds ago
    columns = np.zeros((len(codes), K), np.int64)
    if isinstance(bandit, TallyingBandit):
        for played in same:
            columns += played[:, None] == np.arange(K)
    else:
        shares = np.full((len(codes), K), bandit.weights[0])
        for age, played in enumerate(same, start=1):
            shares += bandit.weights[age] * (played[:, None] == np.arange(K))
        distance = np.abs(shares[:, :, None] / bandit.weights.sum() - bandit.knots)
        columns = np.argmax(distance <= distance.min(axis=2, keepdims=True) + 1e-12, axis=2)
    found: NDArray[Any] = table[np.arange(K), columns]
    return found


def _forward(bandit: Tallying, table: NDArray[Any], T: int, before: list[int]) -> tuple[Any, NDArray[np.int64], Any]:
    """Costs of the cheapest sequences that end in each state, one of them, and the least cost at every time."""
    K, d = bandit.n_arms, max(1, bandit.window - 1)
    length = len(before)
    start = sum(a * K**age for age, a in enumerate(reversed(before)))
    values = np.full(K**length, math.inf, dtype=table.dtype)
    values[start] = table.dtype.type(0) if table.dtype != object else 0
    least: list[Any] = [values[start]]
    dropped: list[NDArray[Any] | None] = []  # of each state after a round: the play that left the window
    cost, remembered = _losses(bandit, table, length), length
    for _ in range(T):
        if remembered != length:
            cost, remembered = _losses(bandit, table, length), length
        costs = values[:, None] + cost
        if length < d:  # nothing is forgotten yet
            values, length = costs.ravel(), length + 1
            dropped.append(None)
        else:
            by_oldest = costs.reshape(K, -1)
            oldest = np.argmin(by_oldest, axis=0)
            values = by_oldest[oldest, np.arange(by_oldest.shape[1])]
            dropped.append(oldest.astype(np.int8 if K <= 127 else np.int64))
        least.append(values.min())
    sequence = np.zeros(T, np.int64)
    state = int(np.argmin(values))
    for t in range(T - 1, -1, -1):
        sequence[t] = state % K
        gone = dropped[t]
        state = state // K if gone is None else int(gone[state]) * K ** (d - 1) + state // K
    return values, sequence, least
