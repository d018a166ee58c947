"""Episodic models: what they accept, what they keep, and the arrays kernels draw from."""

import copy
import itertools
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.mdp.environments import garnet, riverswim, two_state
from theorylab.mdp.episodic import EpisodicMDP
from theorylab.mdp.model import FiniteMDP

P = np.array([[[0.5, 0.5], [1.0, 0.0]], [[0.0, 1.0], [0.25, 0.75]]])
R = np.array([[0.0, 0.5], [1.0, 0.25]])
STAGED = np.stack([P, P[::-1], P])  # (3, 2, 2, 2)


def changed(values, index, value):
    result = np.array(values)
    result[index] = value
    return result


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"P": changed(STAGED, (2, 1, 0), [0.0, 0.98])}, ValueError, r"^P\[2, 1, 0\] sums to 0.98, expected 1$"),
        ({"P": changed(P, (1, 0), [0.0, 0.98])}, ValueError, r"^P\[1, 0\] sums to 0.98, expected 1$"),
        ({"P": changed(STAGED, (0, 0, 1), [1.5, -0.5])}, ValueError, r"^P\[0, 0, 1, 1\] is -0.5, expected a prob"),
        ({"P": changed(STAGED, (1, 0, 1, 0), np.nan)}, ValueError, r"^P\[1, 0, 1, 0\] is nan, expected a finite"),
        ({"P": changed(P, (0, 0), [1e-200, 1.0])}, ValueError, r"^P\[0, 0, 0\] is 1e-200, expected 0 or at least"),
        ({"P": np.ones((2, 2)) / 2}, ValueError, r"P has shape \(2, 2\), expected \(H, S, A, S\) or \(S, A, S\)"),
        ({"P": np.ones((3, 2, 2, 3)) / 3}, ValueError, r"P has shape \(3, 2, 2, 3\)"),
        ({"P": np.zeros((0, 2, 2, 2))}, ValueError, r"P has shape \(0, 2, 2, 2\)"),
        ({"P": [[[1.0, 0.0]], [[1.0]]]}, TypeError, "P cannot be read"),
        ({"P": "text"}, TypeError, "P cannot be read"),
        ({"R": [0.0, 1.0]}, ValueError, r"R has shape \(2,\), expected \(H, 2, 2\) or \(2, 2\)"),
        ({"R": np.zeros((0, 2, 2))}, ValueError, r"R has shape \(0, 2, 2\)"),
        ({"R": np.zeros((2, 2, 2))}, ValueError, "R has 2 steps, expected 3: horizon is 3"),
        ({"P": STAGED[:2]}, ValueError, "P has 2 steps, expected 3: horizon is 3"),
        ({"P": STAGED, "R": np.zeros((2, 2, 2)), "horizon": None}, ValueError, "R has 2 steps, expected 3: P has 3"),
        ({"R": changed(R, (1, 0), np.inf)}, ValueError, r"R\[1, 0\] is inf"),
        ({"R": changed(R, (1, 0), 1e200)}, ValueError, r"R\[1, 0\] is 1e\+200"),
        ({"horizon": 0}, ValueError, "^horizon is 0, expected an integer >= 1$"),
        ({"horizon": 3.0}, TypeError, "horizon is 3.0, expected an integer"),
        ({"horizon": None}, ValueError, "horizon is None, expected an integer >= 1: neither P nor R has a step axis"),
        ({"horizon": 10**12}, ValueError, "horizon is 1000000000000, expected H S A S <= 250000000"),
        ({"reward_law": "table"}, ValueError, "reward_law is 'table'"),
        ({"R": changed(R, (1, 1), 1.5), "reward_law": "bernoulli"}, ValueError, r"R\[1, 1\] is 1.5, expected .*\[0, 1"),
        ({"start": 2}, ValueError, r"start is 2, expected an integer in 0\.\.1"),
        ({"start": 0.0}, TypeError, "start is 0.0"),
        ({"start": [0.5, 0.4]}, ValueError, "start sums to 0.9, expected 1"),
        ({"start": [[0.5], [0.5, 0.0]]}, TypeError, "start cannot be read"),
        ({"start": None}, TypeError, "start cannot be read"),
        ({"start": [1.0]}, ValueError, r"start has shape \(1,\), expected \(2,\)"),
        ({"action_names": ("a",)}, ValueError, "action_names has 1 entries, expected 2"),
        ({"state_names": ("a", "a")}, ValueError, r"state_names\[1\] is 'a' like state_names\[0\]"),
        ({"name": 3}, TypeError, "name is 3"),
    ],
)
def test_bad_input_is_named(arguments, error, message):
    with pytest.raises(error, match=message):
        EpisodicMDP(**{"P": P, "R": R, "horizon": 3, **arguments})


def test_a_stationary_model_is_the_same_one_at_every_step():
    short = EpisodicMDP(P, R, 3)
    assert short.stationary and short.P.shape == (3, 2, 2, 2) and short.R.shape == (3, 2, 2)
    long = EpisodicMDP(np.stack([P] * 3), np.stack([R] * 3))
    assert long.horizon == 3 and long.stationary and long.fingerprint == short.fingerprint
    assert not EpisodicMDP(STAGED, R).stationary
    assert not EpisodicMDP(P, np.stack([R, R, 1.0 - R])).stationary
    assert EpisodicMDP(P, R[None]).stationary and EpisodicMDP(P, R[None]).horizon == 1


def test_start_is_a_state_or_a_distribution():
    assert EpisodicMDP(P, R, 2, start=1).start.tolist() == [0.0, 1.0]
    assert EpisodicMDP(P, R, 2, start=[0.0, 1.0]).start_state == 1
    assert EpisodicMDP(P, R, 2, start=[0.25, 0.75]).start_state is None
    prints = {EpisodicMDP(P, R, 2, start=s).fingerprint for s in (0, 1, [0.25, 0.75], [0.0, 1.0])}
    assert len(prints) == 3


def test_arrays_are_read_only_copies_and_stay_so_when_pickled_or_copied():
    rows = np.array(STAGED)
    mdp = EpisodicMDP(rows, R, start=[0.5, 0.5], action_names=["left", "right"])
    rows[0, 0, 0] = [1.0, 0.0]
    assert mdp.P[0, 0, 0, 0] == 0.5
    for other in (mdp, copy.deepcopy(mdp), pickle.loads(pickle.dumps(mdp))):
        assert other.fingerprint == mdp.fingerprint and other.action_names == ("left", "right")
        for values in (other.P, other.R, other.start, other.arrays().cumulative):
            with pytest.raises(ValueError, match="read-only"):
                values[0] = 1.0
    with pytest.raises(AttributeError):
        mdp.P = rows


def test_what_decides_a_run_changes_the_fingerprint():
    mdp = EpisodicMDP(P, R, 3)
    others = [
        EpisodicMDP(P, R, 4), EpisodicMDP(STAGED, R), EpisodicMDP(P, R + 1e-16, 3), EpisodicMDP(P, R, 3, start=1),
        mdp.with_reward_law("bernoulli"),
    ]  # fmt: skip
    assert len({mdp.fingerprint, *(other.fingerprint for other in others)}) == 6
    assert EpisodicMDP(P, R, 3, name="other").fingerprint == mdp.fingerprint
    assert mdp.with_reward_law("bernoulli").with_reward_law("deterministic").fingerprint == mdp.fingerprint
    with pytest.raises(ValueError, match="law is 'table'"):
        mdp.with_reward_law("table")


def test_from_finite_keeps_everything_but_tables():
    base = riverswim(6)
    mdp = EpisodicMDP.from_finite(base, 5)
    assert (mdp.P == base.P).all() and (mdp.R == base.R).all() and mdp.action_names == ("left", "right")
    assert mdp.start_state == 0 and mdp.rewards_in_unit_interval
    assert EpisodicMDP.from_finite(FiniteMDP(P, R, "bernoulli", initial_state=1), 2).start_state == 1
    table = FiniteMDP.from_table(P, np.ones((2, 2, 1)), np.ones((2, 2, 1)))
    with pytest.raises(ValueError, match="reward_law is 'table'"):
        EpisodicMDP.from_finite(table, 2)
    with pytest.raises(TypeError, match="mdp is of type int"):
        EpisodicMDP.from_finite(3, 2)
    with pytest.raises(ValueError, match="horizon is 0"):
        EpisodicMDP.from_finite(two_state(), 0)
    assert not EpisodicMDP(P, R - 0.1, 2).rewards_in_unit_interval


def test_describe_names_steps_states_and_actions():
    mdp = EpisodicMDP(STAGED, R, reward_law="bernoulli", state_names=("low", "high"), action_names=("stay", "go"))
    text = mdp.describe(1, 0, 1)
    assert text.startswith("step 1, state 0 (low), action 1 (go): to 0 (low) with probability 0.25, to 1 (high) with")
    assert text.endswith("reward 1 with probability 0.5, else 0")
    with pytest.raises(ValueError, match=r"step is 3, expected an integer in 0\.\.2"):
        mdp.describe(3, 0, 0)


def law_of(cumulative, outcomes, size):
    """Probability of each outcome when a uniform picks the first entry above it: lengths of the intervals."""
    law, below = np.zeros(size), 0.0
    for edge, outcome in zip(np.minimum(cumulative, 1.0), outcomes, strict=True):
        law[outcome] += max(0.0, edge - below)
        below = max(below, edge)
    return law


@pytest.mark.parametrize("start", [0, 3, [0.0, 0.25, 0.0, 0.75, 0.0], [0.2] * 5])
def test_arrays_carry_the_laws(start):
    models = [garnet(5, 2, b, rng=b) for b in (1, 2, 4)]
    mdp = EpisodicMDP(np.stack([m.P for m in models]), np.stack([m.R for m in models]), start=start)
    arrays = mdp.arrays()
    assert mdp.arrays() is arrays and arrays.targets.dtype == np.int64
    assert arrays.targets.shape == arrays.cumulative.shape == (3, 5, 2, 4)
    for h, s, a in itertools.product(range(3), range(5), range(2)):
        law = law_of(arrays.cumulative[h, s, a], arrays.targets[h, s, a], 5)
        assert law == pytest.approx(mdp.P[h, s, a], abs=1e-12)
        support = np.count_nonzero(mdp.P[h, s, a])
        assert (arrays.cumulative[h, s, a, support - 1 :] == 2.0).all()
        assert (arrays.cumulative[h, s, a, : support - 1] < 1.0 + 1e-12).all()
    assert law_of(arrays.start_cumulative, range(5), 5) == pytest.approx(mdp.start, abs=1e-12)
    assert (arrays.means == mdp.R).all() and (arrays.P == mdp.P).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 5), st.integers(0, 10**6))
def test_any_model_survives_a_round_trip(S, A, H, seed):
    rng = np.random.default_rng(seed)
    mdp = EpisodicMDP(
        rng.dirichlet(np.ones(S), size=(H, S, A)), rng.normal(size=(H, S, A)), start=rng.dirichlet(np.ones(S))
    )
    again = pickle.loads(pickle.dumps(mdp))
    assert (again.n_states, again.n_actions, again.horizon) == (S, A, H) and again.fingerprint == mdp.fingerprint
    assert mdp.stationary == (H == 1)


def test_models_planning_and_instances_load_without_heavy_packages():
    code = (
        "import sys, theorylab.mdp.episodic as e; from theorylab.mdp.episodic import environments, planning;"
        "e.EpisodicMDP([[[1.0]]], [[0.0]], 1).arrays();"
        "planning.backward_induction(environments.named('riverswim-6-h20'));"
        "print(sorted({'numba', 'scipy', 'matplotlib', 'gymnasium'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
