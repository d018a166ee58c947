r"""Confidence radii audited by exact binomial tails, without sampling.

Setting      The mean :math:`\hat\mu` of n Bernoulli(p) rewards, a radius r(t, n), and the probability with which the
             proof says that it misses p at time t with n plays (t^-4 for UCB1, delta / (2KT) for elimination).
Algorithm    For every (t, n, p) of a grid the probability of a miss is a sum of binomial tails: :math:`\hat\mu + r < p`
             (*upper* limits, of optimism), :math:`\hat\mu - r > p` (*lower*), or either (*two-sided*).
Guarantee    The rows that decide (the worst ones, and all within 1e-6 of their claim) are computed again in rationals,
             the radius being taken as the double that it is; other rows are right to about 1e-12 of their value.  A
             failed row refutes the claim; a passed grid says nothing beyond its points.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from theorylab.core import validate
from theorylab.verify.exact.outcomes import as_fraction, binomial_tail_exact
from theorylab.verify.statistics.binomial import exceedance_p_value, shortfall_p_value

__all__ = ["AuditRow", "RadiusAudit", "default_grid", "index_audit", "radius_audit"]

SIDES = ("upper", "lower", "two-sided")
MOST_CERTIFIED_PLAYS = 2000  # beyond, the rational tails get slow
CLOSE = 1e-6  # rows whose miss is this close to the claim are decided in rationals
ROUNDING = 1e-9  # an uncertified row passes when it is below its claim by this much
Region = tuple[int, int]  # a miss: at most the first or at least the second number of successes


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One point of the grid."""

    t: int
    n: int
    p: Fraction
    miss: float  # the probability that the interval misses p
    claimed: float  # what the proof allows
    certified: bool  # miss was computed in rationals
    holds: bool  # miss <= claimed

    @property
    def ratio(self) -> float:
        """``miss / claimed``: above one, the claim is refuted."""
        return self.miss / self.claimed


@dataclass(frozen=True, slots=True)
class RadiusAudit:
    """The rows of an audit, worst first."""

    side: str
    rows: tuple[AuditRow, ...]

    @property
    def worst(self) -> AuditRow:
        """The row with the largest miss in proportion to its claim."""
        return self.rows[0]

    @property
    def holds(self) -> bool:
        """Whether no row misses more often than claimed."""
        return all(row.holds for row in self.rows)

    @property
    def failures(self) -> tuple[AuditRow, ...]:
        """The rows that refute the claim."""
        return tuple(row for row in self.rows if not row.holds)

    def __str__(self) -> str:
        w = self.worst
        kind = "exactly" if w.certified else "about"
        return (
            f"{self.side}: {len(self.failures)} of {len(self.rows)} points miss more often than claimed; worst at "
            f"t={w.t}, n={w.n}, p={w.p}: {kind} {w.miss:.3g}, claimed {w.claimed:.3g} (ratio {w.ratio:.3g})"
        )


def default_grid() -> list[tuple[int, int, Fraction]]:
    """Times 10 to 10^4, plays 5 to 1000 and never more than the time, means .3, .5, .7, .9.

    Examples
    --------
    >>> len(default_grid())
    160
    """
    times = (10, 30, 100, 300, 1000, 3000, 10_000)
    plays = (5, 10, 20, 50, 100, 200, 500, 1000)
    means = [Fraction(m, 10) for m in (3, 5, 7, 9)]
    return [(t, n, p) for t in times for n in plays if n <= t for p in means]


def radius_audit(
    radius: Callable[[int, int], float],
    claimed_miss: Callable[[int, int], float],
    *,
    grid: Iterable[tuple[int, int, Any]] | None = None,
    side: str = "upper",
    certify: int = 4,
) -> RadiusAudit:
    """Compare the exact probability that the mean of n plays misses p by more than its radius with the claimed one.

    Parameters
    ----------
    radius, claimed_miss
        Functions of (t, n): a radius >= 0 (infinite is allowed) and a probability > 0.
    grid
        Triples (t, n, p) with 0 < p < 1, read as rationals ("3/10" is 3/10, 0.3 is the double); else
        :func:`default_grid`.
    side
        ``"upper"``: the upper limit lies below p.  ``"lower"``: the lower one above it.  ``"two-sided"``: either.
    certify
        How many of the worst rows are computed in rationals (up to n = 2000).

    Raises
    ------
    ValueError
        If a radius is negative or not a number, or a claimed probability is not positive.

    Examples
    --------
    >>> audit = radius_audit(lambda t, n: math.sqrt(2 * math.log(t) / n), lambda t, n: t**-4.0)
    >>> audit.holds, radius_audit(lambda t, n: math.sqrt(math.log(t) / (2 * n)), lambda t, n: t**-4.0).holds
    (True, False)
    """
    side = validate.choice("side", side, SIDES)

    def region(t: int, n: int, p: Fraction) -> Region:
        raw = radius(t, n)
        if not (isinstance(raw, float) and raw == math.inf):
            raw = validate.number(f"radius({t}, {n})", raw, low=0.0)
        if raw == math.inf:
            return -1, n + 1
        low, high = n * (p - Fraction(raw)), n * (p + Fraction(raw))
        below = math.ceil(low) - 1  # the largest count strictly below
        above = math.floor(high) + 1
        return (below if side != "lower" else -1), (above if side != "upper" else n + 1)

    return _audit(region, claimed_miss, grid, side, certify)


def index_audit(
    index: Callable[[int, int, int], float],
    claimed_miss: Callable[[int, int], float],
    *,
    grid: Iterable[tuple[int, int, Any]] | None = None,
    side: str = "upper",
    certify: int = 4,
) -> RadiusAudit:
    """The same for a confidence limit ``index(t, n, s)`` that is no mean plus radius (KL-UCB, empirical variance).

    ``side="upper"``: a miss is ``index(t, n, s) < p``; ``"lower"``: ``index(t, n, s) > p``.  The index must not fall
    when the successes s grow (asserted at all s that are looked at; they are found by bisection).

    Examples
    --------
    >>> audit = index_audit(lambda t, n, s: s / n + math.sqrt(2 * math.log(t) / n), lambda t, n: t**-4.0)
    >>> audit.holds
    True
    """
    side = validate.choice("side", side, SIDES[:2])

    def region(t: int, n: int, p: Fraction) -> Region:
        # as many counts have an index < p (<= p on the lower side) as precede the first that has not
        seen: dict[int, float] = {}

        def within(s: int) -> bool:
            value = float(index(t, n, s))
            if math.isnan(value):
                raise ValueError(f"index({t}, {n}, {s}) is nan, expected a number")
            seen[s] = value
            return value < p if side == "upper" else value <= p

        low, high = 0, n + 1
        while low < high:
            middle = (low + high) // 2
            if middle <= n and within(middle):
                low = middle + 1
            else:
                high = middle
        ordered = sorted(seen)
        for a, b in itertools.pairwise(ordered):
            if seen[a] > seen[b]:
                raise ValueError(
                    f"index({t}, {n}, {a}) is {seen[a]:.12g} and index({t}, {n}, {b}) is {seen[b]:.12g}, expected an "
                    "index that does not fall when the successes grow"
                )
        return (low - 1, n + 1) if side == "upper" else (-1, low)

    return _audit(region, claimed_miss, grid, side, certify)


def _audit(
    region: Callable[[int, int, Fraction], Region],
    claimed_miss: Callable[[int, int], float],
    grid: Iterable[tuple[int, int, Any]] | None,
    side: str,
    certify: int,
) -> RadiusAudit:
    certify = validate.integer("certify", certify, low=0)
    found: list[tuple[AuditRow, Region]] = []
    for i, (t, n, p) in enumerate(default_grid() if grid is None else grid):
        t, n = (validate.integer(f"grid[{i}][{j}]", v, low=1) for j, v in enumerate((t, n)))
        q = as_fraction(f"grid[{i}][2]", p)
        validate.probability(f"grid[{i}][2]", float(q))
        claimed = validate.number(f"claimed_miss({t}, {n})", claimed_miss(t, n), low=0.0, open_low=True)
        missed = region(t, n, q)
        miss = _tails(missed, n, float(q))
        found.append((AuditRow(t, n, q, miss, claimed, False, miss <= claimed * (1 - ROUNDING)), missed))
    if not found:
        raise ValueError("grid is empty, expected at least one (t, n, p)")
    found.sort(key=lambda pair: -pair[0].ratio)
    rows = []
    for place, (row, missed) in enumerate(found):
        decisive = place < certify or abs(row.ratio - 1) <= CLOSE
        rows.append(_certified(row, missed) if decisive and row.n <= MOST_CERTIFIED_PLAYS else row)
    return RadiusAudit(side, tuple(rows))


def _certified(row: AuditRow, missed: Region) -> AuditRow:
    below, above = missed
    miss = Fraction(0)
    if below >= 0:  # at most ``below`` successes are at least n - below failures
        miss += binomial_tail_exact(row.n, 1 - row.p, row.n - below)
    if above <= row.n:
        miss += binomial_tail_exact(row.n, row.p, above)
    return dataclasses.replace(row, miss=float(miss), certified=True, holds=miss <= Fraction(row.claimed))


def _tails(missed: Region, n: int, p: float) -> float:
    below, above = missed
    lower = shortfall_p_value(min(below, n), n, p) if below >= 0 else 0.0
    upper = exceedance_p_value(max(above, 0), n, p) if above <= n else 0.0
    return lower + upper
