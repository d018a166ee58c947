"""KL-UCB: the kernel against its reference and brute force, the index, sourced numbers, edge cases, bad input."""

from __future__ import annotations

import itertools
import json
import math
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from theorylab.rooms.proofs_checks.bandits.kl_ucb_checks import fluid_law, lai_robbins
from theorylab.rooms.proofs_checks.bandits.reward_sequences import expected_regret

from theorylab.bandits import BernoulliBandit, FiniteSupportBandit, GaussianBandit, PiecewiseStationaryBandit
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.stochastic.kl_index import _kl_index, bernoulli_kl, kl_index, kl_index_kernel
from theorylab.bandits.stochastic.kl_ucb import _kl_ucb, claimed_miss, exploration, index, kl_ucb, kl_ucb_kernel
from theorylab.bandits.stochastic.kl_ucb_reference import KLUCB, largest_limit
from theorylab.verify.code import plain_code
from theorylab.verify.exact.bandits import index_policy_regret

DATA = json.loads((Path(__file__).parents[1] / "data" / "stochastic_indices.json").read_text())
FORMS = ("practice", "theory", "explicit")
slow = agent_algorithm(KLUCB)
MIXED = FiniteSupportBandit([[0.0, 0.5, 1.0], [0.2, 0.4, 0.6]], [[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]])
CHANGING = PiecewiseStationaryBandit([[0.9, 0.2], [0.1, 0.6]], [100])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.02, 0.1, 0.5, 0.55, 0.9, 0.98, 1.0]), min_size=1, max_size=4),
    st.sampled_from(FORMS),
    st.integers(0, 10**6),
)
def test_kernel_plays_like_the_reference(means, form, seed):
    run = kl_ucb(BernoulliBandit(means), 80, form=form, trace=True, rng=seed)
    expected = slow(BernoulliBandit(means), 80, form=form, trace=True, rng=seed)
    np.testing.assert_array_equal(run.trace["actions"], expected.trace["actions"])
    np.testing.assert_allclose(run.trace["indices"], expected.trace["indices"], atol=1e-11, rtol=0)
    np.testing.assert_allclose(run.regret, expected.regret, atol=1e-9)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("bandit", [MIXED, CHANGING], ids=["values", "changes"])
def test_other_models(bandit, form):
    for seed in range(3):
        run = kl_ucb(bandit, 200, form=form, trace=True, rng=seed)
        expected = slow(bandit, 200, form=form, trace=True, rng=seed)
        np.testing.assert_array_equal(run.trace["actions"], expected.trace["actions"])


@pytest.mark.parametrize("means", [(0.6, *[0.5] * 9), (0.5, 0.5, 0.5), (0.02, 0.1, 0.05), (1.0, 1.0, 0.5)])
def test_rounds_without_a_full_comparison_change_nothing(means):
    """Long runs: the arm played has the largest of all indices (recomputed, lowest arm of several) in every round."""
    run = kl_ucb(BernoulliBandit(list(means)), 20_000, trace=True, rng=3)
    indices, arms = run.trace["indices"][len(means) :], run.trace["actions"][len(means) :]
    best = (indices >= indices.max(axis=1, keepdims=True) - 1e-11).argmax(axis=1)
    np.testing.assert_array_equal(arms, best)


def test_compiled_and_plain_kernels_agree():
    entry = {"kl_ucb": "theorylab.bandits.stochastic.kl_ucb:kl_ucb"}
    plain = plain_code(entry).algorithm("kl_ucb")
    for form in FORMS:
        for seed in range(3):
            runs = [f(BernoulliBandit([0.3, 0.6, 0.5]), 300, form=form, trace=True, rng=seed) for f in (kl_ucb, plain)]
            np.testing.assert_array_equal(runs[0].trace["actions"], runs[1].trace["actions"])
            np.testing.assert_array_equal(runs[0].trace["indices"], runs[1].trace["indices"])
    assert kl_ucb_kernel is not _kl_ucb


@pytest.mark.parametrize("row", [r for r in DATA["expected_regret"] if r["algorithm"] == "kl_ucb"])
def test_sourced_expected_regret(row):
    assert expected_regret(kl_ucb, row["means"], row["horizon"]) == Fraction(row["value"])


def test_sourced_expected_regret_at_100():
    found = index_policy_regret(lambda t, n, s: index(t, n, s), [0.5, 0.3], 100)
    assert found == pytest.approx(DATA["expected_regret_100"]["kl_ucb"]["best first"], abs=1e-8)


def test_sourced_mean_regret_and_the_law():
    means = [0.6] + [0.5] * 9
    values = np.array([kl_ucb(BernoulliBandit(means), 10_000, rng=s).regret[-1] for s in range(60)])
    error = values.std(ddof=1) / math.sqrt(len(values))
    assert abs(values.mean() - DATA["mean_regret_1e4"]["kl_ucb"]) < 5 * error + 5
    assert 0.8 < values.mean() / fluid_law(means, 10_000, "practice") < 1.2
    for horizon, expected in DATA["lai_robbins"].items():
        assert lai_robbins(means) * math.log(int(horizon)) == pytest.approx(expected, abs=1)


@settings(max_examples=300, deadline=None)
@given(st.floats(0.0, 1.0), st.floats(1e-7, 40.0))
def test_newton_against_bisection(mean, level):
    found = kl_index(mean, level)
    assert mean <= found <= 1.0
    assert found == pytest.approx(largest_limit(mean, level), abs=5e-12)
    assert kl_index_kernel(mean, level) == _kl_index(mean, level)


def test_newton_needs_few_steps(monkeypatch):
    module, steps = sys.modules["theorylab.bandits.stochastic.kl_index"], []
    real = module._kl

    def counted(m, q):
        steps.append(1)
        return real(m, q)

    monkeypatch.setattr(module, "kl_kernel", counted)
    for mean in np.linspace(0.001, 0.999, 60):
        for level in np.geomspace(1e-5, 30, 60):
            steps.clear()
            _kl_index(float(mean), float(level))
            assert len(steps) <= 8


def test_the_index_never_falls_in_time_and_is_at_least_the_mean():
    for form in FORMS:
        for n, wins in ((1, 0), (1, 1), (7, 3), (50, 49), (20, 0.5)):
            values = [index(t, n, wins, form=form) for t in range(n, 400)]
            assert values[0] >= wins / n and all(b >= a - 1e-15 for a, b in itertools.pairwise(values))


def test_exploration_is_the_papers():
    assert exploration(1) == 0.0 and exploration(2, form="theory") == math.log(2)
    assert exploration(10, form="theory") == pytest.approx(math.log(10) + 3 * math.log(math.log(10)))
    assert exploration(9, form="explicit") == pytest.approx(math.log(1 + 10 * math.log(10) ** 2))
    assert claimed_miss(50, 3, form="explicit") == pytest.approx(1 / (1 + 51 * math.log(51) ** 2))


def test_divergence():
    assert bernoulli_kl(0.3, 0.3) == 0.0 and bernoulli_kl(0.0, 0.5) == pytest.approx(math.log(2))
    assert bernoulli_kl(0.2, 0.0) == math.inf and bernoulli_kl(0.0, 0.0) == 0.0
    assert bernoulli_kl(0.2, 0.7) >= 2 * 0.5**2  # Pinsker


def test_edges():
    assert kl_ucb(BernoulliBandit([0.3]), 50, rng=1).regret.max() == 0.0
    for means in ([0.0] * 3, [1.0] * 3, [0.5] * 3):
        assert kl_ucb(BernoulliBandit(means), 300, rng=1).regret.max() == 0.0
    early = kl_ucb(BernoulliBandit([0.1, 0.2, 0.9]), 2, rng=1, trace=True)
    assert early.trace["actions"].tolist() == [0, 1]
    assert kl_ucb(BernoulliBandit([0.9, 0.5]), 10, form="theory", rng=1).theorems_algorithm
    assert not kl_ucb(BernoulliBandit([0.9, 0.5]), 10, rng=1).theorems_algorithm
    assert not kl_ucb(CHANGING, 10, form="theory", rng=1).theorems_algorithm
    assert kl_ucb(MIXED, 10, form="theory", rng=1).theorems_algorithm
    assert not kl_ucb(MIXED, 10, form="explicit", rng=1).theorems_algorithm  # stated for Bernoulli arms


def test_pulls_and_regret_agree():
    bandit = BernoulliBandit([0.2, 0.7, 0.4])
    run = kl_ucb(bandit, 5000, rng=5)
    assert run.pulls.sum() == 5000 and np.all(np.diff(run.regret) >= 0)
    assert run.regret[-1] == pytest.approx(run.pulls @ bandit.gaps)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kl_ucb(GaussianBandit([0.0, 1.0]), 10), "rewards outside"),
        (lambda: kl_ucb(BernoulliBandit([0.5, 0.4]), 10, form="c=3"), "form is 'c=3'"),
        (lambda: kl_ucb(BernoulliBandit([0.5, 0.4]), 0), "horizon is 0"),
        (lambda: kl_ucb(BernoulliBandit([]), 10), "at least one arm"),
        (lambda: kl_ucb(BernoulliBandit([0.5, 1.2]), 10), r"means\[1\] is 1.2"),
        (lambda: kl_ucb([0.5, 0.4], 10), "expected a model"),
        (lambda: kl_index(1.5, 0.1), "mean is 1.5"),
        (lambda: kl_index(0.5, -0.1), "level is -0.1"),
        (lambda: kl_index(0.5, math.nan), "level is nan"),
        (lambda: index(10, 2, 3.0), "wins is 3"),
        (lambda: bernoulli_kl(0.5, 2.0), "q is 2"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
