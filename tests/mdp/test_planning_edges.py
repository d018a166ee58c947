"""Edge cases: periodic, multichain, ill-conditioned and non-communicating models, bad input, false certificates."""

import dataclasses
import math
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from theorylab.mdp.environments import double_loop, frozen_lake, riverswim
from theorylab.mdp.planning import (
    RationalMDP,
    diameter,
    gain_by_linear_program,
    hitting_times,
    hitting_times_by_linear_program,
    optimal_gain,
    policy_gain,
    policy_iteration,
    rationalise,
    value_iteration,
)
from theorylab.mdp.planning.certificates import tables


def model(P, R):
    return SimpleNamespace(P=np.array(P, dtype=float), R=np.array(R, dtype=float))


def cycle(n):
    """One action around a circle, reward 1 in the last state: period n, gain 1/n."""
    return model(np.roll(np.eye(n), 1, axis=1)[:, None, :], [[float(s == n - 1)] for s in range(n)])


TWO_ISLANDS = model([[[1, 0, 0]], [[0.5, 0, 0.5]], [[0, 0, 1]]], [[0], [0], [1]])


def test_periodic_chain():
    solution = optimal_gain(cycle(5), exact=True)
    assert solution.exact == Fraction(1, 5) and solution.converged and solution.exact_bias_span == Fraction(4, 5)
    assert diameter(cycle(5), exact=True).exact == 4
    assert policy_gain(cycle(5), [0] * 5).recurrent_classes == ((0, 1, 2, 3, 4),)


def test_periodic_environments_with_ties():
    assert optimal_gain(double_loop(), exact=True).exact == Fraction(1, 5)
    assert optimal_gain(frozen_lake(4, slippery=False), exact=True).exact == Fraction(1, 7)


def test_single_state():
    one = model([[[1], [1]]], [[0.25, -2]])
    assert optimal_gain(one).gain == 0.25 and optimal_gain(one).bias_span == 0.0
    solution = diameter(one, exact=True)
    assert (solution.value, solution.lower <= 0 <= solution.upper, solution.exact) == (0.0, True, 0)


def test_optimal_gain_that_depends_on_the_start_names_two_states():
    for exact in (False, True):
        with pytest.raises(ValueError, match=r"depends on the start state: 1.* from state 2, 0.* from state 0"):
            optimal_gain(TWO_ISLANDS, exact=exact)


def test_one_gain_although_not_communicating():
    # state 0 may stay for nothing or leave for good; both islands of the second model pay the same
    leave = model([[[1, 0], [0, 1]], [[0, 1], [0, 1]]], [[0, 0], [1, 1]])
    assert optimal_gain(leave, exact=True).exact == 1
    twins = model([[[1, 0, 0]], [[0.5, 0, 0.5]], [[0, 0, 1]]], [[1], [0], [1]])
    solution = optimal_gain(twins, exact=True)
    assert solution.exact == 1 and solution.converged and solution.check(twins)


def test_infinite_diameter_names_a_pair():
    for mdp in (TWO_ISLANDS, model([[[0, 1]], [[0, 1]]], [[0], [0]])):
        solution = diameter(mdp, exact=True)
        assert math.isinf(solution.value) and solution.times is None and not solution.communicating
        assert solution.check(mdp)
    assert (solution.from_state, solution.to_state) == (1, 0)
    lie = dataclasses.replace(solution, from_state=0, to_state=1)
    with pytest.raises(ValueError, match="state 1 can be reached from state 0"):
        lie.check(mdp)


def test_transient_states_of_a_multichain_policy():
    value = policy_gain(TWO_ISLANDS, [0, 0, 0], exact=True)
    assert value.exact == (0, Fraction(1, 2), 1)
    assert value.recurrent_classes == ((0,), (2,)) and value.transient_steps.tolist() == [0.0, 1.0, 0.0]
    assert value.check(TWO_ISLANDS)


def test_rewards_of_any_scale():
    # far from zero and tiny: relative accuracy and convergence do not depend on the unit
    mdp = riverswim(6)
    reference = optimal_gain(mdp)
    for factor in (1e-9, 1e9):
        scaled = optimal_gain(model(mdp.P, factor * mdp.R))
        assert scaled.converged and scaled.gain == pytest.approx(factor * reference.gain, rel=1e-12)
    assert optimal_gain(model(mdp.P, mdp.R - 7)).gain == pytest.approx(reference.gain - 7, rel=1e-12)


def test_long_riverswim_with_policies_that_get_stuck():
    # a policy that goes right in the middle and left at the end leaves once in 10^60 steps
    mdp = riverswim(60, variant="statrl")
    solution = optimal_gain(mdp)
    assert solution.converged and solution.gain == pytest.approx(0.9075, rel=1e-10)
    assert diameter(mdp).converged


def test_nearly_unreachable_shortcuts():
    # every state is one step away with probability 1e-14, so the first policy of the search takes 10^14 steps
    n, tiny = 12, 1e-14
    P = np.full((n, 2, n), tiny)
    for s in range(n):
        P[s, 0, (s + 1) % n] += 1 - n * tiny
        P[s, 1, s] += 1 - n * tiny
    solution = diameter(model(P, np.zeros((n, 2))))
    assert solution.value == pytest.approx(n - 1, rel=1e-9) and solution.converged
    certain = diameter(model(np.array([[[1 - 1e-17, 1e-17]], [[1.0, 0.0]]]), np.zeros((2, 1))))
    assert certain.value == pytest.approx(1e17, rel=1e-9) and not certain.converged and math.isinf(certain.upper)


def test_compiled_and_plain_elimination_agree_bitwise():
    rng = np.random.default_rng(1)
    mdp = model(rng.dirichlet(np.full(7, 0.5), size=(7, 2)), rng.random((7, 2)))
    sparse = hitting_times._sparse(tables(mdp))
    found = []
    for function in (hitting_times._eliminate, hitting_times._eliminate_kernel):
        for target in range(7):
            values = np.zeros(7)
            scratch = np.zeros((7, 7)), np.zeros(7), np.zeros(7), np.zeros(7)
            function(*sparse, 2, np.arange(7) % 2, target, *scratch, values)
            found.append(values)
    np.testing.assert_array_equal(found[:7], found[7:])


def test_random_large_model_has_tight_bounds():
    rng = np.random.default_rng(3)
    mdp = model(rng.dirichlet(np.full(150, 0.3), size=(150, 3)), rng.random((150, 3)))
    solution, times = optimal_gain(mdp), diameter(mdp)
    assert solution.converged and solution.check(mdp) and times.converged and times.check(mdp)
    program = gain_by_linear_program(mdp)
    assert program.objective == pytest.approx(solution.gain, abs=2e-7) and program.dropped_entries > 0
    values = policy_iteration(mdp, 0.95)
    assert values.converged and values.check(mdp)
    np.testing.assert_allclose(values.v, value_iteration(mdp, 0.95).v, atol=2e-8)


def test_unreachable_tolerance_is_admitted():
    solution = value_iteration(riverswim(6), 0.999, tolerance=0.0, max_sweeps=100_000)
    assert not solution.converged and solution.check(riverswim(6))
    early = value_iteration(riverswim(6), 0.999, max_sweeps=3)
    assert early.sweeps == 3 and not early.converged and early.check(riverswim(6))
    assert (early.v_lower <= solution.v_lower).all() and (solution.v_upper <= early.v_upper).all()
    assert not optimal_gain(riverswim(6), tolerance=0.0, max_iterations=3).converged


@pytest.mark.parametrize(
    ("solve", "change"),
    [
        (optimal_gain, {"gain_lower": 0.428622433799464 + 1e-9, "gain": 0.428622433799464 + 2e-9, "gain_upper": 1.0}),
        (optimal_gain, {"gain_upper": 0.428622433799464 - 1e-9, "gain": 0.428622433799464 - 2e-9, "gain_lower": 0.0}),
        (optimal_gain, {"policy": np.array([1, 1, 0, 1, 1, 1])}),
        (optimal_gain, {"bias": np.zeros(6)}),
        (diameter, {"lower": 14.7223379147577 + 1e-6}),
        (diameter, {"upper": 14.7223379147577 - 1e-6}),
        (lambda mdp: value_iteration(mdp, 0.9), {"v": np.zeros(6)}),
        (lambda mdp: policy_iteration(mdp, 0.9), {"policy_loss_bound": 0.0}),
        (lambda mdp: policy_iteration(mdp, 0.9), {"policy": np.array([1, 1, 1, 1, 1, 0])}),
        (lambda mdp: policy_gain(mdp, [1] * 6), {"bias": np.zeros(6)}),
        (lambda mdp: policy_gain(mdp, [1] * 6), {"recurrent_classes": ((0, 1),)}),
    ],
)
def test_a_false_certificate_is_found(solve, change):
    mdp = riverswim(6)
    with pytest.raises(ValueError, match="the certificate does not hold"):
        dataclasses.replace(solve(mdp), **change).check(mdp)


def test_results_are_read_only():
    solution = optimal_gain(riverswim(6))
    with pytest.raises(ValueError, match="read-only"):
        solution.bias[0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        solution.gain = 1.0


def test_rationalise_refuses_what_is_no_fraction():
    rng = np.random.default_rng(0)
    wild = model(rng.dirichlet(np.ones(3), size=(3, 2)), np.zeros((3, 2)))
    with pytest.raises(ValueError, match=r"P\[0, 0.*(further than 1e-12|sums to).*RationalMDP.from_arrays"):
        optimal_gain(wild, exact=True)
    with pytest.raises(ValueError, match=r"R\[0, 0\] is 3\.14159.*expected a larger max_denominator"):
        rationalise(model([[[1]]], [[math.pi]]), max_denominator=1000)
    with pytest.raises(ValueError, match=r"P\[0, 0\] sums to .* over the rationals, expected exactly 1"):
        RationalMDP.from_arrays([[[0.35, 0.6, 0.05]], [[1, 0, 0]], [[1, 0, 0]]], [[0], [0], [0]])


def test_given_rationals_replace_the_guess():
    third = model([[[1 / 3, 2 / 3]], [[1, 0]]], [[0], [1]])
    given = RationalMDP.from_arrays([[["1/3", "2/3"]], [[1, 0]]], [[0], [1]])
    solution = optimal_gain(third, rational=given)
    assert solution.exact == Fraction(2, 5) and solution.max_denominator is None
    assert diameter(third, rational=given).exact == Fraction(3, 2)
    other = RationalMDP.from_arrays([[["1/2", "1/2"]], [[1, 0]]], [[0], [1]])
    with pytest.raises(ValueError, match=r"rational P\[0, 0, 0\] is 1/2, expected 0\.333"):
        optimal_gain(third, rational=other)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: optimal_gain(model([[[0.5, 0.4]], [[1, 0]]], [[0], [0]])), ValueError, r"P\[0, 0\] sums to 0.9"),
        (lambda: optimal_gain(model([[[1.0]]], [[np.nan]])), ValueError, r"R\[0, 0\] is nan"),
        (lambda: diameter(model([[1.0]], [[0]])), ValueError, "P has 2 dimensions"),
        (lambda: diameter(SimpleNamespace(P=1)), TypeError, "without a field R"),
        (lambda: optimal_gain(riverswim(6), tolerance=-1), ValueError, "tolerance is -1"),
        (lambda: value_iteration(riverswim(6), 1.0), ValueError, r"discount is 1, expected .*\[0, 1\)"),
        (lambda: policy_iteration(riverswim(6), "x"), TypeError, "discount is 'x'"),
        (lambda: policy_gain(riverswim(6), [0] * 5), ValueError, "policy has length 5, expected 6"),
        (lambda: policy_gain(riverswim(6), [0, 0, 0, 0, 0, 2]), ValueError, r"policy\[5\] is 2"),
        (lambda: policy_gain(riverswim(6), np.full((6, 2), 0.4)), ValueError, r"policy\[0\] sums to 0.8"),
        (lambda: hitting_times_by_linear_program(riverswim(6), 6), ValueError, r"target is 6"),
        (lambda: optimal_gain(cycle(130), exact=True), ValueError, "the number of states in the exact mode is 130"),
        (lambda: hitting_times_by_linear_program(TWO_ISLANDS, 0), RuntimeError, "state 0 ended with status"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
