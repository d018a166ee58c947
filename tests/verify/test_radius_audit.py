"""Radii that a proof uses pass the audit, the usual mistakes do not; tails against brute force."""

import math
from fractions import Fraction

import pytest

from theorylab.verify.statistics.radius_audit import default_grid, index_audit, radius_audit

K = 4


def hoeffding(t, n):
    return math.sqrt(2 * math.log(t) / n)


def elimination(t, n):  # delta = 1/T, the horizon in the place of t
    return math.sqrt(math.log(2 * K * t * t) / (2 * n))


CLAIMS = {"ucb1": lambda t, n: t**-4.0, "elimination": lambda t, n: 1 / (2 * K * t**2)}


@pytest.mark.parametrize(
    "claim, radius, holds",
    [
        ("ucb1", hoeffding, True),
        ("ucb1", lambda t, n: hoeffding(t, n) / 2, False),
        ("ucb1", lambda t, n: math.sqrt(2 * math.log(n) / n), False),
        ("ucb1", lambda t, n: 1.96 * math.sqrt(0.25 / n), False),
        ("ucb1", lambda t, n: math.sqrt(2 / n), False),
        ("ucb1", lambda t, n: hoeffding(n, t), False),
        ("ucb1", lambda t, n: 2 * hoeffding(t, n), True),
        ("elimination", elimination, True),
        ("elimination", lambda t, n: elimination(t, n) / 2, False),
        ("elimination", lambda t, n: math.sqrt(math.log(2 * t) / (2 * n)), False),
    ],
    ids=[
        "ucb1", "halved", "ln n for ln t", "constant 95 %", "no log", "n and t swapped", "doubled", "elimination",
        "elimination halved", "no union bound",
    ],
)  # fmt: skip
def test_the_audit_separates_radii(claim, radius, holds):
    for side in ("upper", "lower"):
        audit = radius_audit(radius, CLAIMS[claim], side=side)
        assert audit.holds is holds and audit.worst.certified and (not audit.failures) is holds
        assert len(audit.rows) == len(default_grid()) and (audit.worst.ratio > 1) is not holds
        assert str(audit).startswith(f"{side}: 0 of 160 ") is holds


def miss_by_enumeration(missed, n, p):
    return sum((math.comb(n, s) * p**s * (1 - p) ** (n - s) for s in range(n + 1) if missed(s)), Fraction(0))


def test_tails_agree_with_enumeration_at_the_boundary_too():
    """At p = 1/2, r = 1/4 and n = 8 the counts 2 and 6 lie on the ends of the interval: no miss."""
    n, p, r = 8, Fraction(1, 2), Fraction(1, 4)
    missed = {
        "upper": lambda s: Fraction(s, n) + r < p,
        "lower": lambda s: Fraction(s, n) - r > p,
        "two-sided": lambda s: abs(Fraction(s, n) - p) > r,
    }
    for side, event in missed.items():
        expected = miss_by_enumeration(event, n, p)
        for certify in (0, 1):
            audit = radius_audit(lambda t, n: 0.25, lambda t, n: 0.5, grid=[(10, n, p)], side=side, certify=certify)
            assert audit.worst.miss == pytest.approx(float(expected), rel=1e-12)
            assert audit.worst.certified is (certify == 1)
    assert expected == 2 * Fraction(9, 256)


def test_a_claim_that_is_met_exactly_holds_and_a_hair_below_it_does_not():
    n, p = 8, Fraction(1, 2)
    for claimed, holds in ((9 / 256, True), (math.nextafter(9 / 256, 0), False)):
        audit = radius_audit(lambda t, n: 0.25, lambda t, n, c=claimed: c, grid=[(10, n, p)], certify=0)
        assert audit.worst.certified and audit.holds is holds


def test_infinite_and_large_radii_never_miss():
    for radius in (math.inf, 1.0):
        for side in ("upper", "lower", "two-sided"):
            audit = radius_audit(lambda t, n, r=radius: r, CLAIMS["ucb1"], side=side)
            assert audit.holds and audit.worst.miss == 0.0


def test_an_index_that_is_mean_plus_radius_has_the_audit_of_its_radius():
    grid = [row for row in default_grid() if row[1] <= 100]
    for factor in (1.0, 0.5):
        for side, sign in (("upper", 1), ("lower", -1)):
            # p - r and mean + r round differently: a radius away from the lattice of counts makes no difference
            def radius(t, n, factor=factor):
                return factor * hoeffding(t, n) + 1e-9

            def index(t, n, s, sign=sign, radius=radius):
                return s / n + sign * radius(t, n)

            by_radius = radius_audit(radius, CLAIMS["ucb1"], grid=grid, side=side)
            by_index = index_audit(index, CLAIMS["ucb1"], grid=grid, side=side)
            assert [(r.t, r.n, r.p, r.miss) for r in by_radius.rows] == [(r.t, r.n, r.p, r.miss) for r in by_index.rows]


def kl(p, q):
    return (p * math.log(p / q) if p else 0.0) + ((1 - p) * math.log((1 - p) / (1 - q)) if p < 1 else 0.0)


def kl_upper(level, n, mean):
    low, high = mean, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if middle < 1 and n * kl(mean, middle) <= level else (low, middle)
    return high


def test_the_chernoff_index_passes_and_half_its_level_does_not():
    """P(n kl(mean, p) > x, mean < p) <= e^-x at a fixed n."""
    grid = [row for row in default_grid() if row[1] <= 200]
    claim = lambda t, n: 1.0 / t  # noqa: E731
    assert index_audit(lambda t, n, s: kl_upper(math.log(t), n, s / n), claim, grid=grid).holds
    assert not index_audit(lambda t, n, s: kl_upper(math.log(t) / 2, n, s / n), claim, grid=grid).holds


def test_bad_input():
    claim = CLAIMS["ucb1"]
    with pytest.raises(ValueError, match=r"radius\(10, 5\) is -1"):
        radius_audit(lambda t, n: -1.0, claim)
    with pytest.raises(ValueError, match=r"radius\(10, 5\) is nan"):
        radius_audit(lambda t, n: math.nan, claim)
    with pytest.raises(ValueError, match=r"claimed_miss\(10, 5\) is 0, expected"):
        radius_audit(hoeffding, lambda t, n: 0.0)
    with pytest.raises(ValueError, match=r"grid\[1\]\[2\] is 1, expected"):
        radius_audit(hoeffding, claim, grid=[(10, 5, "1/2"), (10, 5, 1)])
    with pytest.raises(ValueError, match="grid is empty"):
        radius_audit(hoeffding, claim, grid=[])
    with pytest.raises(ValueError, match="side is 'both', expected one of 'upper', 'lower', 'two-sided'"):
        radius_audit(hoeffding, claim, side="both")
    with pytest.raises(ValueError, match="expected an index that does not fall"):
        index_audit(lambda t, n, s: -s / n, claim)
