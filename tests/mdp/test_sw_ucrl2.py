"""SW-UCRL: the kernel against a recount of the history, the window at its edges, bad input, the optimal window."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.mdp import FiniteMDP, PiecewiseStationaryMDP
from theorylab.mdp.average_reward.online import model_tuple, trace_arrays, work_arrays
from theorylab.mdp.average_reward.sw_ucrl2 import (
    _resum_rewards,
    _ring,
    _sw_ucrl2,
    optimal_window,
    sw_ucrl2,
    sw_ucrl2_kernel,
    window_episode_cap,
)
from theorylab.mdp.average_reward.sw_ucrl2_reference import reference_sw_ucrl2
from theorylab.mdp.average_reward.ucrl2 import ucrl2
from theorylab.mdp.environments import riverswim, two_state
from theorylab.mdp.sampler import model_arrays
from theorylab.verify.strategies import mdp as theory


def changing(first, second, change):
    return PiecewiseStationaryMDP((first, second), (0, change))


@st.composite
def models(draw):
    laws = st.sampled_from(("deterministic", "bernoulli"))
    first = draw(theory.finite_mdps(max_states=3, communicating=True, reward_law=draw(laws), build=FiniteMDP))
    if draw(st.booleans()):
        return first
    second = FiniteMDP(np.flip(first.P, axis=1), 1.0 - first.R, draw(laws))
    return changing(first, second, draw(st.integers(1, 150)))


@settings(max_examples=25, deadline=None)
@given(models(), theory.seeds(), st.integers(1, 130), st.sampled_from((0.02, 0.2, 1.0)))
def test_kernel_makes_the_reference_decisions(model, seed, window, scale):
    horizon = 120
    run = sw_ucrl2(model, horizon, window=window, delta=0.5, scale=scale, trace=True, rng=seed)
    reference = reference_sw_ucrl2(model, horizon, window=window, delta=0.5, scale=scale, rng=seed)
    assert run.episode_starts.tolist() == reference.episode_starts
    assert run.evi_sweeps.tolist() == reference.sweeps
    np.testing.assert_allclose(run.reward_sum, np.cumsum(reference.rewards), atol=1e-9)
    np.testing.assert_array_equal(run.trace.visits, reference.visits)
    np.testing.assert_array_equal(run.trace.counts, reference.counts)
    np.testing.assert_allclose(run.trace.reward_sums, reference.reward_sums, atol=1e-9)
    for k, start in enumerate(reference.episode_starts):  # the policy played is the policy recorded
        length = int(run.trace.plays[k].sum())
        for step in range(start - 1, start - 1 + length):
            assert run.trace.policies[k, reference.states[step]] == reference.actions[step]


@pytest.mark.parametrize("window", [1, 13, 400])
def test_compiled_and_plain_kernel_agree_to_the_bit(window):
    model = changing(two_state(0.3), riverswim_of_two(), 150)
    outcomes = []
    for function in (_sw_ucrl2, sw_ucrl2_kernel):
        out = (np.zeros(2), np.zeros(2), np.zeros(400, np.int64), np.zeros(400, np.int64), np.zeros((2, 2), np.int64))
        episodes = function(
            model_tuple(model_arrays(model)), 400, 0.5, 0.1, np.array([100, 400]), np.random.default_rng(3), out,
            trace_arrays(0, 2, 2), np.zeros((0, 2), dtype=np.int64), work_arrays(2, 2), _ring(window),
        )  # fmt: skip
        outcomes.append((episodes, *out))
    assert all(np.array_equal(a, b) for a, b in zip(*outcomes, strict=True))


def riverswim_of_two():
    return FiniteMDP([[[1.0, 0.0], [0.4, 0.6]], [[1.0, 0.0], [0.4, 0.6]]], [[0.125, 0.3], [0.5, 1.0]], "bernoulli")


@pytest.mark.parametrize("window", [2000, 2001, 10**9])
def test_window_of_the_horizon_or_more_is_ucrl2(window):
    model = changing(two_state(0.25), two_state(0.5), 900)
    run = sw_ucrl2(model, 2000, window=window, trace=True, rng=4)
    plain = ucrl2(model, 2000, trace=True, rng=4)
    np.testing.assert_array_equal(run.episode_starts, plain.episode_starts)
    np.testing.assert_array_equal(run.regret, plain.regret)
    np.testing.assert_array_equal(run.trace.policies, plain.trace.policies)
    np.testing.assert_array_equal(run.trace.visits, plain.trace.visits)


def test_window_of_one_step_remembers_the_last_step_only():
    run = sw_ucrl2(two_state(0.5), 200, window=1, trace=True, rng=0)
    assert run.n_episodes == 200  # every limit is 1
    assert run.trace.visits.sum(axis=(1, 2)).tolist() == [0] + [1] * 199


def test_shorter_runs_are_beginnings_of_longer_ones():
    short = sw_ucrl2(riverswim(6), 300, window=40, rng=9)
    long = sw_ucrl2(riverswim(6), 450, window=40, rng=9)
    np.testing.assert_array_equal(short.reward_sum, long.reward_sum[:300])


def test_single_pair_has_no_pseudo_regret():
    run = sw_ucrl2(FiniteMDP([[[1.0]]], [[0.3]], "bernoulli"), 300, window=10, rng=0)
    np.testing.assert_allclose(run.pseudo_regret, 0.0, atol=1e-9)


def test_resummed_rewards_are_those_of_the_ring():
    state, action, following, reward = _ring(3)
    sums = np.full((2, 1), 99.0)
    for t, (s, r) in enumerate([(0, 0.5), (1, 0.25), (0, 1.0), (1, 0.125)]):
        state[t % 3], action[t % 3], following[t % 3], reward[t % 3] = s, 0, 0, r
    _resum_rewards(state, action, reward, 4, sums)
    assert sums.tolist() == [[1.0], [0.375]]
    _resum_rewards(state, action, reward, 2, sums)  # two steps seen: slots 0 and 1 only
    assert sums.sum() == 0.375


def test_optimal_window_of_figure_2_and_its_formula():
    # 38177.5 for S = 4, A = 7, T = 52000, 14 pieces, D = 3.08425585, delta = 0.05, rounded up
    assert optimal_window(52_000, 4, 7, diameter=3.08425585, changes=13, delta=0.05) == 38_178
    best = optimal_window(10**7, 3, 2, diameter=2.0, changes=4, delta=0.1)

    def bound(window):
        return 2 * 5 * window + 66.12 * 10**7 / math.sqrt(window) * 2.0 * 3 * math.sqrt(2 * math.log(10**8))

    assert bound(best) <= min(bound(0.9 * best), bound(1.1 * best))


def test_window_is_chosen_from_diameter_and_changes():
    run = sw_ucrl2(two_state(), 1000, diameter=1.0, changes=0, delta=0.05, rng=0)
    assert run.parameters["window"] == optimal_window(1000, 2, 2, diameter=1.0, changes=0, delta=0.05)
    assert run.parameters["diameter"] == 1.0 and run.parameters["changes"] == 0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("window", [4, 20, 150])
def test_episodes_stay_below_the_cap(window, seed):
    model = changing(two_state(0.4), riverswim_of_two(), 700)
    assert sw_ucrl2(model, 1500, window=window, scale=0.05, rng=seed).n_episodes <= window_episode_cap(1500, window, 4)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({}, "window and diameter are None, expected a window, or a diameter and changes"),
        ({"diameter": 2.0}, "window and changes are None"),
        ({"window": 0}, "window is 0"),
        ({"window": -3}, "window is -3"),
        ({"window": 10, "changes": 1}, "changes is 1, expected None when window is given"),
        ({"window": 10, "diameter": 1.0}, "diameter is 1.0, expected None when window is given"),
        ({"diameter": 0.0, "changes": 1}, "diameter is 0"),
        ({"diameter": 1.0, "changes": -1}, "changes is -1"),
        ({"window": 10, "delta": 1.0}, "delta is 1"),
        ({"window": 10, "scale": -0.1}, "scale is -0.1"),
        ({"window": 10, "checkpoints": [0]}, r"checkpoints\[0\] is 0"),
    ],
)
def test_bad_input_is_named(keywords, message):
    with pytest.raises(ValueError, match=message):
        sw_ucrl2(two_state(), 100, rng=0, **keywords)


def test_window_of_a_fraction_is_refused():
    with pytest.raises(TypeError, match="window"):
        sw_ucrl2(two_state(), 100, window=2.5, rng=0)


def test_rewards_outside_the_unit_interval_are_refused():
    with pytest.raises(ValueError, match=r"R\[0, 0\] can be 1.5"):
        sw_ucrl2(FiniteMDP([[[1.0]]], [[1.5]]), 10, window=5, rng=0)


def test_a_scaled_radius_is_recorded():
    assert not sw_ucrl2(two_state(), 10, window=5, scale=0.5, rng=0).theorems_algorithm
    assert sw_ucrl2(two_state(), 10, window=5, rng=0).theorems_algorithm


def test_figure_shows_a_best_window_in_between():
    from theorylab.rooms.figures.sw_ucrl2 import FIGURE

    table = FIGURE.data({"horizon": 100_000, "runs": 8, "halvings": (0, 1, 3, 5, 7, 9, 11)}, rng=1)
    dense = [c for c in FIGURE.conclusions if "two states" not in c.name]
    assert len(dense) == 3
    assert [c.evaluate(table, 0.01).verdict for c in dense] == ["supported"] * 3
    flat = table.where(model="two states", algorithm="UCRL2")
    assert flat["window"].tolist() == [100_000] * 8
