"""What would be lost, wrong or endless is refused in one line, before the first step where that is possible."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from theorylab.mdp.average_reward import (
    oracle_restart_ucrl2,
    random_agent,
    rbocpd_ucrl2,
    restarted_ucrl2,
    sw_ucrl2,
    ucrl2,
)
from theorylab.mdp.average_reward.record import OnlineRun
from theorylab.mdp.average_reward.restarted_ucrl2 import restart_schedule
from theorylab.mdp.environments import frozen_lake, riverswim, two_state
from theorylab.mdp.model import FiniteMDP
from theorylab.mdp.piecewise import PiecewiseStationaryMDP
from theorylab.mdp.planning import diameter, discounted, optimal_gain, policy_gain

ALGORITHMS = {
    "ucrl2": ucrl2,
    "sw_ucrl2": lambda *given, **more: sw_ucrl2(*given, window=10, **more),
    "restarted_ucrl2": restarted_ucrl2,
    "oracle_restart_ucrl2": oracle_restart_ucrl2,
    "rbocpd_ucrl2": rbocpd_ucrl2,
    "random_agent": random_agent,
}
EVERY = pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS)
OPTIMISTIC = pytest.mark.parametrize("algorithm", list(ALGORITHMS.values())[:-1], ids=list(ALGORITHMS)[:-1])
WHEEL = FiniteMDP([[[0, 1.0]], [[1.0, 0]]], [[0.0], [1.0]])


@EVERY
def test_a_gain_that_is_not_known_is_no_yardstick(algorithm):
    nearly_absorbing = FiniteMDP([[[1 - 1e-17, 1e-17]] * 2, [[3e-17, 1 - 3e-17]] * 2], [[0.0, 0.0], [1.0, 1.0]])
    found = optimal_gain(nearly_absorbing)
    assert found.gain_upper - found.gain_lower > 0.1
    with pytest.raises(
        ValueError, match=r"optimal gain of mdp is only known to lie in \[.*\], expected bounds at most"
    ):
        algorithm(nearly_absorbing, 10**12, rng=1)
    pieces = PiecewiseStationaryMDP((two_state(), nearly_absorbing), (0, 50))
    with pytest.raises(ValueError, match=r"optimal gain of mdp\.pieces\[1\] is only known"):
        algorithm(pieces, 10**12, rng=1)


@EVERY
def test_a_gain_that_depends_on_the_start_is_refused_before_the_first_step(algorithm):
    apart = FiniteMDP(np.stack([np.eye(2)] * 2, axis=1), np.array([[1.0, 1.0], [0.0, 0.0]]))
    with pytest.raises(ValueError, match=r"start state|depends"):
        algorithm(apart, 10**12, rng=1)  # a run of this length would take hours


@OPTIMISTIC
@pytest.mark.parametrize("scale", [0.0, 1e-12])
def test_value_iteration_on_a_periodic_model_without_a_ball_gives_up(algorithm, scale):
    with pytest.raises(ValueError, match=rf"did not converge in 1000000 sweeps at step \d+: scale is {scale:g}"):
        algorithm(WHEEL, 100, scale=scale, rng=0)


@OPTIMISTIC
def test_a_level_beyond_the_range_of_doubles(algorithm):
    with pytest.raises(ValueError, match="delta is 1e-300, expected at least 1e-250"):
        algorithm(two_state(), 100, delta=1e-300, rng=0)
    with np.errstate(all="raise"):
        assert np.isfinite(algorithm(two_state(), 2000, delta=1e-250, rng=0).regret).all()


@EVERY
def test_flags_and_horizons(algorithm):
    with pytest.raises(TypeError, match="trace is 1, expected True or False"):
        algorithm(two_state(), 100, trace=1)
    with pytest.raises(ValueError, match="horizon is "):
        algorithm(two_state(), 10**30)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda run: pickle.loads(pickle.dumps(run))])
def test_runs_with_a_trace_can_be_pickled(copied):
    run = rbocpd_ucrl2(two_state(), 300, trace=True, rng=3)
    other = copied(run)
    assert type(other) is OnlineRun and other.to_dict() == run.to_dict()
    with pytest.raises(ValueError, match="read-only"):
        other.trace.visits[0] = 1
    with pytest.raises(TypeError):
        other.extra["slots"] = 1


def test_schedules_end():
    with pytest.raises(ValueError, match=r"pieces is an integer of \d+ bits, expected an integer in 1\.\.1000"):
        restart_schedule(10, 10**400)
    with pytest.raises(ValueError, match="pieces is 0"):
        restart_schedule(10, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"diameter": 1e308, "changes": 1}, r"diameter is 1e\+308, expected a finite number in \(0, 1e\+150\]"),
        ({"diameter": 1.0, "changes": 100}, r"changes is 100, expected an integer in 0\.\.99"),
        ({"diameter": 1.0, "changes": 10**400}, "changes is an integer of 1329 bits"),
    ],
)
def test_extreme_windows(change, message):
    with pytest.raises(ValueError, match=message):
        sw_ucrl2(two_state(), 100, **change)


P, R = two_state().P, two_state().R
MODELS = [
    (
        lambda: FiniteMDP(P, R * 1e308),
        ValueError,
        r"R\[1, 0\] is 1e\+308, expected a number in \[-1e\+150, 1e\+150\]",
    ),
    (lambda: FiniteMDP([[[1.0, 5e-324]], [[1.0, 0.0]]], [[0], [0]]), ValueError, r"P\[0, 0, 1\] is .* at least 1e-150"),
    (lambda: FiniteMDP.from_table([[[1.0]]], [[[1e308, 1e308]]], [[[0.5, 0.5]]]), ValueError, "reward_values"),
    (lambda: FiniteMDP.from_table([[[1.0]]], [[[1.0]]], [[[1.0]]], action_names="a"), TypeError, "action_names is 'a'"),
    (lambda: FiniteMDP(P, R, action_names=3), TypeError, "action_names is 3, expected a tuple of strings"),
    (lambda: PiecewiseStationaryMDP((two_state(),), (0,), name=3), TypeError, "name is 3, expected a string"),
    (lambda: PiecewiseStationaryMDP(None, (0,)), TypeError, "pieces is None, expected a sequence of FiniteMDP"),
    (lambda: PiecewiseStationaryMDP((two_state(),), 5), TypeError, "starts is 5, expected a sequence of integers"),
    (lambda: PiecewiseStationaryMDP((two_state(),), None), TypeError, "starts is None, expected a sequence"),
    (lambda: PiecewiseStationaryMDP((two_state(),) * 2, (0, 10**30)), ValueError, r"starts\[1\] is 10+, expected"),
    (lambda: frozen_lake(slippery=1), TypeError, "slippery is 1, expected True or False"),
    (lambda: optimal_gain(two_state(), rational=3), TypeError, "rational is 3, expected a RationalMDP"),
    (lambda: optimal_gain(two_state(), exact=1), TypeError, "exact is 1, expected True or False"),
    (lambda: diameter(two_state(), exact="no"), TypeError, "exact is 'no'"),
    (lambda: policy_gain(two_state(), [0, 0], exact=1), TypeError, "exact is 1"),
    (lambda: discounted.value_iteration(two_state(), 0.9, exact=1), TypeError, "exact is 1"),
]


@pytest.mark.parametrize(("make", "error", "message"), MODELS)
def test_models_and_planners(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_the_largest_rewards_and_the_least_probabilities_plan_without_overflow():
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        large = FiniteMDP(riverswim(6).P, riverswim(6).R * 1e150)
        assert optimal_gain(large).gain == pytest.approx(optimal_gain(riverswim(6)).gain * 1e150, rel=1e-9)
        rare = FiniteMDP([[[1.0, 1e-150]], [[1.0, 0.0]]], [[0.0], [1.0]])
        assert diameter(rare).value == pytest.approx(1e150)
