"""MOSS: the kernel against its reference, sourced numbers, the exact value of both forms, edge cases, bad input."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from theorylab.rooms.proofs_checks.bandits.reward_sequences import expected_regret

from theorylab.bandits import BernoulliBandit, FiniteSupportBandit, GaussianBandit, PiecewiseStationaryBandit
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.stochastic.moss import moss, radius
from theorylab.bandits.stochastic.moss_reference import MOSS
from theorylab.verify.code import plain_code
from theorylab.verify.exact.bandits import index_policy_regret

DATA = json.loads((Path(__file__).parents[1] / "data" / "stochastic_indices.json").read_text())
slow = agent_algorithm(MOSS)
MIXED = FiniteSupportBandit([[0.0, 0.5, 1.0], [0.2, 0.4, 0.6]], [[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]])
CHANGING = PiecewiseStationaryBandit([[0.9, 0.2], [0.1, 0.6]], [100])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.55, 0.9, 1.0]), min_size=1, max_size=4),
    st.sampled_from(("unit", "subgaussian")),
    st.integers(0, 10**6),
)
def test_kernel_plays_like_the_reference(means, form, seed):
    run = moss(BernoulliBandit(means), 150, form=form, trace=True, rng=seed)
    expected = slow(BernoulliBandit(means), 150, form=form, trace=True, rng=seed)
    np.testing.assert_array_equal(run.trace["actions"], expected.trace["actions"])
    np.testing.assert_allclose(run.trace["indices"], expected.trace["indices"], atol=1e-12, rtol=0)
    np.testing.assert_allclose(run.regret, expected.regret, atol=1e-9)


@pytest.mark.parametrize("bandit", [MIXED, CHANGING, GaussianBandit([0.0, 0.5])], ids=["values", "changes", "normal"])
def test_other_models(bandit):
    for seed in range(3):
        run = moss(bandit, 200, form="subgaussian", trace=True, rng=seed)
        expected = slow(bandit, 200, form="subgaussian", trace=True, rng=seed)
        np.testing.assert_array_equal(run.trace["actions"], expected.trace["actions"])


def test_compiled_and_plain_kernels_agree():
    plain = plain_code({"moss": "theorylab.bandits.stochastic.moss:moss"}).algorithm("moss")
    for bandit in (BernoulliBandit([0.3, 0.6, 0.5]), GaussianBandit([0.0, 1.0])):
        runs = [f(bandit, 300, trace=True, rng=7) for f in (moss, plain)]
        np.testing.assert_array_equal(runs[0].trace["actions"], runs[1].trace["actions"])
        np.testing.assert_array_equal(runs[0].trace["indices"], runs[1].trace["indices"])


@pytest.mark.parametrize("row", [r for r in DATA["expected_regret"] if r["algorithm"] == "moss"])
def test_sourced_expected_regret(row):
    assert expected_regret(moss, row["means"], row["horizon"]) == Fraction(row["value"])


def test_sourced_expected_regret_at_100():
    found = index_policy_regret(lambda t, n, s: s / n + radius(100, 2, n), [0.3, 0.5], 100)
    assert found == pytest.approx(DATA["expected_regret_100"]["moss"]["best second"], abs=1e-8)


def test_radius_by_hand():
    assert radius(100, 2, 10) == pytest.approx(math.sqrt(math.log(5) / 10))
    assert radius(100, 2, 10, form="subgaussian") == pytest.approx(2 * math.sqrt(math.log(5) / 10))
    assert radius(100, 2, 50) == radius(100, 2, 99) == radius(1, 5, 1) == 0.0


def test_edges():
    assert moss(BernoulliBandit([0.3]), 50, rng=1).regret.max() == 0.0
    for means in ([0.0] * 3, [1.0] * 3, [0.5] * 3):
        assert moss(BernoulliBandit(means), 300, rng=1).regret.max() == 0.0
    early = moss(BernoulliBandit([0.1, 0.2, 0.9]), 2, rng=1, trace=True)
    assert early.trace["actions"].tolist() == [0, 1]
    assert moss(BernoulliBandit([0.1, 0.9]), 100, rng=1).theorems_algorithm
    assert not moss(CHANGING, 100, rng=1).theorems_algorithm
    assert not moss(GaussianBandit([0.0, 1.0]), 100, rng=1).theorems_algorithm
    assert moss(GaussianBandit([0.0, 1.0]), 100, form="subgaussian", rng=1).theorems_algorithm
    assert not moss(GaussianBandit([0.0, 1.0], sigma=2.0), 100, form="subgaussian", rng=1).theorems_algorithm


def test_shifted_rewards_do_not_change_the_plays():
    runs = [moss(GaussianBandit([a, a + 1.0, a + 0.5]), 500, trace=True, rng=4) for a in (0.0, 8.0)]
    np.testing.assert_array_equal(runs[0].trace["actions"], runs[1].trace["actions"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: moss(BernoulliBandit([0.5, 0.4]), 10, form="gaussian"), "form is 'gaussian'"),
        (lambda: moss(BernoulliBandit([0.5, 0.4]), 0), "horizon is 0"),
        (lambda: moss(BernoulliBandit([0.5, 0.4]), 2.0), "horizon is 2.0"),
        (lambda: moss(BernoulliBandit([0.5, -0.1]), 10), r"means\[1\] is -0.1"),
        (lambda: moss(BernoulliBandit([0.5, math.nan]), 10), r"means\[1\] is nan"),
        (lambda: radius(10, 0, 3), "n_arms is 0"),
        (lambda: radius(10, 2, 0), "n is 0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
