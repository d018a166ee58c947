"""Exp2, CSB-Exp2, CSB-FTPL and one-sided feedback: references, identities, edge cases, bad input."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.bandits import BernoulliBandit
from theorylab.bandits.adversarial import csb_exp2, csb_ftpl, exp2
from theorylab.bandits.adversarial import exp2_reference as slow
from theorylab.bandits.adversarial.csb_ftpl import expected_share
from theorylab.bandits.adversarial.linear_game import john_position
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.models.combinatorial import CombinatorialLosses, one_sided_losses
from theorylab.core.rng import child_seed

PAIRS = np.array([c for c in itertools.product((0, 1), repeat=4) if sum(c) == 2], dtype=float)


def semi_bandit_game(seed, horizon=60):
    rng = np.random.default_rng(seed)
    policies = (rng.random((5, 3, 4)) < 0.5).astype(float)
    return CombinatorialLosses(rng.random((horizon, 4)), policies, rng.integers(0, 3, horizon))


def linear_game(seed, horizon=60):
    rng = np.random.default_rng(seed)
    actions = rng.normal(size=(7, 3))
    actions /= np.linalg.norm(actions, axis=1, keepdims=True)
    losses = rng.normal(size=(horizon, 3))
    return CombinatorialLosses(losses / np.linalg.norm(losses, axis=1, keepdims=True), actions)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("algorithm", "agent", "more"),
    [(csb_exp2, slow.CsbExp2, ("probabilities", "estimates")), (csb_ftpl, slow.CsbFtpl, ("waits",))],
    ids=["csb_exp2", "csb_ftpl"],
)
def test_semi_bandit_kernels_make_the_reference_decisions(algorithm, agent, more, seed):
    game = semi_bandit_game(seed)
    run = algorithm(game, 60, rng=seed, trace=True)
    expected = agent_algorithm(agent)(game, 60, rng=seed, trace=True, game=game)
    assert np.array_equal(run.trace["actions"], expected.trace["actions"])
    assert np.allclose(run.regret, expected.regret, atol=1e-9)
    for name in more:
        assert np.allclose(run.trace[name], expected.trace[name], atol=1e-9)


@pytest.mark.parametrize("exploration", ["john", "uniform"])
def test_exp2_makes_the_reference_decisions(exploration):
    for game in (linear_game(1), CombinatorialLosses(linear_game(2).losses[:, [0, 1, 2, 0]] / 2, PAIRS)):
        run = exp2(game, 60, exploration=exploration, rng=3, trace=True)
        _, weights, _ = john_position(game.policies[:, 0], uniform=exploration == "uniform")
        rates = (run.parameters["eta"], run.parameters["gamma"])
        expected = agent_algorithm(slow.Exp2)(game, 60, rng=3, trace=True, game=game, design=weights, rates=rates)
        assert np.array_equal(run.trace["actions"], expected.trace["actions"])
        assert np.allclose(run.trace["estimates"], expected.trace["estimates"], atol=1e-8)


def test_the_papers_rates():
    """eta = sqrt(ln N / (3 T d)), gamma = eta d [bubeck2012towards, Theorem 4]."""
    run = exp2(CombinatorialLosses(np.full((500, 4), 0.5), PAIRS), 500, rng=0)
    assert run.parameters["eta"] == pytest.approx(math.sqrt(math.log(6) / (3 * 500 * 4)))
    assert run.parameters["gamma"] == pytest.approx(4 * run.parameters["eta"])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 4))
def test_johns_position(seed, n, d):
    actions = np.random.default_rng(seed).normal(size=(n, d))
    rank = np.linalg.matrix_rank(actions)
    points, weights, g = john_position(actions)
    assert weights.min() >= 0 and weights.sum() == pytest.approx(1)
    assert rank - 1e-9 <= g <= rank * (1 + 1e-5)
    assert np.allclose(points.T @ (weights[:, None] * points), np.eye(rank), atol=1e-7)
    assert np.allclose(np.linalg.pinv(points) @ points, np.eye(rank), atol=1e-7)


def test_the_ellipsoid_of_an_ellipse():
    """Four points on the axes of an ellipse and one inside: weight on the axes only, whatever the scale."""
    _, weights, g = john_position([[100.0, 0.0], [0.0, 0.01], [30.0, 0.003]])
    assert weights.round(3).tolist() == [0.5, 0.5, 0.0] and g == pytest.approx(2, rel=1e-5)


def test_geometric_resampling_by_sampling():
    """Waits of the first round of a symmetric game: mean (1 - (1 - q)^L) / q with q = 2/3."""
    game = CombinatorialLosses([[1.0] * 3], [[1, 1, 0], [0, 1, 1], [1, 0, 1]])
    waits = np.array(
        [csb_ftpl(game, 1, repetitions=3, rng=child_seed(3, i), trace=True).trace["waits"][0] for i in range(3000)]
    )
    assert expected_share(2 / 3, 3) == pytest.approx(26 / 27)
    assert abs(waits.mean() - 26 / 27) < 4 * waits.mean(axis=1).std() / math.sqrt(3000)
    assert waits.max() <= 3


def test_one_sided_feedback_counts_half_mistakes():
    rng = np.random.default_rng(0)
    labels, accepts = rng.integers(0, 2, (50, 3)), rng.integers(0, 2, (4, 2, 3))
    contexts = rng.integers(0, 2, 50)
    made = one_sided_losses(labels, accepts, contexts)
    mistakes = np.abs(accepts[:, contexts] - labels[None]).sum(axis=2).T
    assert (made.n_items, made.size) == (6, 3)
    differences = made.action_losses - made.action_losses[:, :1]
    assert np.allclose(2 * differences, mistakes - mistakes[:, :1])


def test_compiled_and_plain_kernels_agree():
    from theorylab.verify.code import plain_code

    home = "theorylab.bandits.adversarial"
    algorithms = {"exp2": exp2, "csb_exp2": csb_exp2, "csb_ftpl": csb_ftpl}
    plain = plain_code({name: f"{home}.{name}:{name}" for name in algorithms})
    for name, algorithm in algorithms.items():
        game = linear_game(4) if name == "exp2" else semi_bandit_game(4)
        fast, other = (f(game, 60, rng=1, trace=True) for f in (algorithm, plain.algorithm(name)))
        assert np.array_equal(fast.trace["actions"], other.trace["actions"])
        assert np.allclose(fast.regret, other.regret, rtol=1e-12)


def test_learners_find_the_best_policy():
    losses = np.tile([0.1, 0.2, 0.45, 0.5], (3000, 1))
    game = CombinatorialLosses(losses, PAIRS)
    best = int(np.argmin(PAIRS @ losses[0]))
    for algorithm in (exp2, csb_exp2, csb_ftpl):
        assert int(np.argmax(algorithm(game, 3000, rng=2).pulls)) == best


def test_one_policy_and_equal_policies_have_no_regret():
    game = CombinatorialLosses([[0.5, 0.2]] * 20, [[1, 0]])
    for algorithm in (exp2, csb_exp2, csb_ftpl):
        assert not algorithm(game, 20, rng=0).regret.any()
    same = CombinatorialLosses([[0.5, 0.5]] * 200, [[1, 0], [0, 1]])
    for algorithm in (exp2, csb_exp2, csb_ftpl):
        assert not algorithm(same, 200, rng=0).regret.any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0.5, float("nan")]], [[1, 0]]), r"losses\[0, 1\] is nan"),
        (([[0.5, 1.5]], [[1, 0]]), r"losses\[0, 1\] is 1.5"),
        (([[0.5, 0.5]], [[1, 0, 1]]), r"policies has shape \(1, 3\)"),
        (([[0.5, 0.5]], [[[1, 0], [0, 1]]]), "contexts is None, expected one of 2"),
        (([[0.5, 0.5]], [[[1, 0], [0, 1]]], [2]), r"contexts\[0\] is 2"),
        (([[0.5, 0.5]], [[1, 0]], [0, 0]), "contexts has length 2, expected 1"),
    ],
)
def test_bad_tables(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        CombinatorialLosses(*arguments)


def test_bad_one_sided_tables():
    with pytest.raises(ValueError, match=r"labels\[0, 0\] is 2"):
        one_sided_losses([[2]], [[1]])
    with pytest.raises(ValueError, match=r"policies\[0, 0\] is 0.5"):
        one_sided_losses([[1]], [[0.5]])


@pytest.mark.parametrize("algorithm", [exp2, csb_exp2, csb_ftpl])
def test_bad_games(algorithm):
    with pytest.raises(TypeError, match="expected a CombinatorialLosses"):
        algorithm(BernoulliBandit([0.5]), 10, rng=0)
    with pytest.raises(ValueError, match="horizon is 61, expected at most 60"):
        algorithm(linear_game(0), 61, rng=0)


def test_bad_arguments():
    with pytest.raises(ValueError, match="3 contexts, expected a set of actions"):
        exp2(semi_bandit_game(0), 10, rng=0)
    with pytest.raises(ValueError, match="gamma = eta g is"):
        exp2(linear_game(0), 1, rng=0)
    with pytest.raises(ValueError, match="exploration is 'none'"):
        exp2(linear_game(0), 50, exploration="none", rng=0)
    with pytest.raises(ValueError, match="expected a loss in"):
        exp2(CombinatorialLosses(np.ones((60, 4)), PAIRS), 60, rng=0)
    with pytest.raises(ValueError, match="choose no sets"):
        csb_exp2(linear_game(0), 10, rng=0)
    with pytest.raises(ValueError, match="repetitions is 0"):
        csb_ftpl(semi_bandit_game(0), 10, repetitions=0, rng=0)
    with pytest.raises(ValueError, match="epsilon is 0"):
        csb_ftpl(semi_bandit_game(0), 10, epsilon=0.0, rng=0)
