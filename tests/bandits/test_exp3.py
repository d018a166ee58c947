"""EXP3: decisions of the slow reference, exact values, both paths of the kernel, streams, numbers, bad input."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.bandits import (
    AdaptiveAdversary,
    AdversarialBandit,
    BernoulliBandit,
    FiniteSupportBandit,
    GaussianBandit,
    PiecewiseStationaryBandit,
    RechargingBandit,
    TallyingBandit,
)
from theorylab.bandits.adversarial.exp3 import exp3, exp3_kernel, rates
from theorylab.bandits.adversarial.exp3_reference import EXP3
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.environments import one_good_arm
from theorylab.bandits.online import begin
from theorylab.core.rng import child_seed
from theorylab.verify.exact.bandits import scripted_arm_tree

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "bandit_exact.json").read_text(encoding="utf-8"))
reference = agent_algorithm(EXP3)
MODELS = [
    BernoulliBandit([0.6, 0.5, 0.4]),
    BernoulliBandit([0.0, 1.0]),
    BernoulliBandit([0.3]),
    FiniteSupportBandit([[0, 0.5, 1], [0.2, 0.4, 0.6]], [[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]]),
    PiecewiseStationaryBandit([[0.9, 0.1], [0.1, 0.9], [0.5, 0.6]], [150, 151]),
    AdversarialBandit(np.random.default_rng(0).random((300, 3))),
    TallyingBandit([[0.5, 0.1], [0.3, 0.4]]),
    RechargingBandit([[0.1, 0.5, 0.9], [0.3, 0.3, 0.4]]),
]


@pytest.mark.parametrize("form", ["loss", "gain", "mixed", "auer"])
@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_kernel_makes_the_reference_decisions(model, form):
    run, slow = (f(model, 300, rng=7, trace=True, form=form) for f in (exp3, reference))
    for name in ("actions", "rewards"):
        assert np.array_equal(run.trace[name], slow.trace[name])
    for name in ("probabilities", "estimates"):
        assert np.allclose(run.trace[name], slow.trace[name], rtol=1e-8, atol=1e-10)
    assert np.allclose(run.regret, slow.regret, atol=1e-9)
    assert np.array_equal(run.pulls, slow.pulls)


@pytest.mark.parametrize("form", ["loss", "mixed"])
@pytest.mark.parametrize("horizon", [1, 2, 1023, 1024, 1025, 5000])
def test_the_path_for_stationary_bernoulli_worlds_gives_the_same_bits(form, horizon):
    """Traced runs take the shared step, untraced ones the kernel's own: not a bit may differ."""
    model = BernoulliBandit([0.6, 0.5, 0.9, 0.0])
    times = sorted({1, max(1, horizon // 3), max(1, horizon // 3 + 1), horizon})
    for seed in range(3):
        fast, slow = (exp3(model, horizon, form=form, rng=seed, checkpoints=times, trace=t) for t in (False, True))
        for name in ("times", "regret", "reward_sum", "pulls"):
            assert np.array_equal(getattr(fast, name), getattr(slow, name))


def test_compiled_and_plain_kernels_agree_to_the_bit():
    from theorylab.verify.code import plain_code

    plain = plain_code({"exp3": "theorylab.bandits.adversarial.exp3:exp3"}).algorithm("exp3")
    for model in MODELS:
        for form in ("loss", "auer"):
            fast, slow = (f(model, 250, rng=3, trace=True, form=form) for f in (exp3, plain))
            assert np.array_equal(fast.regret, slow.regret)
            assert np.allclose(fast.trace["probabilities"], slow.trace["probabilities"], rtol=1e-12, atol=0)


def test_exact_expected_loss_is_the_sourced_number():
    table = AdversarialBandit(GOLDEN["losses"])

    def run(rng):
        found = exp3(table, 6, trace=True, rng=rng)
        return 6 - found.reward_sum[-1], found.trace["probabilities"], found.trace["actions"]

    assert scripted_arm_tree(run, 6, compiled=True) == pytest.approx(GOLDEN["total_loss"]["exp3"], abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 3), st.integers(2, 4), st.integers(0, 2**32), st.sampled_from(["loss", "gain", "mixed"]))
def test_estimates_are_unbiased_on_any_table(n_arms, horizon, seed, form):
    losses = np.random.default_rng(seed).random((horizon, n_arms))
    table = AdversarialBandit(losses)

    def run(rng):
        found = exp3(table, horizon, trace=True, rng=rng, form=form)
        return found.trace["estimates"][-1], found.trace["probabilities"], found.trace["actions"]

    truth = (1 - losses if form == "mixed" else losses)[:-1].sum(axis=0)
    assert np.allclose(scripted_arm_tree(run, horizon, compiled=True), truth, atol=1e-9)


@pytest.mark.parametrize(("means", "horizon", "size", "error"), [((0.6, *[0.5] * 9), 10_000, 443, 8), ((0.6, *[0.5] * 9), 100_000, 1363, 25)])  # fmt: skip # noqa: E501
def test_published_size_of_the_regret(means, horizon, size, error):
    """Mean regret measured with other code: 443 at T = 1e4 (best arm first), 1363 +- 13 at 1e5 (best last)."""
    model = BernoulliBandit(means if horizon == 10_000 else means[::-1])
    regrets = [exp3(model, horizon, rng=child_seed(1, i)).regret[-1] for i in range(120)]
    assert abs(np.mean(regrets) - size) < 4 * np.hypot(error, np.std(regrets) / math.sqrt(120))


def kernel_run(model, horizon, environment, agent):
    """The kernel with given generators; its regret."""
    setup = begin(model, horizon, rng=0, unit_rewards=True)
    eta, gamma = rates("loss", model.n_arms, horizon)
    work, traced = [setup.work(), setup.work()], [setup.traced(model.n_arms)] * 2
    exp3_kernel(setup.world, setup.memory, setup.log, horizon, False, eta, gamma, *work, *traced, environment, agent)
    return setup.log.series[0, -1]


def test_one_uniform_for_arm_and_reward_would_be_noticed():
    """Streams are separate; with one stream for both the policy meets another law of regret."""
    model = one_good_arm(10, best=0.6, last=True)
    regrets = {"separate": [], "swapped": [], "shared": []}
    for i in range(60):
        a, b = (np.random.default_rng([i, k]) for k in range(2))
        regrets["separate"].append(kernel_run(model, 3000, a, b))
        a, b = (np.random.default_rng([i, k]) for k in range(2))
        regrets["swapped"].append(kernel_run(model, 3000, b, a))
        a, b = np.random.default_rng([i, 0]), np.random.default_rng([i, 0])  # equal states: the same uniform twice
        regrets["shared"].append(kernel_run(model, 3000, a, b))
    mean = {name: np.mean(r) for name, r in regrets.items()}
    error = {name: np.std(r) / math.sqrt(60) for name, r in regrets.items()}
    assert abs(mean["separate"] - mean["swapped"]) < 4 * np.hypot(error["separate"], error["swapped"])
    assert abs(mean["separate"] - mean["shared"]) > 6 * np.hypot(error["separate"], error["shared"])
    run = exp3(model, 3000, rng=5, trace=True)
    arms = reference(model, 3000, rng=5, trace=True).trace["actions"]
    assert np.array_equal(run.trace["actions"], arms)


def test_reference_meets_an_adaptive_adversary():
    """An adversary that hurts the arm just played: everyone's regret is below the bound on average."""
    punish = AdaptiveAdversary(2, lambda history: [float(history[-1:] == [0]), float(history[-1:] == [1])])
    regrets = [reference(punish, 60, rng=i).regret[-1] for i in range(20)]
    assert np.mean(regrets) < math.sqrt(2 * 2 * 60 * math.log(2))
    with pytest.raises(TypeError, match="AdaptiveAdversary"):
        exp3(punish, 60, rng=0)


@pytest.mark.parametrize(
    ("form", "eta"), [("loss", 100.0), ("mixed", 100.0), ("loss", 1e6), ("auer", 1e6), ("gain", 5.0)]
)
def test_a_large_rate_never_overflows(form, eta):
    run = exp3(BernoulliBandit([0.5, 0.4, 0.6]), 20_000, form=form, eta=eta, rng=0, trace=True)
    law = run.trace["probabilities"]
    assert np.all(np.isfinite(law)) and np.allclose(law.sum(axis=1), 1.0, atol=1e-10)
    assert run.pulls.sum() == 20_000 and not run.theorems_algorithm


def test_a_million_rounds_stay_exact():
    run = exp3(BernoulliBandit([0.5, 0.4, 0.6]), 1_000_000, rng=0)
    assert run.pulls.sum() == 1_000_000 and np.all(np.diff(run.regret) >= 0)
    assert run.regret[-1] == pytest.approx(float(run.pulls @ BernoulliBandit([0.5, 0.4, 0.6]).gaps))
    assert run.regret[-1] < math.sqrt(2 * 3e6 * math.log(3))


def test_one_arm_and_identical_arms_have_no_regret():
    for form in ("loss", "gain", "mixed", "auer"):
        assert not exp3(BernoulliBandit([0.3]), 50, form=form, rng=0).regret.any()
        run = exp3(BernoulliBandit([0.3] * 4), 500, form=form, rng=0)
        assert not run.regret.any() and run.pulls.sum() == 500


def test_fewer_rounds_than_arms():
    assert exp3(BernoulliBandit([0.1] * 40), 3, rng=0).pulls.sum() == 3


def test_rates_are_the_published_ones():
    log = math.log(4)
    assert rates("loss", 4, 100) == (math.sqrt(2 * log / 400), 0.0)
    assert rates("gain", 4, 100) == (math.sqrt(log / 400), 0.0)
    assert rates("mixed", 4, 5)[1] == 0.5 and rates("auer", 4, 2) == (0.25, 1.0)
    assert rates("auer", 4, 100, gain_bound=50.0)[1] == pytest.approx(math.sqrt(4 * log / ((math.e - 1) * 50)))


def test_theorem_speaks_of_the_theorem_only():
    assert exp3(MODELS[0], 10, rng=0).theorems_algorithm and exp3(MODELS[5], 10, rng=0).theorems_algorithm
    assert not exp3(MODELS[0], 10, eta=0.1, rng=0).theorems_algorithm
    one = AdversarialBandit([[0.0, 1.0], [0.0, 1.0], [1.0, 1.0]])  # the best arm gains 2
    assert exp3(one, 3, form="auer", gain_bound=2.0, rng=0).theorems_algorithm
    assert not exp3(one, 3, form="auer", gain_bound=1.9, rng=0).theorems_algorithm
    assert not exp3(MODELS[4], 10, rng=0).theorems_algorithm
    assert not exp3(MODELS[6], 10, rng=0).theorems_algorithm


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        (([0.5, 0.4], 10), {}, "bandit is .*expected a model of theorylab.bandits"),
        ((BernoulliBandit([0.5]), 0), {}, "horizon is 0"),
        ((BernoulliBandit([0.5]), 10), {"form": "exp4"}, "form is 'exp4'"),
        ((BernoulliBandit([0.5]), 10), {"eta": -1.0}, "eta is -1"),
        ((BernoulliBandit([0.5]), 10), {"eta": math.nan}, "eta is nan"),
        ((BernoulliBandit([0.5]), 10), {"gain_bound": 5.0}, "gain_bound is 5.0 with form 'loss'"),
        ((BernoulliBandit([0.5]), 10), {"form": "auer", "gain_bound": 0.0}, "gain_bound is 0"),
        ((GaussianBandit([0.5]), 10), {}, r"rewards outside \[0, 1\]"),
        ((AdversarialBandit([[0.0, 1.0]] * 5), 6), {}, "horizon is 6, expected at most 5"),
    ],
)
def test_bad_arguments(arguments, keywords, message):
    with pytest.raises((TypeError, ValueError), match=message):
        exp3(*arguments, rng=0, **keywords)
