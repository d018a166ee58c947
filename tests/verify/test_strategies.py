"""The strategies make what they promise: exact rows, communicating models, bounded diameters."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from theorylab.core import validate
from theorylab.verify.strategies import mdp as theory

relaxed = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def reachable(P):
    """Whether every state reaches every other one under some policy: powers of the graph of all actions."""
    graph = (P.max(axis=1) > 0) | np.eye(len(P), dtype=bool)
    for _ in range(len(P)):
        graph = graph @ graph
    return bool(graph.all())


def diameter(P):
    """Least expected hitting times by value iteration from below, the worst pair."""
    worst = 0.0
    for target in range(len(P)):
        h = np.zeros(len(P))
        for _ in range(3000):
            h = 1.0 + (P @ h).min(axis=1)
            h[target] = 0.0
        worst = max(worst, h.max())
    return worst


@given(theory.finite_mdps())
@relaxed
def test_rows_are_exact_distributions(model):
    P, R = model
    S, A = R.shape
    assert P.shape == (S, A, S) and 1 <= S <= 4 and 1 <= A <= 3
    validate.distributions("P", P)
    assert np.all(theory.as_fractions(P).sum(axis=2) == 1)
    assert R.min() >= 0 and R.max() <= 1
    assert all(r.denominator <= 12 for r in theory.as_fractions(R).flat)


@given(theory.finite_mdps(rational=False, communicating=True, min_states=2, rewards=(-3, 5)))
@relaxed
def test_models_of_any_floats(model):
    validate.distributions("P", model.P)
    assert len(model.P) >= 2 and model.R.min() >= -3 and model.R.max() <= 5
    assert reachable(model.P)


@given(theory.communicating_mdps(max_states=5))
@relaxed
def test_communicating_models_communicate(model):
    assert reachable(model.P)
    assert np.all(theory.as_fractions(model.P).sum(axis=2) == 1)


@given(theory.communicating_mdps(max_states=4, max_actions=2, max_diameter=7))
@settings(relaxed, max_examples=25)
def test_diameter_is_bounded(model):
    assert diameter(model.P) <= 7 + 1e-9


def test_diameter_bound_is_the_wait_for_successes_in_a_row():
    # S states in a line, success moves on, failure starts again: h_i = 1 + w h_{i+1} + (1 - w) h_0, solved backwards
    for S in (1, 2, 3, 5):
        for w in (Fraction(1, 3), Fraction(3, 4), Fraction(1)):
            constant, slope = Fraction(0), Fraction(0)  # h_i = constant + slope * h_0
            for _ in range(S - 1):
                constant, slope = 1 + w * constant, w * slope + (1 - w)
            assert theory.diameter_bound(S, w) == constant / (1 - slope)


def test_a_tight_diameter_leaves_few_states():
    model = find(theory.communicating_mdps(max_states=6, max_diameter=1), lambda m: len(m.P) == 2)
    assert diameter(model.P) == pytest.approx(1.0)
    with pytest.raises(NoSuchExample):
        find(
            theory.communicating_mdps(max_states=6, max_diameter=1),
            lambda m: len(m.P) > 2,
            settings=settings(max_examples=50, database=None),
        )


def test_not_every_model_communicates_and_examples_shrink():
    model = find(theory.finite_mdps(), lambda m: not reachable(m.P))
    assert model.P.shape == (2, 1, 2) and np.all(np.isin(model.P, (0, 1))) and not model.R.any()


def test_build_gets_arrays_and_law():
    calls = []

    def build(P, R, *, reward_law):
        calls.append(reward_law)
        return P.shape, R.shape

    shapes = find(theory.finite_mdps(reward_law="bernoulli", build=build), lambda m: True)
    assert shapes == ((1, 1, 1), (1, 1)) and set(calls) == {"bernoulli"}
    find(theory.communicating_mdps(build=build), lambda m: True)
    assert calls[-1] == "deterministic"


@pytest.mark.parametrize("law", ["deterministic", "bernoulli"])
def test_the_model_class_accepts_them(law):
    from theorylab.mdp.model import FiniteMDP

    @given(theory.finite_mdps(reward_law=law, build=FiniteMDP), theory.seeds())
    @settings(relaxed, max_examples=20)
    def accepted(model, seed):
        assert model.reward_law == law
        np.random.default_rng(seed)

    accepted()


@given(st.data(), theory.finite_mdps())
@relaxed
def test_policies_fit_their_model(data, model):
    S, A = model.R.shape
    policy = data.draw(theory.policies(model))
    assert policy.shape == (S,) and policy.dtype == np.int64 and policy.min() >= 0 and policy.max() < A
    mixed = data.draw(theory.policies(model, stochastic=True))
    assert mixed.shape == (S, A) and np.all(theory.as_fractions(mixed).sum(axis=1) == 1)


@given(theory.probability_vectors(5, denominators=(6, 7)))
@relaxed
def test_probability_vectors_have_the_given_denominators(p):
    exact = theory.as_fractions(p)
    assert p.shape == (5,) and exact.sum() == 1
    assert any(all((x * d).denominator == 1 for x in exact) for d in (6, 7))


@given(theory.categorical_streams(max_symbols=3, max_length=12, min_length=4))
@relaxed
def test_streams_of_symbols(stream):
    assert stream.dtype == np.int64 and 4 <= len(stream) <= 12
    assert stream.min() >= 0 and stream.max() < 3


def test_streams_with_a_change_point_are_found():
    def changes(s):
        return len(s) >= 20 and (s[:10] == s[0]).all() and (s[10:] == s[-1]).all() and s[0] != s[-1]

    assert len(find(theory.categorical_streams(max_length=30), changes, settings=settings(max_examples=3000))) >= 20


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        (lambda: theory.probability_vectors(0), r"n is 0, expected an integer >= 1"),
        (lambda: theory.probability_vectors(2, denominators=(3, 0)), r"denominators\[1\] is 0"),
        (lambda: theory.probability_vectors(2, denominators=()), r"denominators is empty"),
        (lambda: theory.finite_mdps(reward_law="normal"), r"reward_law is 'normal', expected one of"),
        (lambda: theory.finite_mdps(reward_law="bernoulli", rewards=(0, 2)), r"rewards is \(0, 2\), expected"),
        (lambda: theory.finite_mdps(rewards=(2, 1)), r"rewards is \(2, 1\), expected a pair low <= high"),
        (lambda: theory.finite_mdps(max_states=0), r"max_states is 0, expected an integer >= 1"),
        (lambda: theory.as_fractions([0.5, 0.1234567891]), r"values\[1\] is .*0\.1234567891.*, expected a rational"),
    ],
)
def test_bad_input_is_named(strategy, message):
    with pytest.raises(ValueError, match=message):
        made = strategy()
        find(made, lambda m: True)
