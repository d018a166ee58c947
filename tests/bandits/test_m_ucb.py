"""M-UCB: the reference, the window statistic, published numbers, edge cases, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.bandits import AdversarialBandit, BernoulliBandit, GaussianBandit, PiecewiseStationaryBandit
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.nonstationary import m_ucb
from theorylab.bandits.nonstationary.change_detection_reference import MUCB
from theorylab.core.rng import child_seed
from theorylab.verify.code import plain_code

reference = agent_algorithm(MUCB)
SWAP = PiecewiseStationaryBandit([[0.9, 0.1, 0.5], [0.1, 0.9, 0.5]], [120])
KEYWORDS = [
    {"window": 20, "threshold": 4.0, "changes": 1},
    {"window": 10, "index": "kl", "threshold": 3.0, "gamma": 0.3},
    {"window": 6, "threshold": 1.5, "gamma": 1.0},
    {"window": 1000, "changes": 2},
]


@pytest.mark.parametrize("keywords", KEYWORDS)
@pytest.mark.parametrize(
    "model", [SWAP, BernoulliBandit([0.0, 1.0]), AdversarialBandit(np.random.default_rng(0).random((250, 3)))]
)
def test_kernel_makes_the_reference_decisions(model, keywords):
    run, slow = (f(model, 250, rng=3, trace=True, **keywords) for f in (m_ucb, reference))
    assert np.array_equal(run.trace["actions"], slow.trace["actions"])
    assert np.array_equal(run.restart_times, slow.restart_times)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 15), st.floats(0.3, 6.0), st.integers(0, 10**6))
def test_any_window_and_threshold(half, threshold, seed):
    keywords = {"window": 2 * half, "threshold": threshold, "gamma": 0.4}
    run, slow = (f(SWAP, 200, rng=seed, **keywords) for f in (m_ucb, reference))
    assert np.array_equal(run.restart_times, slow.restart_times)


def test_compiled_and_plain_kernels_agree_to_the_bit():
    plain = plain_code({"m": "theorylab.bandits.nonstationary.m_ucb:m_ucb"}).algorithm("m")
    a, b = (f(SWAP, 400, rng=1, **KEYWORDS[0]) for f in (m_ucb, plain))
    assert np.array_equal(a.regret, b.regret) and np.array_equal(a.restart_times, b.restart_times)
    assert len(a.restart_times) > 0


def test_sure_rewards_restart_at_a_known_round():
    """One arm, 10 ones then zeros, w = 10, b = 3.5: the newer half must hold four zeros and the older five ones."""
    run = m_ucb(PiecewiseStationaryBandit([[1.0], [0.0]], [10]), 30, window=10, threshold=3.5, gamma=0.0, rng=0)
    assert run.restart_times.tolist() == [14]
    assert run.extra["alarm_observations"].tolist() == [14] and run.extra["alarm_splits"].tolist() == [9]


def test_published_mean_within_its_spread():
    from theorylab.rooms.proofs_checks.bandits.restarting import PUBLISHED, published_problem

    mean, spread = PUBLISHED["m_ucb", 1][5000]
    rate = np.sqrt(12 * np.log(5000) / 5000)
    found = [
        m_ucb(published_problem(1, 5000), 5000, index="kl", gamma=rate, rng=child_seed(4, i)).regret[-1]
        for i in range(40)
    ]
    assert abs(np.mean(found) - mean) < spread


def test_edge_cases():
    assert not m_ucb(BernoulliBandit([0.3]), 50, rng=0).regret.any()
    assert m_ucb(BernoulliBandit([0.3, 0.3]), 1, rng=0).pulls.tolist() == [1, 0]
    assert m_ucb(BernoulliBandit([0.5, 0.4]), 50, rng=0).theorems_algorithm
    assert not m_ucb(BernoulliBandit([0.5, 0.4]), 50, threshold=1.0, rng=0).theorems_algorithm


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"window": 7}, "window is 7, expected an even number"),
        ({"window": 0}, "window is 0"),
        ({"threshold": 0.0}, "threshold is 0"),
        ({"gamma": 1.5}, r"gamma is 1\.5"),
        ({"index": "x"}, "index is 'x'"),
        ({"changes": 0}, "changes is 0"),
    ],
)
def test_bad_keywords(keywords, message):
    with pytest.raises(ValueError, match=message):
        m_ucb(BernoulliBandit([0.5, 0.4]), 10, rng=0, **keywords)


def test_unbounded_rewards_are_refused():
    with pytest.raises(ValueError, match="rewards outside"):
        m_ucb(GaussianBandit([0.0]), 10, rng=0)
