"""The offline baseline: against its reference, exhaustive search over policies, its bounds; edges, bad input."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from theorylab.core.rng import streams
from theorylab.mdp.episodic import EpisodicMDP
from theorylab.mdp.episodic.brackets import log_term, width_kernel
from theorylab.mdp.episodic.environments import margin_mdp, named_problem
from theorylab.mdp.episodic.offline_baseline import (
    OfflineData,
    concentrability,
    epsmix_offline,
    learn_baseline,
    offline_baseline,
    offline_loss_bound,
    stepmix_offline,
    sufficient_episodes,
)
from theorylab.mdp.episodic.offline_baseline_reference import (
    reference_baseline,
    reference_data,
    reference_stepmix_offline,
)
from theorylab.mdp.episodic.planning import backward_induction, policy_value

TINY = named_problem("tiny")


def learned(problem, n, seed=0, **keywords):
    data = OfflineData.collect(problem.mdp, problem.baseline, n, seed)
    return data, offline_baseline(data, problem.mdp.R, problem.mdp.start, **{"delta": 0.05, **keywords})


@pytest.mark.parametrize("name", ["tiny", "dirichlet-3-3-h3-seed5", "riverswim-4-h10", "safe-grid"])
@pytest.mark.parametrize(("n", "scale"), [(1, 1.0), (30, 0.1), (200, 0.0), (300, 1.0)])
def test_data_and_baseline_are_those_of_the_reference(name, n, scale):
    problem = named_problem(name)
    data, found = learned(problem, n, 3, scale=scale)
    states, actions = reference_data(problem.mdp, problem.baseline, n, np.random.default_rng(3))
    assert np.array_equal(states, data.states) and np.array_equal(actions, data.actions)
    policy, lower, values = reference_baseline(
        states, actions, problem.mdp.R.tolist(), problem.mdp.start.tolist(), delta=0.05, scale=scale
    )
    assert np.array_equal(policy, found.policy)
    assert lower == pytest.approx(found.lower_value, abs=1e-10)
    assert np.allclose(values, found.lower_values, atol=1e-10)


def test_stepmix_offline_plays_like_its_reference():
    problem = margin_mdp(3, 2, 2, 0.4, 1)
    given = {"behaviour": problem.baseline, "threshold": problem.threshold, "offline_episodes": 2000, "rng": 5}
    fast, slow = (f(problem.mdp, 60, trace=True, **given) for f in (stepmix_offline, reference_stepmix_offline))
    for key in ("states", "actions", "values", "kinds", "certificates"):
        assert np.allclose(fast.trace[key], slow.trace[key], atol=1e-9)


def test_no_policy_has_a_larger_pessimistic_value():
    data, found = learned(TINY, 60)
    counts = data.counts(2, 2).astype(float)
    log_union, best = log_term(2, 2, 2, 0.05), -1.0
    for flat in itertools.product(range(2), repeat=4):
        policy, value = np.reshape(flat, (2, 2)), np.zeros(2)
        for h in (1, 0):
            row = []
            for s in range(2):
                seen = counts[h, s, policy[h, s]]
                n = int(seen.sum())
                p = seen / n if n else np.full(2, 0.5)
                bonus = 0.5 * (1 - h) * width_kernel(n, log_union, 2)
                row.append(max(0.0, TINY.mdp.R[h, s, policy[h, s]] - bonus + p @ value))
            value = np.array(row)
        best = max(best, value[0])
    assert found.lower_value == pytest.approx(best, abs=1e-12)


def test_the_bound_is_below_the_value_and_grows_to_the_optimum():
    best = backward_induction(TINY.mdp).value
    values = [learned(TINY, n)[1].lower_value for n in (100, 10_000, 1_000_000)]
    assert values == sorted(values) and best - 0.01 < values[-1] <= best


def test_the_loss_bound_holds_and_sufficient_episodes_inverts_it():
    best = backward_induction(TINY.mdp).policy
    value = policy_value(TINY.mdp, best).value
    for n in (500, 5000):
        bound = offline_loss_bound(TINY.mdp, TINY.baseline, best, n, delta=0.05)
        assert all(value - learned(TINY, n, seed)[1].lower_value <= bound for seed in range(20))
    n = sufficient_episodes(TINY.mdp, TINY.baseline, best, 1.0, delta=0.05)
    gaps = [value - offline_loss_bound(TINY.mdp, TINY.baseline, best, m, delta=0.05) for m in (n - 1, n)]
    assert gaps[0] < 1.0 <= gaps[1]


def test_loss_bound_by_hand():
    """H(H-1) (sqrt(beta C N / n) + 8 L C N / n) with S = A = H = 2, C = 8/5, N = 1: the start is fixed."""
    best = backward_induction(TINY.mdp).policy
    assert concentrability(TINY.mdp, TINY.baseline, best) == pytest.approx(1.6)
    n, union = 1000, math.log(8 / 0.05)
    beta = union + 1 + math.log(1 + n)
    expected = 2 * (math.sqrt(beta * 1.6 / n) + 8 * union * 1.6 / n)
    assert offline_loss_bound(TINY.mdp, TINY.baseline, best, n, delta=0.05) == pytest.approx(expected)


def test_learn_baseline_learns_from_the_first_episodes():
    run = learn_baseline(TINY.mdp, 500, behaviour=TINY.baseline, checkpoints=(7, 500), trace=True, rng=4)
    whole = OfflineData(run.trace["states"], run.trace["actions"])
    for i, n in enumerate((7, 500)):
        part = OfflineData(whole.states[:n], whole.actions[:n])
        found = offline_baseline(part, TINY.mdp.R, 0, delta=0.05)
        assert found.lower_value == run.extra["lower_values"][i]
        assert run.extra["true_values"][i] == pytest.approx(policy_value(TINY.mdp, found.policy).value)
    assert run.regret[-1] == pytest.approx(500 * TINY.gap) and run.baseline_episodes[-1] == 500


@pytest.mark.parametrize("algorithm", [stepmix_offline, epsmix_offline])
def test_the_learner_meets_the_same_luck_whatever_the_data(algorithm):
    runs = [
        algorithm(
            TINY.mdp, 40, behaviour=TINY.baseline, offline_episodes=n, threshold=TINY.threshold, rng=2, trace=True
        )
        for n in (3000, 5000)
    ]
    assert np.array_equal(runs[0].trace["states"], runs[1].trace["states"])
    assert all(run.violations[-1] == 0 and run.seed["entropy"] == 2 for run in runs)
    assert runs[0].extra["offline"]["concentrability"] == pytest.approx(1.6)


def test_a_generator_gives_fresh_data_each_time():
    generator, given = np.random.default_rng(0), {"behaviour": TINY.baseline, "offline_episodes": 500}
    a, b = (
        stepmix_offline(TINY.mdp, 5, threshold=TINY.threshold, rng=generator, trace=True, **given) for _ in range(2)
    )
    assert not np.array_equal(a.extra["offline"]["states"], b.extra["offline"]["states"])
    data = OfflineData.collect(TINY.mdp, TINY.baseline, 500, streams(9).instance)
    run = stepmix_offline(TINY.mdp, 5, threshold=TINY.threshold, rng=9, trace=True, **given)
    assert np.array_equal(run.extra["offline"]["states"], data.states)


def test_too_little_data_is_refused_before_any_step():
    with pytest.raises(
        ValueError, match=r"offline_episodes is 10, .*not above the threshold.*step 0, state 0, action 0: 8"
    ):
        stepmix_offline(TINY.mdp, 5, behaviour=TINY.baseline, offline_episodes=10, threshold=TINY.threshold, rng=1)


def test_edges():
    one = EpisodicMDP(P=[[[1.0]]], R=[[0.5]], horizon=1)
    data = OfflineData.collect(one, [[0]], 1, 0)
    assert offline_baseline(data, one.R, 0, delta=0.05).lower_value == 0.5  # one step: no transition matters
    long = EpisodicMDP(P=[[[1.0]]], R=[[0.5]], horizon=3)
    found = offline_baseline(OfflineData.collect(long, [[0]] * 3, 10_000, 0), long.R, [1.0], delta=0.05)
    assert 0.5 < found.lower_value < 1.5
    random_start = EpisodicMDP(TINY.mdp.P, TINY.mdp.R, start=[0.5, 0.5])
    starts = OfflineData.collect(random_start, TINY.baseline, 4000, 0).states[:, 0]
    assert abs(starts.mean() - 0.5) < 0.05
    assert concentrability(TINY.mdp, [[0, 0], [0, 0]], [[1, 0], [0, 0]]) == math.inf


@pytest.mark.parametrize(
    ("states", "actions", "message"),
    [
        ([[0, 1]], [[0, 1]], r"states has shape \(1, 2\) and actions \(1, 2\)"),
        (np.zeros((0, 3), int), np.zeros((0, 2), int), "expected at least one episode"),
        ([[0, -1, 0]], [[0, 1]], r"states\[0, 1\] is -1"),
        ([[0.0, 1.0, 0.0]], [[0, 1]], "states has dtype float64"),
    ],
)
def test_bad_data(states, actions, message):
    with pytest.raises((TypeError, ValueError), match=message):
        OfflineData(states, actions)


def test_bad_arguments():
    data = OfflineData([[0, 1, 5]], [[0, 1]])
    with pytest.raises(ValueError, match=r"states\[0, 2\] is 5, expected an index below 2"):
        offline_baseline(data, TINY.mdp.R, 0, delta=0.05)
    with pytest.raises(TypeError, match="data is of type list, expected an OfflineData"):
        offline_baseline([], TINY.mdp.R, 0, delta=0.05)
    with pytest.raises(ValueError, match=r"target is 2, expected less than the policy's value 0.9296875"):
        sufficient_episodes(TINY.mdp, TINY.baseline, TINY.baseline, 2.0, delta=0.05)
    with pytest.raises(ValueError, match="expected one that 1000000000 episodes reach"):
        narrow = np.array([[0, 0], [0, 0]])
        sufficient_episodes(TINY.mdp, narrow, backward_induction(TINY.mdp).policy, 1.0, delta=0.05)
    with pytest.raises(ValueError, match="offline_episodes is 0"):
        stepmix_offline(TINY.mdp, 5, behaviour=TINY.baseline, offline_episodes=0, threshold=0.5)


def test_received_rewards_of_the_behaviour_are_drawn():
    coins = named_problem("tiny").mdp.with_reward_law("bernoulli")
    certain = learn_baseline(coins.with_reward_law("deterministic"), 400, behaviour=[[0, 0], [1, 1]], rng=1)
    drawn = learn_baseline(coins, 400, behaviour=[[0, 0], [1, 1]], rng=1)
    assert (drawn.reward_sum == np.round(drawn.reward_sum)).all()
    assert abs(drawn.reward_sum[-1] - certain.reward_sum[-1]) < 100.0  # five standard deviations
    assert (drawn.visits == certain.visits).all()


def test_a_data_set_that_no_memory_holds_is_refused():
    tiny = named_problem("tiny")
    with pytest.raises(ValueError, match=r"episodes is .*, expected an integer in"):
        OfflineData.collect(tiny.mdp, tiny.baseline, 10**12)
    with pytest.raises(ValueError, match="rows of different lengths"):
        OfflineData([[0, 1], [1]], [[0], [0]])
    data = OfflineData.collect(tiny.mdp, tiny.baseline, 5, rng=0)
    with pytest.raises(ValueError, match=r"first is -1, expected an integer in 0\.\.5"):
        data.counts(2, 2, first=-1)
