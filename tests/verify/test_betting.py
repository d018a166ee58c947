"""Betting e-processes: against products in rationals, and the error rates that they promise, measured."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from theorylab.verify.statistics import betting
from theorylab.verify.statistics.binomial import exceedance_p_value

LAWS = {  # each of mean exactly 0.1: the boundary of both null hypotheses
    "two-point": lambda rng, shape: (rng.random(shape) < 0.1).astype(float),
    "beta": lambda rng, shape: rng.beta(0.5, 4.5, shape),
    "rare disaster": lambda rng, shape: 0.09 + 0.91 * (rng.random(shape) < 0.01 / 0.91),
}


def product_e_values(values, m0):
    """Refuting and supporting e-value by the definition, in rationals."""
    against = support = Fraction(0)
    for bet in map(Fraction, betting.BETS.tolist()):
        a = s = Fraction(1)
        for x in values:
            a *= 1 + bet * (x - m0) / m0
            s *= 1 - bet * (x - m0) / (1 - m0)
        against, support = against + a / len(betting.BETS), support + s / len(betting.BETS)
    return against, support


def test_running_values_are_the_products():
    values = [Fraction(n, 8) for n in (0, 3, 8, 1, 1, 0, 5)]
    m0 = Fraction(1, 4)
    floats = [float(v) for v in values]
    against, support = betting.log_e_refute(floats, 0.25), betting.log_e_support(floats, 0.25)
    for n in range(1, len(values) + 1):
        a, s = product_e_values(values[:n], m0)
        assert against[n - 1] == pytest.approx(math.log(a), abs=1e-12)
        assert support[n - 1] == pytest.approx(math.log(s), abs=1e-12)
        assert betting.refuting_e_value(floats[:n], 0.25) == pytest.approx(float(a), rel=1e-12)
        assert betting.supporting_e_value(floats[:n], 0.25) == pytest.approx(float(s), rel=1e-12)


@pytest.mark.parametrize("p", [Fraction(1, 4), Fraction(1, 8), Fraction(3, 8)])
def test_expected_e_value_over_all_outcomes(p):
    """E[E_n] is 1 at mean = m0, and at most 1 on the side of its null hypothesis: enumerated, no sampling."""
    m0, n = Fraction(1, 4), 5
    against = support = Fraction(0)
    for bits in itertools.product((0, 1), repeat=n):
        weight = p ** sum(bits) * (1 - p) ** (n - sum(bits))
        e = [math.exp(f(list(map(float, bits)), 0.25)[-1]) for f in (betting.log_e_refute, betting.log_e_support)]
        against, support = against + weight * Fraction(e[0]), support + weight * Fraction(e[1])
    if p <= m0:
        assert against <= 1 + 1e-12
    if p >= m0:
        assert support <= 1 + 1e-12
    assert (float(against) == pytest.approx(1.0)) == (p == m0) == (float(support) == pytest.approx(1.0))


@pytest.mark.parametrize("law", LAWS)
def test_error_rates_at_the_boundary_with_a_peek_after_every_run(law):
    repetitions, peeks = 1500, 400
    values = LAWS[law](np.random.default_rng([2718, list(LAWS).index(law)]), (repetitions, peeks))
    for running in (betting.log_e_refute(values, 0.1), betting.log_e_support(values, 0.1)):
        highest = running.max(axis=1)
        for alpha in (0.05, 0.01):
            errors = int(np.sum(highest >= -math.log(alpha)))
            assert exceedance_p_value(errors, repetitions, alpha) > 1e-4


def test_both_verdicts_are_reached_off_the_boundary():
    rng = np.random.default_rng(31415)
    for rate, verdict in ((0.02, "supported"), (0.3, "refuted")):
        reached = [betting.decide((rng.random(600) < rate).astype(float), 0.1, 1e-3).verdict for _ in range(50)]
        assert reached == [verdict] * 50


def test_runs_of_the_two_armed_ucb1_bound():
    """m0 = 397/4000 at alpha = 1/1000: no bets at all support in fewer than ln(1000) / -ln(1 - m0) = 67 runs."""
    m0 = 397 / 4000
    least = math.ceil(math.log(1000) / -math.log1p(-m0))
    assert least == 67
    n = betting.runs_to_support(m0, 1e-3)
    assert least <= n <= 100
    assert betting.decide(np.zeros(200), m0, 1e-3).runs == n
    assert betting.decide(np.zeros(n - 1), m0, 1e-3).verdict == "inconclusive"
    assert betting.decide(np.full(300, 0.5), m0, 1e-3).runs == betting.runs_to_refute(m0, 1e-3, mean=0.5) == 6
    constant = betting.runs_to_support(m0, 1e-3, mean=74 / 4000)
    assert betting.decide(np.full(300, 74 / 4000), m0, 1e-3).runs == constant


def test_the_verdict_is_that_of_the_first_crossing():
    early = np.r_[np.ones(10), np.zeros(5000)]
    decision = betting.decide(early, 0.2, 0.01)
    assert decision.verdict == "refuted" and decision.runs < 10
    assert decision.log_e_refute >= math.log(100)
    assert decision.mean == 1.0 and decision.runs_to_support is None
    late = betting.log_e_support(early, 0.2)[-1]
    assert late >= math.log(100)  # what a reader of the last value alone would have called support


def test_batches_do_not_matter():
    values = np.random.default_rng(5).beta(1, 12, 300)
    test = betting.MeanTest(0.12)
    for batch in np.split(values, [1, 2, 100]):
        test.update(batch)
    assert test.decide(0.01) == betting.decide(values, 0.12, 0.01)
    assert test.runs == 300 and test.supports(0.01) and not test.refutes(0.01)
    assert betting.MeanTest(0.5).update(0.25).runs == 1


def test_nothing_said_without_values():
    decision = betting.MeanTest(0.5).decide(0.05)
    assert decision.verdict == "inconclusive" and decision.runs == 0 and math.isnan(decision.mean)
    assert decision.runs_to_support == betting.runs_to_support(0.5, 0.05)
    assert betting.refuting_e_value([], 0.5) == 1.0
    assert betting.anytime_p_value(np.array([])) == 1.0


def test_anytime_p_value_remembers_the_best_time():
    running = betting.log_e_refute(np.r_[np.ones(5), np.zeros(50)], 0.2)
    p = betting.anytime_p_value(running)
    assert p == pytest.approx(1 / max(math.exp(x) for x in running))
    assert p < 1.0 / math.exp(running[-1])


def test_arrays_of_runs_are_tested_row_by_row():
    values = np.random.default_rng(8).random((2, 3, 20))
    running = betting.log_e_refute(values, 0.4)
    assert running.shape == values.shape
    assert np.allclose(running[1, 2], betting.log_e_refute(values[1, 2], 0.4), rtol=0, atol=1e-13)


def test_fixed_limits_on_numbers_done_by_hand():
    # n = 400, alpha = 1/1000: sqrt(ln 1000 / 800) = 0.09292, and 7 ln 2000 / (3 * 399) = 0.04445
    lower, upper = betting.hoeffding_limits(np.full(400, 0.5), 1e-3)
    assert (0.5 - lower, upper - 0.5) == pytest.approx((0.0929236, 0.0929236), abs=1e-6)
    lower, upper = betting.empirical_bernstein_limits(np.full(400, 0.5), 1e-3)
    assert (0.5 - lower, upper - 0.5) == pytest.approx((0.0444497, 0.0444497), abs=1e-6)
    # [0, 1, 0, 1], alpha = 2/e: V = 1/3, ln(2/alpha) = 1: sqrt(2/3/4) + 7/9
    radius = math.sqrt(1 / 6) + 7 / 9
    assert betting.empirical_bernstein_limits([0, 1, 0, 1], 2 / math.e) == pytest.approx((0.5 - radius, 0.5 + radius))


@pytest.mark.parametrize("law", LAWS)
def test_fixed_limits_miss_the_mean_rarely(law):
    rng = np.random.default_rng([1618, list(LAWS).index(law)])
    repetitions, alpha = 600, 0.05
    for limits in (betting.hoeffding_limits, betting.empirical_bernstein_limits):
        found = np.array([limits(LAWS[law](rng, 60), alpha) for _ in range(repetitions)])
        for misses in (np.sum(found[:, 0] > 0.1), np.sum(found[:, 1] < 0.1)):
            assert exceedance_p_value(int(misses), repetitions, alpha) > 1e-4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: betting.decide([0.1, 1.2], 0.5, 0.05), r"values\[1\] is 1\.2, expected a number in \[0, 1\]"),
        (lambda: betting.log_e_refute([-1e-12], 0.5), r"values\[0\] is -1e-12"),
        (lambda: betting.log_e_refute([math.nan], 0.5), r"values\[0\] is nan"),
        (lambda: betting.log_e_refute(0.5, 0.5), r"values is a single number"),
        (lambda: betting.decide([[0.1]], 0.5, 0.05), r"values has 2 dimensions"),
        (lambda: betting.MeanTest(1.0), r"m0 is 1, expected .*\(0, 1\)"),
        (lambda: betting.MeanTest(0.5).update([0.5, 2.0]), r"values\[1\] is 2"),
        (lambda: betting.MeanTest(0.5).update([[0.5]]), r"values has 2 dimensions"),
        (lambda: betting.decide([0.5], 0.5, 0), r"alpha is 0"),
        (lambda: betting.runs_to_support(0.1, 0.05, mean=0.1), r"mean is 0\.1, expected"),
        (lambda: betting.runs_to_refute(0.1, 0.05, mean=0.1), r"mean is 0\.1, expected"),
        (lambda: betting.runs_to_support(1e-12, 0.05), r"more than 1e\+09 runs"),
        (lambda: betting.hoeffding_limits([], 0.05), r"values has shape \(0,\), expected"),
        (lambda: betting.empirical_bernstein_limits([0.5], 0.05), r"values has shape \(1,\), expected \(2 or more,\)"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
