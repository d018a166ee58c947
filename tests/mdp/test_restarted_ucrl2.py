"""Restarted UCRL2: the schedule from its definition, the kernel against the reference, phases as runs of their own."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.mdp import FiniteMDP, PiecewiseStationaryMDP
from theorylab.mdp.average_reward.online import model_tuple, trace_arrays, work_arrays
from theorylab.mdp.average_reward.restarted_ucrl2 import restart_schedule, restarted_ucrl2
from theorylab.mdp.average_reward.ucrl2 import _ucrl2, ucrl2, ucrl2_kernel
from theorylab.mdp.average_reward.ucrl2_reference import reference_ucrl2
from theorylab.mdp.environments import piecewise_dirichlet, riverswim, two_state
from theorylab.mdp.sampler import model_arrays
from theorylab.verify.strategies import mdp as theory


def phase_starts(horizon, pieces):
    """Steps t = 1, 2, .. at which a phase begins, by trying every i."""
    firsts = (ceil(Fraction(i**3, pieces**2)) for i in range(1, pieces * horizon + 2))
    return sorted({t for t in firsts if t <= horizon})


@given(st.integers(1, 120), st.integers(1, 20))
def test_schedule_is_the_definition(horizon, pieces):
    assert restart_schedule(horizon, pieces).tolist() == [t - 1 for t in phase_starts(horizon, pieces) if t > 1]


def test_golden_schedules():
    assert restart_schedule(30, 1).tolist() == [7, 26]  # steps 8 and 27; step 64 is too late
    assert restart_schedule(8, 1).tolist() == [7]  # the last step is a phase
    assert restart_schedule(7, 1).tolist() == []
    assert restart_schedule(1, 3).tolist() == []
    # Figure 2 of [alami2023restarted]: 211 distinct phase starts, the first of which is step 1 and no restart
    assert len(restart_schedule(52_000, 14)) + 1 == 211


def two_rewards(mean):
    P = [[[0.5, 0.5], [1.0, 0.0]], [[0.0, 1.0], [0.5, 0.5]]]
    return FiniteMDP(P, [[mean, 0.25], [1.0 - mean, 0.75]], "bernoulli")


@settings(max_examples=20, deadline=None)
@given(
    theory.finite_mdps(max_states=3, communicating=True, build=FiniteMDP),
    theory.seeds(),
    st.integers(0, 5),
    st.integers(1, 200),
)
def test_kernel_makes_the_reference_decisions(first, seed, changes, change):
    horizon, delta = 200, 0.9
    model = PiecewiseStationaryMDP((first, FiniteMDP(np.flip(first.P, axis=1), 1.0 - first.R)), (0, change))
    run = restarted_ucrl2(model, horizon, changes=changes, delta=delta, rng=seed)
    restarts = [t - 1 for t in phase_starts(horizon, changes + 1) if t > 1]
    share = delta / (changes + 1) ** 2
    reference = reference_ucrl2(
        model, horizon, delta=share, restarts=restarts, deltas=[share] * (len(restarts) + 1), rng=seed
    )
    assert run.episode_starts.tolist() == reference.episode_starts
    assert run.evi_sweeps.tolist() == reference.sweeps
    np.testing.assert_allclose(run.reward_sum, np.cumsum(reference.rewards), atol=1e-9)


def test_long_phases_with_random_rewards_agree_with_the_reference():
    model = PiecewiseStationaryMDP((two_rewards(0.9), two_rewards(0.1)), (0, 1200))
    run = restarted_ucrl2(model, 2500, changes=0, delta=0.9, checkpoints=range(1, 2501), rng=7)
    restarts = [t - 1 for t in phase_starts(2500, 1) if t > 1]
    deltas = [0.9] * (len(restarts) + 1)
    reference = reference_ucrl2(model, 2500, delta=0.9, restarts=restarts, deltas=deltas, rng=7)
    assert run.episode_starts.tolist() == reference.episode_starts
    np.testing.assert_array_equal(run.reward_sum, np.cumsum(reference.rewards))
    assert (1, 1) in zip(reference.states, reference.actions, strict=True)  # more than ties was decided


def test_compiled_and_plain_kernel_agree_to_the_bit():
    model = PiecewiseStationaryMDP((two_rewards(0.9), two_rewards(0.1)), (0, 150))
    restarts = restart_schedule(400, 2)
    outcomes = []
    for function in (_ucrl2, ucrl2_kernel):
        out = (np.zeros(1), np.zeros(1), np.zeros(400, np.int64), np.zeros(400, np.int64), np.zeros((2, 2), np.int64))
        episodes = function(
            model_tuple(model_arrays(model)), 400, restarts, np.full(len(restarts) + 1, 0.1), 0.1, np.array([400]),
            np.random.default_rng(3), out, trace_arrays(0, 2, 2), np.zeros((0, 2), dtype=np.int64), work_arrays(2, 2),
        )  # fmt: skip
        outcomes.append((episodes, *out))
    assert all(np.array_equal(a, b) for a, b in zip(*outcomes, strict=True))


def test_first_phase_is_ucrl2_with_a_share_of_delta():
    model = riverswim(6)
    first = int(restart_schedule(3000, 1)[10])
    run = restarted_ucrl2(model, 3000, changes=0, delta=0.2, trace=True, rng=5)
    alone = ucrl2(model, 7, delta=0.2, trace=True, rng=5)
    before = run.episode_starts <= 7
    np.testing.assert_array_equal(run.episode_starts[before], alone.episode_starts)
    np.testing.assert_array_equal(run.trace.transition_radii[before], alone.trace.transition_radii)
    assert first in run.restart_times and first + 1 in run.episode_starts


def test_changes_are_those_of_the_model_before_the_horizon():
    model = PiecewiseStationaryMDP((two_state(), two_state(0.5), two_state()), (0, 50, 5000))
    run = restarted_ucrl2(model, 1000, rng=1)
    assert run.parameters["changes"] == 1  # the change at 5000 lies beyond the horizon
    told = restarted_ucrl2(model, 1000, changes=1, rng=1)
    np.testing.assert_array_equal(run.reward_sum, told.reward_sum)
    assert restarted_ucrl2(two_state(), 100, rng=1).parameters["changes"] == 0


def test_change_at_or_beyond_the_horizon_changes_nothing():
    late = PiecewiseStationaryMDP((two_state(0.25), two_state(0.5)), (0, 300))
    run = restarted_ucrl2(late, 300, rng=2)
    assert run.parameters["changes"] == 0
    np.testing.assert_array_equal(run.regret, restarted_ucrl2(two_state(0.25), 300, rng=2).regret)


def test_many_changes_restart_at_nearly_every_step():
    run = restarted_ucrl2(two_state(), 50, changes=49, trace=True, rng=0)
    assert run.restart_times.tolist() == [t - 1 for t in phase_starts(50, 50) if t > 1]
    assert len(run.restart_times) == 30 and run.trace.clock[:12].tolist() == [1] * 12


def test_model_of_figure_2_restarts_210_times():
    run = restarted_ucrl2(piecewise_dirichlet(4, 7, rng=0), 52_000, rng=0)
    assert run.parameters["changes"] == 13 and len(run.restart_times) == 210


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"changes": -1}, "changes is -1"),
        ({"changes": 100}, r"changes is 100, expected an integer in 0\.\.99"),
        ({"changes": 10**400}, r"changes is an integer of 1329 bits, expected an integer in 0\.\.99"),
        ({"delta": 0.0}, "delta is 0"),
        ({"scale": -1.0}, "scale is -1"),
        ({"checkpoints": [101]}, r"checkpoints\[0\] is 101"),
    ],
)
def test_bad_input_is_named(keywords, message):
    with pytest.raises(ValueError, match=message):
        restarted_ucrl2(two_state(), 100, rng=0, **keywords)


def test_horizon_of_zero_is_refused():
    with pytest.raises(ValueError, match="horizon is 0"):
        restarted_ucrl2(two_state(), 0, rng=0)


def test_figure_shows_where_restarts_help_and_hurt():
    from theorylab.rooms.figures.restarted_ucrl2 import FIGURE

    table = FIGURE.data({"horizon": 52_000, "runs": 8}, rng=1)
    assert {c.name: c.evaluate(table, 0.01).verdict for c in FIGURE.conclusions} == {
        "restarts help where relearning is quick": "supported",
        "restarts hurt where it is slow": "supported",
        "they help there with small radii": "supported",
    }
