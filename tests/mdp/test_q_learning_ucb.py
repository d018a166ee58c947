"""Optimistic Q-learning: decisions of the slow reference, known limits, the hard instance, edge cases, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from theorylab.rooms.proofs_checks.episodic import lower_bound, q_learning_ucb_proof

from theorylab.mdp.episodic import EpisodicMDP
from theorylab.mdp.episodic.agents import fixed_policy
from theorylab.mdp.episodic.environments import margin_mdp, named
from theorylab.mdp.episodic.planning import backward_induction, policy_value
from theorylab.mdp.episodic.q_learning_ucb import log_term, q_learning_ucb
from theorylab.mdp.episodic.q_learning_ucb_reference import reference_q_learning_ucb
from theorylab.verify.cases import Case


def random_start() -> EpisodicMDP:
    P = np.array([[[0.7, 0.3], [0.2, 0.8]], [[0.5, 0.5], [0.9, 0.1]]])
    return EpisodicMDP(P, [[0.0, 0.3], [1.0, 0.6]], 3, start=[0.4, 0.6], reward_law="bernoulli", name="random start")


MODELS = {
    "tiny": lambda: named("tiny"),
    "dirichlet": lambda: named("dirichlet-3-3-h3-seed5"),
    "riverswim": lambda: named("riverswim-4-h10"),
    "lock": lambda: named("combination-lock-h6-a2-seed0"),
    "by step": lambda: margin_mdp(3, 2, 4, 0.1, 3).mdp,
    "random start, Bernoulli": random_start,
}


@pytest.mark.parametrize("scale", [1.0, 0.05, 0.005])
@pytest.mark.parametrize("name", MODELS)
def test_kernel_makes_the_reference_decisions(name, scale):
    mdp = MODELS[name]()
    for seed in range(2):
        arguments = {"c": 1.5, "delta": 0.1, "scale": scale, "trace": True, "rng": seed}
        run, slow = (f(mdp, 60, **arguments) for f in (q_learning_ucb, reference_q_learning_ucb))
        for key in ("states", "actions", "greedy"):
            assert np.array_equal(run.trace[key], slow.trace[key]), key
        for key in ("values", "Q", "V"):
            assert np.allclose(run.trace[key], slow.trace[key], rtol=0, atol=1e-11), key
        assert np.allclose(run.regret, slow.regret, atol=1e-9)
        assert np.allclose(run.reward_sum, slow.reward_sum, atol=1e-9)
        assert np.array_equal(run.visits, slow.visits)


def test_compiled_and_plain_kernels_agree_to_the_bit():
    from theorylab.verify.code import plain_code

    plain = plain_code({"q": "theorylab.mdp.episodic.q_learning_ucb:q_learning_ucb"}).algorithm("q")
    for seed in range(2):
        fast, slow = (
            f(named("riverswim-4-h10"), 200, scale=0.01, rng=seed, trace=True) for f in (q_learning_ucb, plain)
        )
        assert np.array_equal(fast.regret, slow.regret)
        for key in fast.trace:
            assert np.array_equal(fast.trace[key], slow.trace[key]), key


def test_trace_does_not_change_the_run():
    mdp = named("riverswim-6-h20")
    assert abs(backward_induction(mdp).value - 3.39726396) < 1e-8
    with_trace, without = (q_learning_ucb(mdp, 300, scale=0.01, rng=2, trace=t) for t in (True, False))
    assert np.array_equal(with_trace.regret, without.regret)
    assert np.array_equal(with_trace.extra["Q"], without.extra["Q"])
    assert without.trace is None


def test_it_learns_where_the_bound_says_so():
    P = np.array([[[0.9, 0.1], [0.1, 0.9]], [[0.9, 0.1], [0.1, 0.9]]])
    R = np.zeros((2, 2, 2))
    R[0, :, 1], R[1, 1, :] = 1.0, 1.0
    mdp = EpisodicMDP(P, R)
    case = Case("two doors", mdp, 100_000, {"c": 1.0, "delta": 0.1}, 1, "quick")
    bound = q_learning_ucb_proof.regret_bound(case)
    assert bound < 0.5 * 100_000 * 1.8
    for seed in range(3):
        assert q_learning_ucb(mdp, 100_000, c=1.0, delta=0.1, rng=seed).regret[-1] < 0.01 * bound


@pytest.mark.parametrize("name", ["tiny", "riverswim-4-h10", "dirichlet-3-3-h3-seed5"])
@pytest.mark.parametrize("c", [1.0, 2.0])
def test_the_bound_of_the_room_is_below_its_closed_form(name, c):
    mdp = named(name)
    H, S, A = mdp.R.shape
    for K in (1, 1000, 10**7):
        case = Case(name, mdp, K, {"c": c, "delta": 0.1}, 1, "quick")
        i = math.log(2 * S * A * H * K / 0.1)
        closed = H**2 * S * A + 2 * (1 + 2 * c) * math.sqrt(H**5 * S * A * K * i) + math.sqrt(H**3 * K * math.log(10))
        assert 0.1 * math.e * closed < q_learning_ucb_proof.regret_bound(case) <= math.e * closed


def test_deterministic_models_are_solved():
    run = q_learning_ucb(named("combination-lock-h6-a2-seed0"), 5000, c=1.0, scale=0.001, rng=0)
    assert run.value[-1] == 1.0
    assert run.regret[-1] < 200


@pytest.mark.parametrize(("S", "A", "H", "K"), [(1, 1, 1, 1), (1, 3, 1, 5), (3, 1, 2, 7), (1, 2, 4, 1), (2, 2, 1, 50)])
def test_small_sizes(S, A, H, K):
    mdp = EpisodicMDP(np.full((S, A, S), 1.0 / S), np.linspace(0, 1, S * A).reshape(S, A), H)
    run = q_learning_ucb(mdp, K, rng=0, trace=True)
    assert run.episodes == K
    assert run.visits.sum() == K * H
    assert run.trace["Q"].shape == (K, H, S, A)
    assert np.all(run.trace["Q"][0] == np.arange(H, 0, -1.0)[:, None, None])
    if A == 1:
        assert abs(run.regret[-1]) < 1e-9


def test_only_the_theorems_runs_say_so():
    mdp = named("tiny")
    assert q_learning_ucb(mdp, 5, rng=0).theorems_algorithm
    assert q_learning_ucb(mdp, 5, c=1.0, rng=0).theorems_algorithm
    assert not q_learning_ucb(mdp, 5, c=0.99, rng=0).theorems_algorithm
    assert not q_learning_ucb(mdp, 5, scale=0.5, rng=0).theorems_algorithm


def test_log_term_counts_everything():
    assert math.isclose(log_term(3, 2, 5, 1000, 0.05), math.log(2 * 3 * 2 * 5 * 1000 / 0.05))


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"c": 0.0}, "c is 0"),
        ({"c": -1.0}, "c is -1"),
        ({"delta": 0.0}, "delta is 0"),
        ({"delta": 1.5}, "delta is 1.5"),
        ({"scale": -0.1}, "scale is -0.1"),
        ({"scale": math.nan}, "scale is nan"),
        ({"checkpoints": [0]}, "checkpoints"),
        ({"checkpoints": [11]}, "checkpoints"),
    ],
)
def test_bad_keywords(keywords, said):
    with pytest.raises(ValueError, match=said):
        q_learning_ucb(named("tiny"), 10, **keywords)


def test_bad_models():
    with pytest.raises(TypeError, match="mdp is of type list"):
        q_learning_ucb([1.0], 10)
    with pytest.raises(ValueError, match="episodes is 0"):
        q_learning_ucb(named("tiny"), 0)
    mdp = EpisodicMDP([[[1.0]]], [[1.5]], 2)
    with pytest.raises(ValueError, match=r"mdp\.R.*1\.5"):
        q_learning_ucb(mdp, 10)


@pytest.mark.parametrize("size", [(4, 5, 3), (6, 2, 8), (7, 3, 9)])
@pytest.mark.parametrize("episodes", [50, 2000])
def test_lower_bound_against_exact_regrets(size, episodes):
    S, A, H = size
    rng = np.random.default_rng(1)
    bound, most = (f(S, A, H, episodes) for f in (lower_bound.lower_bound, lower_bound.largest))
    assert 0.0 < bound < most
    family = lower_bound.hidden(S, A, H, episodes)
    uniform, told = [], []
    for _ in range(60):
        mdp = family.draw(rng)
        best = backward_induction(mdp)
        law = np.full(mdp.R.shape, 1.0 / A)
        uniform.append(episodes * (best.value - policy_value(mdp, law).value))
        told.append(fixed_policy(mdp, 1, policy=best.policy, rng=0).regret[-1])
        assert uniform[-1] <= most + 1e-9
    assert np.mean(uniform) > bound
    assert max(told) < 1e-9  # a learner that is told the triple fails the bound
