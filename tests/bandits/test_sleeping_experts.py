"""Sleeping experts and groupwise regret: references, sure bounds on any tables, edge cases, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from theorylab.bandits import AdversarialBandit, BernoulliBandit
from theorylab.bandits.adversarial import groupwise_experts, sleeping_experts
from theorylab.bandits.adversarial import sleeping_experts_reference as slow


def table(losses, awake=None):
    return AdversarialBandit(losses, awake=awake, feedback="full")


def random_tables(seed, horizon=60, n=4, soft=False):
    rng = np.random.default_rng(seed)
    awake = (rng.random((horizon, n)) < 0.5).astype(float)
    awake[awake.max(axis=1) == 0, 0] = 1.0
    return rng.random((horizon, n)), awake * (0.1 + 0.9 * rng.random((horizon, n))) if soft else awake


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_adanormalhedge_is_the_reference(seed, soft):
    losses, awake = random_tables(seed, soft=soft)
    run = sleeping_experts(table(losses, awake), 60, trace=True, rng=seed)
    plays, regrets = slow.adanormalhedge(losses, awake)
    assert np.allclose(run.trace["probabilities"], plays, atol=1e-12)
    assert np.allclose(run.trace["regrets"], regrets[:-1], atol=1e-12)
    assert np.allclose(run.regret, np.max(regrets[1:], axis=1), atol=1e-12)


@pytest.mark.parametrize("eta", [0.0, 0.3, 2.0])
def test_sleeping_hedge_is_the_reference(eta):
    losses, awake = random_tables(5)
    run = sleeping_experts(table(losses, awake), 60, method="sleeping_hedge", eta=eta, trace=True, rng=0)
    plays, regrets = slow.sleeping_hedge(losses, awake, eta)
    assert np.allclose(run.trace["probabilities"], plays, atol=1e-11)
    assert np.allclose(run.extra["regrets"], regrets[-1], atol=1e-11)


def test_groupwise_is_the_reference():
    losses, groups = random_tables(8, n=3)
    run = groupwise_experts(table(losses), 60, groups=groups, trace=True, rng=0)
    plays, regrets = slow.groupwise(losses, groups)
    assert np.allclose(run.trace["probabilities"], plays, atol=1e-12)
    assert np.allclose(run.extra["group_regrets"], np.max(regrets, axis=1), atol=1e-12)


tables = st.tuples(st.integers(1, 25), st.integers(1, 4)).flatmap(
    lambda shape: st.tuples(
        arrays.arrays(float, shape, elements=st.sampled_from([0.0, 0.5, 1.0])),
        arrays.arrays(bool, shape),
    )
)


@settings(max_examples=120, deadline=None)
@given(tables, st.sampled_from([0.1, 0.7, 3.0]))
def test_the_bounds_hold_on_any_tables(drawn, eta):
    losses, awake = drawn[0], drawn[1].astype(float)
    awake[awake.max(axis=1) == 0, 0] = 1.0
    (horizon, n), slack = losses.shape, 1e-9
    run = sleeping_experts(table(losses, awake), horizon, rng=0)
    scales = run.extra["scales"]
    big_b = 1 + 1.5 * np.mean(1 + np.log(1 + scales))
    assert np.all(run.extra["regrets"] <= np.sqrt(3 * scales * (math.log(n) + math.log(big_b))) + slack)
    assert np.all(scales <= awake.sum(axis=0) + slack)
    run = sleeping_experts(table(losses, awake), horizon, method="sleeping_hedge", eta=eta, rng=0)
    assert np.all(run.extra["regrets"] <= math.log(n) / eta + eta * awake.sum(axis=0) / 8 + slack)
    assert np.exp(run.extra["scales"]).sum() == pytest.approx(1.0)
    run = groupwise_experts(table(losses), horizon, groups=awake, rng=0)
    own = run.extra["group_regrets"] - run.extra["learner_regrets"]
    used = run.extra["group_rounds"] > 0
    assert np.all(own[used] <= np.sqrt(run.extra["group_rounds"] * math.log(max(n, 1)))[used] + slack)


def test_compiled_and_plain_kernels_agree():
    from theorylab.verify.code import plain_code

    home = "theorylab.bandits.adversarial"
    plain = plain_code({n: f"{home}.{n}:{n}" for n in ("sleeping_experts", "groupwise_experts")})
    losses, awake = random_tables(2)
    for method in ("adanormalhedge", "sleeping_hedge"):
        fast, other = (
            f(table(losses, awake), 60, method=method, rng=1, trace=True)
            for f in (sleeping_experts, plain.algorithm("sleeping_experts"))
        )
        assert np.allclose(fast.trace["probabilities"], other.trace["probabilities"], rtol=1e-13, atol=1e-15)
        assert np.array_equal(fast.pulls, other.pulls)
    fast, other = (
        f(table(losses), 60, groups=awake, rng=1) for f in (groupwise_experts, plain.algorithm("groupwise_experts"))
    )
    assert np.allclose(fast.regret, other.regret, rtol=1e-12)


def test_two_rounds_of_adanormalhedge_by_hand():
    """R = (1/2, -1/2), C = 1/2 after losses (0, 1): w_1 = (e^{2.25/4.5} - 1) / 2, w_2 = (e^{.25/4.5} - 1) / 2."""
    run = sleeping_experts(table([[0.0, 1.0], [0.5, 0.5]]), 2, trace=True, rng=0)
    first, second = math.exp(0.5) - 1, math.exp(0.25 / 4.5) - 1
    assert run.trace["probabilities"][1, 0] == pytest.approx(first / (first + second), abs=1e-12)


def test_one_expert_and_equal_experts_have_no_regret():
    assert not sleeping_experts(table(np.ones((9, 1))), 9, rng=0).regret.any()
    same = np.repeat(np.random.default_rng(0).random((30, 1)), 4, axis=1)
    for method in ("adanormalhedge", "sleeping_hedge"):
        assert np.abs(sleeping_experts(table(same), 30, method=method, rng=0).regret).max() < 1e-12


def test_a_long_game_stays_finite():
    losses = np.zeros((100_000, 2))
    losses[:, 1] = 1.0
    for method in ("adanormalhedge", "sleeping_hedge"):
        run = sleeping_experts(table(losses), 100_000, method=method, rng=0)
        assert np.isfinite(run.extra["regrets"]).all() and 0 <= run.regret[-1] < 400


def test_arms_drawn_are_awake_and_the_record_says_what_regret_is():
    losses, awake = random_tables(4)
    run = sleeping_experts(table(losses, awake), 60, rng=3, trace=True)
    assert all(awake[t, a] > 0 for t, a in enumerate(run.trace["actions"]))
    assert run.notion == "sleeping regret of the mixture" and run.pulls.sum() == 60
    assert run.reward_sum[-1] == pytest.approx(sum(1 - losses[t, a] for t, a in enumerate(run.trace["actions"])))


@pytest.mark.parametrize(
    ("arguments", "words", "message"),
    [
        ((BernoulliBandit([0.5]), 5), {}, "expected an AdversarialBandit"),
        ((AdversarialBandit([[0.0, 1.0]]), 1), {}, "feedback 'bandit', expected 'full'"),
        ((table([[0.0, 1.0]], [[0, 0]]), 1), {}, r"awake\[0\] is zero"),
        ((table([[0.0, 1.0]], [[0.5, 1]]), 1), {"method": "sleeping_hedge"}, r"awake\[0, 0\] is 0.5, expected 0 or 1"),
        ((table([[0.0, 1.0]]), 2), {}, "horizon is 2, expected at most 1"),
        ((table([[0.0, 1.0]]), 1), {"eta": 0.1}, "AdaNormalHedge has no rate"),
        ((table([[0.0, 1.0]]), 1), {"method": "sleeping_hedge", "eta": -1.0}, "eta is -1"),
        ((table([[0.0, 1.0]]), 1), {"method": "hedge"}, "method is 'hedge'"),
    ],
)
def test_bad_arguments(arguments, words, message):
    with pytest.raises((TypeError, ValueError), match=message):
        sleeping_experts(*arguments, rng=0, **words)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([[1, 0]], r"shape \(1, 2\), expected at least 2 rounds"),
        ([[1, 0], [0, 0]], r"groups\[1\] is zero"),
        ([[1, 0], [0, 2]], r"groups\[1, 1\] is 2, expected 0 or 1"),
        ([[1, 0], [0, float("nan")]], r"groups\[1, 1\] is nan"),
    ],
)
def test_bad_groups(groups, message):
    with pytest.raises((TypeError, ValueError), match=message):
        groupwise_experts(table([[0.0, 1.0]] * 2), 2, groups=groups, rng=0)
