"""Learners in last-switch-dependent bandits: references, compiled against plain, bounds by hand, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from theorylab.bandits import BernoulliBandit, GaussianBandit, LastSwitchDependentBandit, RechargingBandit
from theorylab.bandits.agents import agent_algorithm
from theorylab.bandits.environments import lsd_experiment
from theorylab.bandits.lsd import approximation_regret, isi_comb_ucb1, lsd_explore_commit, lsd_optimum, play_pattern
from theorylab.bandits.lsd.isi_comb_ucb1 import regret_bound as isi_bound
from theorylab.bandits.lsd.lsd_explore_commit import default_samples, exploration, regret_bound
from theorylab.bandits.lsd.lsd_learning_reference import ExploreCommit, ISICombUCB1
from theorylab.verify.code import plain_code

MIXED = [[0.3, 0.9, 0.5], [0.1, 0.4, 0.9], [0.5, 0.5, 0.5]]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("d", "isi"), [(1, True), (2, True), (3, True), (1, False), (3, False)])
def test_kernel_plays_like_the_reference(seed, d, isi):
    bandit = RechargingBandit(np.array(MIXED)[: 1 + seed % 3])
    run = isi_comb_ucb1(bandit, 110, d=d, isi=isi, trace=True, rng=seed)
    slow = agent_algorithm(ISICombUCB1)(bandit, 110, d=d, isi=isi, states=3, trace=True, rng=seed)
    assert run.trace["actions"].tolist() == slow.trace["actions"].tolist()
    np.testing.assert_allclose(run.regret, slow.regret)


def test_runs_matter_to_the_world_not_to_the_learner():
    bandit = LastSwitchDependentBandit([[0.5, 0.9], [0.4, 0.8]], run=[[0.1, 0.0], [0.2, 0.9]])
    run = isi_comb_ucb1(bandit, 80, d=2, trace=True, rng=3)
    slow = agent_algorithm(ISICombUCB1)(bandit, 80, d=2, trace=True, rng=3)
    assert run.trace["actions"].tolist() == slow.trace["actions"].tolist()
    np.testing.assert_allclose(run.regret, slow.regret)
    assert not run.theorems_algorithm


def test_compiled_and_plain_agree():
    entries = {name: f"theorylab.bandits.lsd.lsd_learning:{name}" for name in ("isi_comb_ucb1", "lsd_explore_commit")}
    plain, bandit = plain_code(entries), RechargingBandit(MIXED)
    for name, keywords in (("isi_comb_ucb1", {"d": 2}), ("lsd_explore_commit", {"n": 4})):
        fast = {"isi_comb_ucb1": isi_comb_ucb1, "lsd_explore_commit": lsd_explore_commit}[name]
        a = fast(bandit, 150, trace=True, rng=5, **keywords)
        b = plain.algorithm(name)(bandit, 150, trace=True, rng=5, **keywords)
        for key in a.trace:
            assert a.trace[key].tobytes() == b.trace[key].tobytes(), key
        assert a.regret.tobytes() == b.regret.tobytes()


@pytest.mark.parametrize("seed", range(3))
def test_exploring_samples_every_state_n_times(seed):
    bandit = RechargingBandit(MIXED, noise="none")
    run = lsd_explore_commit(bandit, 200, n=2, trace=True, rng=seed)
    slow = agent_algorithm(ExploreCommit)(bandit, 200, n=2, states=3, trace=True, rng=seed)
    explored = run.extra["explored"]
    assert explored == 2 * 3 * 6 + 3
    assert run.trace["actions"][:explored].tolist() == slow.trace["actions"][:explored].tolist()
    np.testing.assert_allclose(run.extra["estimates"], MIXED)  # no noise: the means themselves
    assert len(run.extra["cycle"]) == len(lsd_optimum(bandit).cycle)


def test_exploration_by_hand():
    arms, samples = exploration(2, 2, 2, 100)
    assert arms.tolist() == [0, 0, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1]
    assert samples.tolist() == [-1, 0, 0, -1, 1, -1, 1, -1, 2, 2, -1, 3, -1, 3]
    for rounds in (0, 1, 6, 13):
        assert exploration(2, 2, 2, rounds)[0].tolist() == arms.tolist()[:rounds]


@pytest.mark.parametrize("horizon", [10**4, 10**5, 10**7])
@pytest.mark.parametrize(("n_arms", "states"), [(2, 2), (3, 3), (5, 4)])
def test_the_default_number_of_samples_gives_the_closed_form(horizon, n_arms, states):
    A, L = n_arms * states * (states + 1) / 2, math.log(2 * n_arms * states / 0.05)
    n = default_samples(horizon, n_arms, states, 0.05)
    closed = 3 * (A * L * horizon**2 / 2) ** (1 / 3) + A + 2 * n_arms
    assert regret_bound(horizon, n_arms, states, n, 0.05) <= closed
    least = min(regret_bound(horizon, n_arms, states, k, 0.05) for k in range(1, 3 * n))
    assert regret_bound(horizon, n_arms, states, n, 0.05) <= 1.02 * least + A


def test_isi_bound_by_hand():
    # K = 1, d = 1, T = 4: D = 2, L = 1
    assert isi_bound(4, 1, 1) == pytest.approx(2 + 4 * math.sqrt(12 * math.log(4)) + 4 + math.pi**2 / 6 + 2)


def test_it_learns():
    bandit = RechargingBandit([[0.05, 0.99], [0.05, 0.99]])
    run = isi_comb_ucb1(bandit, 20_000, d=3, rng=1)
    assert run.theorems_algorithm and approximation_regret(run, 1.0, 0.99)[-1] < 0.3 * 20_000
    run = lsd_explore_commit(bandit, 20_000, rng=1)
    assert run.theorems_algorithm and run.extra["cycle"] in ([0, 1], [1, 0])
    greedy = play_pattern(lsd_experiment(2), 100, pattern=[1], rng=0)
    assert -greedy.regret[-1] == pytest.approx(6.0)


@pytest.mark.parametrize("horizon", [1, 2, 3, 7])
def test_short_horizons(horizon):
    bandit = RechargingBandit(MIXED)
    assert isi_comb_ucb1(bandit, horizon, d=2, rng=0).pulls.sum() == horizon
    run = lsd_explore_commit(bandit, horizon, rng=0)
    assert run.pulls.sum() == horizon and run.extra["cycle"] is None


def test_one_arm():
    bandit = RechargingBandit([[0.25, 0.75]])
    for run in (isi_comb_ucb1(bandit, 50, d=2, rng=0), lsd_explore_commit(bandit, 50, n=3, rng=0)):
        assert run.pulls.tolist() == [50] and abs(approximation_regret(run, 1.0, 0.25)[-1]) < 1e-9


def test_certain_rewards():
    zero, one = RechargingBandit([[0.0, 0.0], [0.0, 0.0]]), RechargingBandit([[1.0, 1.0], [1.0, 1.0]])
    for bandit, rate in ((zero, 0.0), (one, 1.0)):
        for run in (isi_comb_ucb1(bandit, 60, d=2, rng=0), lsd_explore_commit(bandit, 60, n=2, rng=0)):
            np.testing.assert_allclose(approximation_regret(run, 1.0, rate), 0.0, atol=1e-9)


def test_runs_are_repeatable_and_differ_by_seed():
    a, b, c = (isi_comb_ucb1(RechargingBandit(MIXED), 300, d=2, trace=True, rng=s).trace["rewards"] for s in (1, 1, 2))
    assert a.tobytes() == b.tobytes() != c.tobytes()


def test_bad_input():
    bandit = RechargingBandit(MIXED)
    with pytest.raises(ValueError, match=r"rewards outside \[0, 1\]"):
        isi_comb_ucb1(GaussianBandit([0.5]), 10, d=1)
    with pytest.raises(ValueError, match="d is 0"):
        isi_comb_ucb1(bandit, 10, d=0)
    with pytest.raises(ValueError, match=r"d is 40, expected at most 10000000 sequences"):
        isi_comb_ucb1(bandit, 10, d=40)
    with pytest.raises(ValueError, match=r"states is 3, expected None"):
        isi_comb_ucb1(bandit, 10, d=2, states=3)
    with pytest.raises(TypeError, match="isi is 1"):
        isi_comb_ucb1(bandit, 10, d=2, isi=1)
    with pytest.raises(TypeError, match="expected a LastSwitchDependentBandit"):
        lsd_explore_commit(BernoulliBandit([0.5]), 10)
    with pytest.raises(ValueError, match=r"expected run=None"):
        lsd_explore_commit(LastSwitchDependentBandit([[0.5]], run=[[0.5]]), 10)
    for delta in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match="delta is"):
            lsd_explore_commit(bandit, 10, delta=delta)
    with pytest.raises(ValueError, match="n is 0"):
        lsd_explore_commit(bandit, 10, n=0)
    with pytest.raises(ValueError, match="states is 0"):
        lsd_explore_commit(bandit, 10, states=0)
    run = play_pattern(BernoulliBandit([0.5]), 10, pattern=[0], rng=0)
    with pytest.raises(ValueError, match="run has the notion 'pseudo-regret'"):
        approximation_regret(run, 1.0, 0.5)
    with pytest.raises(ValueError, match=r"factor is 1.5"):
        approximation_regret(play_pattern(bandit, 10, pattern=[0], rng=0), 1.5, 0.5)
