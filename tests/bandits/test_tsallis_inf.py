"""Tsallis-INF: decisions of the slow reference, the solver against bisection, golden values, edge cases, bad input."""

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
    TallyingBandit,
)
from theorylab.bandits.adversarial import poly_inf, tsallis_inf
from theorylab.bandits.adversarial.implicit_normalisation import draw_kernel, normalise_kernel
from theorylab.bandits.adversarial.tsallis_inf import adversarial_bound
from theorylab.bandits.adversarial.tsallis_inf_reference import TsallisINF
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.environments import one_good_arm
from theorylab.core.rng import child_seed
from theorylab.verify.exact.bandits import scripted_arm_tree

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "bandit_exact.json").read_text(encoding="utf-8"))
reference = agent_algorithm(TsallisINF)
MODELS = [
    BernoulliBandit([0.6, 0.5, 0.4]),
    BernoulliBandit([0.0, 1.0]),
    FiniteSupportBandit([[0, 0.5, 1], [0.2, 0.4, 0.6]], [[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]]),
    PiecewiseStationaryBandit([[0.9, 0.1], [0.1, 0.9]], [100]),
    AdversarialBandit(np.random.default_rng(0).random((300, 4))),
    TallyingBandit([[0.5, 0.1], [0.3, 0.4]]),
]
KEYWORDS = [
    {},
    {"estimator": "rv"},
    {"alpha": 0.25},
    {"alpha": 0.75, "estimator": "rv"},
    {"eta": "tuned"},
    {"eta": 0.4},
]


@pytest.mark.parametrize("keywords", KEYWORDS, ids=str)
@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_kernel_makes_the_reference_decisions(model, keywords):
    run, slow = (f(model, 100, rng=7, trace=True, **keywords) for f in (tsallis_inf, reference))
    assert np.array_equal(run.trace["actions"], slow.trace["actions"])
    assert np.array_equal(run.trace["rewards"], slow.trace["rewards"])
    assert np.allclose(run.trace["probabilities"], slow.trace["probabilities"], rtol=1e-7, atol=1e-12)
    assert np.allclose(run.trace["estimated_losses"], slow.trace["estimated_losses"], rtol=1e-7)
    assert np.allclose(run.regret, slow.regret, atol=1e-9) and run.notion == slow.notion


def test_compiled_and_plain_kernels_agree_to_the_bit():
    from theorylab.verify.code import plain_code

    plain = plain_code({"a": "theorylab.bandits.adversarial.tsallis_inf:tsallis_inf"}).algorithm("a")
    for model in MODELS:
        for keywords in ({}, {"estimator": "rv"}):
            fast, slow = (f(model, 200, rng=3, trace=True, **keywords) for f in (tsallis_inf, plain))
            for name in ("actions", "probabilities", "estimated_losses"):
                assert np.array_equal(fast.trace[name], slow.trace[name]), (model, name)
            assert np.array_equal(fast.regret, slow.regret)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8),
    st.floats(1e-3, 1e3),
    st.sampled_from([1.0, 1.25, 2.0, 3.0, 10.0]),
    st.floats(0.0, 1e6),
)
def test_the_level_is_found_from_any_start(losses, scale, power, start):
    losses = np.array(losses)
    weights = np.zeros(len(losses))
    offset = normalise_kernel(losses, scale, power, start, weights)
    assert abs(math.fsum(weights.tolist()) - 1.0) < 1e-12 and weights.min() >= 0.0
    near, far = 0.99 / scale, 1.01 * len(losses) ** (1 / power) / scale
    for _ in range(80):
        z = (near + far) / 2
        total = math.fsum((scale * (loss - losses.min() + z)) ** -power for loss in losses.tolist())
        near, far = (z, far) if total > 1 else (near, z)
    assert offset == pytest.approx(far, rel=1e-9)


def test_the_draw_takes_the_arm_of_the_interval():
    weights = np.array([0.25, 0.0, 0.5, 0.25])
    draws = [draw_kernel(weights, u) for u in (0.0, 0.2499, 0.25, 0.7499, 0.75, 0.9999999)]
    assert draws == [0, 0, 2, 2, 3, 3]
    assert draw_kernel(np.array([0.5, 0.5 - 1e-12]), 1.0 - 1e-13) == 1  # weights that sum to less than the coin


@pytest.mark.parametrize("start", [0.0, 1e-300, 1e300])
def test_weights_of_two_arms_in_closed_form(start):
    """Losses (0, d): 1/sqrt(w) - 1/sqrt(1-w) = -eta d / 2; w = 4/5 for eta d / 2 = sqrt(5) - sqrt(5)/2."""
    weights = np.zeros(2)
    normalise_kernel(np.array([0.0, 2.0 * (math.sqrt(5) - math.sqrt(5) / 2)]), 0.5, 2.0, start, weights)
    assert weights == pytest.approx([0.8, 0.2], abs=1e-13)


def test_expected_loss_is_the_derived_number():
    bandit = AdversarialBandit(GOLDEN["losses"])

    def run(rng):
        made = tsallis_inf(bandit, 6, trace=True, rng=rng)
        return 6 - made.reward_sum[-1], made.trace["probabilities"], made.trace["actions"]

    assert scripted_arm_tree(run, 6, compiled=True) == pytest.approx(GOLDEN["total_loss"]["tsallis_inf"], abs=1e-10)


@pytest.mark.parametrize("n_arms", [2, 5, 10])
def test_the_first_round_is_uniform_and_estimates_are_unbiased_there(n_arms):
    run = tsallis_inf(BernoulliBandit([0.0] * n_arms), 2, trace=True, rng=0)
    assert run.trace["probabilities"][0] == pytest.approx(1 / n_arms)
    assert run.trace["estimated_losses"][1].max() == pytest.approx(n_arms)


def test_both_estimators_beat_the_bound_of_exp3_on_ten_arms():
    """sqrt(2KT ln K) = 679 at K = 10, T = 1e4; Tsallis-INF stays far below it on gap 0.1."""
    for estimator in ("iw", "rv"):
        regrets = [
            tsallis_inf(one_good_arm(10), 10_000, estimator=estimator, rng=child_seed(1, i)).regret[-1]
            for i in range(30)
        ]
        assert np.mean(regrets) < 400


def test_poly_inf_is_the_tuned_tsallis_entropy():
    model = BernoulliBandit([0.6, 0.4, 0.5])
    a = poly_inf(model, 300, q=2.0, rng=5)
    b = tsallis_inf(model, 300, eta=2 * math.sqrt(2 / 300), rng=5)
    assert np.array_equal(a.pulls, b.pulls)
    assert a.theorems_algorithm and not b.theorems_algorithm  # no bound is stated for a rate of the caller's
    assert poly_inf(model, 10, q=3.0, rng=0).parameters["alpha"] == pytest.approx(2 / 3)


def test_bounds():
    assert adversarial_bound(10, 1000) == pytest.approx(4 * math.sqrt(10_000))
    assert adversarial_bound(10, 1000, tuned=True) == pytest.approx(math.sqrt(80_000))


def test_one_arm_and_identical_arms_have_no_regret():
    assert not tsallis_inf(BernoulliBandit([0.3]), 50, rng=0).regret.any()
    assert not tsallis_inf(BernoulliBandit([0.3] * 4), 500, estimator="rv", rng=0).regret.any()
    assert tsallis_inf(BernoulliBandit([0.5] * 40), 5, rng=0).pulls.sum() == 5


def test_environment_and_policy_have_streams_of_their_own():
    """Were one uniform to decide arm and reward, the probability of a reward would depend on the arm's place."""
    runs = [tsallis_inf(BernoulliBandit([0.5, 0.5]), 1, trace=True, rng=child_seed(3, i)) for i in range(2000)]
    arms = np.array([run.trace["actions"][0] for run in runs])
    rewards = np.array([run.trace["rewards"][0] for run in runs])
    for arm in (0, 1):
        assert abs(rewards[arms == arm].mean() - 0.5) < 0.08


def test_theorem_speaks_of_the_theorem_only():
    arms = BernoulliBandit([0.5, 0.4])
    assert tsallis_inf(arms, 10, rng=0).theorems_algorithm
    assert tsallis_inf(arms, 10, estimator="rv", rng=0).theorems_algorithm
    assert tsallis_inf(MODELS[4], 10, rng=0).theorems_algorithm
    assert not tsallis_inf(arms, 10, estimator="rv", alpha=0.6, rng=0).theorems_algorithm
    assert not tsallis_inf(MODELS[3], 10, rng=0).theorems_algorithm


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"estimator": "is"}, "estimator is 'is', expected one of 'iw', 'rv'"),
        ({"alpha": 1.0}, "alpha is 1"),
        ({"alpha": math.nan}, "alpha is nan"),
        ({"eta": 0.0}, "eta is 0"),
        ({"eta": "best"}, "eta is 'best', expected one of 'tuned'"),
        ({"trace": 1}, "trace is 1"),
    ],
)
def test_bad_keywords(keywords, message):
    with pytest.raises((TypeError, ValueError), match=message):
        tsallis_inf(BernoulliBandit([0.5, 0.4]), 10, rng=0, **keywords)


def test_bad_models():
    with pytest.raises(ValueError, match="rewards outside"):
        tsallis_inf(GaussianBandit([0.5, 0.4]), 10, rng=0)
    with pytest.raises(ValueError, match="horizon is 7, expected at most 6"):
        tsallis_inf(AdversarialBandit(GOLDEN["losses"]), 7, rng=0)
    with pytest.raises(ValueError, match="q is 1"):
        poly_inf(BernoulliBandit([0.5]), 10, q=1.0)
