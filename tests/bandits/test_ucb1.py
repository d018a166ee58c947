"""UCB1: decisions of the slow reference, golden values, common random numbers, edge cases, bad input."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.bandits import (
    AdversarialBandit,
    BernoulliBandit,
    FiniteSupportBandit,
    GaussianBandit,
    LastSwitchDependentBandit,
    PiecewiseStationaryBandit,
    RechargingBandit,
    RottingBandit,
    TallyingBandit,
    WeightedTallyingBandit,
)
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.environments import one_good_arm
from theorylab.bandits.stochastic import ucb1
from theorylab.bandits.stochastic.ucb1_reference import UCB1
from theorylab.core.rng import child_seed
from theorylab.core.sweeps import serial, threads
from theorylab.verify.exact.bandits import reward_tree_regret

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "bandit_exact.json").read_text(encoding="utf-8"))
reference = agent_algorithm(UCB1)
MODELS = [
    BernoulliBandit([0.6, 0.5, 0.4]),
    BernoulliBandit([0.0, 1.0]),
    GaussianBandit([0.0, 1.0], sigma=0.5),
    FiniteSupportBandit([[0, 0.5, 1], [0.2, 0.4, 0.6]], [[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]]),
    PiecewiseStationaryBandit([[0.9, 0.1], [0.1, 0.9], [0.5, 0.6]], [150, 151]),
    AdversarialBandit(np.random.default_rng(0).random((400, 3))),
    RottingBandit([[0.9, 0.2], [0.5, 0.5]], noise="bernoulli"),
    RottingBandit([[0.9, 0.2, 0.1], [0.5, 0.5, 0.6]], kind="restless", noise="gaussian", sigma=0.1),
    TallyingBandit([[0.5, 0.1], [0.3, 0.4]]),
    WeightedTallyingBandit([1.0, 0.5, 0.2], [0.0, 0.3, 0.6, 1.0], [[0.9, 0.8, 0.5, 0.1], [0.4, 0.4, 0.4, 0.4]]),
    WeightedTallyingBandit([2.0, 2.0, 2.0], [0.3, 1.0], [[0.9, 0.1], [0.4, 0.4]], noise="none"),
    LastSwitchDependentBandit([[0.1, 0.5], [0.3, 0.3]], run=[[0.0, 0.3], [0.2, 0.1]]),
    RechargingBandit([[0.1, 0.5, 0.9], [0.3, 0.3, 0.4]]),
]


@pytest.mark.parametrize("form", ["auer", "garivier"])
@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_kernel_makes_the_reference_decisions(model, form):
    run, slow = (f(model, 400, rng=7, trace=True, form=form) for f in (ucb1, reference))
    assert np.array_equal(run.trace["actions"], slow.trace["actions"])
    assert np.array_equal(run.trace["rewards"], slow.trace["rewards"])
    assert np.allclose(run.regret, slow.regret, atol=1e-9)
    assert np.allclose(run.reward_sum, slow.reward_sum)
    assert np.array_equal(run.pulls, slow.pulls)
    assert run.notion == slow.notion == model.notion


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]), min_size=1, max_size=5), st.integers(0, 2**32))
def test_kernel_makes_the_reference_decisions_on_any_arms(means, seed):
    model = BernoulliBandit(means)
    run, slow = (f(model, 120, rng=seed, trace=True) for f in (ucb1, reference))
    assert np.array_equal(run.trace["actions"], slow.trace["actions"])


def test_compiled_and_plain_kernels_agree_to_the_bit():
    from theorylab.verify.code import plain_code

    plain = plain_code({"ucb1": "theorylab.bandits.stochastic.ucb1:ucb1"}).algorithm("ucb1")
    for model in MODELS:
        fast, slow = (f(model, 300, rng=3, trace=True) for f in (ucb1, plain))
        for name in ("regret", "reward_sum", "pulls"):
            assert np.array_equal(getattr(fast, name), getattr(slow, name)), (model, name)
        assert np.array_equal(fast.trace["indices"], slow.trace["indices"])


def test_exact_expected_regret_is_the_sourced_rational_number():
    bandit = BernoulliBandit([0.4, 0.7])
    value = reward_tree_regret(
        lambda rng: ucb1(bandit, 8, trace=True, rng=rng).trace["actions"], ["2/5", "7/10"], 8, compiled=True
    )
    assert str(value) == "4851609/5000000"
    assert "4851609/5000000" in json.dumps(GOLDEN)


def test_published_size_of_the_regret():
    """Mean regret on (.6, .5 x 9) at T = 1e4: 604 +- 7 over 40 runs, measured with other code."""
    regrets = [ucb1(one_good_arm(10), 10_000, rng=child_seed(1, i)).regret[-1] for i in range(60)]
    assert abs(np.mean(regrets) - 604) < 4 * np.hypot(7, np.std(regrets) / np.sqrt(60))


def test_two_policies_meet_the_same_luck():
    bandit = BernoulliBandit([0.5, 0.5, 0.5])
    a, b = (ucb1(bandit, 200, form=form, rng=4, trace=True) for form in ("auer", "garivier"))
    same = a.trace["actions"] == b.trace["actions"]
    first = int(np.argmin(same)) if not same.all() else len(same)
    assert first > 3
    assert np.array_equal(a.trace["rewards"], b.trace["rewards"])  # equal means: the noise of a round decides alone


def test_threads_give_the_same_bits():
    def regret(seed):
        return ucb1(BernoulliBandit([0.6, 0.5]), 2000, rng=child_seed(9, seed)).regret[-1]

    assert threads(2)(regret, range(20)) == serial(regret, range(20))


def test_one_arm_and_identical_arms_have_no_regret():
    assert not ucb1(BernoulliBandit([0.3]), 50, rng=0).regret.any()
    run = ucb1(BernoulliBandit([0.3] * 4), 500, rng=0)
    assert not run.regret.any() and run.pulls.sum() == 500 and run.pulls.min() > 0


def test_a_horizon_below_the_number_of_arms_plays_the_first_arms():
    assert ucb1(BernoulliBandit([0.1, 0.2, 0.3, 0.4]), 2, rng=0, trace=True).trace["actions"].tolist() == [0, 1]


def test_regret_is_the_sum_of_gaps_and_never_falls():
    bandit = BernoulliBandit([0.7, 0.2, 0.5])
    run = ucb1(bandit, 3000, rng=2)
    assert np.all(np.diff(run.regret) >= 0)
    assert run.regret[-1] == pytest.approx(float(run.pulls @ bandit.gaps))


def test_relabelled_arms_have_the_same_law_of_regret():
    means = np.array([0.7, 0.2, 0.5])
    regrets = [
        [ucb1(BernoulliBandit(m), 500, rng=child_seed(k, i)).regret[-1] for i in range(300)]
        for k, m in enumerate((means, means[::-1]))
    ]
    pooled = np.sqrt(sum(np.var(r) for r in regrets) / 300)
    assert abs(np.mean(regrets[0]) - np.mean(regrets[1])) < 4 * pooled


def test_memory_does_not_grow_with_the_horizon():
    short, long = (ucb1(BernoulliBandit([0.6, 0.5]), t, rng=0) for t in (10_000, 1_000_000))
    assert len(long.times) <= len(short.times) + 10 and long.trace is None


def test_theorem_speaks_of_the_theorem_only():
    assert ucb1(BernoulliBandit([0.5, 0.4]), 10, rng=0).theorems_algorithm
    assert not ucb1(BernoulliBandit([0.5, 0.4]), 10, form="garivier", rng=0).theorems_algorithm
    assert not ucb1(GaussianBandit([0.5, 0.4]), 10, rng=0).theorems_algorithm
    assert not ucb1(MODELS[4], 10, rng=0).theorems_algorithm


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.5, 0.4], 10), "bandit is .*expected a model of theorylab.bandits"),
        ((BernoulliBandit([0.5]), 0), "horizon is 0"),
        ((AdversarialBandit([[0.0, 1.0]] * 5), 6), "horizon is 6, expected at most 5"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        ucb1(*arguments, rng=0)


def test_bad_keywords():
    with pytest.raises(ValueError, match="form is 'ucb'"):
        ucb1(BernoulliBandit([0.5]), 10, form="ucb", rng=0)
    with pytest.raises(TypeError, match="trace is 1"):
        ucb1(BernoulliBandit([0.5]), 10, trace=1, rng=0)
    with pytest.raises(TypeError, match=r"rng is 0\.5"):
        ucb1(BernoulliBandit([0.5]), 10, rng=0.5)
