"""EXP3.S: decisions of the slow reference, the published table of regrets, edge cases, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from theorylab.bandits import AdversarialBandit, BernoulliBandit, GaussianBandit, PiecewiseStationaryBandit
from theorylab.bandits.adversarial.exp3 import exp3
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.environments import problem_1, problem_2
from theorylab.bandits.nonstationary.exp3_s import exp3_s, rates
from theorylab.bandits.nonstationary.exp3_s_reference import EXP3S
from theorylab.core.rng import child_seed

reference = agent_algorithm(EXP3S)
MODELS = [
    BernoulliBandit([0.6, 0.5, 0.4]),
    BernoulliBandit([0.0, 1.0]),
    BernoulliBandit([0.3]),
    PiecewiseStationaryBandit([[0.9, 0.1], [0.1, 0.9]], [150]),
    AdversarialBandit(np.random.default_rng(0).random((300, 3))),
]


@pytest.mark.parametrize("keywords", [{}, {"segments": 4}, {"alpha": 0.05, "gamma": 0.3}, {"alpha": 0.0}], ids=str)
@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_kernel_makes_the_reference_decisions(model, keywords):
    run, slow = (f(model, 300, rng=7, trace=True, **keywords) for f in (exp3_s, reference))
    assert np.array_equal(run.trace["actions"], slow.trace["actions"])
    assert np.allclose(run.trace["probabilities"], slow.trace["probabilities"], rtol=1e-8, atol=1e-12)
    assert np.allclose(run.regret, slow.regret, atol=1e-9)


def test_compiled_and_plain_kernels_agree():
    from theorylab.verify.code import plain_code

    plain = plain_code({"exp3_s": "theorylab.bandits.nonstationary.exp3_s:exp3_s"}).algorithm("exp3_s")
    for model in MODELS:
        fast, slow = (f(model, 250, rng=3, trace=True, segments=2) for f in (exp3_s, plain))
        assert np.array_equal(fast.regret, slow.regret)
        assert np.allclose(fast.trace["probabilities"], slow.trace["probabilities"], rtol=1e-12, atol=0)


def test_without_sharing_it_is_exp3():
    """alpha = 0: the form "auer" of EXP3 with the same mixing plays the same arms."""
    model = BernoulliBandit([0.7, 0.4, 0.5])
    plain = exp3(model, 2000, form="auer", rng=4, trace=True)
    shared = exp3_s(model, 2000, alpha=0.0, gamma=plain.parameters["gamma"], rng=4, trace=True)
    assert np.array_equal(plain.trace["actions"], shared.trace["actions"])
    assert np.allclose(plain.trace["probabilities"], shared.trace["probabilities"], rtol=1e-8)


def mean_regret(model, horizon, runs=100):
    """Mean and standard error of the regret at the horizon, tuned to five segments."""
    found = [
        exp3_s(model, horizon, segments=5, rng=child_seed(3, i), checkpoints=[horizon]).regret[-1] for i in range(runs)
    ]
    return np.mean(found), np.std(found) / math.sqrt(runs)


@pytest.mark.parametrize(("horizon", "printed", "spread"), [(5000, 304, 30), (10_000, 448, 42), (20_000, 662, 56)])
def test_printed_regret_on_problem_2(horizon, printed, spread):
    mean, error = mean_regret(problem_2(horizon), horizon)
    assert abs(mean - printed) < spread + 4 * error


@pytest.mark.parametrize(("horizon", "printed", "spread"), [(5000, 379, 31), (10_000, 578, 44), (20_000, 870, 64)])
def test_printed_regret_on_problem_1(horizon, printed, spread):
    mean, error = mean_regret(problem_1(horizon), horizon)
    assert abs(mean - printed) < spread + 4 * error


def test_sharing_helps_when_the_best_arm_changes():
    model = PiecewiseStationaryBandit([[0.9, 0.1], [0.1, 0.9]], [10_000])
    shared = [exp3_s(model, 20_000, segments=2, rng=i).regret[-1] for i in range(10)]
    plain = [exp3(model, 20_000, form="auer", rng=i).regret[-1] for i in range(10)]
    assert max(shared) < min(plain)


def test_weights_never_overflow():
    run = exp3_s(BernoulliBandit([1.0, 0.9]), 50_000, alpha=1.0, gamma=1.0, rng=0, trace=True)
    assert np.allclose(run.trace["probabilities"], 0.5)
    run = exp3_s(BernoulliBandit([1.0, 0.9, 0.0]), 50_000, alpha=0.9, gamma=0.5, rng=0, trace=True)
    assert np.allclose(run.trace["probabilities"].sum(axis=1), 1.0, atol=1e-10)


def test_edge_cases():
    assert not exp3_s(BernoulliBandit([0.3]), 50, rng=0).regret.any()
    run = exp3_s(BernoulliBandit([0.3] * 4), 500, rng=0)
    assert not run.regret.any() and run.pulls.sum() == 500
    assert exp3_s(BernoulliBandit([0.1] * 40), 1, rng=0).pulls.sum() == 1


def test_rates_are_the_published_ones():
    alpha, gamma = rates(3, 5000, 5)
    assert alpha == 1 / 5000
    assert gamma == pytest.approx(math.sqrt(3 * (5 * math.log(15_000) + math.e) / ((math.e - 1) * 5000)))
    assert rates(3, 2, 5)[1] == 1.0


def test_theorem_speaks_of_the_theorem_only():
    assert exp3_s(MODELS[0], 10, rng=0).theorems_algorithm
    assert exp3_s(MODELS[3], 200, segments=2, rng=0).theorems_algorithm
    assert not exp3_s(MODELS[3], 200, rng=0).theorems_algorithm
    assert not exp3_s(MODELS[0], 10, alpha=0.1, rng=0).theorems_algorithm


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"segments": 0}, "segments is 0"),
        ({"segments": 2.5}, "segments is 2.5"),
        ({"alpha": -0.1}, "alpha is -0.1"),
        ({"alpha": 1.5}, "alpha is 1.5"),
        ({"gamma": 0.0}, "gamma is 0"),
        ({"gamma": math.nan}, "gamma is nan"),
    ],
)
def test_bad_keywords(keywords, message):
    with pytest.raises((TypeError, ValueError), match=message):
        exp3_s(BernoulliBandit([0.5]), 10, rng=0, **keywords)


def test_bad_models():
    with pytest.raises(ValueError, match=r"rewards outside \[0, 1\]"):
        exp3_s(GaussianBandit([0.5]), 10, rng=0)
    with pytest.raises(TypeError, match="bandit is None"):
        exp3_s(None, 10, rng=0)
