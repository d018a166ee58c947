"""CombUCB1 and its model: decisions of the slow reference, golden values, edge cases, bad input."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.bandits import BernoulliBandit
from theorylab.bandits.models.combinatorial import CombinatorialBandit
from theorylab.bandits.stochastic import comb_ucb1, ucb1
from theorylab.bandits.stochastic.comb_ucb1_reference import comb_ucb1_by_hand
from theorylab.core.rng import child_seed

PAIRS = [[1, 1, 0, 0], [0, 0, 1, 1]]
CHAIN = [[1, 1, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 1, 1, 1], [1, 0, 0, 0, 0]]
MODELS = [
    CombinatorialBandit([0.9, 0.7, 0.6, 0.5], PAIRS),
    CombinatorialBandit([0.0, 1.0, 0.5, 0.5, 0.3], CHAIN),
    CombinatorialBandit([0.5, 0.4, 0.6], np.eye(3)),
    CombinatorialBandit([0.3], [[1]]),
]


def sets_of(d):
    """Some non-empty sets that cover all items."""
    return st.lists(st.integers(1, 2**d - 1), min_size=1, max_size=6, unique=True).map(
        lambda codes: [[(c >> e) & 1 for e in range(d)] for c in {*codes, 2**d - 1}]
    )


@pytest.mark.parametrize("rule", ["ucb", "greedy"])
@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_kernel_makes_the_reference_decisions(model, rule):
    run, slow = comb_ucb1(model, 300, rule=rule, rng=7, trace=True), comb_ucb1_by_hand(model, 300, rule=rule, rng=7)
    assert run.trace["actions"].tolist() == slow["actions"]
    assert run.trace["rewards"].tolist() == slow["rewards"]
    assert np.allclose(run.regret, slow["regret"], atol=1e-9)
    assert run.reward_sum[-1] == sum(slow["rewards"])


@settings(max_examples=25, deadline=None)
@given(st.data(), st.integers(2, 4), st.integers(0, 2**32))
def test_kernel_makes_the_reference_decisions_on_any_sets(data, d, seed):
    means = data.draw(st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]), min_size=d, max_size=d))
    model = CombinatorialBandit(means, data.draw(sets_of(d)))
    run = comb_ucb1(model, 80, rng=seed, trace=True)
    assert run.trace["actions"].tolist() == comb_ucb1_by_hand(model, 80, rng=seed)["actions"]


def test_compiled_and_plain_kernels_agree_to_the_bit():
    from theorylab.verify.code import plain_code

    plain = plain_code({"a": "theorylab.bandits.stochastic.comb_ucb1:comb_ucb1"}).algorithm("a")
    for model in MODELS:
        fast, slow = (f(model, 200, rng=3, trace=True) for f in (comb_ucb1, plain))
        assert np.array_equal(fast.regret, slow.regret)
        assert np.array_equal(fast.trace["indices"], slow.trace["indices"])
        assert np.array_equal(fast.extra["item_counts"], slow.extra["item_counts"])


def test_first_rounds_by_hand():
    """d = 3, {0,1}, {1,2}: the first action (tie), then the one with the unseen item 2."""
    run = comb_ucb1(CombinatorialBandit([0.5, 0.5, 0.5], [[1, 1, 0], [0, 1, 1]]), 2, rng=0, trace=True)
    assert run.trace["actions"].tolist() == [0, 1]
    assert run.extra["item_counts"].tolist() == [1.0, 2.0, 1.0]


def test_exact_regret_of_single_items_is_that_of_ucb_with_1_5_ln_t():
    from theorylab.rooms.proofs_checks.bandits.comb_ucb1_exact import program

    from theorylab.verify.exact.bandits import index_policy_regret

    means = [Fraction(2, 5), Fraction(7, 10)]
    expected = index_policy_regret(lambda t, n, s: s / n + np.sqrt(1.5 * np.log(t) / n), means, 7)
    assert program(means, np.eye(2), 7) == expected  # two programs that share nothing


def test_the_law_of_a_sum_of_items():
    model = CombinatorialBandit([0.5, 0.25, 1.0], [[1, 1, 0], [0, 1, 1]])
    assert model.by_actions.probabilities.tolist() == [[0.375, 0.5, 0.125], [0.0, 0.75, 0.25]]
    assert np.allclose(model.by_actions.means, model.action_means)


def test_learners_without_items_may_play():
    run = ucb1(CombinatorialBandit([0.9, 0.8, 0.1, 0.2], PAIRS), 500, rng=1)
    assert run.pulls.sum() == 500 and run.regret[-1] == pytest.approx(1.4 * run.pulls[1])


def test_items_teach_faster_than_sums():
    """All pairs of six: 15 actions share 6 items."""
    actions = [c for c in itertools.product((0, 1), repeat=6) if sum(c) == 2]
    model = CombinatorialBandit([0.2, 0.3, 0.4, 0.5, 0.8, 0.9], actions)
    items, sums = (
        np.mean([f(model, 3000, rng=child_seed(5, i)).regret[-1] for i in range(20)]) for f in (comb_ucb1, ucb1)
    )
    assert items < 0.75 * sums


def test_item_gaps():
    model = CombinatorialBandit([0.9, 0.5, 0.2], [[1, 1, 0], [0, 1, 1], [1, 0, 1]])
    assert model.gaps.round(12).tolist() == [0.0, 0.7, 0.3]
    assert model.item_gaps().round(12).tolist() == [0.3, 0.7, 0.3]


def test_one_action_and_equal_actions_have_no_regret():
    assert not comb_ucb1(CombinatorialBandit([0.3, 0.2], [[1, 1]]), 50, rng=0).regret.any()
    run = comb_ucb1(
        CombinatorialBandit([0.1, 0.2, 0.3, 0.3, 0.1, 0.2], [[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]]), 300, rng=0
    )
    assert not run.regret.any() and run.pulls.min() > 0


def test_theorem_speaks_of_the_theorem_only():
    assert comb_ucb1(MODELS[0], 5, rng=0).theorems_algorithm
    assert not comb_ucb1(MODELS[0], 5, rng=0, rule="greedy").theorems_algorithm


@pytest.mark.parametrize(
    ("means", "actions", "message"),
    [
        ([0.5, 1.2], [[1, 1]], r"means\[1\] is 1\.2"),
        ([0.5, float("nan")], [[1, 1]], r"means\[1\] is nan"),
        ([0.5, 0.2], [[1, 0.5]], r"actions\[0, 1\] is 0\.5, expected 0 or 1"),
        ([0.5, 0.2], [[1, 1, 0]], r"actions has shape \(1, 3\)"),
        ([0.5, 0.2], [[1, 1], [0, 0]], r"actions\[1\] has no item"),
        ([0.5, 0.2], [[1, 0]], r"actions\[:, 1\] is zero"),
        ([0.5, 0.2], [[1, 1], [1, 1]], "row twice"),
        ([], [[]], "expected at least one"),
    ],
)
def test_bad_models(means, actions, message):
    with pytest.raises((TypeError, ValueError), match=message):
        CombinatorialBandit(means, actions)


def test_bad_arguments():
    with pytest.raises(TypeError, match="expected a CombinatorialBandit"):
        comb_ucb1(BernoulliBandit([0.5]), 10, rng=0)
    with pytest.raises(ValueError, match="horizon is 0"):
        comb_ucb1(MODELS[0], 0, rng=0)
    with pytest.raises(ValueError, match="rule is 'x'"):
        comb_ucb1(MODELS[0], 10, rule="x", rng=0)
