"""The log-barrier forecaster: decisions of the slow reference, its lemma on hostile losses, golden values, input."""

from __future__ import annotations

import json
import math
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
    PiecewiseStationaryBandit,
)
from theorylab.bandits.adversarial import log_barrier_ftrl
from theorylab.bandits.adversarial.log_barrier_ftrl import learning_rate, probabilities, regret_bound, small_loss_bound
from theorylab.bandits.adversarial.log_barrier_ftrl_reference import LogBarrierFTRL
from theorylab.bandits.agents import agent_algorithm
from theorylab.core.rng import child_seed
from theorylab.verify.exact.bandits import scripted_arm_tree

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "bandit_exact.json").read_text(encoding="utf-8"))
reference = agent_algorithm(LogBarrierFTRL)
MODELS = [
    BernoulliBandit([0.6, 0.5, 0.4]),
    BernoulliBandit([0.0, 1.0]),
    FiniteSupportBandit([[0, 0.5, 1], [0.2, 0.4, 0.6]], [[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]]),
    PiecewiseStationaryBandit([[0.9, 0.1], [0.1, 0.9]], [100]),
    AdversarialBandit(np.random.default_rng(0).random((300, 4))),
]


@pytest.mark.parametrize("keywords", [{}, {"eta": 0.5}, {"best_loss": 0.0}, {"best_loss": 50.0}], ids=str)
@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_kernel_makes_the_reference_decisions(model, keywords):
    run, slow = (f(model, 100, rng=7, trace=True, **keywords) for f in (log_barrier_ftrl, reference))
    assert np.array_equal(run.trace["actions"], slow.trace["actions"])
    assert np.array_equal(run.trace["rewards"], slow.trace["rewards"])
    assert np.allclose(run.trace["probabilities"], slow.trace["probabilities"], rtol=1e-7)
    assert np.allclose(run.regret, slow.regret, atol=1e-9) and run.notion == slow.notion


def test_compiled_and_plain_kernels_agree_to_the_bit():
    from theorylab.verify.code import plain_code

    plain = plain_code({"a": "theorylab.bandits.adversarial.log_barrier_ftrl:log_barrier_ftrl"}).algorithm("a")
    for model in MODELS:
        fast, slow = (f(model, 200, rng=3, trace=True) for f in (log_barrier_ftrl, plain))
        assert np.array_equal(fast.trace["probabilities"], slow.trace["probabilities"])
        assert np.array_equal(fast.regret, slow.regret)


def barrier(p):
    return -math.fsum(math.log(x) for x in p)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(2, 4).flatmap(
        lambda k: st.lists(st.lists(st.floats(0.0, 1e4), min_size=k, max_size=k), min_size=1, max_size=6)
    ),
    st.floats(1e-2, 10.0),
    st.lists(st.floats(1e-3, 1.0), min_size=4, max_size=4),
)
def test_the_lemma_holds_for_any_losses_and_any_comparator(losses, eta, raw):
    """Surely: no randomness, no bound of the losses; a non-negative loss vector in each round."""
    losses = np.array(losses)
    k = losses.shape[1]
    left, costs, total = 0.0, 0.0, np.zeros(k)
    for row in losses:
        p = probabilities(total, eta)
        assert p.min() > 0 and abs(math.fsum(p.tolist()) - 1) < 1e-12
        y = eta * p * row
        left, costs, total = left + float(p @ row), costs + float((y - np.log1p(y)).sum()) / eta, total + row
    comparators = [np.array(raw[:k]) / sum(raw[:k]), probabilities(total, eta)]
    for u in comparators:
        right = (barrier(u) - k * math.log(k)) / eta + costs
        assert left - float(u @ total) <= right + 1e-7 * (1 + abs(right) + left)


def test_two_arms_in_closed_form():
    """1/p - 1/(1-p) = eta (L0 - L1): p = 2/3 at eta (L0 - L1) = -3/2."""
    assert probabilities([0.0, 3.0], 0.5) == pytest.approx([2 / 3, 1 / 3], abs=1e-14)
    assert probabilities([7.0] * 5, 2.0) == pytest.approx([0.2] * 5, abs=1e-14)


def test_expected_loss_is_the_derived_number():
    bandit = AdversarialBandit(GOLDEN["losses"])

    def run(rng):
        made = log_barrier_ftrl(bandit, 6, trace=True, rng=rng)
        return 6 - made.reward_sum[-1], made.trace["probabilities"], made.trace["actions"]

    assert scripted_arm_tree(run, 6, compiled=True) == pytest.approx(GOLDEN["total_loss"]["log_barrier"], abs=1e-10)


def test_a_best_arm_without_loss_costs_little():
    """eta = 1: (K ln T + 1)/(1 - 1/2) = 38 for K = 2, T = 1e4, whatever the other arm loses."""
    bandit = BernoulliBandit([1.0, 0.5])
    regrets = [log_barrier_ftrl(bandit, 10_000, best_loss=0.0, rng=child_seed(1, i)).regret[-1] for i in range(40)]
    assert np.mean(regrets) < small_loss_bound(2, 10_000, 0.0, 1.0) == pytest.approx(2 * (2 * math.log(10_000) + 1))
    assert np.mean(regrets) < 0.4 * np.mean(
        [log_barrier_ftrl(bandit, 10_000, rng=child_seed(1, i)).regret[-1] for i in range(40)]
    )


def test_bounds_and_rates():
    assert regret_bound(3, 500) == pytest.approx(math.sqrt(2 * 3 * 500 * math.log(500)) + 1)
    assert learning_rate(3, 500) == pytest.approx(math.sqrt(6 * math.log(500) / 500))
    assert learning_rate(2, 1000, best_loss=1e9) < 1e-3
    assert learning_rate(2, 1) > 0.0
    with pytest.raises(ValueError, match="eta is 2"):
        small_loss_bound(2, 100, 1.0, 2.0)


def test_one_arm_and_identical_arms_have_no_regret():
    assert not log_barrier_ftrl(BernoulliBandit([0.3]), 50, rng=0).regret.any()
    assert not log_barrier_ftrl(BernoulliBandit([0.3] * 4), 500, rng=0).regret.any()
    assert log_barrier_ftrl(BernoulliBandit([0.5] * 40), 1, rng=0).pulls.sum() == 1


def test_theorem_speaks_of_the_theorem_only():
    assert log_barrier_ftrl(MODELS[0], 10, rng=0).theorems_algorithm
    assert log_barrier_ftrl(MODELS[4], 10, rng=0).theorems_algorithm
    assert not log_barrier_ftrl(MODELS[3], 10, rng=0).theorems_algorithm


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"eta": 0.0}, "eta is 0"),
        ({"eta": math.inf}, "eta is inf"),
        ({"eta": "x"}, "eta is 'x'"),
        ({"best_loss": -1.0}, "best_loss is -1"),
        ({"eta": 0.1, "best_loss": 1.0}, "expected at most one"),
    ],
)
def test_bad_keywords(keywords, message):
    with pytest.raises((TypeError, ValueError), match=message):
        log_barrier_ftrl(BernoulliBandit([0.5, 0.4]), 10, rng=0, **keywords)


def test_bad_input():
    with pytest.raises(ValueError, match="rewards outside"):
        log_barrier_ftrl(GaussianBandit([0.5, 0.4]), 10, rng=0)
    with pytest.raises(ValueError, match=r"losses\[1\] is nan"):
        probabilities([0.0, math.nan], 1.0)
