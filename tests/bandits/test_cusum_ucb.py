"""CUSUM-UCB: the reference, sure jumps, published numbers, edge cases, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.bandits import AdversarialBandit, BernoulliBandit, GaussianBandit, PiecewiseStationaryBandit
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.nonstationary import cusum_ucb
from theorylab.bandits.nonstationary.change_detection_reference import CusumUCB
from theorylab.core.rng import child_seed
from theorylab.verify.code import plain_code

reference = agent_algorithm(CusumUCB)
SWAP = PiecewiseStationaryBandit([[0.9, 0.1, 0.5], [0.1, 0.9, 0.5]], [120])
KEYWORDS = [
    {"M": 10, "changes": 1},
    {"M": 5, "index": "kl", "h": 2.0, "alpha": 0.3},
    {"M": 20, "epsilon": 0.0, "changes": 4},
    {"M": 1, "h": 1.0, "epsilon": 0.05, "alpha": 1.0},
]


@pytest.mark.parametrize("keywords", KEYWORDS)
@pytest.mark.parametrize(
    "model", [SWAP, BernoulliBandit([0.0, 1.0]), AdversarialBandit(np.random.default_rng(0).random((250, 3)))]
)
def test_kernel_makes_the_reference_decisions(model, keywords):
    keywords = {"changes": 1, **keywords}
    run, slow = (f(model, 250, rng=3, trace=True, **keywords) for f in (cusum_ucb, reference))
    assert np.array_equal(run.trace["actions"], slow.trace["actions"])
    assert np.array_equal(run.restart_times, slow.restart_times)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 20), st.sampled_from([0.0, 0.1, 0.3]), st.floats(0.5, 5.0), st.integers(0, 10**6))
def test_any_tuning(M, epsilon, h, seed):
    keywords = {"M": M, "epsilon": epsilon, "h": h, "alpha": 0.2}
    run, slow = (f(SWAP, 200, rng=seed, **keywords) for f in (cusum_ucb, reference))
    assert np.array_equal(run.restart_times, slow.restart_times)


def test_compiled_and_plain_kernels_agree_to_the_bit():
    plain = plain_code({"c": "theorylab.bandits.nonstationary.cusum_ucb:cusum_ucb"}).algorithm("c")
    a, b = (f(SWAP, 400, rng=1, **KEYWORDS[1]) for f in (cusum_ucb, plain))
    assert np.array_equal(a.regret, b.regret) and np.array_equal(a.restart_times, b.restart_times)
    assert len(a.restart_times) > 0


def test_a_sure_jump_is_seen_after_h_over_one_minus_epsilon_plays():
    jump = PiecewiseStationaryBandit([[1.0], [0.0]], [20])
    run = cusum_ucb(jump, 60, M=10, epsilon=0.25, h=3.0, alpha=0.0, rng=0)
    assert run.restart_times.tolist() == [24] and run.extra["alarm_observations"].tolist() == [24]


def test_only_the_arm_that_raised_the_alarm_forgets():
    run = cusum_ucb(SWAP, 500, M=10, h=3.0, alpha=0.5, rng=2, trace=True)
    assert len(set(run.extra["alarm_arms"].tolist())) > 1


def test_published_mean_within_its_spread():
    from theorylab.rooms.proofs_checks.bandits.restarting import PUBLISHED, published_problem

    mean, spread = PUBLISHED["cusum_ucb", 2][5000]
    rate = np.sqrt(12 * np.log(5000) / 5000)
    found = [
        cusum_ucb(published_problem(2, 5000), 5000, M=200, index="kl", alpha=rate, rng=child_seed(4, i)).regret[-1]
        for i in range(40)
    ]
    assert abs(np.mean(found) - mean) < spread


def test_edge_cases():
    assert not cusum_ucb(BernoulliBandit([0.3]), 50, rng=0).regret.any()
    assert cusum_ucb(BernoulliBandit([0.3, 0.3]), 1, rng=0).pulls.sum() == 1
    assert not cusum_ucb(BernoulliBandit([0.5, 0.4]), 50, rng=0).theorems_algorithm


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"M": 0}, "M is 0"),
        ({"epsilon": -0.1}, r"epsilon is -0\.1"),
        ({"h": 0.0}, "h is 0"),
        ({"alpha": 1.5}, r"alpha is 1\.5"),
        ({"index": "x"}, "index is 'x'"),
        ({"changes": 0}, "changes is 0"),
    ],
)
def test_bad_keywords(keywords, message):
    with pytest.raises(ValueError, match=message):
        cusum_ucb(BernoulliBandit([0.5, 0.4]), 10, rng=0, **keywords)


def test_unbounded_rewards_are_refused():
    with pytest.raises(ValueError, match="rewards outside"):
        cusum_ucb(GaussianBandit([0.0]), 10, rng=0)
