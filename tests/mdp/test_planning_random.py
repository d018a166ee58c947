"""Small random models against brute force over all deterministic policies, with an oracle that solves no system."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.mdp.planning import diameter, optimal_gain, policy_gain, policy_iteration, value_iteration


@st.composite
def models(draw, max_states=3, max_actions=2):
    """Rows of multiples of 1/4 and rewards too, exact in floats; sparse rows make multichain and periodic models."""
    S, A = draw(st.integers(1, max_states)), draw(st.integers(1, max_actions))
    P = np.zeros((S, A, S))
    for s, a in itertools.product(range(S), range(A)):
        for _ in range(draw(st.sampled_from((1, 1, 2, 4)))):
            P[s, a, draw(st.integers(0, S - 1))] += 1.0
    P /= P.sum(axis=-1, keepdims=True)
    R = np.array(draw(st.lists(st.integers(-4, 4), min_size=S * A, max_size=S * A))).reshape(S, A) / 4
    return SimpleNamespace(P=P, R=R)


def long_run_average(P, r):
    """The Cesaro limit of P^n r: the chain that stays with probability 1/2 has the same one, by repeated squaring."""
    power = 0.5 * (P + np.eye(len(P)))
    for _ in range(40):
        power = power @ power
        power /= power.sum(axis=1, keepdims=True)
    return power @ r


def steps_to(P, target):
    """Sum of Q^k 1 by doubling, inf where it grows without end; Q = P off the target."""
    Q, total = P.copy(), np.ones(len(P))
    Q[target], Q[:, target], total[target] = 0.0, 0.0, 0.0
    for _ in range(40):
        total, Q = total + Q @ total, Q @ Q
    total[total > 1e6] = np.inf
    return total


def policies(mdp):
    S, A = mdp.R.shape
    for actions in itertools.product(range(A), repeat=S):
        yield np.array(actions), mdp.P[np.arange(S), actions], mdp.R[np.arange(S), actions]


@settings(max_examples=150, deadline=None)
@given(models())
def test_optimal_gain_is_the_best_policy(mdp):
    best = np.max([long_run_average(P, r) for _, P, r in policies(mdp)], axis=0)
    if best.max() - best.min() > 1e-6:
        with pytest.raises(ValueError, match="the optimal gain depends on the start state"):
            optimal_gain(mdp)
        with pytest.raises(ValueError, match="the optimal gain depends on the start state"):
            optimal_gain(mdp, exact=True)
        return
    solution = optimal_gain(mdp, exact=True)
    assert solution.converged and solution.check(mdp)
    assert float(solution.exact) == pytest.approx(best[0], abs=1e-9)
    for answer in (solution, optimal_gain(mdp)):
        assert answer.gain_lower <= solution.exact <= answer.gain_upper
        assert answer.gain == pytest.approx(best[0], abs=1e-9)
        chosen = mdp.P[np.arange(len(mdp.R)), answer.policy], mdp.R[np.arange(len(mdp.R)), answer.policy]
        np.testing.assert_allclose(long_run_average(*chosen), best, atol=1e-9)


@settings(max_examples=100, deadline=None)
@given(models(), st.data())
def test_policy_gain_of_stochastic_policies(mdp, data):
    S, A = mdp.R.shape
    weights = np.array([data.draw(st.lists(st.integers(0, 3), min_size=A, max_size=A)) for _ in range(S)], dtype=float)
    weights[weights.sum(axis=1) == 0.0] = 1.0
    policy = weights / weights.sum(axis=1, keepdims=True)
    P, r = np.einsum("sa,sat->st", policy, mdp.P), np.einsum("sa,sa->s", policy, mdp.R)
    value, expected = policy_gain(mdp, policy, exact=True), long_run_average(P, r)
    np.testing.assert_allclose(value.gain, expected, atol=1e-9)
    np.testing.assert_allclose([float(x) for x in value.exact], expected, atol=1e-9)
    assert all(low <= x <= high for low, x, high in zip(value.gain_lower, value.exact, value.gain_upper, strict=True))
    np.testing.assert_allclose(value.bias, r - value.gain + P @ value.bias, atol=1e-9)
    np.testing.assert_allclose(value.stationary @ P, value.stationary, atol=1e-12)
    np.testing.assert_allclose(value.stationary @ value.bias, 0.0, atol=1e-9)
    np.testing.assert_allclose(value.stationary.sum(axis=1), 1.0, atol=1e-12)
    assert value.check(mdp)


@settings(max_examples=150, deadline=None)
@given(models())
def test_diameter_is_the_longest_shortest_time(mdp):
    S = len(mdp.R)
    times = np.array([np.min([steps_to(P, t) for _, P, _ in policies(mdp)], axis=0) for t in range(S)]).T
    solution = diameter(mdp, exact=True)
    assert solution.check(mdp)
    if np.isinf(times).any():
        assert not solution.communicating and solution.lower == np.inf
        assert np.isinf(times[solution.from_state, solution.to_state])
        return
    assert solution.converged
    np.testing.assert_allclose(solution.times, times, rtol=1e-9)
    assert solution.value == pytest.approx(times.max(), rel=1e-9)
    assert solution.lower <= solution.exact <= solution.upper
    assert float(solution.exact) == pytest.approx(times.max(), rel=1e-9)


@settings(max_examples=100, deadline=None)
@given(models(), st.sampled_from((0.0, 0.5, 0.9)))
def test_discounted_values(mdp, discount):
    values = []
    for _, P, r in policies(mdp):
        v = np.zeros(len(r))
        for _ in range(400):
            v = r + discount * P @ v
        values.append(v)
    best = np.max(values, axis=0)
    for solve in (value_iteration, policy_iteration):
        solution = solve(mdp, discount, exact=True)
        assert solution.converged and solution.check(mdp)
        np.testing.assert_allclose(solution.v, best, atol=1e-8)
        np.testing.assert_allclose([float(x) for x in solution.exact], best, atol=1e-9)
        zipped = zip(solution.v_lower, solution.exact, solution.v_upper, strict=True)
        assert all(low <= x <= high for low, x, high in zipped)
        followed = next(
            v for (actions, _, _), v in zip(policies(mdp), values, strict=True) if (actions == solution.policy).all()
        )
        assert (best - followed).max() <= solution.policy_loss_bound + 1e-12
