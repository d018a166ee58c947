"""Mini-GP-UCB, mini-GP-EI: the reference with all observations, sizes of phases, edge cases, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from theorylab.bandits import GaussianBandit
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.gaussian_process import information_gain_bounds, mini_gp_ei, mini_gp_ucb
from theorylab.bandits.gaussian_process.mini_gp_ucb_reference import MiniGPEI, MiniGPUCB
from theorylab.bandits.models.gaussian_process import GPBandit, squared_exponential

SMOOTH = squared_exponential(np.linspace(0.0, 1.0, 7), 0.3)
ALGORITHMS = [(mini_gp_ucb, MiniGPUCB), (mini_gp_ei, MiniGPEI)]
MODELS = [
    GPBandit(SMOOTH, 0.2).draw(np.random.default_rng(1)),
    GPBandit(SMOOTH, 1.0).draw(np.random.default_rng(2)),
    GPBandit(np.eye(3), 0.5, means=[0.0, 0.5, -1.0]),
    GPBandit([[0.7]], 0.1, means=[3.0]),
]


@pytest.mark.parametrize("C", [1.05, 1.5, 4.0])
@pytest.mark.parametrize(("algorithm", "agent"), ALGORITHMS)
def test_the_reference_plays_alike(algorithm, agent, C):
    for seed, model in enumerate(MODELS):
        run = algorithm(model, 90, C=C, rng=seed, trace=True)
        slow = agent_algorithm(agent)(model, 90, C=C, rng=seed, trace=True, kernel=model.kernel, sigma=model.sigma)
        for name in ("actions", "phases"):
            assert np.array_equal(run.trace[name], slow.trace[name])
        assert np.allclose(run.trace["means"], slow.trace["means"], atol=1e-9)
        assert np.allclose(run.trace["deviations"], slow.trace["deviations"], atol=1e-7)


def test_compiled_and_plain_kernels_agree():
    from theorylab.verify.code import plain_code

    entry = "theorylab.bandits.gaussian_process.mini_gp_ucb:mini_gp_ucb"
    plain = plain_code({"mini_gp_ucb": entry}).algorithm("mini_gp_ucb")
    for model in MODELS:
        fast, slow = (f(model, 60, rng=3, trace=True) for f in (mini_gp_ucb, plain))
        assert np.array_equal(fast.trace["actions"], slow.trace["actions"])
        assert fast.extra == slow.extra


def test_first_phases_by_hand():
    """Independent points, s = 1, xi = 1/2, C = 2: three quarters of an evaluation are wanted, so one is made."""
    run = mini_gp_ucb(GPBandit(np.eye(2), 0.5, means=[0.0, 0.0]), 4, C=2.0, rng=0, trace=True)
    assert run.trace["actions"][:2].tolist() == [0, 1] or run.trace["actions"][:2].tolist() == [0, 0]
    run = mini_gp_ucb(GPBandit(np.eye(2), 2.0, means=[0.0, 0.0]), 30, C=2.0, rng=0, trace=True)
    assert run.trace["actions"][:12].tolist() == [0] * 12  # (4 - 1) * 4 / 1
    assert run.trace["phases"][:13].tolist() == [0.0] * 12 + [1.0]


def test_phases_are_few():
    prior = GPBandit(SMOOTH, 0.2)
    most = 1 + information_gain_bounds(SMOOTH, 0.2, 3000)[1][-1] / math.log(1.5)
    for algorithm, _ in ALGORITHMS:
        for seed in range(5):
            run = algorithm(prior, 3000, C=1.5, rng=seed)
            assert run.extra["phases"] <= most
            assert run.extra["unique_points"] == np.count_nonzero(run.pulls)
            assert run.pulls.sum() == 3000


def test_one_point_equal_means_certain_points():
    for algorithm, _ in ALGORITHMS:
        assert not algorithm(GPBandit([[1.0]], 0.1, means=[0.3]), 30, rng=0).regret.any()
        assert not algorithm(GPBandit(SMOOTH, 0.1, means=[0.3] * 7), 30, rng=0).regret.any()
        assert algorithm(GPBandit([[0.0]], 0.1, means=[0.0]), 30, rng=0).extra["phases"] == 1
        assert algorithm(GPBandit(np.diag([0.0, 1.0]), 0.1, means=[0.0, 1.0]), 200, rng=0).pulls[1] > 150


def test_theorem_speaks_of_ucb_with_small_variances():
    assert mini_gp_ucb(MODELS[0], 5, rng=0).theorems_algorithm
    assert not mini_gp_ucb(GPBandit(2 * SMOOTH, 0.2), 5, rng=0).theorems_algorithm
    assert not mini_gp_ei(MODELS[0], 5, rng=0).theorems_algorithm


def test_bad_arguments():
    with pytest.raises(TypeError, match="expected a GPBandit"):
        mini_gp_ucb(GaussianBandit([0.5]), 10, rng=0)
    for C in (1.0, 0.5, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="C is"):
            mini_gp_ei(MODELS[0], 10, C=C, rng=0)
    with pytest.raises(ValueError, match="delta is 1"):
        mini_gp_ucb(MODELS[0], 10, delta=1.0, rng=0)
