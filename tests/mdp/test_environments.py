"""Environments against golden numbers (tests/data/mdp_constants.json), and against what their papers say."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest

from theorylab.mdp import environments as envs
from theorylab.mdp.environments import named, riverswim, two_state

GOLDEN = json.loads((Path(__file__).parent.parent / "data" / "mdp_constants.json").read_text())
ROWS = GOLDEN["environments"]
PIECEWISE = GOLDEN["piecewise_stationary"]["instances"]


def checksums(mdp):
    """As the conventions of the file say, term by term."""
    P = math.fsum(mdp.P[s, a, t] * (1 + s + 2 * a + 3 * t) ** 2 for s, a, t in np.argwhere(mdp.P))
    return P, math.fsum(mdp.R[s, a] * (1 + s + 2 * a) ** 2 for s, a in np.argwhere(mdp.R))


def gain_of(mdp, policy):
    """Average reward of a stationary policy with one recurrent class: stationary law by linear solve."""
    n = mdp.n_states
    chain = mdp.P[np.arange(n), policy]
    system = np.vstack([chain.T - np.eye(n), np.ones(n)])
    law = np.linalg.lstsq(system, np.append(np.zeros(n), 1.0), rcond=None)[0]
    return float(law @ mdp.R[np.arange(n), policy])


def hitting_times(mdp, target):
    """Minimal expected steps to ``target``: policy iteration from the value-iteration policy."""
    n = mdp.n_states
    times = np.zeros(n)
    for _ in range(20000):
        fresh = 1.0 + (mdp.P @ times).min(axis=1)
        fresh[target] = 0.0
        if np.abs(fresh - times).max() < 1e-12:
            break
        times = fresh
    return times


def diameter_of(mdp):
    return max(hitting_times(mdp, t).max() for t in range(mdp.n_states))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_golden_environment(row):
    mdp = named(row["name"])
    assert (mdp.n_states, mdp.n_actions, mdp.initial_state) == (row["S"], row["A"], row["initial_state"])
    assert (mdp.max_support, int((mdp.P > 0).sum())) == (row["max_support"], row["nonzeros"])
    assert mdp.name == row["name"] and mdp.rewards_in_unit_interval
    assert checksums(mdp) == pytest.approx((row["checksum"]["P"], row["checksum"]["r"]), rel=1e-11)
    if "P" in row:
        P, R = np.zeros_like(mdp.P), np.zeros_like(mdp.R)
        for s, a, t, value in row["P"]:
            P[s, a, t] = value
        for s, a, value in row["r"]:
            R[s, a] = value
        assert np.abs(P - mdp.P).max() < 1e-15 and np.abs(R - mdp.R).max() < 1e-15
    assert gain_of(mdp, row["optimal_policy"]) == pytest.approx(row["gain"], abs=1e-9)
    assert named(row["name"]).fingerprint == eval(row["call"], vars(envs)).fingerprint


@pytest.mark.parametrize("name", ["riverswim-6", "riverswim-6-strehl-littman", "six-arms", "double-loop", "chain-5"])
def test_golden_diameter(name):
    row = next(row for row in ROWS if row["name"] == name)
    assert diameter_of(named(name)) == pytest.approx(row["diameter"], rel=1e-8)


@pytest.mark.parametrize("row", PIECEWISE, ids=lambda row: row["name"])
def test_golden_piecewise(row):
    model = envs.piecewise_dirichlet(row["S"], row["A"], rng=0)
    assert model.name == row["name"] and model.n_pieces == row["segments"]
    assert list(model.changes) == row["change_points"]
    assert model.pieces[0].P[0, 0].tolist() == row["first_row"]["P_segment0_0_0"]
    assert model.pieces[0].R[0].tolist() == row["first_row"]["r_segment0_0"]
    first = {s: hitting_times(model.pieces[3], s).max() for s in range(row["S"])}
    assert max(first.values()) == pytest.approx(row["diameters"][3], abs=2e-6)


def test_piecewise_seeds():
    first = envs.piecewise_dirichlet(2, 2, starts=(0, 9), rng=1)
    same = envs.piecewise_dirichlet(2, 2, starts=(0, 9), rng=np.random.SeedSequence(1))
    assert first.fingerprint == same.fingerprint
    assert first.pieces[0].fingerprint != first.pieces[1].fingerprint
    generator = np.random.default_rng(1)
    drawn = [envs.piecewise_dirichlet(2, 2, starts=(0, 9), rng=generator) for _ in range(2)]
    assert drawn[0].fingerprint == first.fingerprint != drawn[1].fingerprint


def test_statements_of_the_frozen_lake_docstring():
    sure = envs.frozen_lake(4, slippery=False)
    right, down = 2, 1
    policy = np.full(16, right)
    policy[[0, 3, 4, 9]] = down  # 0 4 8 9 13 14 15; state 3 must not hold its corner
    assert gain_of(sure, policy) == pytest.approx(1 / 7)
    assert sure.P[5, :, 0].tolist() == sure.P[15, :, 0].tolist() == [1.0] * 4  # a hole and the goal restart


@pytest.mark.parametrize("slip", [0.0, 0.25, 0.9])
def test_two_state(slip):
    mdp = two_state(slip)
    assert gain_of(mdp, [1, 0]) == pytest.approx(1.0)
    assert diameter_of(mdp) == pytest.approx(1.0 / (1.0 - slip))


def test_riverswim_of_any_size_is_a_chain():
    for n, variant in itertools.product((2, 3, 9), envs.RIVERSWIM_VARIANTS):
        mdp = riverswim(n, variant=variant)
        s, t = np.nonzero(mdp.P.sum(axis=1))
        assert np.abs(s - t).max() == 1 and (mdp.R > 0).sum() == 2
        assert named(mdp.name).fingerprint == mdp.fingerprint
    assert riverswim(6, r_left=0.0, r_right=5.0).R[5, 1] == 5.0


def test_lower_bound_mdp_is_the_composite_of_the_paper():
    S, A, D, epsilon = 11, 7, 24.0, 0.05  # k = 5 copies, A' = 3 arms, a tree of depth 2 over them
    mdp = envs.lower_bound_mdp(S, A, D, epsilon=epsilon, good_copy=4, good_action=2)
    delta = 4.0 / D
    assert (mdp.n_states, mdp.n_actions) == (10, 7)
    climbs = mdp.P[np.arange(0, 10, 2)[:, None], np.arange(3), np.arange(1, 10, 2)[:, None]]
    expected = np.full((5, 3), delta)
    expected[4, 2] += epsilon
    assert climbs == pytest.approx(expected)
    assert mdp.R[1::2, :3].min() == 1.0 and mdp.R.sum() == 15.0
    assert diameter_of(mdp) <= D
    good = np.zeros(10, dtype=int)
    good[[0, 2, 4, 6]] = [4, 3, 3, 3]  # root to its first child, which is copy 1; others to the root
    good[0], good[8] = 0, 2
    assert gain_of_cycle(mdp, good, [8, 9]) == pytest.approx((delta + epsilon) / (2 * delta + epsilon))
    assert mdp.P[8, 3, 2] == 1.0 and mdp.P[2, 4, 8] == 1.0  # copy 4 hangs below copy 1
    assert mdp.P[0, 4:, 2:8:2].tolist() == np.eye(3).tolist() and mdp.P[0, 3, 0] == 1.0


def gain_of_cycle(mdp, policy, states):
    """Gain of a policy that keeps a closed set of states."""
    policy = np.asarray(policy)[states]
    chain = mdp.P[states, policy][:, states]
    law = np.linalg.lstsq(np.vstack([chain.T - np.eye(len(states)), np.ones(len(states))]), [0] * len(states) + [1])[0]
    return float(law @ mdp.R[states, policy])


def test_lower_bound_mdp_with_a_horizon():
    S = A = 10
    D, T = 40.0, 40 * 10 * 10 * 50
    mdp = envs.lower_bound_mdp(S, A, D, horizon=T)
    k, arms = 5, 4
    assert mdp.P[0, 0, 1] == pytest.approx(4 / D + 0.2 * math.sqrt(k * arms / (T * D / 4)))
    assert D / 2 <= diameter_of(mdp) <= D


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: riverswim(1), ValueError, "n is 1, expected an integer >= 2"),
        (lambda: riverswim(6, variant="fruit"), ValueError, "variant is 'fruit', expected one of 'osband'"),
        (lambda: riverswim(6, r_right=math.nan), ValueError, "r_right is nan"),
        (lambda: envs.chain(1), ValueError, "n is 1"),
        (lambda: envs.chain(5, slip=1.2), ValueError, "slip is 1.2"),
        (lambda: envs.frozen_lake(5), ValueError, "size is 5, expected 4 or 8"),
        (lambda: envs.garnet(4, 2, 5, rng=0), ValueError, r"branching is 5, expected an integer in 1\.\.4"),
        (lambda: envs.garnet(4, 2, 2, rng=1.5), TypeError, "rng is 1.5"),
        (lambda: envs.dirichlet_mdp(3, 2, alpha=0.0, rng=0), ValueError, "alpha is 0"),
        (lambda: envs.piecewise_dirichlet(3, 2, starts=(0, 0), rng=0), ValueError, r"starts\[1\] is 0"),
        (lambda: two_state(1.0), ValueError, "slip is 1"),
        (lambda: envs.lower_bound_mdp(10, 10, 40), ValueError, "expected exactly one of them"),
        (lambda: envs.lower_bound_mdp(10, 10, 8, epsilon=0.1), ValueError, "diameter is 8"),
        (
            lambda: envs.lower_bound_mdp(40, 4, 40, epsilon=0.01),
            ValueError,
            "expected at least 76, four times the depth",
        ),
        (lambda: envs.lower_bound_mdp(10, 10, 40, epsilon=0.2), ValueError, "epsilon is 0.2"),
        (lambda: named("six-armz"), ValueError, "near: six-arms"),
        (lambda: named("riverswim-9-fruit"), ValueError, "name is 'riverswim-9-fruit'"),
    ],
)
def test_bad_input_is_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_catalogue_and_families():
    known = envs.catalogue()
    assert {row["name"] for row in ROWS} | {"two-state"} == set(known)
    for name in ("riverswim-25", "riverswim-7-ucrl3", "chain-9", "garnet-8-2-3-seed5", "dirichlet-3-2-seed4"):
        assert named(name).name == name
    assert named("garnet-10-3-3").fingerprint == known["garnet-10-3-3-seed0"]().fingerprint
    assert set(envs.__all__) <= set(dir(envs))
