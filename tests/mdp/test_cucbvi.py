"""CUCBVI: decisions of the slow reference, the budget by hand, books, edge cases, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from theorylab.core.rng import child_seed
from theorylab.mdp.episodic import EpisodicMDP
from theorylab.mdp.episodic.cucbvi import cucbvi
from theorylab.mdp.episodic.cucbvi_reference import reference_cucbvi
from theorylab.mdp.episodic.environments import conservative_problem, margin_mdp, named_problem
from theorylab.mdp.episodic.planning import policy_value
from theorylab.mdp.episodic.ucbvi import ucbvi

PROBLEMS = {
    "tiny": named_problem("tiny"),
    "riverswim": named_problem("riverswim-4-h10"),
    "margin": margin_mdp(3, 2, 3, 0.4, rng=1),
}
MORE = ("kinds", "greedy", "greedy_bounds", "certificates", "budgets")


def keywords(problem, alpha=0.1, **more):
    return {"baseline": problem.baseline, "baseline_value": problem.baseline_value, "alpha": alpha, **more}


@pytest.mark.parametrize("alpha", [0.1, 0.25, 1.0])
@pytest.mark.parametrize("scale", [1.0, 0.2])
@pytest.mark.parametrize("name", PROBLEMS)
def test_kernel_makes_the_reference_decisions(name, scale, alpha):
    problem = PROBLEMS[name]
    episodes = 25 if name == "riverswim" else 60
    given = keywords(problem, alpha, scale=scale, trace=True, rng=3)
    run, slow = (f(problem.mdp, episodes, **given) for f in (cucbvi, reference_cucbvi))
    for column in ("states", "actions", "values", *MORE):
        assert np.allclose(run.trace[column], np.asarray(slow.trace[column], dtype=float), atol=1e-9), column
    for series in ("regret", "reward_sum", "violations", "cumulative_violations", "baseline_episodes", "visits"):
        assert np.allclose(getattr(run, series), getattr(slow, series), atol=1e-8), series
    assert run.threshold == pytest.approx((1.0 - alpha) * problem.baseline_value)


def test_random_start_and_random_rewards_follow_the_reference():
    rng = np.random.default_rng(0)
    mdp = EpisodicMDP(
        rng.dirichlet(np.ones(2), size=(2, 2, 2)), rng.random((2, 2, 2)), start=[0.4, 0.6], reward_law="bernoulli"
    )
    problem = conservative_problem(mdp, np.full((2, 2, 2), 0.5), margin_fraction=0.5)
    run, slow = (f(mdp, 80, **keywords(problem, trace=True, rng=5)) for f in (cucbvi, reference_cucbvi))
    assert np.array_equal(run.trace["states"], slow.trace["states"])
    assert np.allclose(run.trace["budgets"], slow.trace["budgets"])
    assert np.allclose(run.reward_sum, slow.reward_sum) and np.allclose(run.regret, slow.regret)


def test_compiled_and_plain_kernels_agree_to_the_bit():
    from theorylab.verify.code import plain_code

    plain = plain_code({"cucbvi": "theorylab.mdp.episodic.cucbvi:cucbvi"}).algorithm("cucbvi")
    for problem in PROBLEMS.values():
        fast, slow = (f(problem.mdp, 40, **keywords(problem, trace=True, rng=1)) for f in (cucbvi, plain))
        for name in ("regret", "reward_sum", "violations", "cumulative_violations", "visits"):
            assert np.array_equal(getattr(fast, name), getattr(slow, name)), name
        for name, column in fast.trace.items():
            assert np.array_equal(column, slow.trace[name]), name


@pytest.mark.parametrize(("alpha", "every"), [(0.1, 10), (0.25, 4), (0.5, 2)])
def test_ties_while_nothing_is_known(alpha, every):
    """Every lower bound is 0: m plays of the baseline pay for one greedy play when m >= (1 - alpha)(m + 1), a tie."""
    problem = PROBLEMS["riverswim"]
    run = cucbvi(problem.mdp, 200, **keywords(problem, alpha, trace=True, rng=0))
    assert not run.trace["greedy_bounds"].any()
    greedy = np.flatnonzero(run.trace["kinds"] == 0) + 1
    assert greedy.tolist() == list(range(every, 201, every))


def test_budget_by_hand():
    problem = PROBLEMS["tiny"]
    run = cucbvi(problem.mdp, 300, **keywords(problem, trace=True, rng=0))
    kinds, bounds = run.trace["kinds"], run.trace["greedy_bounds"]
    assert set(kinds) == {0, 2}
    budget = 0.0
    for k in range(300):
        surplus = budget + bounds[k] - run.threshold * (k + 1)
        assert (kinds[k] == 0) == (surplus >= -1e-9), k
        budget += bounds[k] if kinds[k] == 0 else problem.baseline_value
        assert budget >= run.threshold * (k + 1) - 1e-9
        assert run.trace["budgets"][k] == pytest.approx(budget)
    assert np.all(np.cumsum(run.trace["values"]) >= run.trace["budgets"] - 1e-9)


def test_published_sizes():
    """RiverSwim-4 at K = 1e5, three seeds of other code: regret 69053 to 71027, single violations 185 to 216."""
    problem = PROBLEMS["riverswim"]
    runs = [cucbvi(problem.mdp, 100_000, **keywords(problem, rng=child_seed(1, i))) for i in range(6)]
    regrets = np.array([run.regret[-1] for run in runs])
    single = np.array([run.violations[-1] for run in runs])
    assert regrets.min() < 71027 and regrets.max() > 69053
    assert abs(single.mean() - 202) < 4 * np.hypot(single.std() / np.sqrt(6), 16 / np.sqrt(3))
    assert not any(run.cumulative_violations[-1] for run in runs)
    free = ucbvi(problem.mdp, 5000, threshold=runs[0].threshold, rng=0)
    assert 1400 < free.cumulative_violations[-1] < 1750  # 1565 to 1604


def test_alpha_one_is_the_free_learner():
    problem = PROBLEMS["tiny"]
    run, free = cucbvi(problem.mdp, 300, **keywords(problem, 1.0, rng=0)), ucbvi(problem.mdp, 300, rng=0)
    assert run.greedy_episodes[-1] == 300 and run.threshold == 0.0
    assert np.array_equal(run.regret, free.regret) and np.array_equal(run.visits, free.visits)


@pytest.mark.parametrize(("H", "S", "A"), [(1, 1, 1), (1, 3, 2), (3, 1, 2), (2, 2, 1)])
def test_small_models(H, S, A):
    rng = np.random.default_rng(1)
    mdp = EpisodicMDP(rng.dirichlet(np.ones(S), size=(H, S, A)), 0.25 + 0.5 * rng.random((H, S, A)))
    problem = conservative_problem(mdp, np.full((H, S, A), 1.0 / A), margin_fraction=0.5)
    run, slow = (f(mdp, 20, **keywords(problem, trace=True, rng=0)) for f in (cucbvi, reference_cucbvi))
    assert np.allclose(run.regret, slow.regret) and run.cumulative_violations[-1] == 0
    assert np.array_equal(run.trace["kinds"], slow.trace["kinds"])


def test_one_episode_and_checkpoints():
    problem = PROBLEMS["riverswim"]
    run = cucbvi(problem.mdp, 1, **keywords(problem, rng=0))
    assert run.baseline_episodes[-1] == 1 and run.regret[-1] == pytest.approx(problem.gap)
    assert run.value[-1] == pytest.approx(policy_value(problem.mdp, problem.baseline).value)
    assert run.trace is None
    run = cucbvi(problem.mdp, 50, **keywords(problem, rng=0, checkpoints=[1, 7, 50]))
    assert run.times.tolist() == [1, 7, 50] and run.visits[0].sum() == 50


def test_what_the_theorem_speaks_of():
    problem = PROBLEMS["tiny"]
    value = problem.baseline_value

    def speaks(**more):
        return cucbvi(problem.mdp, 5, **{**keywords(problem, rng=0), **more}).theorems_algorithm

    assert speaks() and speaks(baseline_value=0.9 * value)
    assert not speaks(scale=0.5) and not speaks(baseline_value=1.05 * value)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"alpha": 0.0}, "alpha is 0"),
        ({"alpha": 1.5}, r"alpha is 1\.5"),
        ({"baseline_value": 0.0}, "baseline_value is 0"),
        ({"baseline_value": 2.5}, r"baseline_value is 2\.5"),
        ({"baseline_value": 2.0}, r"\(1 - alpha\) baseline_value is 1\.8, expected one below the baseline's value"),
        ({"delta": 0.0}, "delta is 0"),
        ({"scale": -1.0}, "scale is -1"),
        ({"baseline": np.full((2, 2, 2), 0.4)}, r"baseline\[0, 0\]"),
        ({"checkpoints": [6]}, r"checkpoints\[0\] is 6"),
        ({"trace": 1}, "trace is 1"),
    ],
)
def test_bad_keywords(more, message):
    problem = PROBLEMS["tiny"]
    with pytest.raises((TypeError, ValueError), match=message):
        cucbvi(problem.mdp, 5, **{**keywords(problem, rng=0), **more})


def test_bad_arguments():
    problem = PROBLEMS["tiny"]
    with pytest.raises(TypeError, match="mdp is of type str, expected an EpisodicMDP"):
        cucbvi("tiny", 5, **keywords(problem))
    with pytest.raises(ValueError, match="episodes is 0"):
        cucbvi(problem.mdp, 0, **keywords(problem))
    with pytest.raises(TypeError, match="baseline_value"):
        cucbvi(problem.mdp, 5, baseline=problem.baseline, alpha=0.1)
