"""Tallying bandits: the program against brute force, elimination over policies against its reference, bad input."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.bandits import BernoulliBandit, TallyingBandit, WeightedTallyingBandit
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.tallying import (
    complete_policy_regret,
    query_then_plan,
    se_tb,
    sequence_cost,
    tallying_optimum,
)
from theorylab.bandits.tallying.se_tb import cyclic_policies, cyclic_tallies, epoch_limit, radius, tally_shares
from theorylab.bandits.tallying.se_tb_reference import SETB, QueryThenPlan, long_run_shares
from theorylab.verify.code import library_code, plain_code

ALTERNATING = TallyingBandit([[0.0, 1.0], [0.0, 1.0]], noise="none")
ENTRY = "theorylab.bandits.tallying.se_tb:se_tb"


def eighths(n_arms, window, seed, noise="bernoulli"):
    return TallyingBandit(np.random.default_rng(seed).integers(0, 9, (n_arms, window)) / 8, noise=noise)


def cost(h, plays):
    """Play by play, in rationals."""
    m, total = len(h[0]), Fraction(0)
    for t, arm in enumerate(plays):
        total += Fraction(h[arm][plays[max(0, t - m + 1) : t + 1].count(arm) - 1])
    return total


@st.composite
def small(draw):
    n_arms, window = draw(st.sampled_from([(1, 3), (2, 1), (2, 2), (2, 3), (3, 2), (2, 5)]))
    h = draw(st.lists(st.integers(0, 4), min_size=n_arms * window, max_size=n_arms * window))
    return TallyingBandit(np.reshape(h, (n_arms, window)) / 4.0), draw(st.integers(0, 6))


@settings(max_examples=40, deadline=None)
@given(small())
def test_optimum_is_that_of_all_sequences(case):
    bandit, T = case
    h = bandit.h.tolist()
    best = min(cost(h, list(s)) for s in itertools.product(range(bandit.n_arms), repeat=T))
    exact, floats = tallying_optimum(bandit, T, exact=True), tallying_optimum(bandit, T)
    assert exact.exact == best == cost(h, exact.sequence.tolist())
    assert floats.lower <= best <= floats.upper and floats.gap < 1e-12
    assert floats.least_costs[-1] == pytest.approx(float(best), abs=1e-12)
    assert len(exact.least_costs) == T + 1 and exact.horizon == T


def test_optimum_after_a_history_and_for_unequal_weights():
    bandit = WeightedTallyingBandit(
        [0.5, 0.25, 0.25], [0.5, 0.75, 1.0], [[0.1, 0.5, 0.9], [0.9, 0.6, 0.2]], reo_required=False
    )
    for before in ([], [0], [1, 1, 1], [0, 1, 0, 0]):
        found = tallying_optimum(bandit, 6, history=before)
        brute = min(sequence_cost(bandit, s, history=before) for s in itertools.product(range(2), repeat=6))
        assert found.lower <= brute + 1e-12 and brute <= found.upper
        assert sequence_cost(bandit, found.sequence, history=before) == pytest.approx(brute)


def test_long_horizons_keep_the_certificate_tight():
    found = tallying_optimum(eighths(2, 6, 3), 5000)
    assert 0.0 <= found.gap < 1e-6
    assert found.upper / 5000 < 0.95
    assert not found.sequence.flags.writeable


def test_constant_action_regret_says_nothing():
    assert tallying_optimum(ALTERNATING, 30, exact=True).exact == 0
    assert complete_policy_regret(ALTERNATING, [0] * 30) == 29.0
    assert ALTERNATING.repeated_losses.min() == 1.0  # the benchmark of a repeated arm loses every round but the first


def test_window_of_one_is_the_stochastic_bandit():
    bandit = TallyingBandit([[0.3], [0.2]])
    assert tallying_optimum(bandit, 10).sequence.tolist() == [1] * 10
    assert tallying_optimum(bandit, 10).upper == pytest.approx(2.0)


@pytest.mark.parametrize(("period", "window"), [(1, 1), (3, 2), (4, 4), (5, 3)])
def test_tables_of_policies(period, window):
    policies = cyclic_policies(2, period)
    assert policies.tolist() == [list(p) for p in itertools.product(range(2), repeat=period)]
    shares = tally_shares(policies, cyclic_tallies(policies, window), 2, window)
    for row, policy in zip(shares, policies.tolist(), strict=True):
        expected = long_run_shares(tuple(policy), window)
        for x, y in itertools.product(range(2), range(1, window + 1)):
            assert row[x * window + y - 1] == pytest.approx(expected.get((x, y), 0.0), abs=1e-12)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)


@pytest.mark.parametrize(
    ("n_arms", "window", "horizon", "scale"),
    [
        (2, 1, 75, 0.05),
        (2, 1, 64, 1.0),
        (2, 2, 70, 0.1),
        (2, 3, 50, 1.0),
        (3, 2, 40, 0.1),
        (1, 2, 30, 1.0),
        (2, 1, 1, 1.0),
    ],
)
def test_elimination_plays_like_its_reference(n_arms, window, horizon, scale):
    for seed in range(3):
        bandit = eighths(n_arms, window, seed)
        run = se_tb(bandit, horizon, delta=0.5, scale=scale, trace=True, rng=seed)
        slow = agent_algorithm(SETB)(bandit, horizon, window=window, delta=0.5, scale=scale, trace=True, rng=seed)
        np.testing.assert_array_equal(run.trace["actions"], slow.trace["actions"])
        np.testing.assert_array_equal(run.trace["rewards"], slow.trace["rewards"])


def test_elimination_drops_what_is_worse_by_two_radii():
    bandit = TallyingBandit([[1.0], [0.0]], noise="none")
    scale = 0.02
    run = se_tb(bandit, 75, delta=0.5, scale=scale, rng=0)
    width = 2 * scale * radius(75, 2, 1, 1, 0.5)
    assert run.extra["epochs"] == 1
    plays = math.floor(width * 8 + 1e-9)  # of arm 0 in the eight places of a policy
    assert run.extra["left"] == sum(math.comb(8, j) for j in range(plays + 1))
    assert not run.theorems_algorithm


def test_compiled_and_plain_kernel_agree_to_the_bit():
    bandit = eighths(2, 1, 4)
    runs = [
        code.algorithm("se_tb")(bandit, 75, delta=0.5, scale=0.05, trace=True, rng=2)
        for code in (library_code({"se_tb": ENTRY}), plain_code({"se_tb": ENTRY}))
    ]
    np.testing.assert_array_equal(runs[0].trace["policies"], runs[1].trace["policies"])
    np.testing.assert_array_equal(runs[0].regret, runs[1].regret)


def test_regret_is_against_the_best_sequence():
    run = se_tb(ALTERNATING, 20, delta=0.1, trace=True, rng=0)
    plays = run.trace["actions"].tolist()
    assert run.regret[-1] == pytest.approx(float(cost([[0, 1], [0, 1]], plays)))
    assert run.notion == "complete policy regret" and run.extra["optimum"] == 0.0


def test_epochs_fill_the_horizon():
    for n_arms, window, s in ((2, 1, 1), (2, 2, 2), (3, 2, 3)):
        root = 4 * n_arms * window * (2**s - 1)
        assert epoch_limit(root**2, n_arms, window) == s
        assert sum(2 * 2**e * n_arms * window * root for e in range(1, s + 1)) == root**2


@pytest.mark.parametrize("seed", range(6))
def test_query_then_plan_stays_within_its_proposition(seed):
    for n_arms, window in ((2, 2), (2, 4), (3, 2)):
        bandit = eighths(n_arms, window, seed, "none")
        run = query_then_plan(bandit, 60)
        assert -1e-9 <= run.regret[-1] <= window * (n_arms + 1)
        short = n_arms * window + 5
        slow = agent_algorithm(QueryThenPlan)(bandit, short, window=window)
        assert query_then_plan(bandit, short).reward_sum[-1] == pytest.approx(slow.reward_sum[-1])


def test_query_then_plan_with_no_time_to_plan():
    run = query_then_plan(eighths(3, 2, 0, "none"), 4, trace=True)
    assert run.trace["actions"].tolist() == [0, 0, 1, 1]


def test_bad_input():
    with pytest.raises(TypeError, match="expected a TallyingBandit"):
        se_tb(BernoulliBandit([0.1, 0.2]), 10, delta=0.1)
    with pytest.raises(TypeError, match="expected a TallyingBandit or"):
        tallying_optimum(BernoulliBandit([0.1, 0.2]), 10)
    with pytest.raises(ValueError, match="2\\^30 cyclic policies are too many"):
        se_tb(ALTERNATING, 900, delta=0.1)
    with pytest.raises(ValueError, match="window of 3, expected at most 2"):
        se_tb(TallyingBandit(np.zeros((2, 3))), 8, delta=0.1)
    with pytest.raises(ValueError, match="expected 'none'"):
        query_then_plan(TallyingBandit([[0.5]]), 5)
    with pytest.raises(ValueError, match="too many"):
        tallying_optimum(TallyingBandit(np.zeros((4, 12))), 5)
    with pytest.raises(ValueError, match="horizon is -1"):
        tallying_optimum(ALTERNATING, -1)
    with pytest.raises(ValueError, match="history\\[0\\] is 2"):
        tallying_optimum(ALTERNATING, 3, history=[2])
    for keywords, message in (({"delta": 0.0}, "delta is 0"), ({"delta": 0.1, "scale": 1.5}, "scale is 1.5")):
        with pytest.raises(ValueError, match=message):
            se_tb(ALTERNATING, 10, **keywords)
