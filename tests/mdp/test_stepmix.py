"""Of theorylab/mdp/episodic/stepmix.py: against its reference, plain Python, recorded numbers; edges and bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from theorylab.core.kernels import plain_kernels
from theorylab.mdp.episodic import EpisodicMDP, named_problem, policy_value
from theorylab.mdp.episodic.environments import margin_mdp
from theorylab.mdp.episodic.stepmix import stepmix
from theorylab.mdp.episodic.stepmix_reference import reference_stepmix

TRACED = ("states", "actions", "values", "kinds", "greedy", "greedy_bounds", "certificates", "weights")


def run(problem, episodes, algorithm=stepmix, **keywords):
    given = {"baseline": problem.baseline, "threshold": problem.threshold, **keywords}
    return algorithm(problem.mdp, episodes, **given)


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize(
    ("name", "episodes", "scale"),
    [("tiny", 250, 1.0), ("dirichlet-3-3-h3-seed5", 80, 0.2), ("riverswim-4-h10", 40, 0.02), ("safe-grid", 8, 0.01)],
)
def test_the_kernel_decides_like_the_reference(name, episodes, scale, told):
    problem = named_problem(name)
    keywords = {"scale": scale, "baseline_value": problem.baseline_value if told else None}
    for seed in range(2):
        fast = run(problem, episodes, rng=seed, trace=True, **keywords)
        slow = run(problem, episodes, reference_stepmix, rng=seed, trace=True, **keywords)
        for key in TRACED:
            assert np.allclose(fast.trace[key], slow.trace[key], atol=1e-9), key
        for key in ("regret", "value", "worst_margin", "violations", "mixture_episodes", "baseline_episodes"):
            assert np.allclose(getattr(fast, key), getattr(slow, key), atol=1e-9), key


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize(
    ("name", "episodes", "scale", "kinds"),
    [
        ("tiny", 120, 0.002, {0, 2}),
        ("tiny", 200, 0.0, {0, 1, 2}),
        ("tiny", 30, 1.0, {2}),
        ("dirichlet-3-3-h3-seed5", 80, 0.001, {0, 2}),
        ("riverswim-4-h10", 20, 1e-4, {2}),
    ],
)
def test_the_variance_bonus_decides_like_its_reference(name, episodes, scale, kinds, told):
    problem = named_problem(name)
    keywords = {"scale": scale, "baseline_value": problem.baseline_value if told else None, "bonus": "bernstein"}
    fast = run(problem, episodes, rng=3, trace=True, **keywords)
    slow = run(problem, episodes, reference_stepmix, rng=3, trace=True, **keywords)
    for key in TRACED:
        assert np.allclose(fast.trace[key], slow.trace[key], atol=1e-9), key
    assert set(fast.trace["kinds"]) == ({min(kind, 1) for kind in kinds} if told else kinds)
    assert not fast.theorems_algorithm and fast.parameters["bonus"] == "bernstein"


def test_the_variance_bonus_by_hand():
    mdp = EpisodicMDP(P=[[[[1.0, 0.0]], [[1.0, 0.0]]]] * 2, R=[[[0.0], [0.0]], [[0.5], [1.0]]], start=0)
    found = stepmix(mdp, 3000, baseline=np.zeros((2, 2), int), threshold=0.1, bonus="bernstein", trace=True, rng=1)
    union, growth = math.log(3 * 2 * 1 * 2 / 0.05), math.log(8 * math.e * 3000)
    crowd = 14 * 4 * (union + 2 * growth) / 2999
    high = min(1.0, 0.5 + crowd)  # nothing varies: the second term, then half of the width
    low = max(0.0, 0.5 - crowd)
    assert found.trace["upper_values"][-1, 1, 0] == pytest.approx(high, abs=1e-12)
    assert found.trace["lower_values"][-1, 1, 0] == pytest.approx(low, abs=1e-12)
    assert found.trace["upper_values"][-1, 0, 0] == pytest.approx(min(2.0, crowd + (high - low) / 2 + high), abs=1e-12)
    assert found.trace["lower_values"][-1, 0, 0] == pytest.approx(max(0, low - crowd - (high - low) / 2), abs=1e-12)
    assert found.trace["upper_values"][0].tolist() == [[2.0, 2.0], [1.0, 1.0]]
    assert not found.trace["lower_values"][0].any()


def test_without_a_bonus_the_last_step_is_exact_under_the_variance_bonus():
    problem = named_problem("tiny")
    found = run(problem, 400, rng=0, trace=True, bonus="bernstein", scale=0.0)
    seen = found.trace["upper_values"][-1, 1] - found.trace["lower_values"][-1, 1]
    assert np.allclose(seen, 0.0, atol=1e-12)
    known = [problem.mdp.R[1, s, found.trace["greedy"][-1, 1, s]] for s in range(2)]
    assert np.allclose(found.trace["upper_values"][-1, 1], known, atol=1e-12)


def test_compiled_and_plain_kernels_agree_to_the_bit():
    problem = named_problem("tiny")
    for keywords in ({}, {"bonus": "bernstein", "scale": 0.002}):
        fast = run(problem, 120, rng=3, trace=True, **keywords)
        with plain_kernels():
            slow = run(problem, 120, rng=3, trace=True, **keywords)
        assert all(np.array_equal(fast.trace[key], slow.trace[key]) for key in fast.trace)
        assert np.array_equal(fast.regret, slow.regret)


def test_the_value_of_every_episode_is_that_of_the_policy_it_executed():
    problem = named_problem("riverswim-4-h10")
    found = run(problem, 60, rng=0, trace=True, scale=0.02, baseline_value=problem.baseline_value)
    assert set(found.trace["kinds"]) == {0, 1}
    for k in range(0, 60, 7):
        law = (found.trace["greedy"][k][..., None] == np.arange(2)).astype(float)
        switch, rho = found.trace["switches"][k], found.trace["weights"][k]
        for h in range(switch):
            share = rho if h == switch - 1 else 0.0
            law[h] = share * law[h] + (1.0 - share) * problem.baseline[h]
        assert found.trace["values"][k] == pytest.approx(policy_value(problem.mdp, law).value, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "episodes", "low", "high"),
    [("dirichlet-3-3-h3-seed5", 1_000_000, 225, 262), ("chain-5-h8", 100_000, 56461.1, 56461.2)],
)
def test_regret_of_the_record(name, episodes, low, high):
    found = run(named_problem(name), episodes, rng=1)
    assert low <= found.regret[-1] <= high and found.violations[-1] == 0


def test_a_larger_margin_is_cheaper_and_the_baseline_is_never_left_too_early():
    regret = [run(margin_mdp(4, 3, 5, margin, 0), 20_000, rng=2).regret[-1] for margin in (0.05, 0.8)]
    assert regret[1] < regret[0]


def test_the_memory_does_not_grow_with_the_episodes():
    found = run(named_problem("tiny"), 200_000, rng=1)
    assert found.trace is None and len(found.times) <= 201
    assert found.times[-1] == found.greedy_episodes[-1] + found.mixture_episodes[-1] + found.baseline_episodes[-1]


def test_a_baseline_value_above_the_truth_is_not_the_theorems_algorithm():
    problem = named_problem("tiny")
    assert run(problem, 10, rng=1).theorems_algorithm
    assert run(problem, 10, rng=1, baseline_value=problem.baseline_value).theorems_algorithm
    assert not run(problem, 10, rng=1, baseline_value=problem.baseline_value + 0.1).theorems_algorithm
    assert not run(problem, 10, rng=1, scale=0.5).theorems_algorithm


def test_one_state_one_action_one_step_one_episode():
    mdp = EpisodicMDP(P=[[[1.0]]], R=[[0.5]], horizon=1)
    found = stepmix(mdp, 1, baseline=[[0]], threshold=0.25, rng=1)
    assert found.regret.tolist() == [0.0] and found.greedy_episodes.tolist() == [1]


def test_a_random_start_and_random_rewards():
    problem = named_problem("tiny")
    mdp = EpisodicMDP(problem.mdp.P, problem.mdp.R, start=[0.5, 0.5], reward_law="bernoulli")
    given = {"baseline": problem.baseline, "threshold": 0.3, "trace": True, "rng": 5}
    fast, slow = stepmix(mdp, 80, **given), reference_stepmix(mdp, 80, **given)
    assert np.array_equal(fast.trace["states"], slow.trace["states"])
    assert np.allclose(fast.reward_sum, slow.reward_sum) and np.allclose(fast.regret, slow.regret)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"threshold": 0.95}, "threshold is 0.95, expected one below the baseline's value 0.9296875"),
        ({"threshold": math.nan}, "threshold is nan"),
        ({"baseline": [[0, 0], [0, 2]]}, r"baseline\[1, 1\] is 2, expected an action in 0..1"),
        ({"baseline": np.full((2, 2, 2), 0.45)}, r"baseline\[0, 0\] sums to 0.9, expected 1"),
        ({"baseline": [[0, 0]]}, r"baseline has shape \(1, 2\), expected \(2, 2\) actions"),
        ({"baseline_value": 0.5}, "baseline_value is 0.5, expected a value above the threshold"),
        ({"delta": 0.0}, "delta is 0"),
        ({"scale": -1.0}, "scale is -1"),
        ({"bonus": "hoeffding"}, "bonus is 'hoeffding', expected one of 'l1', 'bernstein'"),
        ({"checkpoints": [7]}, "checkpoints"),
    ],
)
def test_bad_input_is_named(change, said):
    with pytest.raises((ValueError, TypeError), match=said):
        run(named_problem("tiny"), 5, rng=1, **change)


def test_no_episode_and_wrong_rewards():
    problem = named_problem("tiny")
    with pytest.raises(ValueError, match="episodes is 0, expected"):
        run(problem, 0)
    rewards = np.array(problem.mdp.R)
    rewards[1, 0, 1] = 1.5
    mdp = EpisodicMDP(problem.mdp.P, rewards)
    with pytest.raises(ValueError, match=r"mdp.R\[1, 0, 1\] is 1.5"):
        stepmix(mdp, 5, baseline=problem.baseline, threshold=0.1)
    with pytest.raises(TypeError, match="expected an EpisodicMDP"):
        stepmix(None, 5, baseline=problem.baseline, threshold=0.1)
