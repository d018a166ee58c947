"""Family-wise error: Holm against closed testing, measured error rates, budgets."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.verify.statistics import familywise
from theorylab.verify.statistics.binomial import exceedance_p_value


def closed_testing(p, alpha):
    """Reject i when Bonferroni rejects every intersection of hypotheses that contains i: what Holm must equal."""
    m = len(p)
    subsets = [s for k in range(1, m + 1) for s in itertools.combinations(range(m), k)]
    return [all(min(p[j] for j in s) * len(s) < alpha for s in subsets if i in s) for i in range(m)]


@given(st.lists(st.integers(0, 40).map(lambda n: n / 400), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_holm_is_closed_testing_with_bonferroni(p):
    alpha = 0.0503  # no multiple of the p-values' grid: no ties with a threshold
    assert familywise.holm(p, alpha).tolist() == closed_testing(p, alpha)


def test_holm_on_four_numbers_done_by_hand():
    # thresholds 0.05 / 4, / 3, / 2, / 1 against 0.005, 0.01, 0.03, 0.04: the third is not below 0.025
    assert familywise.holm([0.01, 0.04, 0.03, 0.005], 0.05).tolist() == [True, False, False, True]
    assert familywise.holm_adjusted([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert familywise.holm([], 0.05).tolist() == []


def test_measured_error_of_holm_and_bonferroni_over_dependent_tests():
    """Six true and two false null hypotheses, normal scores with correlation; an error is a rejection of a true one."""
    from scipy.special import ndtr

    rng = np.random.default_rng(57721)
    repetitions, alpha = 3000, 0.1
    shift = np.array([0, 0, 0, 3.5, 0, 0, 3.5, 0.0])
    for correlation in (0.0, 0.5):
        common = rng.normal(size=(repetitions, 1))
        scores = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * rng.normal(size=(repetitions, 8)) + shift
        rejected = np.array([familywise.holm(p, alpha) for p in ndtr(-scores)])
        errors = int(np.sum(np.any(rejected[:, shift == 0], axis=1)))
        assert exceedance_p_value(errors, repetitions, alpha) > 1e-4
        assert rejected[:, shift > 0].mean() > 0.6
        # exp(l z - l^2 / 2) has mean one under a standard normal score
        by_e = np.array([familywise.e_bonferroni(2.0 * z - 2.0, alpha) for z in scores])
        errors = int(np.sum(np.any(by_e[:, shift == 0], axis=1)))
        assert exceedance_p_value(errors, repetitions, alpha) > 1e-4


def test_testing_each_at_alpha_would_be_caught():
    """The measurement above has power: without a correction the error is far above alpha."""
    p = np.random.default_rng(1).random((3000, 6))
    errors = int(np.sum(np.any(p < 0.1, axis=1)))
    assert exceedance_p_value(errors, 3000, 0.1) < 1e-12


def test_e_bonferroni_uses_the_number_of_tests():
    log_e = np.log([299.0, 301.0, 0.5])
    assert familywise.e_bonferroni(log_e, 0.01).tolist() == [False, True, False]
    assert familywise.e_bonferroni(log_e[:1], 0.01).tolist() == [True]
    assert familywise.e_bonferroni([], 0.01).tolist() == []
    assert familywise.e_bonferroni([-np.inf, 800.0], 0.01).tolist() == [False, True]  # 800: no overflow


@given(st.lists(st.integers(0, 500), min_size=0, max_size=7))
@settings(max_examples=100, deadline=None)
def test_e_benjamini_hochberg_by_its_definition(e):
    alpha, m = 0.0301, len(e)
    largest = max([k for k in range(1, m + 1) if sorted(e)[-k] >= m / (alpha * k)], default=0)
    with np.errstate(divide="ignore"):
        rejected = familywise.e_benjamini_hochberg(np.log(np.array(e, dtype=float)), alpha)
    assert int(rejected.sum()) == largest
    assert all(e[i] >= e[j] for i in np.flatnonzero(rejected) for j in np.flatnonzero(~rejected))


def test_budget_levels_sum_to_alpha():
    even = familywise.Budget(0.01, 30)
    assert even.levels.sum() == pytest.approx(0.01) and even.threshold(29) == pytest.approx(3000)
    uneven = familywise.Budget(0.05, 4, weights=[3, 0, 1, 1])
    assert uneven.levels.sum() == pytest.approx(0.05)
    assert uneven.level(0) == pytest.approx(0.03) and uneven.level(1) == 0.0
    assert uneven.threshold(1) == np.inf and uneven.threshold(2) == pytest.approx(100)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: familywise.holm([0.1, 1.5], 0.05), r"p_values\[1\] is 1\.5, expected a number in \[0, 1\]"),
        (lambda: familywise.holm([[0.1]], 0.05), r"p_values has 2 dimensions"),
        (lambda: familywise.holm([0.1], 1.0), r"alpha is 1"),
        (lambda: familywise.e_bonferroni([np.nan], 0.05), r"log_e_values\[0\] is nan"),
        (lambda: familywise.e_bonferroni([0.0, np.inf], 0.05), r"log_e_values\[1\] is inf"),
        (lambda: familywise.Budget(0.05, 0), r"tests is 0, expected an integer >= 1"),
        (lambda: familywise.Budget(0.05, 2, weights=(1, -1)), r"weights\[1\] is -1, expected a number >= 0"),
        (lambda: familywise.Budget(0.05, 2, weights=(1, 1, 1)), r"weights has shape \(3,\), expected \(2,\)"),
        (lambda: familywise.Budget(0.05, 2, weights=(0, 0)), r"weights are all 0"),
        (lambda: familywise.Budget(0.05, 2).level(2), r"test is 2, expected an integer in 0\.\.1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
