"""Log-log slopes: known exponents, coverage over seeds, and what is refused."""

import numpy as np
import pytest

from theorylab.verify.statistics.binomial import exceedance_p_value
from theorylab.verify.statistics.slopes import Slope, log_log_slope

TIMES = np.logspace(2, 4, 9)


def test_exact_power_laws_give_their_exponent_whatever_the_constant():
    constants = np.arange(1.0, 8.0)[:, None]
    fit = log_log_slope(TIMES, constants * TIMES ** (2 / 3), rng=0)
    assert fit.slope == pytest.approx(2 / 3, abs=1e-12)
    assert fit.lower == pytest.approx(2 / 3, abs=1e-12) and fit.upper == pytest.approx(2 / 3, abs=1e-12)
    assert fit.decades == pytest.approx(2.0) and fit.seeds == 7


def test_each_seed_is_the_least_squares_line():
    values = np.exp(np.random.default_rng(4).normal(size=(6, 9)))
    fit = log_log_slope(TIMES, values, rng=0)
    oracle = [np.polyfit(np.log(TIMES), np.log(row), 1)[0] for row in values]
    assert np.allclose(fit.per_seed, oracle, rtol=0, atol=1e-12)
    assert fit.slope == pytest.approx(np.mean(oracle))
    assert fit.lower < fit.slope < fit.upper


@pytest.mark.parametrize(("seeds", "allowed"), [(5, 0.1), (30, 0.06)])
def test_interval_covers_the_true_exponent(seeds, allowed):
    """A random walk in log R: errors within a seed are dependent, seeds are not.  Nominal misses: 5 %."""
    rng = np.random.default_rng([161803, seeds])
    misses, repetitions = 0, 400
    for i in range(repetitions):
        noise = np.cumsum(rng.normal(scale=0.1, size=(seeds, len(TIMES))), axis=1)
        fit = log_log_slope(TIMES, np.sqrt(TIMES) * np.exp(noise), resamples=1000, rng=i)
        misses += not fit.contains(0.5)
    assert exceedance_p_value(misses, repetitions, allowed) > 1e-3
    assert exceedance_p_value(misses, repetitions, 0.01) < 1e-3  # an interval that hardly misses is no 95 % interval


def test_the_same_rng_gives_the_same_interval_and_the_record_is_frozen():
    values = np.exp(np.random.default_rng(1).normal(size=(8, 9)))
    first, second = (log_log_slope(TIMES, values, rng=12) for _ in range(2))
    assert (first.lower, first.upper) == (second.lower, second.upper)
    with pytest.raises(AttributeError):
        first.slope = 0.0
    with pytest.raises(ValueError, match="read-only"):
        first.per_seed[0] = 0.0
    narrow = log_log_slope(TIMES, values, confidence=0.5, rng=12)
    assert first.lower < narrow.lower < narrow.upper < first.upper


def test_contains_is_closed():
    fit = Slope(0.5, 0.4, 0.6, 0.95, np.full(5, 0.5), 2.0)
    assert fit.contains(0.4) and fit.contains(0.6) and not fit.contains(0.61)


def grid(n=6, **changes):
    values = np.ones((n, 3))
    for index, value in changes.get("entries", {}).items():
        values[index] = value
    return values


@pytest.mark.parametrize(
    ("times", "values", "message"),
    [
        ([1, 10, 99], grid(), r"times span 1\.996 decades, expected at least 2"),
        ([1, 10, 100], grid(4), r"values has 4 rows, expected at least 5"),
        ([1, 10, 100], grid(entries={(2, 1): 0.0}), r"values\[2, 1\] is 0, expected a number > 0"),
        ([0, 10, 100], grid(), r"times\[0\] is 0, expected a number > 0"),
        ([1, 1, 100], grid(), r"times\[1\] is 1, expected more than times\[0\]"),
        ([1, 100], np.ones((6, 2)), r"times has length 2, expected at least 3"),
        ([1, 10, 100], np.ones((6, 4)), r"values has shape \(6, 4\), expected \(any, 3\)"),
    ],
)
def test_bad_input_is_named(times, values, message):
    with pytest.raises(ValueError, match=message):
        log_log_slope(times, values, rng=0)
