"""EXP3.P: decisions of the slow reference, estimates by enumeration, edge cases, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from theorylab.bandits import AdversarialBandit, BernoulliBandit, GaussianBandit, PiecewiseStationaryBandit
from theorylab.bandits.adversarial.exp3_p import exp3_p, rates
from theorylab.bandits.adversarial.exp3_p_reference import EXP3P
from theorylab.bandits.agents import agent_algorithm
from theorylab.verify.exact.bandits import scripted_arm_tree

reference = agent_algorithm(EXP3P)
MODELS = [
    BernoulliBandit([0.6, 0.5, 0.4]),
    BernoulliBandit([0.0, 1.0]),
    BernoulliBandit([0.3]),
    PiecewiseStationaryBandit([[0.9, 0.1], [0.1, 0.9]], [150]),
    AdversarialBandit(np.random.default_rng(0).random((300, 3))),
]


@pytest.mark.parametrize("delta", [0.05, 0.9])
@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_kernel_makes_the_reference_decisions(model, delta):
    run, slow = (f(model, 300, rng=7, trace=True, delta=delta) for f in (exp3_p, reference))
    for name in ("actions", "rewards"):
        assert np.array_equal(run.trace[name], slow.trace[name])
    for name in ("probabilities", "estimates"):
        assert np.allclose(run.trace[name], slow.trace[name], rtol=1e-8, atol=1e-10)
    assert np.allclose(run.regret, slow.regret, atol=1e-9)


def test_compiled_and_plain_kernels_agree():
    from theorylab.verify.code import plain_code

    plain = plain_code({"exp3_p": "theorylab.bandits.adversarial.exp3_p:exp3_p"}).algorithm("exp3_p")
    for model in MODELS:
        fast, slow = (f(model, 250, rng=3, trace=True) for f in (exp3_p, plain))
        assert np.array_equal(fast.regret, slow.regret)
        assert np.allclose(fast.trace["estimates"], slow.trace["estimates"], rtol=1e-12, atol=0)


def test_estimates_exceed_the_gains_by_the_bonus_on_average():
    """E[estimated gains] = true gains + beta E[sum of 1/p], by enumeration of all arms."""
    losses = np.random.default_rng(1).random((4, 2))
    table = AdversarialBandit(losses)

    def run(rng):
        found = exp3_p(table, 4, trace=True, rng=rng, delta=0.5)
        bonus = (found.parameters["beta"] / found.trace["probabilities"][:-1]).sum(axis=0)
        return found.trace["estimates"][-1] - bonus, found.trace["probabilities"], found.trace["actions"]

    assert np.allclose(scripted_arm_tree(run, 4, compiled=True), (1 - losses)[:-1].sum(axis=0), atol=1e-9)


def test_rates_are_the_published_ones():
    beta, eta, gamma = rates(4, 10_000, 0.05)
    assert beta == pytest.approx(math.sqrt(math.log(80) / 40_000))
    assert eta == pytest.approx(0.95 * math.sqrt(math.log(4) / 40_000))
    assert gamma == pytest.approx(1.05 * math.sqrt(4 * math.log(4) / 10_000))
    assert rates(10, 3, 0.05)[2] == 1.0


def test_edge_cases():
    assert not exp3_p(BernoulliBandit([0.3]), 50, rng=0).regret.any()
    run = exp3_p(BernoulliBandit([0.3] * 4), 500, rng=0)
    assert not run.regret.any() and run.pulls.sum() == 500
    assert exp3_p(BernoulliBandit([0.1] * 40), 3, rng=0).pulls.sum() == 3
    long = exp3_p(BernoulliBandit([0.9, 0.1]), 200_000, rng=0, trace=False)
    assert long.regret[-1] < 5.15 * math.sqrt(4e5 * math.log(40))
    tiny = exp3_p(BernoulliBandit([0.9, 0.1]), 500, delta=1e-200, rng=0, trace=True)
    assert np.allclose(tiny.trace["probabilities"].sum(axis=1), 1.0, atol=1e-10)


def test_theorem_speaks_of_the_theorem_only():
    assert exp3_p(MODELS[0], 10, rng=0).theorems_algorithm and exp3_p(MODELS[4], 10, rng=0).theorems_algorithm
    assert not exp3_p(MODELS[3], 10, rng=0).theorems_algorithm


@pytest.mark.parametrize("delta", [0.0, 1.0, -0.1, 2.0, math.nan, 1e-300])
def test_bad_delta(delta):
    with pytest.raises(ValueError, match="delta is"):
        exp3_p(BernoulliBandit([0.5]), 10, delta=delta, rng=0)


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"rewards outside \[0, 1\]"):
        exp3_p(GaussianBandit([0.5]), 10, rng=0)
    with pytest.raises(TypeError, match="bandit is 3"):
        exp3_p(3, 10, rng=0)
    with pytest.raises(ValueError, match="horizon is 0"):
        exp3_p(BernoulliBandit([0.5]), 0, rng=0)
