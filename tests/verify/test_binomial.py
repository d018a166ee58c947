"""Binomial tests against sums in rationals and against the probability of a false verdict, enumerated."""

import math
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.verify.statistics import binomial


def masses(n, p):
    return [math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(n + 1)]


@given(st.integers(1, 60), st.data(), st.integers(1, 99))
@settings(max_examples=100, deadline=None)
def test_tails_are_the_sums_of_masses(n, data, percent):
    x = data.draw(st.integers(0, n))
    exact = masses(n, Fraction(percent, 100))
    delta = percent / 100
    assert binomial.exceedance_p_value(x, n, delta) == pytest.approx(float(sum(exact[x:])), rel=1e-10)
    assert binomial.shortfall_p_value(x, n, delta) == pytest.approx(float(sum(exact[: x + 1])), rel=1e-10)


# Least runs without a violation: ceil(ln alpha / ln(1 - delta)); the table is derived from that formula.
@pytest.mark.parametrize(
    ("delta", "runs"), [(0.2, (14, 21, 31)), (0.1, (29, 44, 66)), (0.05, (59, 90, 135)), (0.01, (299, 459, 688))]
)
def test_runs_that_support_without_a_violation(delta, runs):
    assert tuple(binomial.runs_to_support(delta, alpha) for alpha in (0.05, 0.01, 0.001)) == runs
    for alpha, n in zip((0.05, 0.01, 0.001), runs, strict=True):
        assert n == math.ceil(math.log(alpha) / math.log1p(-delta))
        assert binomial.supports(0, n, delta, alpha) and not binomial.supports(0, n - 1, delta, alpha)
        assert binomial.upper_limit(0, n, alpha) <= delta < binomial.upper_limit(0, n - 1, alpha)


@pytest.mark.parametrize(
    ("delta", "n", "needed", "power"),
    [
        (0.1, 100, 21, 0.44),
        (0.1, 200, 35, 0.83),
        (0.1, 500, 73, 1.0),
        (0.05, 100, 14, 0.12),
        (0.05, 200, 22, 0.35),
        (0.05, 500, 42, 0.90),
    ],
)
def test_violations_that_refute_at_one_in_a_thousand(delta, n, needed, power):
    assert binomial.violations_to_refute(n, delta, 1e-3) == needed
    assert binomial.refutes(needed, n, delta, 1e-3) and not binomial.refutes(needed - 1, n, delta, 1e-3)
    exact = float(sum(masses(n, 2 * Fraction(str(delta)))[needed:]))
    assert binomial.power(n, delta, 1e-3, rate=2 * delta) == pytest.approx(exact, rel=1e-9)
    assert exact == pytest.approx(power, abs=0.006)


@pytest.mark.parametrize(("x", "alpha", "delta"), [(0, 0.05, 0.3), (1, 0.05, 0.1), (3, 0.01, 0.2), (7, 0.001, 0.4)])
def test_runs_to_support_is_the_first_such_number(x, alpha, delta):
    exact = Fraction(str(delta))
    n = next(n for n in range(x + 1, 1000) if sum(masses(n, exact)[: x + 1]) <= Fraction(str(alpha)))
    assert binomial.runs_to_support(delta, alpha, violations=x) == n


def test_runs_to_refute_is_the_first_such_number():
    delta, rate, alpha = Fraction(1, 10), Fraction(3, 10), Fraction(1, 20)

    def enough(n):
        null, truth = masses(n, delta), masses(n, rate)
        needed = next(x for x in range(n + 2) if sum(null[x:]) < alpha)
        return sum(truth[needed:]) >= Fraction(8, 10)

    first = next(n for n in range(1, 200) if enough(n))
    assert binomial.runs_to_refute(0.1, 0.05, rate=0.3) == first


def test_limits_invert_the_tails():
    for x, n, alpha in [(1, 10, 0.05), (4, 20, 0.025), (19, 20, 0.01), (7, 300, 0.001)]:
        upper, lower = binomial.upper_limit(x, n, alpha), binomial.lower_limit(x, n, alpha)
        assert sum(masses(n, upper)[: x + 1]) == pytest.approx(alpha, rel=1e-9)
        assert sum(masses(n, lower)[x:]) == pytest.approx(alpha, rel=1e-9)
    # 4 of 20: the two-sided 95 % interval printed in tables of Clopper-Pearson limits
    assert binomial.clopper_pearson(4, 20, confidence=0.975) == pytest.approx((0.0573, 0.4366), abs=5e-5)


def test_limits_at_the_edges():
    assert binomial.clopper_pearson(0, 5, confidence=0.9) == (0.0, pytest.approx(1 - 0.1 ** (1 / 5)))
    assert binomial.clopper_pearson(5, 5, confidence=0.9) == (pytest.approx(0.1 ** (1 / 5)), 1.0)
    assert binomial.exceedance_p_value(0, 5, 0.3) == 1.0
    assert binomial.shortfall_p_value(5, 5, 0.3) == 1.0


@pytest.mark.parametrize("alpha", [0.05, 0.01])
@pytest.mark.parametrize("n", [1, 17, 60, 200])
def test_a_false_verdict_has_probability_at_most_alpha(n, alpha):
    for delta in (0.02, 0.1, 0.3):
        mass = masses(n, delta)  # the boundary is the worst case of both null hypotheses
        refuted = sum(m for x, m in enumerate(mass) if binomial.refutes(x, n, delta, alpha))
        supported = sum(m for x, m in enumerate(mass) if binomial.supports(x, n, delta, alpha))
        assert refuted <= alpha * (1 + 1e-9)
        assert supported <= alpha * (1 + 1e-9)


def test_support_is_the_upper_limit():
    for n in (10, 29, 66, 150):
        for x in range(0, n + 1, 3):
            assert binomial.supports(x, n, 0.1, 0.01) == (binomial.upper_limit(x, n, 0.01) <= 0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: binomial.exceedance_p_value(5, 4, 0.1), r"violations is 5, expected an integer in 0\.\.4"),
        (lambda: binomial.exceedance_p_value(0, 0, 0.1), r"runs is 0, expected an integer >= 1"),
        (lambda: binomial.upper_limit(0, 4, 0.0), r"alpha is 0, expected .*\(0, 1\)"),
        (lambda: binomial.clopper_pearson(0, 4, confidence=95), r"confidence is 95, expected"),
        (lambda: binomial.runs_to_refute(0.1, 0.01, rate=0.1), r"rate is 0\.1, expected more than delta = 0\.1"),
        (lambda: binomial.runs_to_support(1e-12, 0.01), r"delta is 1e-12: more than 1e\+08 runs"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_counts_must_be_integers():
    with pytest.raises(TypeError, match=r"violations is 1\.0, expected an integer"):
        binomial.exceedance_p_value(1.0, 4, 0.1)


def test_importing_the_statistics_loads_no_scipy():
    code = "import sys, theorylab.verify.statistics as s; print('scipy' in sys.modules, 'numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
