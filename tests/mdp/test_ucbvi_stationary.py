"""UCBVI with one kernel for all steps: decisions of the slow reference, numbers by hand, edge cases, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from theorylab.mdp.episodic import EpisodicMDP
from theorylab.mdp.episodic.environments import named
from theorylab.mdp.episodic.ucbvi_stationary import SharedCounts, _learn_shared, ucbvi_stationary
from theorylab.mdp.episodic.ucbvi_stationary_reference import reference_ucbvi_stationary

COLUMNS = ("states", "actions", "values", "greedy", "optimistic", "scores")


def same_as_reference(mdp, episodes, **keywords):
    run = ucbvi_stationary(mdp, episodes, trace=True, **keywords)
    slow = reference_ucbvi_stationary(mdp, episodes, trace=True, **keywords)
    for name in COLUMNS:
        expected = np.asarray(slow.trace[name], dtype=float).reshape(run.trace[name].shape)
        assert np.allclose(run.trace[name], expected, atol=1e-9), name
    assert np.allclose(run.regret, slow.regret, atol=1e-9) and np.array_equal(run.visits, slow.visits)
    return run


@pytest.mark.parametrize("bonus", ["hoeffding", "bernstein"])
@pytest.mark.parametrize(
    ("name", "scale"),
    [("riverswim-4-h10", 0.05), ("dirichlet-3-3-h3-seed5", 0.005), ("chain-5-h8", 1.0), ("riverswim-6-h20", 0.002)],
)
def test_the_kernel_plays_like_the_reference(bonus, name, scale):
    same_as_reference(named(name), 40, bonus=bonus, scale=scale, rng=1)


@pytest.mark.parametrize("bonus", ["hoeffding", "bernstein"])
def test_rewards_may_depend_on_the_step_and_be_random(bonus):
    P = np.array([[[0.5, 0.5], [0.0, 1.0]], [[0.25, 0.75], [1.0, 0.0]]])
    R = np.random.default_rng(0).random((3, 2, 2))
    mdp = EpisodicMDP(P, R, 3, start=[0.5, 0.5], reward_law="bernoulli")
    assert not mdp.stationary
    same_as_reference(mdp, 60, bonus=bonus, scale=0.01, rng=2)


@pytest.mark.parametrize("bonus", ["hoeffding", "bernstein"])
def test_compiled_and_plain_kernels_agree(bonus):
    from theorylab.verify.code import plain_code

    entry = {"f": "theorylab.mdp.episodic.ucbvi_stationary:ucbvi_stationary"}
    plain = plain_code(entry).algorithm("f")
    fast, slow = (
        f(named("riverswim-4-h10"), 60, bonus=bonus, scale=0.02, trace=True, rng=4) for f in (ucbvi_stationary, plain)
    )
    for name in COLUMNS:
        assert np.allclose(fast.trace[name], slow.trace[name], rtol=1e-12, atol=1e-12), name


@pytest.mark.parametrize("bonus", ["hoeffding", "bernstein"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 3, 2), (2, 1, 2), (3, 2, 1)])
def test_small_shapes(bonus, shape):
    S, A, H = shape
    mdp = EpisodicMDP(np.full((S, A, S), 1.0 / S), np.linspace(0, 1, S * A).reshape(S, A), H)
    for episodes in (1, 9):
        same_as_reference(mdp, episodes, bonus=bonus, scale=0.01, rng=0)


def test_one_state_by_hand():
    # two arms of one step: the second pays 1 - gap less; Q = min(1, r + 7 L / sqrt(N)) decides after ties at 1
    mdp, K, delta = EpisodicMDP(np.ones((1, 2, 1)), [[0.2, 0.9]], 1), 200_000, 0.1
    L = math.log(5 * 2 * K / delta)
    pulls = next(n for n in range(1, K) if 0.2 + 7 * L / math.sqrt(n) < 1.0)  # then arm 0 is left for the first time
    run = ucbvi_stationary(mdp, K, delta=delta, checkpoints=[pulls, pulls + 1], rng=0)
    assert run.regret[0] == pytest.approx(0.7 * pulls) and run.value[0] == pytest.approx(0.2)
    assert run.value[1] == pytest.approx(0.9)


def test_the_optimal_value_of_riverswim():
    run = ucbvi_stationary(named("riverswim-6-h20"), 2000, rng=0)
    assert run.optimal_value == pytest.approx(3.39726396, abs=5e-9)
    assert 6000 < run.regret[-1] < 6795  # next to nothing is learnt with the Hoeffding bonus
    # the left bank pays 0.1 an episode at most, the regret of never leaving it is 2000 (V* - 0.1)
    assert run.regret[-1] == pytest.approx(6594.5, abs=200.0)


def test_the_bernstein_bonus_learns_riverswim():
    run = ucbvi_stationary(named("riverswim-6-h20"), 100_000, bonus="bernstein", rng=0)
    assert run.value[-1] > 0.8 * run.optimal_value


def test_the_term_for_the_next_values_beyond_its_cap():
    # H = 1, S = 2, A = 1 and a small L, so that the first branch of the minimum acts: 10^4 S^2 A L^2 / N' < 1
    L = 1e-3
    known = SharedCounts(
        np.zeros((2, 2)), np.zeros(2), np.zeros(2), np.zeros(2), np.zeros((1, 2)), np.zeros((1, 2)),
        np.zeros((1, 2, 1), np.int64), np.zeros((2, 2)), np.full((2, 2), 1 / L), np.zeros((3, 2)),
    )  # fmt: skip
    seen = np.zeros(2, np.int64)
    for n in range(1, 101):
        _learn_shared(known, True, L, 1.0, seen, np.array([0, 1]), np.array([0]))
        assert known.spread[1, 1] * L == pytest.approx(min(1e4 * 4 * L**2 / n, 1.0))
        assert known.bonus[0] == pytest.approx(14 * L / (3 * n)) and known.rate[0] == pytest.approx(8 * L / n)
    assert known.spread[1, 0] * L == pytest.approx(1.0)


def test_a_trace_changes_nothing_and_books_are_kept():
    mdp = named("chain-5-h8")
    runs = [
        ucbvi_stationary(mdp, 300, bonus="bernstein", scale=0.1, threshold=1.0, trace=t, rng=3) for t in (0 == 1, True)
    ]
    assert np.array_equal(runs[0].regret, runs[1].regret) and runs[0].trace is None
    assert runs[0].violations[-1] == (runs[1].trace["values"] < 1.0 - 1e-9).sum()
    assert runs[0].theorems_algorithm is False
    assert ucbvi_stationary(mdp, 3, rng=0).theorems_algorithm is True
    assert dict(runs[0].parameters) == {"bonus": "bernstein", "delta": 0.05, "scale": 0.1}


def test_bad_input():
    mdp = named("chain-5-h8")
    with pytest.raises(
        ValueError, match=r'mdp\.P\[1, 0, 0, 0\] is 0.5, expected 0.75 as at step 0.*bonus="l1" does not'
    ):
        ucbvi_stationary(named("tiny"), 10)
    with pytest.raises(ValueError, match="bonus is 'l1'"):
        ucbvi_stationary(mdp, 10, bonus="l1")
    with pytest.raises(ValueError, match="delta is 0"):
        ucbvi_stationary(mdp, 10, delta=0.0)
    with pytest.raises(ValueError, match="scale is -1"):
        ucbvi_stationary(mdp, 10, scale=-1.0)
    with pytest.raises(ValueError, match="episodes is 0"):
        ucbvi_stationary(mdp, 0)
    with pytest.raises(TypeError, match="expected an EpisodicMDP"):
        ucbvi_stationary("chain", 10)
    with pytest.raises(ValueError, match="trace of"):
        ucbvi_stationary(named("riverswim-6-h20"), 10**6, trace=True)
