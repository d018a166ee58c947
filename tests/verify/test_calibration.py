"""Calibration accepts right samplers at its level and sees the usual mistakes."""

import numpy as np
import pytest
from scipy.stats import chisquare

from theorylab.verify.statistics.calibration import calibrate, posterior_rank, rank_uniformity


def uniform_prior(generator):
    return generator.random()


def successes(p, generator):
    return generator.binomial(12, p)


def right(s, draws, generator):
    return generator.beta(1 + s, 13 - s, draws)


MISTAKES = {
    "parameters swapped": lambda s, n, g: g.beta(13 - s, 1 + s, n),
    "failures without the prior": lambda s, n, g: g.beta(1 + s, max(12 - s, 1e-9), n),
    "failures are trials": lambda s, n, g: g.beta(1 + s, 13, n),
    "posterior mean": lambda s, n, g: np.full(n, (1 + s) / 14),
    "too narrow": lambda s, n, g: g.beta(3 * (1 + s), 3 * (13 - s), n),
    "too wide": lambda s, n, g: g.beta((1 + s) / 3, (13 - s) / 3, n),
}


def test_p_values_of_a_right_sampler_are_about_uniform():
    found = np.array([calibrate(uniform_prior, successes, right, runs=200, rng=seed).p_value for seed in range(60)])
    # binomial(60, .1): more than 15 with probability 3e-4; mean of 60 uniforms within 5 standard deviations
    assert np.sum(found < 0.1) <= 15 and abs(found.mean() - 0.5) < 5 * np.sqrt(1 / 12 / 60)


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_seen(name):
    assert calibrate(uniform_prior, successes, MISTAKES[name], runs=1000, rng=5).p_value < 1e-3


def test_a_sampler_that_ignores_the_data_is_a_known_hole():
    """Uniform ranks do not prove a posterior; the module says so."""
    found = calibrate(uniform_prior, successes, lambda s, n, g: g.random(n), runs=400, rng=2)
    assert found.p_value > 1e-3


def test_vector_parameters_are_ranked_by_a_statistic_and_runs_repeat():
    def prior(generator):
        return generator.random(3)

    def data(p, generator):
        return generator.binomial(6, p)

    def posterior(s, draws, generator):
        return [generator.beta(1 + s, 7 - s) for _ in range(draws)]

    made = [calibrate(prior, data, posterior, runs=200, statistic=np.max, rng=9) for _ in range(2)]
    assert made[0].p_value > 1e-3 and made[0].ranks.tolist() == made[1].ranks.tolist()
    assert made[0].ranks.min() >= 0 and made[0].ranks.max() <= made[0].draws == 19
    generator = np.random.default_rng(1)
    first, second = (calibrate(uniform_prior, successes, right, runs=100, rng=generator) for _ in range(2))
    assert first.ranks.tolist() != second.ranks.tolist()


def test_rank_uniformity_is_the_chi_square_test_with_unequal_bins():
    ranks = np.random.default_rng(0).integers(0, 11, 300)
    counts = np.bincount(ranks, minlength=11)
    # eleven ranks in four bins: r * 4 // 11 gives 3, 3, 3, 2 ranks a bin
    observed = [counts[:3].sum(), counts[3:6].sum(), counts[6:9].sum(), counts[9:].sum()]
    expected = np.array([3, 3, 3, 2]) * 300 / 11
    assert rank_uniformity(ranks, 4, draws=10) == pytest.approx(chisquare(observed, expected).pvalue, rel=1e-12)
    assert rank_uniformity(ranks, 11) == pytest.approx(chisquare(counts).pvalue, rel=1e-12)


def test_ties_are_broken_fairly():
    counts = np.bincount([posterior_rank(1.0, [1.0, 0.0, 1.0, 2.0], rng=seed) for seed in range(600)], minlength=5)
    assert counts[0] == counts[4] == 0 and counts.sum() == 600
    assert chisquare(counts[1:4]).pvalue > 1e-4


def test_bad_input():
    with pytest.raises(ValueError, match=r"ranks\[2\] is 10, expected an integer in 0..9"):
        rank_uniformity([0, 1, 10], 10)
    with pytest.raises(ValueError, match="3 expected in a bin"):
        rank_uniformity([0] * 30, 10)
    with pytest.raises(ValueError, match="n_bins is 1"):
        rank_uniformity([0] * 30, 1)
    with pytest.raises(ValueError, match="draws is 3"):
        rank_uniformity([0] * 30, 5, draws=3)
    with pytest.raises(ValueError, match="posterior returns 1 draws, expected 19"):
        calibrate(uniform_prior, successes, lambda s, n, g: [0.5], runs=100, rng=0)
