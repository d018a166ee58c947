"""Import and export of Gymnasium models, with the traps of the toy-text tables."""

import warnings

import numpy as np
import pytest

from theorylab.mdp import FiniteMDP, from_gymnasium, to_gymnasium
from theorylab.mdp.environments import frozen_lake, garnet, riverswim, six_arms, two_state

gymnasium = pytest.importorskip("gymnasium")


def total_reward(mdp):
    """Largest expected total reward of an absorbing model, by value iteration from a lower bound."""
    values = np.full(mdp.n_states, -1e4)
    values[-1] = 0.0
    for _ in range(2000):
        values = (mdp.R + mdp.P @ values).max(axis=1)
    return float(values[mdp.initial_state])


@pytest.mark.parametrize("slippery", [True, False])
def test_frozen_lake_agrees_with_ours(slippery):
    env = gymnasium.make("FrozenLake-v1", is_slippery=slippery)
    mdp, report = from_gymnasium(env, on_terminal="restart_next_step")
    ours = frozen_lake(4, slippery=slippery)
    assert np.abs(mdp.P - ours.P).max() < 1e-12 and np.abs(mdp.R - ours.R).max() < 1e-12
    assert report.terminal_states == (5, 7, 11, 12, 15) and report.not_absorbing == ()
    assert report.time_limit == 100 and "time limit of 100" in str(report)
    assert report.repeated_next_states == (4 if slippery else 0)
    assert report.random_rewards == (((14, 1), (14, 2), (14, 3)) if slippery else ())
    assert mdp.reward_law == ("table" if slippery else "deterministic")


def test_cliff_walking_needs_the_absorbing_state():
    env = gymnasium.make("CliffWalking-v1")
    mdp, report = from_gymnasium(env, on_terminal="absorb")
    assert total_reward(mdp) == -13.0
    assert report.not_absorbing == (47,) and mdp.initial_state == 36 and mdp.n_states == 49
    assert mdp.state_names[-1] == "absorbed"
    small, dropped = from_gymnasium(env, drop_unreachable=True)
    assert small.n_states == 37 and dropped.unreachable_states == (*range(37, 48),) and dropped.dropped
    assert small.state_names[small.initial_state] == "36"


def test_taxi_restarts_from_its_law():
    env = gymnasium.make("Taxi-v4")
    mdp, report = from_gymnasium(env)
    assert report.start_states == 300 and len(report.unreachable_states) == 100
    drops = [(s, a) for s in range(500) for a in range(6) if env.unwrapped.P[s][a][0][3]]
    assert len(drops) == report.terminal_transitions == 4
    for s, a in drops:
        assert mdp.P[s, a] == pytest.approx(env.unwrapped.initial_state_distrib)
        assert mdp.R[s, a] == 20.0
    with pytest.raises(ValueError, match="is entered with and without done"):
        from_gymnasium(env, on_terminal="restart_next_step")
    fixed, _ = from_gymnasium(env, initial_state=7)
    assert fixed.P[drops[0][0], drops[0][1], 7] == 1.0


def test_an_environment_without_a_table_is_refused():
    with pytest.raises(TypeError, match=r"Blackjack-v1 has no table of transitions \(env.unwrapped.P\)"):
        from_gymnasium(gymnasium.make("Blackjack-v1"))
    with pytest.raises(TypeError, match="int has no table"):
        from_gymnasium(3)


STAY = [(1.0, 0, 0.0, False)]


@pytest.mark.parametrize(
    ("table", "error", "message"),
    [
        ({0: {0: [(0.5, 0, 0.0, False)]}}, ValueError, r"P\[0, 0\] sums to 0.5, expected 1"),
        ({0: {0: [(1.0, 1, 0.0, False)]}}, ValueError, r"next state of P\[0\]\[0\]\[0\] is 1"),
        ({0: {0: [(1.0, 0.0, 0.0, False)]}}, TypeError, r"next state of P\[0\]\[0\]\[0\] is 0.0"),
        ({0: {0: [(-1.0, 0, 0.0, False)]}}, ValueError, r"probability of P\[0\]\[0\]\[0\] is -1"),
        ({0: {0: [(1.0, 0, np.inf, False)]}}, ValueError, r"reward of P\[0\]\[0\]\[0\] is inf"),
        ({0: {0: [(1.0, 0, 0.0)]}}, TypeError, r"P\[0\]\[0\]\[0\] is \(1.0, 0, 0.0\), expected \(probability"),
        ({0: {0: STAY}, 1: {0: STAY, 1: STAY}}, ValueError, r"P\[1\] has 2 actions, expected 1 as in P\[0\]"),
        ({1: {0: STAY}}, ValueError, r"P has no key 0, expected the keys 0\.\.0"),
        ({0: 3}, TypeError, r"P\[0\] is of type int"),
        ({}, ValueError, "P is empty"),
    ],
)
def test_bad_tables_are_named(table, error, message):
    with pytest.raises(error, match=message):
        from_gymnasium(table)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="on_terminal is 'stop'"):
        from_gymnasium([[STAY]], on_terminal="stop")
    with pytest.raises(ValueError, match="initial_state is 4"):
        from_gymnasium([[STAY]], initial_state=4)
    with pytest.raises(TypeError, match="mdp is of type int"):
        to_gymnasium(3)
    with pytest.raises(ValueError, match="horizon is 0"):
        to_gymnasium(two_state(), horizon=0)


def test_repeated_next_states_are_added_and_numpy_integers_taken():
    table = [[[(0.25, np.int64(0), 1, False), (0.25, 0, 3, False), (0.5, 1, 2, True), (0.0, 1, 9, True)]], [STAY]]
    mdp, report = from_gymnasium(table, on_terminal="absorb")
    assert mdp.P[0, 0].tolist() == [0.5, 0.0, 0.5] and mdp.R[0, 0] == 2.0
    assert report.repeated_next_states == 1 and report.terminal_transitions == 1
    assert dict(zip(mdp.reward_values[0, 0].tolist(), mdp.reward_probabilities[0, 0].tolist(), strict=True)) == {
        1.0: 0.25, 3.0: 0.25, 2.0: 0.5,
    }  # fmt: skip


@pytest.mark.parametrize("law", ["deterministic", "bernoulli"])
def test_export_passes_the_checker_and_comes_back(law):
    from gymnasium.utils.env_checker import check_env

    mdp = riverswim(6).with_reward_law(law)
    env = to_gymnasium(mdp, horizon=50)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*render modes")
        check_env(env)
    back, report = from_gymnasium(env)
    assert np.array_equal(back.P, mdp.P) and back.R == pytest.approx(mdp.R) and report.terminal_transitions == 0


def test_export_is_seeded_and_plays_the_model():
    mdp = garnet(5, 2, 3, rng=2).with_reward_law("bernoulli")
    env = to_gymnasium(mdp)

    def play(steps):
        state, _ = env.reset(seed=11)
        seen = [(state, 0.0)]
        for t in range(steps):
            state, reward, terminated, truncated, info = env.step(np.int64(t % 2))
            assert not terminated and not truncated and info == {}
            seen.append((state, reward))
        return seen

    assert play(200) == play(200)
    path = play(30000)
    counts, paid = np.zeros_like(mdp.P), np.zeros_like(mdp.R)
    for t in range(30000):
        counts[path[t][0], t % 2, path[t + 1][0]] += 1
        paid[path[t][0], t % 2] += path[t + 1][1]
    visits = counts.sum(axis=-1)
    seen = visits > 1000
    assert seen.sum() >= 5
    assert np.abs(counts / visits.clip(1)[..., None] - mdp.P)[seen].max() < 0.075  # 4.7 standard errors at 1000 visits
    assert np.abs(paid / visits.clip(1) - mdp.R)[seen].max() < 0.075


def test_export_with_a_table_of_rewards_and_a_horizon():
    mdp = FiniteMDP.from_table([[[1.0]]], [[[-2.0, 4.0]]], [[[0.5, 0.5]]])
    env = to_gymnasium(mdp, horizon=3)
    env.reset(seed=1)
    steps = [env.step(0) for _ in range(3)]
    assert [step[3] for step in steps] == [False, False, True]
    assert {step[1] for step in steps} <= {-2.0, 4.0}
    assert from_gymnasium(env)[0].R[0, 0] == 1.0
    with pytest.raises(ValueError, match=r"action is 1, expected an integer in 0\.\.0"):
        env.step(1)
    with pytest.raises(RuntimeError, match="step is called before reset"):
        to_gymnasium(six_arms()).step(0)


def test_a_missing_gymnasium_is_explained(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "gymnasium", None)
    monkeypatch.delitem(sys.modules, "theorylab.mdp._gymnasium_env", raising=False)
    with pytest.raises(ImportError, match=r"pip install 'theorylab\[gym\]'"):
        to_gymnasium(two_state())
