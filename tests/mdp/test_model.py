"""Models, piecewise models, kernel arrays and the draws from them."""

import copy
import itertools
import pickle
import subprocess
import sys

import numpy as np
import pytest

from theorylab.mdp.environments import dirichlet_mdp, garnet, riverswim, six_arms, two_state
from theorylab.mdp.model import FiniteMDP
from theorylab.mdp.piecewise import PiecewiseStationaryMDP
from theorylab.mdp.sampler import model_arrays

P = [[[0.5, 0.5], [1.0, 0.0]], [[0.0, 1.0], [0.25, 0.75]]]
R = [[0.0, 0.5], [1.0, 0.25]]


def changed(index, value):
    rows = np.array(P)
    rows[index] = value
    return rows


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"P": changed((1, 0), [0.0, 0.98])}, ValueError, r"^P\[1, 0\] sums to 0.98, expected 1$"),
        ({"P": changed((0, 1), [1.5, -0.5])}, ValueError, r"^P\[0, 1, 1\] is -0.5, expected a probability >= 0$"),
        ({"P": changed((0, 1, 0), np.nan)}, ValueError, r"^P\[0, 1, 0\] is nan, expected a finite number$"),
        ({"P": np.ones((2, 2)) / 2}, ValueError, "P has 2 dimensions"),
        ({"P": np.ones((2, 1, 3)) / 3}, ValueError, r"P has shape \(2, 1, 3\), expected \(S, A, S\)"),
        ({"P": np.zeros((0, 0, 0))}, ValueError, "S >= 1"),
        ({"P": "text"}, TypeError, "P cannot be read"),
        ({"R": [0.0, 1.0]}, ValueError, r"R has shape \(2,\), expected \(2, 2\)"),
        ({"R": [[0, 0], [np.inf, 0]]}, ValueError, r"R\[1, 0\] is inf"),
        ({"reward_law": "gaussian"}, ValueError, "reward_law is 'gaussian'"),
        ({"R": [[0, 0], [0, 1.5]], "reward_law": "bernoulli"}, ValueError, r"R\[1, 1\] is 1.5, expected .* \[0, 1\]"),
        ({"reward_values": np.ones((2, 2, 1))}, ValueError, "reward_values is given, expected None"),
        ({"reward_law": "table"}, ValueError, "reward_values is None"),
        ({"initial_state": 2}, ValueError, r"initial_state is 2, expected an integer in 0\.\.1"),
        ({"initial_state": 0.0}, TypeError, "initial_state is 0.0"),
        ({"action_names": ("a",)}, ValueError, "action_names has 1 entries, expected 2"),
        ({"state_names": ("a", "a")}, ValueError, r"state_names\[1\] is 'a' like state_names\[0\]"),
        ({"action_names": "ab"}, TypeError, "action_names is 'ab'"),
        ({"name": 3}, TypeError, "name is 3"),
    ],
)
def test_bad_input_is_named(arguments, error, message):
    with pytest.raises(error, match=message):
        FiniteMDP(**{"P": P, "R": R, **arguments})


def test_nothing_is_renormalised_within_the_tolerance():
    rows = changed((0, 0), [0.5, 0.5 + 5e-10])
    assert FiniteMDP(rows, R).P[0, 0, 1] == 0.5 + 5e-10


def test_arrays_are_read_only_copies_and_stay_so_when_pickled_or_copied():
    rows = np.array(P)
    mdp = FiniteMDP(rows, R)
    rows[0, 0] = [1.0, 0.0]
    assert mdp.P[0, 0, 0] == 0.5
    for other in (mdp, copy.deepcopy(mdp), pickle.loads(pickle.dumps(mdp))):
        assert other.fingerprint == mdp.fingerprint
        with pytest.raises(ValueError, match="read-only"):
            other.P[0, 0, 0] = 1.0
    with pytest.raises(AttributeError):
        mdp.P = rows


def test_table_of_rewards():
    values = np.zeros((2, 2, 2))
    values[1, 1] = [-1.0, 3.0]
    chances = np.full((2, 2, 2), 0.5)
    mdp = FiniteMDP.from_table(P, values, chances, state_names=["low", "high"])
    assert mdp.R.tolist() == [[0.0, 0.0], [0.0, 1.0]]
    assert not mdp.rewards_in_unit_interval
    assert mdp.describe(1, 1).endswith("mean reward 1 (-1 with probability 0.5, 3 with probability 0.5)")
    assert mdp.describe(1, 1).startswith("state 1 (high), action 1: to 0 (low) with probability 0.25")
    with pytest.raises(ValueError, match=r"^R\[1, 1\] is 0.9, expected the mean 1 of its reward table$"):
        FiniteMDP(P, [[0, 0], [0, 0.9]], "table", values, chances)
    with pytest.raises(ValueError, match=r"reward_probabilities\[0, 0\] sums to 0.9"):
        FiniteMDP.from_table(P, values, np.full((2, 2, 2), 0.45))
    with pytest.raises(ValueError, match="reward_probabilities has shape"):
        FiniteMDP.from_table(P, values, np.ones((2, 2, 1)))


def test_unit_interval_speaks_of_drawn_rewards():
    assert FiniteMDP(P, R).rewards_in_unit_interval
    assert not FiniteMDP(P, np.array(R) - 0.1).rewards_in_unit_interval
    never = FiniteMDP.from_table(P, np.full((2, 2, 2), [0.5, 7.0]), np.full((2, 2, 2), [1.0, 0.0]))
    assert never.rewards_in_unit_interval


def test_reward_laws_change_the_fingerprint_and_names_do_not():
    mdp = FiniteMDP(P, R)
    prints = {mdp.fingerprint, mdp.with_reward_law("bernoulli").fingerprint}
    prints |= {FiniteMDP(P, R, initial_state=1).fingerprint, FiniteMDP(P, np.array(R) + 1e-16).fingerprint}
    assert len(prints) == 4
    assert FiniteMDP(P, R, name="other", action_names=("a", "b")).fingerprint == mdp.fingerprint
    assert mdp.with_reward_law("bernoulli").with_reward_law("deterministic").fingerprint == mdp.fingerprint
    with pytest.raises(ValueError, match="law is 'table'"):
        mdp.with_reward_law("table")
    with pytest.raises(ValueError, match=r"state is 2, expected an integer in 0\.\.1"):
        mdp.describe(2, 0)
    assert mdp.max_support == 2


def test_piecewise_bad_input_is_named():
    one, other = two_state(), two_state(0.5)
    for starts, message in [
        ((0, 0), r"starts\[1\] is 0, expected more than starts\[0\] = 0"),
        ((0, 5, 5), r"starts\[2\] is 5, expected more than"),
        ((1, 5), r"starts\[0\] is 1, expected 0"),
        ((0, -1), r"starts\[1\] is -1"),
        ((0,), "starts has 1 entries, expected 2"),
    ]:
        pieces = (one, other, one)[: max(2, len(starts))]
        with pytest.raises(ValueError, match=message):
            PiecewiseStationaryMDP(pieces, starts)
    with pytest.raises(TypeError, match=r"starts\[1\] is 5.0"):
        PiecewiseStationaryMDP((one, other), (0, 5.0))
    with pytest.raises(ValueError, match=r"pieces\[1\].n_states is 6, expected 2"):
        PiecewiseStationaryMDP((one, riverswim(6)), (0, 5))
    with pytest.raises(ValueError, match="pieces is empty"):
        PiecewiseStationaryMDP((), ())
    with pytest.raises(TypeError, match=r"pieces\[0\] is of type str"):
        PiecewiseStationaryMDP(("a",), (0,))


def test_piecewise_pieces_rule_half_open_intervals():
    one, other = two_state(), two_state(0.5)
    model = PiecewiseStationaryMDP([one, other, one], np.array([0, 3, 10]))
    assert [model.index_at(t) for t in (0, 2, 3, 9, 10, 10**9)] == [0, 0, 1, 1, 2, 2]
    assert model.changes == (3, 10) and model.n_pieces == 3 and model.at(4) is other
    assert "from step 3: state 0, action 1 (switch): to 0 with probability 0.5" in model.describe(0, 1)
    assert pickle.loads(pickle.dumps(model)).fingerprint == model.fingerprint
    assert PiecewiseStationaryMDP((one, other, one), (0, 3, 11)).fingerprint != model.fingerprint
    assert {piece.reward_law for piece in model.with_reward_law("bernoulli").pieces} == {"bernoulli"}


def exact_law(cumulative, outcomes):
    """Probability of each outcome when a uniform picks the first entry above it: lengths of the intervals."""
    law, below = {}, 0.0
    for edge, outcome in zip(np.minimum(cumulative, 1.0), outcomes, strict=True):
        law[outcome] = law.get(outcome, 0.0) + max(0.0, edge - below)
        below = max(below, edge)
    return law


@pytest.mark.parametrize(
    "mdp", [riverswim(6), six_arms(), garnet(9, 2, 4, rng=3), dirichlet_mdp(5, 2, rng=1)], ids=repr
)
def test_arrays_carry_the_law_of_the_transitions(mdp):
    arrays = model_arrays(mdp)
    assert model_arrays(mdp) is arrays
    assert arrays.targets.shape == arrays.cumulative.shape == (1, mdp.n_states, mdp.n_actions, mdp.max_support)
    assert arrays.reward_values.shape[-1] == 1 and arrays.starts.tolist() == [0]
    for s, a in itertools.product(range(mdp.n_states), range(mdp.n_actions)):
        law = exact_law(arrays.cumulative[0, s, a], arrays.targets[0, s, a].tolist())
        assert [law.get(t, 0.0) for t in range(mdp.n_states)] == pytest.approx(mdp.P[s, a], abs=1e-12)
        assert arrays.cumulative[0, s, a, -1] == 2.0


def test_arrays_carry_the_law_of_the_rewards_and_pad_pieces():
    bernoulli = FiniteMDP(P, [[0.0, 0.5], [1.0, 0.25]], "bernoulli")
    table = FiniteMDP.from_table(
        P, np.full((2, 2, 4), [5.0, 1.0, 9.0, 2.0]), np.full((2, 2, 4), [0.0, 0.25, 0.0, 0.75])
    )
    arrays = model_arrays(PiecewiseStationaryMDP((bernoulli, table, FiniteMDP(P, R)), (0, 4, 7)))
    assert arrays.reward_values.shape == (3, 2, 2, 2) and arrays.starts.tolist() == [0, 4, 7]

    def law(piece, s, a):
        return exact_law(arrays.reward_cumulative[piece, s, a], arrays.reward_values[piece, s, a].tolist())

    assert [law(piece, 1, 1) for piece in range(3)] == [{1.0: 0.25, 0.0: 0.75}, {1.0: 0.25, 2.0: 0.75}, {0.25: 1.0}]
    assert law(0, 0, 0) == {0.0: 1.0} and law(0, 1, 0) == {1.0: 1.0}
    assert law(0, 0, 1) == {1.0: 0.5, 0.0: 0.5}
    with pytest.raises(TypeError, match="model is of type int"):
        model_arrays(3)


@pytest.mark.parametrize("length", [1, 2, 5, 64, 65, 200])
def test_draw_is_the_first_entry_above_the_uniform(length):
    from theorylab.mdp.simulate import _draw, draw_kernel

    rng = np.random.default_rng(length)
    row = np.cumsum(rng.dirichlet(np.ones(length)))
    row[-max(1, length // 3) :] = 2.0  # the last of the support, and padding
    for u in [0.0, *row[row < 1.0][:20], *rng.random(50), np.nextafter(1.0, 0.0)]:
        expected = next(i for i in range(length) if row[i] > u)
        assert _draw(row, u) == draw_kernel(row, u) == expected


def test_random_walk_matches_a_plain_loop_and_the_stationary_law():
    from theorylab.mdp.simulate import _random_walk, random_walk_kernel

    mdp = garnet(6, 3, 3, rng=4)
    arrays = model_arrays(mdp)
    blocks = arrays.targets[0], arrays.cumulative[0]
    short = random_walk_kernel(*blocks, 400, 0, np.random.default_rng(5))
    assert (short == _random_walk(*blocks, 400, 0, np.random.default_rng(5))).all()
    rng, state, counts = np.random.default_rng(5), 0, np.zeros((6, 3), dtype=int)
    for _ in range(400):
        action = int(3 * rng.random())
        counts[state, action] += 1
        u, state_was = rng.random(), state
        state = next((t for t in range(6) if mdp.P[state_was, action, : t + 1].sum() > u), 5)
    assert (short == counts).all()
    steps = 10**6
    visits = random_walk_kernel(*blocks, steps, 0, np.random.default_rng(6)).sum(axis=1) / steps
    chain = mdp.P.mean(axis=1)
    system = np.vstack([chain.T - np.eye(6), np.ones(6)])
    stationary = np.linalg.lstsq(system, np.array([0.0] * 6 + [1.0]), rcond=None)[0]
    assert visits == pytest.approx(stationary, abs=0.01)  # standard errors are about 1e-3


def test_models_and_environments_load_without_numba():
    code = (
        "import sys, theorylab.mdp as m; m.environments.named('riverswim-6'); m.FiniteMDP; m.PiecewiseStationaryMDP;"
        "import theorylab.mdp.sampler;"
        "print(sorted({'numba', 'scipy', 'matplotlib', 'gymnasium'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
