"""EpsMix: decisions of the slow reference, the rule by hand, books, edge cases, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from theorylab.rooms.proofs_checks.episodic.epsmix_problems import half_margin, wide_margin

from theorylab.core.rng import child_seed
from theorylab.mdp.episodic import EpisodicMDP
from theorylab.mdp.episodic.environments import conservative_problem, margin_mdp, named_problem
from theorylab.mdp.episodic.epsmix import epsmix
from theorylab.mdp.episodic.epsmix_reference import reference_epsmix
from theorylab.mdp.episodic.planning import mixture_value, policy_value
from theorylab.mdp.episodic.ucbvi import ucbvi

PROBLEMS = {
    "tiny": named_problem("tiny"),
    "half": half_margin(),
    "wide": wide_margin(),
    "margin": margin_mdp(3, 2, 3, 0.4, rng=1),
}
MORE = ("kinds", "greedy", "greedy_bounds", "certificates", "weights")


def keywords(problem, *, told=False, **more):
    value = {"baseline_value": problem.baseline_value} if told else {}
    return {"baseline": problem.baseline, "threshold": problem.threshold, **value, **more}


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("scale", [1.0, 0.2])
@pytest.mark.parametrize("name", PROBLEMS)
def test_kernel_makes_the_reference_decisions(name, scale, told):
    problem = PROBLEMS[name]
    for seed in (3, 4):
        given = keywords(problem, told=told, scale=scale, trace=True, rng=seed)
        run, slow = (f(problem.mdp, 60, **given) for f in (epsmix, reference_epsmix))
        for column in ("states", "actions", "values", *MORE):
            expected = np.asarray(slow.trace[column], dtype=float)
            assert np.allclose(run.trace[column], expected, atol=1e-9), column
        for series in ("regret", "reward_sum", "violations", "cumulative_violations", "mixture_episodes", "visits"):
            assert np.allclose(getattr(run, series), getattr(slow, series), atol=1e-8), series


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize(("scale", "kinds"), [(0.002, {0, 2}), (1.0, {2})])
def test_the_variance_bonus_makes_the_reference_decisions(scale, kinds, told):
    problem = PROBLEMS["tiny"]
    given = keywords(problem, told=told, scale=scale, bonus="bernstein", trace=True, rng=5)
    run, slow = (f(problem.mdp, 150, **given) for f in (epsmix, reference_epsmix))
    for column in ("states", "actions", "values", *MORE):
        assert np.allclose(run.trace[column], np.asarray(slow.trace[column], dtype=float), atol=1e-9), column
    assert set(run.trace["kinds"]) == ({min(kind, 1) for kind in kinds} if told else kinds)
    assert not run.theorems_algorithm and epsmix(problem.mdp, 5, **keywords(problem, rng=1)).theorems_algorithm
    low, high = run.trace["lower_values"], run.trace["upper_values"]
    assert (low <= high).all() and (low.min(axis=(1, 2)) >= 0.0).all() and (high[:, 1] <= 1.0).all()


def test_random_start_and_random_rewards_follow_the_reference():
    rng = np.random.default_rng(0)
    mdp = EpisodicMDP(
        rng.dirichlet(np.ones(2), size=(2, 2, 2)), rng.random((2, 2, 2)), start=[0.4, 0.6], reward_law="bernoulli"
    )
    problem = conservative_problem(mdp, np.full((2, 2, 2), 0.5), margin_fraction=0.5)
    run, slow = (f(mdp, 80, **keywords(problem, told=True, trace=True, rng=5)) for f in (epsmix, reference_epsmix))
    assert np.array_equal(run.trace["states"], slow.trace["states"])
    assert np.allclose(run.trace["weights"], slow.trace["weights"])
    assert np.allclose(run.reward_sum, slow.reward_sum) and np.allclose(run.regret, slow.regret)


def test_compiled_and_plain_kernels_agree_to_the_bit():
    from theorylab.verify.code import plain_code

    plain = plain_code({"epsmix": "theorylab.mdp.episodic.epsmix:epsmix"}).algorithm("epsmix")
    for problem in PROBLEMS.values():
        fast, slow = (f(problem.mdp, 60, **keywords(problem, told=True, trace=True, rng=1)) for f in (epsmix, plain))
        for name in ("regret", "reward_sum", "violations", "visits"):
            assert np.array_equal(getattr(fast, name), getattr(slow, name)), name
        for name, column in fast.trace.items():
            assert np.array_equal(column, slow.trace[name]), name


def test_epsilon_by_hand_while_nothing_is_known():
    """RiverSwim at the start: every lower bound is 0, so epsilon is margin / value, a tenth."""
    problem = named_problem("riverswim-4-h10")
    run = epsmix(problem.mdp, 200, **keywords(problem, told=True, trace=True, rng=0))
    assert np.allclose(run.trace["weights"], 0.1)
    assert np.allclose(run.trace["certificates"], problem.threshold)
    assert run.mixture_episodes[-1] == 200
    falls = (run.trace["switches"] == 0).mean()
    assert 0.02 < falls < 0.2 and set(run.trace["switches"]) == {0, 10}


def test_booked_value_is_that_of_the_randomised_policy():
    problem = PROBLEMS["half"]
    run = epsmix(problem.mdp, 80, **keywords(problem, told=True, trace=True, rng=2))
    for k in range(0, 80, 7):
        weight = run.trace["weights"][k]
        policies = [run.trace["greedy"][k], problem.baseline]
        expected = mixture_value(problem.mdp, [weight, 1.0 - weight], policies).value
        assert run.trace["values"][k] == pytest.approx(expected, abs=1e-12)
    gaps = problem.optimal_value - run.trace["values"]
    assert run.regret[-1] == pytest.approx(gaps.sum())


def test_all_three_kinds_of_episodes():
    problem = PROBLEMS["half"]
    run = epsmix(problem.mdp, 120, **keywords(problem, trace=True, rng=0))
    weights, kinds = run.trace["weights"], run.trace["kinds"]
    assert np.array_equal(kinds == 0, weights == 1.0) and np.array_equal(kinds == 2, weights == 0.0)
    assert min((kinds == kind).sum() for kind in range(3)) > 5
    told = epsmix(problem.mdp, 120, **keywords(problem, told=True, trace=True, rng=0))
    assert told.baseline_episodes[-1] == 0


def test_published_size_of_the_regret():
    """RiverSwim-4 at K = 1e5: 69157 to 71075 over three seeds, measured with other code; never a violation."""
    problem = named_problem("riverswim-4-h10")
    runs = [epsmix(problem.mdp, 100_000, **keywords(problem, told=True, rng=child_seed(1, i))) for i in range(6)]
    regrets = np.array([run.regret[-1] for run in runs])
    assert regrets.min() < 71075 and regrets.max() > 69157
    assert abs(regrets.mean() - 70100) < 4 * np.hypot(regrets.std() / np.sqrt(6), 1000)
    assert not any(run.violations[-1] for run in runs)
    free = ucbvi(problem.mdp, 2000, threshold=problem.threshold, rng=0)
    assert free.violations[-1] > 500


def test_a_loose_threshold_is_the_free_learner_with_one_more_coin():
    problem = conservative_problem(PROBLEMS["tiny"].mdp, PROBLEMS["tiny"].baseline, threshold=-1.0)
    run = epsmix(problem.mdp, 300, **keywords(problem, rng=0))
    free = ucbvi(problem.mdp, 300, rng=0)
    assert run.greedy_episodes[-1] == 300
    assert np.allclose(run.regret, free.regret)  # greedy policies are deterministic: the coins do not matter


@pytest.mark.parametrize(("H", "S", "A"), [(1, 1, 1), (1, 3, 2), (3, 1, 2), (2, 2, 1)])
def test_small_models(H, S, A):
    rng = np.random.default_rng(1)
    mdp = EpisodicMDP(rng.dirichlet(np.ones(S), size=(H, S, A)), 0.25 + 0.5 * rng.random((H, S, A)))
    problem = conservative_problem(mdp, np.full((H, S, A), 1.0 / A), margin_fraction=0.5)
    run, slow = (f(mdp, 20, **keywords(problem, trace=True, rng=0)) for f in (epsmix, reference_epsmix))
    assert np.allclose(run.regret, slow.regret) and run.violations[-1] == 0
    assert np.array_equal(run.trace["kinds"], slow.trace["kinds"])


def test_one_episode_and_checkpoints():
    problem = PROBLEMS["tiny"]
    run = epsmix(problem.mdp, 1, **keywords(problem, rng=0))
    assert run.regret[-1] == pytest.approx(problem.gap) and run.baseline_episodes[-1] == 1
    assert run.trace is None
    run = epsmix(problem.mdp, 50, **keywords(problem, rng=0, checkpoints=[1, 7, 50]))
    assert run.times.tolist() == [1, 7, 50] and run.visits[0].sum() == 50


def test_what_the_theorem_speaks_of():
    problem = PROBLEMS["tiny"]
    value = problem.baseline_value

    def speaks(**more):
        return epsmix(problem.mdp, 5, **keywords(problem, rng=0, **more)).theorems_algorithm

    assert speaks() and speaks(baseline_value=value) and speaks(baseline_value=0.9 * value)
    assert not speaks(scale=0.5) and not speaks(baseline_value=1.01 * value)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"threshold": 1.0}, r"threshold is 1, expected one below the baseline's value 0\.9296875"),
        ({"baseline_value": 0.1}, r"baseline_value is 0\.1, expected a value above the threshold"),
        ({"baseline_value": 3.0}, r"baseline_value is 3"),
        ({"delta": 1.0}, "delta is 1"),
        ({"scale": -1.0}, "scale is -1"),
        ({"baseline": np.full((2, 2, 2), 0.4)}, r"baseline\[0, 0\]"),
        ({"checkpoints": [6]}, r"checkpoints\[0\] is 6"),
        ({"trace": 1}, "trace is 1"),
    ],
)
def test_bad_keywords(more, message):
    problem = PROBLEMS["tiny"]
    with pytest.raises((TypeError, ValueError), match=message):
        epsmix(problem.mdp, 5, **{**keywords(problem, rng=0), **more})


def test_bad_arguments():
    problem = PROBLEMS["tiny"]
    with pytest.raises(TypeError, match="mdp is of type str, expected an EpisodicMDP"):
        epsmix("tiny", 5, **keywords(problem))
    with pytest.raises(ValueError, match="episodes is 0"):
        epsmix(problem.mdp, 0, **keywords(problem))
    large = EpisodicMDP(problem.mdp.P, problem.mdp.R + 0.5)
    with pytest.raises(ValueError, match=r"mdp\.R\[1, 1, 1\] is 1\.5"):
        epsmix(large, 5, **keywords(problem))


def test_value_of_the_baseline_is_what_planning_says():
    problem = PROBLEMS["margin"]
    run = epsmix(problem.mdp, 30, **keywords(problem, trace=True, rng=0))
    only = run.trace["weights"] == 0.0
    assert only.any()
    assert np.allclose(run.trace["values"][only], policy_value(problem.mdp, problem.baseline).value)
