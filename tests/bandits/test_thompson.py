"""Thompson sampling: numpy's own beta draws as oracle, exact expected regret, separate streams, edges, bad input."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from theorylab.rooms.proofs_checks.bandits.thompson_checks import expected_regret, first_is_larger

from theorylab.bandits import BernoulliBandit, FiniteSupportBandit, GaussianBandit, PiecewiseStationaryBandit
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.stochastic.thompson import gaussian_thompson, prior_table, thompson
from theorylab.bandits.stochastic.thompson_reference import GaussianThompson, Thompson
from theorylab.core.rng import streams
from theorylab.verify.code import plain_code

DATA = json.loads((Path(__file__).parents[1] / "data" / "stochastic_indices.json").read_text())
slow, slow_gaussian = agent_algorithm(Thompson), agent_algorithm(GaussianThompson)
MIXED = FiniteSupportBandit([[0.0, 0.5, 1.0], [0.2, 0.4, 0.6]], [[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]])
CHANGING = PiecewiseStationaryBandit([[0.9, 0.2], [0.1, 0.6]], [100])
MODULE = "theorylab.bandits.stochastic.thompson"


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.55, 0.9, 1.0]), min_size=1, max_size=4),
    st.tuples(*[st.sampled_from([0.3, 0.5, 1.0, 2.0, 7.5])] * 2),
    st.integers(0, 10**6),
)
def test_draws_are_numpys(means, prior, seed):
    run = thompson(BernoulliBandit(means), 100, prior=prior, trace=True, rng=seed)
    expected = slow(BernoulliBandit(means), 100, prior=prior, trace=True, rng=seed)
    np.testing.assert_allclose(run.trace["samples"], expected.trace["samples"], rtol=1e-12)
    if min(prior) >= 1.0:  # powers, needed for shapes below 1, may differ in the last bit
        np.testing.assert_array_equal(run.trace["samples"], expected.trace["samples"])
    np.testing.assert_array_equal(run.trace["actions"], expected.trace["actions"])
    np.testing.assert_allclose(run.regret, expected.regret, atol=1e-9)


@pytest.mark.parametrize("bandit", [MIXED, CHANGING], ids=["values", "changes"])
def test_other_models(bandit):
    for seed in range(4):
        run, expected = (f(bandit, 300, trace=True, rng=seed) for f in (thompson, slow))
        np.testing.assert_array_equal(run.trace["actions"], expected.trace["actions"])


@pytest.mark.parametrize("bandit", [MIXED, GaussianBandit([0.0, 0.5, 1.0], sigma=2.0), BernoulliBandit([0.2, 0.8])])
def test_gaussian_plays_like_its_reference(bandit):
    for seed in range(4):
        run, expected = (f(bandit, 300, trace=True, rng=seed) for f in (gaussian_thompson, slow_gaussian))
        np.testing.assert_array_equal(run.trace["actions"], expected.trace["actions"])
        np.testing.assert_allclose(run.trace["samples"], expected.trace["samples"], atol=1e-12, rtol=1e-12)


def test_compiled_and_plain_kernels_agree():
    entries = {"thompson": f"{MODULE}:thompson", "gaussian_thompson": f"{MODULE}:gaussian_thompson"}
    plain = plain_code(entries)
    for compiled in (thompson, gaussian_thompson):
        for bandit in (BernoulliBandit([0.3, 0.6, 0.5]), MIXED):
            runs = [f(bandit, 300, trace=True, rng=7) for f in (compiled, plain.algorithm(compiled.__name__))]
            np.testing.assert_array_equal(runs[0].trace["actions"], runs[1].trace["actions"])
            np.testing.assert_array_equal(runs[0].trace["samples"], runs[1].trace["samples"])


@pytest.mark.parametrize("prior", [(1.0, 1.0), (3.0, 2.0), (0.5, 4.0)])
def test_the_first_draws_have_the_prior_law(prior):
    drawn = np.array(
        [
            thompson(BernoulliBandit([0.5]), 1, prior=prior, trace=True, rng=s).trace["samples"][0, 0]
            for s in range(1500)
        ]
    )
    assert stats.kstest(drawn, stats.beta(*prior).cdf).pvalue > 1e-6


def test_expected_regret_is_exact():
    means = (0.8, 0.3)
    values = np.array([thompson(BernoulliBandit(means), 15, rng=s).regret[-1] for s in range(4000)])
    assert abs(values.mean() - expected_regret(means, 15)) < 5 * values.std() / math.sqrt(len(values))


def test_probability_of_the_larger_draw():
    assert first_is_larger(1, 1, 1, 1) == pytest.approx(0.5)
    assert first_is_larger(2, 1, 1, 1) == pytest.approx(2 / 3)
    a, c = stats.beta(4, 3), stats.beta(2, 5)
    grid = (np.arange(200_000) + 0.5) / 200_000
    assert first_is_larger(4, 3, 2, 5) == pytest.approx(float(np.mean(a.pdf(grid) * c.cdf(grid))), abs=1e-8)


def test_sourced_mean_regret():
    bandit = BernoulliBandit([0.6] + [0.5] * 9)
    values = np.array([thompson(bandit, 10_000, rng=s).regret[-1] for s in range(60)])
    assert abs(values.mean() - DATA["mean_regret_1e4"]["thompson"]) < 5 * values.std() / math.sqrt(60) + 5


def test_rewards_and_draws_come_from_different_streams():
    """Twice the same environment: rewards agree wherever the arms do; the environment's stream is read once a round."""
    run = thompson(BernoulliBandit([0.5, 0.5]), 400, trace=True, rng=11)
    uniforms = streams(11).environment.random(400)
    np.testing.assert_array_equal(run.trace["rewards"], (uniforms < 0.5).astype(float))
    assert abs(np.corrcoef(run.trace["samples"].max(axis=1), uniforms)[0, 1]) < 0.25


def test_posterior_counts_add_up():
    run = thompson(BernoulliBandit([0.2, 0.7]), 500, prior=(2.0, 3.0), rng=3)
    posterior = run.extra["posterior"]
    np.testing.assert_array_equal(posterior.sum(axis=1), run.pulls + 5)
    assert posterior[:, 0].sum() == 4 + run.reward_sum[-1]


def test_edges():
    for algorithm in (thompson, gaussian_thompson):
        assert algorithm(BernoulliBandit([0.3]), 50, rng=1).regret.max() == 0.0
        for means in ([0.0] * 3, [1.0] * 3, [0.5] * 3):
            assert algorithm(BernoulliBandit(means), 300, rng=1).regret.max() == 0.0
        assert algorithm(BernoulliBandit([0.1, 0.2, 0.9]), 2, rng=1).pulls.sum() == 2
        assert algorithm(BernoulliBandit([0.1, 0.9]), 10, rng=1).theorems_algorithm
        assert not algorithm(CHANGING, 10, rng=1).theorems_algorithm
    assert not thompson(BernoulliBandit([0.1, 0.9]), 10, prior=(2, 1), rng=1).theorems_algorithm
    assert not gaussian_thompson(GaussianBandit([0.0, 1.0]), 10, rng=1).theorems_algorithm


def test_prior_tables():
    assert prior_table((1, 2), 2).tolist() == [[1, 2], [1, 2]]
    assert prior_table([[1, 2], [3, 4]], 2).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ((0.0, 1.0), r"prior\[0\] is 0"),
        ((1.0, -2.0), r"prior\[1\] is -2"),
        ((1.0, math.inf), r"prior\[1\] is inf"),
        ((1.0, math.nan), r"prior\[1\] is nan"),
        ((1.0, 1.0, 1.0), r"prior has shape \(3,\), expected \(2,\)"),
        ([[1.0, 1.0]] * 3, r"prior has shape \(3, 2\), expected \(2, 2\)"),
        ([[1.0, 1.0], [1.0, 0.0]], r"prior\[1, 1\] is 0"),
        (1.0, r"expected \(2,\)"),
        ("uniform", "cannot be read"),
    ],
)
def test_bad_priors(prior, message):
    with pytest.raises((TypeError, ValueError), match=message):
        thompson(BernoulliBandit([0.5, 0.4]), 10, prior=prior, rng=1)


def test_bad_input():
    with pytest.raises(ValueError, match="rewards outside"):
        thompson(GaussianBandit([0.0, 1.0]), 10)
    with pytest.raises(ValueError, match="horizon is 0"):
        gaussian_thompson(BernoulliBandit([0.5, 0.4]), 0)
