"""Sliding-window and discounted UCB: the references, published numbers, limits of the memory, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.bandits import (
    AdversarialBandit,
    BernoulliBandit,
    GaussianBandit,
    PiecewiseStationaryBandit,
    TallyingBandit,
)
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.nonstationary import discounted_ucb, sliding_window_ucb
from theorylab.bandits.nonstationary.sliding_window_ucb_reference import DiscountedUCB, SlidingWindowUCB
from theorylab.core.rng import child_seed
from theorylab.verify.code import plain_code

SLOW = {"window": agent_algorithm(SlidingWindowUCB), "discount": agent_algorithm(DiscountedUCB)}
FAST = {"window": sliding_window_ucb, "discount": discounted_ucb}
MODELS = [
    PiecewiseStationaryBandit([[0.9, 0.1, 0.5], [0.1, 0.9, 0.5]], [120]),
    BernoulliBandit([0.0, 1.0, 0.5]),
    AdversarialBandit(np.random.default_rng(0).random((300, 3))),
    TallyingBandit([[0.5, 0.1], [0.3, 0.4]]),
]
KEYWORDS = {
    "window": [{"window": 50}, {"window": 50, "index": "kl"}, {"window": 3, "xi": 1.0}, {"changes": 4}],
    "discount": [{"discount": 0.9}, {"discount": 0.95, "index": "kl"}, {"discount": 0.5, "xi": 1.0}, {"changes": 4}],
}


@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize(("kind", "keywords"), [(k, w) for k in FAST for w in KEYWORDS[k]])
def test_kernels_make_the_reference_decisions(model, kind, keywords):
    run, slow = (f(model, 200, rng=3, trace=True, **keywords) for f in (FAST[kind], SLOW[kind]))
    assert np.array_equal(run.trace["actions"], slow.trace["actions"])
    assert np.allclose(run.regret, slow.regret)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.2, 0.5, 1.0]), min_size=1, max_size=4), st.integers(1, 40), st.integers(0, 10**6)
)
def test_any_arms_and_windows(means, window, seed):
    model = BernoulliBandit(means)
    run, slow = (f(model, 80, rng=seed, trace=True, window=window) for f in (FAST["window"], SLOW["window"]))
    assert np.array_equal(run.trace["actions"], slow.trace["actions"])


def test_compiled_and_plain_kernels_agree_to_the_bit():
    entries = {
        "window": "theorylab.bandits.nonstationary.sliding_window_ucb:sliding_window_ucb",
        "discount": "theorylab.bandits.nonstationary.discounted_ucb:discounted_ucb",
    }
    plain = plain_code(entries)
    for kind, fast in FAST.items():
        for keywords in KEYWORDS[kind][:2]:
            a, b = (f(MODELS[0], 250, rng=1, **keywords) for f in (fast, plain.algorithm(kind)))
            assert np.array_equal(a.regret, b.regret) and np.array_equal(a.pulls, b.pulls)


def test_a_window_as_long_as_the_run_and_no_discount_never_forget():
    """Both are then the same policy up to the constant of the radius: 4 xi_discount = xi_window."""
    model = BernoulliBandit([0.7, 0.4])
    a = sliding_window_ucb(model, 300, window=300, xi=1.0, rng=5, trace=True)
    b = discounted_ucb(model, 300, discount=1.0, xi=0.25, rng=5, trace=True)
    assert np.array_equal(a.trace["actions"], b.trace["actions"])
    assert a.trace["window_plays"][-1].sum() == 299


def test_a_window_of_one_round_alternates():
    run = sliding_window_ucb(BernoulliBandit([1.0, 0.0, 0.0]), 9, window=1, rng=0, trace=True)
    assert run.trace["actions"].tolist() == [0, 1, 0, 1, 0, 1, 0, 1, 0]  # the arm outside the window is due


def test_published_means_within_their_spread():
    from theorylab.rooms.proofs_checks.bandits.restarting import PUBLISHED, published_problem

    for name, algorithm in (("sliding_window_ucb", sliding_window_ucb), ("discounted_ucb", discounted_ucb)):
        mean, spread = PUBLISHED[name, 1][5000]
        found = [
            algorithm(published_problem(1, 5000), 5000, index="kl", rng=child_seed(4, i)).regret[-1] for i in range(40)
        ]
        assert abs(np.mean(found) - mean) < spread


def test_edge_cases():
    assert not sliding_window_ucb(BernoulliBandit([0.3]), 50, rng=0).regret.any()
    assert not discounted_ucb(BernoulliBandit([0.3] * 3), 50, rng=0).regret.any()
    assert sliding_window_ucb(BernoulliBandit([0.1, 0.2, 0.3]), 2, rng=0, trace=True).trace["actions"].tolist() == [
        0,
        1,
    ]
    assert not sliding_window_ucb(MODELS[0], 50, index="kl", rng=0).theorems_algorithm
    assert sliding_window_ucb(MODELS[0], 50, rng=0).theorems_algorithm


@pytest.mark.parametrize(
    ("algorithm", "keywords", "message"),
    [
        (sliding_window_ucb, {"window": 0}, "window is 0"),
        (sliding_window_ucb, {"index": "lcb"}, "index is 'lcb'"),
        (sliding_window_ucb, {"xi": 0.0}, "xi is 0"),
        (sliding_window_ucb, {"changes": 0}, "changes is 0"),
        (discounted_ucb, {"discount": 0.0}, "discount is 0"),
        (discounted_ucb, {"discount": 1.1}, r"discount is 1\.1"),
        (discounted_ucb, {"xi": -1.0}, "xi is -1"),
    ],
)
def test_bad_keywords(algorithm, keywords, message):
    with pytest.raises(ValueError, match=message):
        algorithm(BernoulliBandit([0.5, 0.4]), 10, rng=0, **keywords)


def test_unbounded_rewards_are_refused():
    for algorithm in FAST.values():
        with pytest.raises(ValueError, match="rewards outside"):
            algorithm(GaussianBandit([0.0, 1.0]), 10, rng=0)
