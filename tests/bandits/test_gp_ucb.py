"""Gaussian process bandits: the batch reference, the model, textbook values, edge cases, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from theorylab.bandits import BernoulliBandit
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.gaussian_process import (
    gp_ei,
    gp_ucb,
    information_gain,
    information_gain_bounds,
    knowledge_gradient,
)
from theorylab.bandits.gaussian_process import gp_ucb_reference as slow
from theorylab.bandits.gaussian_process.posterior import expected_improvement_kernel, knowledge_gradient_kernel
from theorylab.bandits.models.gaussian_process import GPBandit, squared_exponential

SMOOTH = squared_exponential(np.linspace(0.0, 1.0, 7), 0.3)
ALGORITHMS = [
    (gp_ucb, slow.GPUCB, {"delta": 0.1}),
    (gp_ei, slow.GPEI, {}),
    (knowledge_gradient, slow.KnowledgeGradient, {}),
    (knowledge_gradient, slow.KnowledgeGradient, {"online": True}),
]
MODELS = [
    GPBandit(SMOOTH, 0.2).draw(np.random.default_rng(1)),
    GPBandit(np.eye(3), 1.0, means=[0.0, 0.5, -1.0]),
    GPBandit(np.ones((3, 3)), 0.5, means=[0.2, 0.2, 0.2]),  # rank one: one observation tells all
    GPBandit([[0.7]], 0.1, means=[3.0]),
]


@pytest.mark.parametrize("model", MODELS, ids=["smooth", "independent", "rank one", "one point"])
@pytest.mark.parametrize(("algorithm", "agent", "keywords"), ALGORITHMS)
def test_the_reference_plays_alike(model, algorithm, agent, keywords):
    for seed in (0, 1):
        run = algorithm(model, 40, rng=seed, trace=True, **keywords)
        expected = agent_algorithm(agent)(
            model, 40, rng=seed, trace=True, kernel=model.kernel, sigma=model.sigma, **keywords
        )
        assert np.array_equal(run.trace["actions"], expected.trace["actions"])
        assert np.allclose(run.trace["means"], expected.trace["means"], atol=1e-9)
        assert np.allclose(run.trace["deviations"], expected.trace["deviations"], atol=1e-7)
        assert np.allclose(run.regret, expected.regret)


def test_compiled_and_plain_kernels_agree():
    from theorylab.verify.code import plain_code

    name = "theorylab.bandits.gaussian_process.gp_ucb:"
    plain = plain_code({f.__name__: name + f.__name__ for f, _, _ in ALGORITHMS})
    for algorithm, _, keywords in ALGORITHMS:
        fast, other = (
            f(MODELS[0], 50, rng=3, trace=True, **keywords) for f in (algorithm, plain.algorithm(algorithm.__name__))
        )
        assert np.array_equal(fast.trace["actions"], other.trace["actions"])
        assert np.allclose(fast.trace["means"], other.trace["means"], atol=1e-12)


def test_first_observation_by_hand():
    run = gp_ucb(GPBandit([[1.0, 0.5], [0.5, 1.0]], 1.0, means=[2.0, 1.0]), 2, rng=0, trace=True)
    assert run.trace["actions"][0] == 0  # all tied: the lowest
    y = run.trace["rewards"][0]
    assert run.trace["means"][1].tolist() == pytest.approx([y / 2, y / 4])
    assert (run.trace["deviations"][1] ** 2).tolist() == pytest.approx([0.5, 1 - 0.25 / 2])


def test_textbook_values_of_information():
    work = np.zeros(2, np.int64), np.zeros(2, np.int64), np.zeros(2)
    assert expected_improvement_kernel(0.0, 1.0, 0.0) == pytest.approx(1 / math.sqrt(2 * math.pi))
    assert expected_improvement_kernel(1.0, 0.0, 0.25) == 0.75
    two = knowledge_gradient_kernel(np.zeros(2), np.array([1.0, 0.0]), *work)  # E max(Z, 0)
    assert two == pytest.approx(1 / math.sqrt(2 * math.pi))
    assert knowledge_gradient_kernel(np.array([1.0, 0.0]), np.array([0.5, 0.5]), *work) == 0.0  # parallel


def test_a_prior_draws_one_function_for_a_seed():
    prior = GPBandit(SMOOTH, 0.2)
    a, b, c = (f(prior, 20, rng=s, trace=True) for f, s in ((gp_ucb, 4), (gp_ei, 4), (gp_ucb, 5)))
    assert np.array_equal(a.trace["function"], b.trace["function"])
    assert not np.array_equal(a.trace["function"], c.trace["function"])
    again = gp_ucb(prior, 20, rng=np.random.SeedSequence(a.seed["entropy"], spawn_key=a.seed["spawn_key"]))
    assert np.array_equal(a.regret, again.regret)
    assert gp_ucb(prior, 20).seed["entropy"] > 0


def test_drawn_functions_have_the_prior_covariance():
    generator = np.random.default_rng(0)
    prior = GPBandit(SMOOTH, 0.2)
    drawn = np.array([prior.draw(generator).means for _ in range(4000)])
    assert np.abs(drawn.T @ drawn / 4000 - SMOOTH).max() < 5 * math.sqrt(2 / 4000)


def test_information_gain_of_independent_points():
    low, high = information_gain_bounds(np.eye(4), 0.5, 12)  # three evaluations each
    assert low[11] == pytest.approx(4 * 0.5 * math.log(1 + 3 / 0.25))
    assert high[11] == pytest.approx(low[11])
    assert information_gain(np.eye(4), 0.5, [0, 0, 1]) == pytest.approx(0.5 * math.log(9) + 0.5 * math.log(5))


def test_one_point_and_equal_means_have_no_regret():
    for algorithm, _, keywords in ALGORITHMS:
        assert not algorithm(GPBandit([[1.0]], 0.1, means=[0.3]), 30, rng=0, **keywords).regret.any()
        assert not algorithm(GPBandit(SMOOTH, 0.1, means=[0.3] * 7), 30, rng=0, **keywords).regret.any()


def test_a_certain_point_is_no_obstacle():
    for algorithm, _, keywords in ALGORITHMS:
        run = algorithm(GPBandit(np.diag([0.0, 1.0]), 0.1, means=[0.0, 1.0]), 200, rng=0, **keywords)
        assert run.pulls[1] > 150


def test_theorem_speaks_of_small_variances_only():
    assert gp_ucb(MODELS[0], 5, rng=0).theorems_algorithm
    assert not gp_ucb(GPBandit(2 * SMOOTH, 0.2), 5, rng=0).theorems_algorithm
    assert not gp_ei(MODELS[0], 5, rng=0).theorems_algorithm


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1.0, 0.0]], 0.1), r"kernel has shape \(1, 2\)"),
        ((np.zeros((0, 0)), 0.1), r"kernel has shape \(0, 0\)"),
        (([[1.0, 0.5], [0.4, 1.0]], 0.1), r"kernel\[0, 1\] is 0\.5 and kernel\[1, 0\] is 0\.4"),
        (([[1.0, 2.0], [2.0, 1.0]], 0.1), "eigenvalue -1"),
        (([[float("nan")]], 0.1), "kernel"),
        (([[1.0]], 0.0), "sigma is 0"),
        (([[1.0]], 0.1, [1.0, 2.0]), "means"),
    ],
)
def test_bad_models(arguments, message):
    with pytest.raises(ValueError, match=message):
        GPBandit(*arguments)


def test_bad_arguments():
    with pytest.raises(TypeError, match="expected a GPBandit"):
        gp_ucb(BernoulliBandit([0.5]), 10, rng=0)
    with pytest.raises(ValueError, match="delta is 0"):
        gp_ucb(MODELS[0], 10, delta=0.0, rng=0)
    with pytest.raises(ValueError, match="horizon is 0"):
        gp_ei(MODELS[0], 0, rng=0)
    with pytest.raises(TypeError, match="online is 1"):
        knowledge_gradient(MODELS[0], 10, online=1, rng=0)
    with pytest.raises(ValueError, match="prior without means"):
        GPBandit(SMOOTH, 0.2).mean_reward([], 0)
    with pytest.raises(ValueError, match="length is 0"):
        squared_exponential([0.0, 1.0], 0.0)
