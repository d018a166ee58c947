"""Episodic planning against enumeration, a linear program, rational arithmetic and plain recursions."""

import dataclasses
import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.mdp.episodic import EpisodicMDP
from theorylab.mdp.episodic.environments import (
    dirichlet_episodic,
    episodic_chain,
    episodic_riverswim,
    hard_instance,
    named_problem,
    tiny_episodic,
)
from theorylab.mdp.episodic.planning import (
    backward_induction,
    exact_optimal_value,
    exact_policy_value,
    mixture_value,
    occupancy_measure,
    policy_value,
    validated_policy,
)


def random_mdp(seed, S=2, A=2, H=2, sparse=False):
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.ones(S), size=(H, S, A))
    if sparse:  # sure moves somewhere
        P = np.where(rng.random((H, S, A, 1)) < 0.5, np.eye(S)[rng.integers(S, size=(H, S, A))], P)
    return EpisodicMDP(P, rng.normal(size=(H, S, A)), start=rng.dirichlet(np.ones(S)), name=f"random-{seed}")


def random_policy(mdp, seed):
    return np.random.default_rng(seed).dirichlet(np.ones(mdp.n_actions), size=(mdp.horizon, mdp.n_states))


def by_trajectories(mdp, policy):
    """The value as a sum over all trajectories: probability times total reward."""
    H, S, A = mdp.R.shape
    total = 0.0
    for path in itertools.product(itertools.product(range(S), range(A)), repeat=H):
        probability, reward = mdp.start[path[0][0]], 0.0
        for h, (s, a) in enumerate(path):
            probability *= policy[h, s, a]
            if h + 1 < H:
                probability *= mdp.P[h, s, a, path[h + 1][0]]
            reward += mdp.R[h, s, a]
        total += probability * reward
    return total


def deterministic_policies(mdp):
    H, S, A = mdp.R.shape
    for actions in itertools.product(range(A), repeat=H * S):
        yield np.array(actions).reshape(H, S)


@pytest.mark.parametrize("mdp", [tiny_episodic(), *(random_mdp(seed) for seed in range(6))], ids=lambda m: m.name)
def test_optimal_value_is_the_best_of_all_deterministic_policies(mdp):
    solution = backward_induction(mdp)
    values = [by_trajectories(mdp, np.eye(2)[policy]) for policy in deterministic_policies(mdp)]
    assert len(values) == 16
    assert solution.value == pytest.approx(max(values), abs=1e-13)
    assert by_trajectories(mdp, np.eye(2)[solution.policy]) == pytest.approx(max(values), abs=1e-13)
    assert solution.value_lower <= solution.value <= solution.value_upper and solution.check(mdp)


@pytest.mark.parametrize("seed", range(5))
def test_policy_value_is_the_sum_over_trajectories(seed):
    mdp = random_mdp(seed, H=3)
    policy = random_policy(mdp, seed)
    result = policy_value(mdp, policy)
    assert result.value == pytest.approx(by_trajectories(mdp, policy), abs=1e-13) and result.check(mdp)
    assert result.V[:-1] == pytest.approx((policy * result.Q).sum(axis=-1), abs=1e-15)


def test_optimal_value_is_that_of_the_linear_program():
    from scipy.optimize import linprog

    mdp = random_mdp(3, S=3, A=2, H=3)
    H, S, A = mdp.R.shape
    rows, totals = [], []
    for h, s in itertools.product(range(H), range(S)):  # flow out of (h, s) equals flow in
        row = np.zeros((H, S, A))
        row[h, s] += 1.0
        if h:
            row[h - 1] -= mdp.P[h - 1, :, :, s]
        rows.append(row.ravel())
        totals.append(mdp.start[s] if h == 0 else 0.0)
    program = linprog(-mdp.R.ravel(), A_eq=np.array(rows), b_eq=totals)
    assert backward_induction(mdp).value == pytest.approx(-program.fun, abs=1e-9)


@pytest.mark.parametrize(
    "mdp", [tiny_episodic(), episodic_riverswim(3, 6), episodic_chain(), hard_instance()], ids=repr
)
def test_rational_values_lie_within_the_float_bounds(mdp):
    solution = backward_induction(mdp)
    exact = exact_optimal_value(mdp)
    assert isinstance(exact, Fraction)
    assert solution.value_lower <= exact <= solution.value_upper  # Python compares floats and Fractions exactly
    policy = np.full(mdp.R.shape, 1.0 / mdp.n_actions)
    result = policy_value(mdp, policy)
    assert result.value_lower <= exact_policy_value(mdp, policy) <= result.value_upper
    assert exact_policy_value(mdp, solution.policy) == exact
    dyadic = exact_optimal_value(mdp, max_denominator=None)
    assert solution.value_lower <= dyadic <= solution.value_upper


def test_known_rational_values():
    assert exact_optimal_value(tiny_episodic()) == Fraction(9, 8)
    assert exact_policy_value(tiny_episodic(), named_problem("tiny").baseline) == Fraction(119, 128)
    # V* = 4 (1/2 + epsilon / D): 1/10 as decimals, D = 3
    assert exact_optimal_value(hard_instance()) == Fraction(32, 15)
    assert exact_optimal_value(episodic_chain()) == Fraction(18446848, 10**7)


def test_rational_mode_refuses_to_guess():
    mdp = dirichlet_episodic(3, 2, 2, rng=0)
    with pytest.raises(ValueError, match=r"^P\[0, 0, 0\] has the entry 0.39546198954297845, expected"):
        exact_optimal_value(mdp)
    third = EpisodicMDP(np.full((2, 2, 2, 2), 0.5), np.zeros((2, 2)))
    with pytest.raises(ValueError, match=r"^policy\[1, 0\] has the entry 0.123456789123, expected"):
        exact_policy_value(third, [[[0.5, 0.5], [0.5, 0.5]], [[0.123456789123, 0.876543210877], [0.5, 0.5]]])
    nearly = EpisodicMDP([[[1 / 3, 2 / 3 + 1e-12], [1, 0]], [[0, 1], [0, 1]]], np.zeros((2, 2)), 2, start=[0.1, 0.9])
    with pytest.raises(ValueError, match=r"^P\[0, 0, 0\] (sums to|has the entry)"):
        exact_optimal_value(nearly, max_denominator=10**12)
    with pytest.raises(ValueError, match="max_denominator is 0"):
        exact_optimal_value(tiny_episodic(), max_denominator=0)
    exact = exact_optimal_value(mdp, max_denominator=None)
    solution = backward_induction(mdp)
    assert solution.value_lower <= exact <= solution.value_upper


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 5), st.integers(0, 10**6), st.booleans())
def test_relations_between_the_solvers(S, A, H, seed, sparse):
    mdp = random_mdp(seed, S, A, H, sparse)
    policy = random_policy(mdp, seed + 1)
    solution, result = backward_induction(mdp), policy_value(mdp, policy)
    assert solution.check(mdp) and result.check(mdp)
    assert (solution.V >= result.V - 1e-12).all()
    greedy = policy_value(mdp, solution.policy)
    assert greedy.V == pytest.approx(solution.V, abs=1e-10)
    occupancy = occupancy_measure(mdp, policy)
    assert occupancy.check(mdp)
    assert occupancy.value == pytest.approx(result.value, abs=1e-12)
    assert occupancy.occupancy.sum(axis=(1, 2)) == pytest.approx(np.ones(H), abs=1e-12)
    exact = exact_policy_value(mdp, policy, max_denominator=None)
    assert result.value_lower <= exact <= result.value_upper
    width = H * (np.abs(mdp.R).max() + 1.0) * (S + A + 20) * 2.0**-50 * H
    assert solution.value_upper - solution.value_lower < width


def test_occupancy_counts_visits_of_simulated_episodes():
    mdp = random_mdp(11, S=3, A=2, H=3)
    policy = random_policy(mdp, 12)
    occupancy = occupancy_measure(mdp, policy).occupancy
    for h, s, a in itertools.product(range(3), range(3), range(2)):
        marked = np.zeros(mdp.R.shape)
        marked[h, s, a] = 1.0  # the expected number of visits is the value under this reward
        assert occupancy[h, s, a] == pytest.approx(policy_value(dataclasses.replace(mdp, R=marked), policy).value)


def test_ties_go_to_the_first_action():
    R = np.array([[[0.5, 0.5 + 1e-12, 0.5 - 1e-9], [0.1, 0.3, 0.3]]])
    mdp = EpisodicMDP(np.full((1, 2, 3, 2), 0.5), R)
    assert backward_induction(mdp).policy.tolist() == [[0, 1]]


def test_mixture_drawn_at_the_start_is_linear_and_not_a_stepwise_mixture():
    mdp = tiny_episodic()
    first, second = np.zeros((2, 2), dtype=int), np.ones((2, 2), dtype=int)
    mixed = mixture_value(mdp, [0.25, 0.75], [first, second])
    parts = [by_trajectories(mdp, np.eye(2)[policy]) for policy in (first, second)]
    assert mixed.value == pytest.approx(0.25 * parts[0] + 0.75 * parts[1], abs=1e-14)
    assert mixed.value_lower <= mixed.value <= mixed.value_upper
    stepwise = policy_value(mdp, 0.25 * np.eye(2)[first] + 0.75 * np.eye(2)[second]).value
    assert abs(stepwise - mixed.value) > 1e-3
    with pytest.raises(ValueError, match=r"weights sums to 0.9, expected 1"):
        mixture_value(mdp, [0.25, 0.65], [first, second])
    with pytest.raises(ValueError, match=r"weights has shape \(1,\), expected \(2,\)"):
        mixture_value(mdp, [1.0], [first, second])
    with pytest.raises(ValueError, match=r"policies\[1\]\[0, 1\] is 2, expected an action in 0\.\.1"):
        mixture_value(mdp, [0.5, 0.5], [first, [[0, 2], [0, 0]]])


@pytest.mark.parametrize(
    ("policy", "error", "message"),
    [
        ([[0, 1]], ValueError, r"^baseline has shape \(1, 2\), expected \(2, 2\) actions or \(2, 2, 2\) prob"),
        ([[0, 1], [2, 0]], ValueError, r"^baseline\[1, 0\] is 2, expected an action in 0\.\.1$"),
        ([[0, 1], [-1, 0]], ValueError, r"^baseline\[1, 0\] is -1"),
        ([[0.0, 1.0], [1.0, 0.0]], TypeError, "^baseline has dtype float64, expected integer actions"),
        ([[True, False], [True, False]], TypeError, "^baseline has dtype bool"),
        ([[[0.5, 0.5], [1, 0]], [[0.5, 0.4], [1, 0]]], ValueError, r"^baseline\[1, 0\] sums to 0.9, expected 1$"),
        ([[[0.5, 0.5], [1, 0]], [[1.5, -0.5], [1, 0]]], ValueError, r"^baseline\[1, 0, 1\] is -0.5"),
        ([[[0.5, 0.5], [1, 0]], [[np.nan, 1], [1, 0]]], ValueError, r"^baseline\[1, 0, 0\] is nan"),
        ([[0, 1], [0]], TypeError, "^baseline cannot be read"),
        ("policy", TypeError, "^baseline cannot be read"),
    ],
)
def test_a_bad_policy_is_named(policy, error, message):
    for function in (policy_value, occupancy_measure, exact_policy_value):
        with pytest.raises(error, match=message):
            function(tiny_episodic(), policy, name="baseline")
    with pytest.raises(error, match=message):
        validated_policy("baseline", policy, tiny_episodic())


def test_other_models_are_refused():
    from theorylab.mdp.environments import riverswim

    for call in (backward_induction, exact_optimal_value):
        with pytest.raises(TypeError, match="mdp is of type FiniteMDP, expected an EpisodicMDP"):
            call(riverswim(6))


def test_rows_are_divided_by_their_sums_in_the_exact_mode():
    mdp = EpisodicMDP([[[0.5, 0.5 + 5e-10]], [[0.0, 1.0]]], [[1.0], [1.0]], 3, start=[0.5 + 3e-10, 0.5])
    assert exact_optimal_value(mdp, max_denominator=None) == 3
    solution = backward_induction(mdp)
    assert solution.value_lower <= 3 <= solution.value_upper and solution.check(mdp)


def shifted(result, by):
    """Everything at the first step of state 0 moved, so that only one side's inequality breaks."""
    fields = ("V", "V_lower", "V_upper")
    return dataclasses.replace(
        result,
        **{field: raised(getattr(result, field), (0, 0), by) for field in fields},
        **{field: getattr(result, field) + by for field in ("value", "value_lower", "value_upper")},
    )


def raised(values, index, by):
    result = np.array(values)
    result[index] += by
    return result


def test_checks_reject_forged_results():
    mdp = episodic_riverswim(4, 6)
    solution, result = backward_induction(mdp), policy_value(mdp, np.full((6, 4, 2), 0.5))
    forged = [
        dataclasses.replace(solution, V_lower=raised(solution.V_lower, (2, 3), 1e-6)),
        dataclasses.replace(solution, V_upper=raised(solution.V_upper, (2, 3), -1e-6)),
        dataclasses.replace(solution, V_lower=solution.V, V_upper=raised(solution.V, (0, 0), -1e-15)),
        dataclasses.replace(solution, value_lower=solution.value_upper + 1e-9),
        dataclasses.replace(solution, policy=1 - solution.policy),
        dataclasses.replace(solution, Q=raised(solution.Q, (3, 1, 0), -1e-6)),
        dataclasses.replace(result, V_upper=raised(result.V_upper, (1, 0), -1e-6)),
        dataclasses.replace(result, policy=np.eye(2)[np.zeros((6, 4), dtype=int)]),
    ]
    for other in forged:
        with pytest.raises(ValueError, match="the certificate does not hold"):
            other.check(mdp)
    for by, side in ((1e-9, "V_lower"), (-1e-9, "V_upper")):
        for honest in (solution, result):
            with pytest.raises(ValueError, match=rf"{side}\[0, 0\] violates its one-step inequality"):
                shifted(honest, by).check(mdp)
    occupancy = occupancy_measure(mdp, np.full((6, 4, 2), 0.5))
    for change in (
        {"occupancy": raised(occupancy.occupancy, (2, 1, 0), 1e-6)}, {"value": occupancy.value + 1e-9},
        {"policy": np.eye(2)[np.zeros((6, 4), dtype=int)]}, {"flow_residual": 1e-6},
    ):  # fmt: skip
        with pytest.raises(ValueError, match="the certificate does not hold"):
            dataclasses.replace(occupancy, **change).check(mdp)
    with pytest.raises(ValueError, match="the certificate does not hold"):
        solution.check(episodic_riverswim(4, 7))


def test_large_models_are_checked_in_extended_floats_and_odd_scales_hold():
    mdp = random_mdp(5, S=25, A=4, H=20)  # above the limit of the rational check
    assert backward_induction(mdp).check(mdp)
    assert policy_value(mdp, random_policy(mdp, 6)).check(mdp)
    for scale in (0.0, 1e-140, 1e140):
        scaled = dataclasses.replace(random_mdp(7, S=3, A=2, H=4), R=random_mdp(7, S=3, A=2, H=4).R * scale)
        assert backward_induction(scaled).check(scaled)
        assert occupancy_measure(scaled, random_policy(scaled, 8)).check(scaled)
