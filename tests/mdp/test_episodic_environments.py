"""Episodic instances and conservative problems against reference values and closed forms."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from theorylab.mdp.environments import dirichlet_mdp
from theorylab.mdp.episodic import EpisodicMDP
from theorylab.mdp.episodic.environments import (
    ConservativeProblem,
    catalogue,
    combination_lock,
    conservative_problem,
    dirichlet_episodic,
    episodic_cliff,
    hard_instance,
    margin_mdp,
    named,
    named_problem,
    problem_catalogue,
    safe_grid,
    safe_grid_baseline,
    tiny_episodic,
    toward_optimal_baseline,
)
from theorylab.mdp.episodic.planning import backward_induction, policy_value

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "episodic_reference.json").read_text())


@pytest.mark.parametrize("name", REFERENCE["optimal"])
def test_optimal_values_of_the_reference(name):
    assert backward_induction(named(name)).value == pytest.approx(REFERENCE["optimal"][name], rel=1e-11)


@pytest.mark.parametrize("name", REFERENCE["problems"])
def test_conservative_problems_of_the_reference(name):
    expected, problem = REFERENCE["problems"][name], named_problem(name)
    for field in ("optimal_value", "baseline_value", "threshold", "margin"):
        assert getattr(problem, field) == pytest.approx(expected[field], rel=1e-11), field
    uniform = (1.0 - expected["weight"]) / problem.mdp.n_actions
    assert sorted(set(problem.baseline.ravel())) == pytest.approx([uniform, expected["weight"] + uniform])
    assert problem.margin == pytest.approx(expected["margin_fraction"] * problem.baseline_value, rel=1e-12)
    assert problem.gap == problem.optimal_value - problem.baseline_value


@pytest.mark.parametrize("name", catalogue())
def test_catalogue_makes_models_of_that_name_with_rewards_in_the_unit_interval(name):
    mdp = named(name)
    assert mdp.name == name and mdp.rewards_in_unit_interval and mdp.fingerprint == named(name).fingerprint
    assert backward_induction(mdp).check(mdp)


@pytest.mark.parametrize("name", problem_catalogue())
def test_problems_leave_something_to_learn_and_a_positive_margin(name):
    problem = named_problem(name)
    assert problem.name == problem.mdp.name == name
    assert problem.margin > 0.0 and problem.gap > 0.05 and problem.threshold > 0.0
    worst = -backward_induction(EpisodicMDP(problem.mdp.P, -problem.mdp.R, start=problem.mdp.start)).value
    assert worst < problem.threshold  # the constraint excludes some policies


@pytest.mark.parametrize(
    "name",
    ["riverswim-7-h4", "riverswim-6-strehl-littman-h9", "chain-3-h2", "dirichlet-2-4-h3-seed11",
     "combination-lock-h3-a4-seed2", "hard-5-3-h4"],
)  # fmt: skip
def test_families_by_name(name):
    assert named(name).name == name


@pytest.mark.parametrize("name", ["riverswim-6", "riverswim-6-unknown-h3", "tiny-h2", "", "dirichlet-3-3-h3"])
def test_unknown_names_list_near_ones(name):
    with pytest.raises(ValueError, match="expected a known episodic model; near: "):
        named(name)
    with pytest.raises(ValueError, match="expected a known conservative problem; near: "):
        named_problem(name)


def test_dirichlet_episodes_share_the_kernel_of_the_stationary_family():
    mdp, base = dirichlet_episodic(4, 2, 3, rng=9), dirichlet_mdp(4, 2, rng=9)
    assert (mdp.P == base.P).all() and (mdp.R == base.R).all() and mdp.stationary


@pytest.mark.parametrize(("horizon", "n_actions"), [(1, 2), (4, 3), (7, 2)])
def test_combination_lock_opens_to_one_sequence_only(horizon, n_actions):
    mdp = combination_lock(horizon, n_actions, rng=3)
    assert backward_induction(mdp).value == 1.0
    uniform = np.full((horizon, 2, n_actions), 1.0 / n_actions)
    assert policy_value(mdp, uniform).value == pytest.approx(n_actions**-horizon, rel=1e-12)
    opened = 0
    for sequence in itertools.product(range(n_actions), repeat=horizon):
        opened += policy_value(mdp, np.repeat(np.array(sequence)[:, None], 2, axis=1)).value
    assert opened == 1.0
    with pytest.raises(ValueError, match="n_actions is 1"):
        combination_lock(3, 1)


@pytest.mark.parametrize(("S", "A", "H"), [(4, 2, 3), (6, 3, 8), (9, 2, 11)])
def test_hard_instance_has_the_closed_form_for_every_special_door(S, A, H):
    waits, doors = max(1, (H - 1) // 2), S - 3
    paid = H - 1 - waits
    for special in itertools.product(range(1, waits + 1), range(1, doors + 1), range(A)):
        mdp = hard_instance(S, A, H, epsilon=0.3, special=special)
        solution = backward_induction(mdp)
        assert solution.value == pytest.approx(paid * (0.5 + 0.3 / doors), rel=1e-13)
        step, door, action = special
        chosen = np.array(solution.policy)
        assert chosen[step, door] == action
        chosen[step, door] = (action + 1) % A  # without the special action every door is a coin
        assert policy_value(mdp, chosen).value == pytest.approx(paid * 0.5, rel=1e-13)
    for special, message in [
        ((0, 1, 0), r"special\[0\] is 0"), ((1, doors + 1, 0), r"special\[1\]"), ((1, 1, A), r"special\[2\]"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            hard_instance(S, A, H, special=special)


def test_grids_move_as_drawn():
    grid = safe_grid()
    assert grid.P[0, 8, 0, [4, 9, 8]] == pytest.approx([0.8, 0.1, 0.1])  # up from the start; left is a wall
    assert grid.P[0, 2, 1, [3, 2, 6]] == pytest.approx([0.8, 0.1, 0.1])  # right to the goal
    assert grid.P[0, 11, 0, 7] == pytest.approx(0.8)  # up into the trap
    assert grid.P[0, 7, 2, 7] == grid.P[0, 3, 1, 3] == 1.0
    assert set(grid.R[0, 3]) == {1.0} and set(grid.R[0, 7]) == {0.0} and grid.start_state == 8
    sure = safe_grid(slip=0.0)
    assert backward_induction(sure).value == pytest.approx(5 * 0.1 + 7)  # five moves, then the goal
    assert safe_grid_baseline(3).shape == (3, 12, 4)
    cliff = episodic_cliff(slip=0.0)
    assert backward_induction(cliff).value == 16 - 6  # up, four right, down
    slippery = episodic_cliff()
    assert slippery.P[0, 6, 2, 10] == pytest.approx(0.9)  # down from above the cliff: back to the start
    assert slippery.P[0, :10, :, 11:14].max() == 0.0
    with pytest.raises(ValueError, match=r"slip is 1.5, expected"):
        safe_grid(slip=1.5)
    with pytest.raises(ValueError, match="columns is 2"):
        episodic_cliff(columns=2)


def test_toward_optimal_baseline_goes_from_uniform_to_optimal():
    mdp = dirichlet_episodic(4, 3, 5, rng=1)
    best = backward_induction(mdp).value
    values = [policy_value(mdp, toward_optimal_baseline(mdp, w)).value for w in (0.0, 0.3, 0.7, 1.0)]
    assert values == sorted(values) and values[-1] == pytest.approx(best, abs=1e-12)
    assert values[0] == pytest.approx(policy_value(mdp, np.full((5, 4, 3), 1 / 3)).value, abs=1e-12)
    with pytest.raises(ValueError, match=r"weight is 1.2, expected"):
        toward_optimal_baseline(mdp, 1.2)


@pytest.mark.parametrize("margin", [0.01, 0.4])
def test_margin_mdp_has_the_margin_and_another_law_at_every_step(margin):
    problem = margin_mdp(3, 2, 4, margin, rng=2)
    assert problem.margin == pytest.approx(margin, abs=1e-12) and not problem.mdp.stationary
    assert policy_value(problem.mdp, problem.baseline).value - problem.threshold == pytest.approx(margin, abs=1e-12)
    assert margin_mdp(3, 2, 4, margin, rng=2).mdp.fingerprint == problem.mdp.fingerprint
    for bad in (0.0, -0.1, 50.0):
        with pytest.raises(ValueError, match=r"^margin is "):
            margin_mdp(3, 2, 4, bad, rng=2)


def test_a_problem_without_a_margin_is_refused():
    mdp = tiny_episodic()
    baseline = toward_optimal_baseline(mdp, 0.5)
    value = 119 / 128
    certified = policy_value(mdp, baseline).value_lower
    for threshold in (certified, value, value + 0.1):
        with pytest.raises(ValueError, match=r"^threshold is .* less than the baseline's value 0.9296875: the margin"):
            conservative_problem(mdp, baseline, threshold=threshold)
    assert conservative_problem(mdp, baseline, threshold=value - 1e-6).margin == pytest.approx(1e-6)
    for fraction in (0.0, -0.5, 1.5):
        with pytest.raises(ValueError, match=r"^margin_fraction is "):
            conservative_problem(mdp, baseline, margin_fraction=fraction)
    with pytest.raises(ValueError, match="both given, expected exactly one"):
        conservative_problem(mdp, baseline, threshold=0.1, margin_fraction=0.1)
    with pytest.raises(ValueError, match="neither given, expected exactly one"):
        conservative_problem(mdp, baseline)
    with pytest.raises(ValueError, match=r"^baseline\[0, 1\] sums to 0.9"):
        conservative_problem(mdp, [[[1, 0], [0.5, 0.4]], [[1, 0], [1, 0]]], threshold=0.1)
    with pytest.raises(ValueError, match=r"^baseline_value is 0.5, expected 0.9296875"):
        ConservativeProblem(mdp, baseline, 0.5, 1.125, 0.1)
    with pytest.raises(ValueError, match=r"^optimal_value is 2, expected 1.125"):
        ConservativeProblem(mdp, baseline, value, 2.0, 0.1)
    with pytest.raises(TypeError, match="mdp is of type str"):
        conservative_problem("tiny", baseline, threshold=0.1)
