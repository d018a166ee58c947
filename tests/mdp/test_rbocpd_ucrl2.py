"""UCRL2 restarted by detectors, and its oracle: references, one worker or two, compiled or plain, edges, bad input."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.core.rng import child_seed, streams
from theorylab.core.sweeps import serial, threads
from theorylab.mdp.average_reward import oracle_restart_ucrl2, rbocpd_ucrl2, ucrl2
from theorylab.mdp.average_reward.rbocpd import rbocpd
from theorylab.mdp.average_reward.rbocpd_ucrl2 import default_slots
from theorylab.mdp.average_reward.rbocpd_ucrl2_reference import reference_rbocpd_ucrl2
from theorylab.mdp.environments import dirichlet_mdp, piecewise_dirichlet, riverswim, two_state
from theorylab.mdp.model import FiniteMDP
from theorylab.mdp.piecewise import PiecewiseStationaryMDP
from theorylab.verify.code import plain_code


def shifting(seed=0, starts=(0, 2_000), S=3, A=2):
    return piecewise_dirichlet(S, A, starts=starts, rng=seed).with_reward_law("bernoulli")


@given(
    seed=st.integers(0, 10_000),
    sizes=st.tuples(st.integers(2, 4), st.integers(1, 3)),
    bernoulli=st.booleans(),
    delta=st.sampled_from([0.05, 0.5, 0.9]),
    rule=st.sampled_from(["theorem_r", "paper", "ville", "code", "dirichlet_prior"]),
    forced_exploration=st.sampled_from([0.0, 0.2, 1.0]),
    reward_streams=st.booleans(),
    published=st.booleans(),
    every=st.sampled_from([1, 3]),
    scale=st.sampled_from([1.0, 0.1]),
)
@settings(max_examples=30, deadline=None)
def test_every_decision_is_the_references(seed, sizes, bernoulli, **options):
    model = piecewise_dirichlet(*sizes, starts=(0, 70, 130), rng=seed)
    model = model.with_reward_law("bernoulli") if bernoulli else model
    run = rbocpd_ucrl2(model, 200, rng=seed, **options)
    slow = reference_rbocpd_ucrl2(model, 200, rng=seed, **options)
    visits = np.zeros(sizes, dtype=int)
    np.add.at(visits, (slow.states, slow.actions), 1)
    assert run.restart_times.tolist() == slow.restarts
    assert [tuple(pair) for pair in run.extra["alarm_pairs"].tolist()] == slow.alarm_pairs
    assert run.episode_starts.tolist() == slow.episode_starts
    assert run.evi_sweeps.tolist() == slow.sweeps
    assert run.visits.tolist() == visits.tolist()
    np.testing.assert_allclose(run.reward_sum, np.cumsum(slow.rewards), atol=1e-9)


def test_alarms_are_those_of_the_detector_alone():
    """The next states of each pair in each phase, recorded by the reference, through ``rbocpd`` itself."""
    model, horizon = shifting(3, (0, 90, 180)), 300
    slow = reference_rbocpd_ucrl2(model, horizon, delta=0.9, scale=0.1, rule="paper", rng=3)
    run = rbocpd_ucrl2(model, horizon, delta=0.9, scale=0.1, rule="paper", rng=3)
    assert len(run.restart_times)
    following = [*slow.states[1:], None]
    begin = 0
    for end, pair in zip(run.restart_times.tolist(), run.extra["alarm_pairs"].tolist(), strict=True):
        steps = [t for t in range(begin, end) if (slow.states[t], slow.actions[t]) == tuple(pair)]
        alone = rbocpd([following[t] for t in steps], n_symbols=3, rule="paper", stop_at_first_alarm=True)
        assert alone.first_alarm == len(steps) and steps[-1] == end - 1
        begin = end


def test_compiled_and_plain_give_the_same_bits():
    plain = plain_code({"f": "theorylab.mdp.average_reward.rbocpd_ucrl2:rbocpd_ucrl2"}).algorithm("f")
    options = {"reward_streams": True, "forced_exploration": 0.1, "slots": 8, "rule": "paper", "trace": True, "rng": 5}
    model = piecewise_dirichlet(3, 2, starts=(0, 100), rng=1)
    fast, slow = rbocpd_ucrl2(model, 250, **options), plain(model, 250, **options)
    assert len(fast.restart_times) > 0
    for name in ("reward_sum", "restart_times", "episode_starts", "visits"):
        assert np.array_equal(getattr(fast, name), getattr(slow, name))
    assert np.array_equal(fast.trace.values, slow.trace.values)
    assert all(np.array_equal(value, slow.extra[key]) for key, value in fast.extra.items())


def _run(task):
    run = rbocpd_ucrl2(shifting(1), 3_000, scale=0.3, rule="paper", rng=child_seed(9, task))
    return {"reward": run.reward_sum, "restarts": run.restart_times}


def test_one_worker_or_two_give_the_same_bits():
    for one, two in zip(serial(_run, range(4)), threads(2)(_run, range(4)), strict=True):
        assert np.array_equal(one["reward"], two["reward"]) and np.array_equal(one["restarts"], two["restarts"])


def test_the_environment_stream_is_left_where_ucrl2_leaves_it(monkeypatch):
    """Common random numbers: one uniform a step (and one a reward) whatever the learner draws for itself."""
    made = []
    for name in ("online", "rbocpd_ucrl2"):
        module = importlib.import_module(f"theorylab.mdp.average_reward.{name}")
        monkeypatch.setattr(module, "streams", lambda rng: made.append(streams(rng)) or made[-1])
    model = shifting(2)
    ucrl2(model, 700, rng=4)
    run = rbocpd_ucrl2(
        model, 700, rule="paper", scale=0.2, forced_exploration=0.5, reward_streams=True, trace=True, rng=4
    )
    assert len(run.restart_times)
    first, second = (source.environment.random() for source in made)
    assert first == second


def test_trace_changes_nothing_and_knows_the_phases():
    model = shifting(4)
    run, traced = (rbocpd_ucrl2(model, 4_000, rng=2, trace=t) for t in (False, True))
    assert np.array_equal(run.reward_sum, traced.reward_sum)
    (restart,) = traced.restart_times
    assert 2_000 < restart < 2_500
    first = np.searchsorted(traced.episode_starts, restart + 1)
    assert traced.episode_starts[first] == restart + 1
    assert traced.trace.clock[first] == 1 and not traced.trace.visits[first].any()
    assert traced.trace.delta[first - 1 : first + 1] == pytest.approx([0.05 / 2, 0.05 / 6])
    assert traced.extra["alarm_limits"] == pytest.approx([6 * 2 / 0.05])


def test_reward_detectors_see_what_next_states_do_not_show():
    P = two_state(0.25).P
    pieces = FiniteMDP(P, [[0.5, 0.0], [1.0, 0.0]]), FiniteMDP(P, [[0.5, 0.0], [0.0, 0.0]])
    model = PiecewiseStationaryMDP(pieces, (0, 3_000))
    blind = rbocpd_ucrl2(model, 6_000, rng=1)
    watching = rbocpd_ucrl2(model, 6_000, rng=1, reward_streams=True)
    assert len(blind.restart_times) == 0
    assert watching.extra["alarm_streams"].tolist() == [1] and watching.extra["alarm_pairs"].tolist() == [[1, 0]]
    assert 3_000 < watching.restart_times[0] < 3_100
    assert watching.regret[-1] < 0.6 * blind.regret[-1]


def test_forced_exploration_of_rate_one_plays_uniformly():
    run = rbocpd_ucrl2(dirichlet_mdp(2, 4, rng=0), 20_000, forced_exploration=1.0, rng=0)
    share = run.visits / run.visits.sum(axis=1, keepdims=True)
    assert np.all(np.abs(share - 0.25) < 0.02)  # about five standard deviations
    assert rbocpd_ucrl2(dirichlet_mdp(2, 4, rng=0), 50, forced_exploration=0.0, rng=0).visits.sum() == 50


def test_changes_beyond_the_horizon_and_at_its_end_do_nothing():
    beyond, still = shifting(5, (0, 900, 5_000)), shifting(5, (0, 900))
    a, b = (rbocpd_ucrl2(m, 1_500, rng=3) for m in (beyond, still))
    assert np.array_equal(a.reward_sum, b.reward_sum) and np.array_equal(a.regret, b.regret)
    assert oracle_restart_ucrl2(beyond, 900, rng=3).restart_times.tolist() == []
    assert oracle_restart_ucrl2(beyond, 901, rng=3).restart_times.tolist() == [900]


def test_a_change_at_the_first_step_is_refused_by_the_model():
    with pytest.raises(ValueError, match=r"starts\[1\] is 0"):
        shifting(0, (0, 0))


def test_a_change_after_one_step_is_no_obstacle():
    run = rbocpd_ucrl2(shifting(6, (0, 1)), 400, rng=0)
    assert run.visits.sum() == 400 and len(run.restart_times) == 0


@pytest.mark.parametrize("horizon", [1, 2, 3])
def test_horizons_below_the_number_of_pairs(horizon):
    run = rbocpd_ucrl2(riverswim(6), horizon, rng=0, trace=True, reward_streams=True, rule="paper")
    assert run.times.tolist() == list(range(1, horizon + 1)) and run.visits.sum() == horizon


def test_an_alarm_in_the_last_step_restarts_nothing():
    model = shifting(7)
    run = rbocpd_ucrl2(model, 3_000, rule="paper", scale=0.3, rng=1)
    first = int(run.restart_times[0])
    shorter = rbocpd_ucrl2(model, first, rule="paper", scale=0.3, rng=1)
    assert len(shorter.restart_times) == 0 and len(shorter.extra["alarm_pairs"]) == 0
    longer = rbocpd_ucrl2(model, first + 1, rule="paper", scale=0.3, rng=1)
    assert longer.restart_times.tolist() == [first] and longer.episode_starts[-1] == first + 1


def test_oracle_on_a_stationary_model_is_ucrl2_with_half_of_delta():
    model = dirichlet_mdp(3, 2, rng=0)
    told, plain = oracle_restart_ucrl2(model, 2_000, delta=0.1, rng=0), ucrl2(model, 2_000, delta=0.05, rng=0)
    assert np.array_equal(told.reward_sum, plain.reward_sum)


def test_oracle_starts_afresh_in_each_piece():
    run = oracle_restart_ucrl2(shifting(1, (0, 300, 700)), 1_000, delta=0.2, rng=0, trace=True)
    first = np.searchsorted(run.episode_starts, [1, 301, 701])
    assert run.trace.clock[first].tolist() == [1, 1, 1] and not run.trace.counts[first].any()
    assert run.trace.delta[first] == pytest.approx([0.2 / 2, 0.2 / 6, 0.2 / 12])


def test_slots_bound_the_memory():
    for S, A in ((4, 7), (16, 20), (50, 10)):
        slots = default_slots(52_000, S, A, reward_streams=True)
        assert 2 <= slots and 8 * S * A * slots * (S + 2 + 4) <= 256_000_000
    few = rbocpd_ucrl2(shifting(4), 4_000, slots=2, rng=2)
    assert few.extra["slots"] == 2 and len(few.restart_times) <= 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delta": 0.0}, "delta is 0"),
        ({"rule": "bayes"}, "rule is 'bayes'"),
        ({"forced_exploration": 1.5}, r"forced_exploration is 1.5, expected a finite number in \[0, 1\]"),
        ({"forced_exploration": -0.1}, "forced_exploration is -0.1"),
        ({"slots": 1}, "slots is 1, expected an integer >= 2"),
        ({"every": 0}, "every is 0"),
        ({"scale": -1.0}, "scale is -1"),
        ({"checkpoints": [5, 3]}, r"checkpoints\[1\] is 3"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        rbocpd_ucrl2(shifting(), 100, rng=0, **options)


def test_bad_types_and_models():
    with pytest.raises(TypeError, match=r"published is 1, expected True or False"):
        rbocpd_ucrl2(shifting(), 100, published=1, rng=0)
    with pytest.raises(TypeError, match=r"horizon is 10\.0"):
        rbocpd_ucrl2(shifting(), 10.0, rng=0)
    with pytest.raises(ValueError, match="horizon is 0"):
        oracle_restart_ucrl2(shifting(), 0, rng=0)
    with pytest.raises(ValueError, match="mdp has 1 state"):
        rbocpd_ucrl2(FiniteMDP(np.ones((1, 2, 1)), [[0.0, 1.0]]), 10, rng=0)
    with pytest.raises(ValueError, match="expected rewards in"):
        rbocpd_ucrl2(FiniteMDP(two_state().P, 2.0 * two_state().R), 10, rng=0)
    with pytest.raises(ValueError, match="'ville' is out of range"):
        rbocpd_ucrl2(dirichlet_mdp(200, 1, rng=0), 10_000, rule="ville", rng=0)
