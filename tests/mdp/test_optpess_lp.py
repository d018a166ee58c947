"""OptPess-LP and its linear program: reference, duality, plain Python, two signals; edges and bad input."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from theorylab.core.kernels import plain_kernels
from theorylab.mdp.episodic import EpisodicMDP
from theorylab.mdp.episodic.environments import margin_mdp, named_problem
from theorylab.mdp.episodic.occupancy_program import (
    constrained_optimum,
    evaluate_law,
    largest_value,
    solve_occupancy,
)
from theorylab.mdp.episodic.optpess_lp import optpess_lp
from theorylab.mdp.episodic.optpess_lp_reference import reference_optpess_lp
from theorylab.mdp.episodic.planning import backward_induction, occupancy_measure, policy_value

TINY = named_problem("tiny")


def run(problem, episodes, algorithm=optpess_lp, **keywords):
    given = {"baseline": problem.baseline, "threshold": problem.threshold, **keywords}
    return algorithm(problem.mdp, episodes, **given)


@pytest.mark.parametrize("resolve", ["always", "doubling"])
@pytest.mark.parametrize(
    ("problem", "episodes", "scale"),
    [(TINY, 70, 1.0), (named_problem("dirichlet-3-3-h3-seed5"), 25, 0.3), (margin_mdp(3, 2, 2, 0.3, 1), 30, 0.3)],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_decision_is_that_of_the_reference(problem, episodes, scale, resolve):
    for seed, optimism in ((0, None), (1, 1.0)):
        given = {"scale": scale, "resolve": resolve, "rng": seed, "trace": True, "optimism": optimism}
        given["baseline_value"] = problem.baseline_value
        fast, slow = run(problem, episodes, **given), run(problem, episodes, reference_optpess_lp, **given)
        for key in ("states", "actions", "values", "kinds", "certificates"):
            assert np.allclose(fast.trace[key], slow.trace[key], atol=1e-9), key
        for key in ("regret", "worst_margin", "violations", "greedy_episodes", "baseline_episodes"):
            assert np.allclose(getattr(fast, key), getattr(slow, key), atol=1e-9), key


def test_two_signals_decide_like_the_reference():
    mdp, signal, law = TINY.mdp, 1.0 - TINY.mdp.R, np.full((2, 2, 2), 0.5)
    value = evaluate_law(mdp.P, signal, law, mdp.start)
    given = {
        "baseline": law, "baseline_value": value, "constraint_rewards": signal, "threshold": 0.9 * value, "trace": True,
    }  # fmt: skip
    fast, slow = (f(mdp, 90, rng=3, **given) for f in (optpess_lp, reference_optpess_lp))
    assert set(fast.trace["kinds"]) == {0, 2}
    for key in ("states", "actions", "values", "kinds", "certificates"):
        assert np.allclose(fast.trace[key], slow.trace[key], atol=1e-9), key
    assert fast.violations[-1] == 0 and fast.worst_margin[-1] >= 0.0
    best = constrained_optimum(mdp.P, mdp.R, mdp.start, signal, 0.9 * value)
    assert fast.optimal_value == pytest.approx(best) and best < backward_induction(mdp).value
    assert fast.regret[-1] == pytest.approx(90 * best - fast.trace["values"].sum())


def test_compiled_and_plain_kernels_agree_to_the_bit():
    fast = run(TINY, 150, rng=3, trace=True)
    with plain_kernels():
        slow = run(TINY, 150, rng=3, trace=True)
    assert all(np.array_equal(fast.trace[key], slow.trace[key], equal_nan=True) for key in fast.trace)
    assert np.array_equal(fast.regret, slow.regret)


def test_a_trace_changes_nothing_and_every_value_is_exact():
    bare, traced = (run(TINY, 600, rng=8, trace=trace) for trace in (False, True))
    assert np.array_equal(bare.regret, traced.regret) and bare.extra == traced.extra
    for plan, k in zip(*np.unique(traced.trace["plans"], return_index=True), strict=True):
        exact = policy_value(TINY.mdp, traced.trace["policies"][plan]).value
        assert traced.trace["values"][k] == pytest.approx(exact, abs=1e-12)
    assert traced.extra["worst_residual"] < 1e-9 and traced.extra["refused"] == 0


def test_it_is_safe_and_leaves_the_baseline():
    for seed in range(5):
        found = run(TINY, 1500, rng=seed, optimism=1.0)
        assert found.violations[-1] == 0 and found.greedy_episodes[-1] > 1000
        assert found.regret[-1] < 0.2 * 1500 * TINY.gap


def test_the_program_without_a_constraint_is_backward_induction():
    for problem in (TINY, named_problem("dirichlet-3-3-h3-seed5"), named_problem("safe-grid")):
        m = problem.mdp
        found = solve_occupancy(m.P, m.R, m.start, fallback=problem.baseline)
        assert found.objective == pytest.approx(backward_induction(m).value, abs=1e-8)
        assert largest_value(m.P, m.R, m.start) == pytest.approx(found.objective, abs=1e-8)
        assert np.allclose(found.policy.sum(axis=2), 1.0) and found.residual < 1e-8


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_binding_program_mixes_two_deterministic_policies(share):
    m, signal = TINY.mdp, 1.0 - TINY.mdp.R
    points = []
    for flat in itertools.product(range(2), repeat=4):
        policy = np.reshape(flat, (2, 2))
        occupancy = occupancy_measure(m, policy).occupancy
        points.append(((occupancy * m.R).sum(), (occupancy * signal).sum()))
    low, high = min(g for _, g in points), max(g for _, g in points)
    level = low + share * (high - low)
    best = max(f for f, g in points if g >= level)
    for (f, g), (u, v) in itertools.permutations(points, 2):
        if g < level <= v:
            weight = (level - g) / (v - g)
            best = max(best, (1 - weight) * f + weight * u)
    found = solve_occupancy(m.P, m.R, m.start, fallback=TINY.baseline, constraint=signal, level=level)
    assert found.objective == pytest.approx(best, abs=1e-6) and found.constraint >= level
    assert solve_occupancy(m.P, m.R, m.start, fallback=TINY.baseline, constraint=signal, level=high + 0.01) is None


def test_a_large_program_is_sparse_and_the_same():
    from theorylab.mdp.episodic import occupancy_program

    m = named_problem("dirichlet-3-3-h3-seed5").mdp
    given = {"fallback": np.full(m.R.shape, 1 / 3), "constraint": m.R, "level": 1.0}
    dense = solve_occupancy(m.P, m.R, m.start, **given)
    try:
        limit, occupancy_program.DENSE = occupancy_program.DENSE, 0
        sparse = solve_occupancy(m.P, m.R, m.start, **given)
    finally:
        occupancy_program.DENSE = limit
    assert np.allclose(dense.policy, sparse.policy) and dense.objective == pytest.approx(sparse.objective)


def test_edges():
    one = EpisodicMDP(P=[[[1.0], [1.0]]], R=[[0.2, 0.7]], horizon=1)
    found = optpess_lp(one, 5, baseline=[[0]], threshold=0.1, rng=0)
    assert found.greedy_episodes[-1] == 5 and found.regret[-1] == pytest.approx(0.0)  # nothing to learn
    single = EpisodicMDP(P=[[[1.0]]], R=[[0.5]], horizon=3)
    assert optpess_lp(single, 1, baseline=[[0]] * 3, threshold=1.0, rng=0).regret[-1] == pytest.approx(0.0)
    start = EpisodicMDP(TINY.mdp.P, TINY.mdp.R, start=[0.5, 0.5], reward_law="bernoulli")
    assert optpess_lp(start, 300, baseline=TINY.baseline, threshold=0.2, rng=0).violations[-1] == 0


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"threshold": 2.0}, "threshold is 2, expected one below the baseline's constraint value 0.9296875"),
        ({"resolve": "never"}, "resolve is 'never'"),
        ({"optimism": -1.0}, "optimism is -1"),
        ({"constraint_rewards": np.full((2, 2, 2), 2.0)}, r"constraint_rewards\[0, 0, 0\] is 2"),
        ({"constraint_rewards": np.zeros((2, 2))}, "constraint_rewards has shape"),
        ({"baseline_value": 0.1}, "baseline_value is 0.1, expected a value above the threshold"),
        ({"delta": 1.0}, "delta is 1"),
    ],
)
def test_bad_arguments(more, message):
    with pytest.raises((TypeError, ValueError), match=message):
        run(TINY, 5, **more)


def test_a_level_that_no_policy_reaches():
    with pytest.raises(ValueError, match="level is 3, expected one that a policy reaches"):
        constrained_optimum(TINY.mdp.P, TINY.mdp.R, TINY.mdp.start, TINY.mdp.R, 3.0)
