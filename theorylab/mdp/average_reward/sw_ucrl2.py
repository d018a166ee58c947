r"""SW-UCRL: UCRL2 on the observations of a sliding window.   [gajane2018sliding]

Setting      An MDP that changes at most :math:`\ell - 1` times, with diameter at most D throughout; regret against the
             optimal gain of the current model.
Algorithm    UCRL2 in which, at the start of episode k, the visits N, the empirical means and the empirical transitions
             are those of the last W steps before :math:`t_k`.  The radii are UCRL2's, with the time since the beginning
             in the logarithms; the episode ends when some pair has been visited in it max(1, N) times.
             Draws: those of UCRL2.
Guarantee    With probability at least :math:`1-\delta` the regret is at most
             :math:`2 \ell W + 66.12 \lceil T/\sqrt{W} \rceil D S \sqrt{A \log(T/\delta)}`; the minimiser is
             :math:`W^* = (16.53\, T D S \sqrt{A \log(T/\delta)} / \ell)^{2/3}`.  Both constants are recalled, not
             read in the paper.   Claims: proofs_checks/sw_ucrl2.py
Deviations   Those of UCRL2.  Whether the paper's :math:`\ell` counts changes or pieces was not checked: here it is the
             number of pieces, for which the bound is the larger one and holds in either reading.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theorylab.core import checkpoints as checkpoint_times
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike, streams
from theorylab.mdp.average_reward.evi import evi_l1_kernel
from theorylab.mdp.average_reward.online import (
    check_converged,
    check_rewards,
    episode_cap,
    gains_of,
    make_record,
    model_tuple,
    output_arrays,
    pack_trace,
    trace_arrays,
    work_arrays,
)
from theorylab.mdp.average_reward.record import OnlineRun
from theorylab.mdp.average_reward.stepping import report_kernel, reward_kernel, step_kernel
from theorylab.mdp.average_reward.ucrl2 import empirical_kernel, record_episode_kernel
from theorylab.mdp.sampler import model_arrays

__all__ = ["optimal_window", "sw_ucrl2", "sw_ucrl2_kernel", "window_episode_cap"]


def optimal_window(horizon: int, n_states: int, n_actions: int, *, diameter: float, changes: int, delta: float) -> int:
    r"""The window that minimises the bound, rounded up: :math:`(16.53\, T D S \sqrt{A \log(T/\delta)} / \ell)^{2/3}`.

    ``changes`` is :math:`\ell - 1`.  The constant is recalled, not read in the paper.

    Examples
    --------
    >>> optimal_window(10_000, 2, 2, diameter=1.0, changes=3, delta=0.05)
    5505
    """
    slope = horizon * diameter * n_states * math.sqrt(n_actions * math.log(horizon / delta))
    return max(1, math.ceil(math.pow(16.53 / (changes + 1) * slope, 2.0 / 3.0)))


def window_episode_cap(horizon: float, window: float, pairs: int) -> float:
    r""":math:`\lceil T/W \rceil\, SA \log_2(8W/(SA))` for :math:`SA \le W \le T`: UCRL2's cap for each W steps; else T.

    Within W consecutive steps the window holds all that was seen in them, so that UCRL2's doubling argument speaks of
    the episodes inside; its slack of SA - 1 episodes pays for the one that straddles the end.
    """
    if window >= horizon:
        return episode_cap(horizon, pairs)
    if window < pairs:
        return float(horizon)
    return min(float(horizon), math.ceil(horizon / window) * episode_cap(window, pairs))


def sw_ucrl2(
    mdp: Any,
    horizon: int,
    *,
    window: int | None = None,
    diameter: float | None = None,
    changes: int | None = None,
    delta: float = 0.05,
    scale: float = 1.0,
    checkpoints: ArrayLike | None = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> OnlineRun:
    r"""Run SW-UCRL for ``horizon`` steps.

    Parameters
    ----------
    mdp : FiniteMDP or PiecewiseStationaryMDP
        Rewards in [0, 1].
    horizon : int
        Number of steps.
    window : int, optional
        W >= 1, in steps.  A window of ``horizon`` or more forgets nothing: UCRL2.  Without it :func:`optimal_window` is
        taken, which needs the next two.
    diameter : float, optional
        An upper bound D on the diameter of every piece, only for the optimal window.
    changes : int, optional
        The number :math:`\ell - 1` of changes to expect, only for the optimal window.
    delta, scale, checkpoints, trace, rng
        As in :func:`theorylab.mdp.average_reward.ucrl2.ucrl2`.  In the trace, visits, counts and reward sums are those
        of the window, the clock runs from the beginning.

    Returns
    -------
    OnlineRun
        ``parameters["window"]`` is the window used.

    Raises
    ------
    ValueError
        As ``ucrl2``; also for a window below 1, ``changes`` outside 0..horizon - 1, a diameter outside (0, 1e150], or
        when neither ``window`` nor both of ``diameter`` and ``changes`` are given, or more than that.

    Examples
    --------
    >>> from theorylab.mdp.environments import two_state
    >>> run = sw_ucrl2(two_state(0.5), 1_000, window=100, rng=1, trace=True)
    >>> int(run.trace.visits[-1].sum()), run.parameters["window"]
    (100, 100)

    References
    ----------
    [gajane2018sliding]
    """
    horizon = validate.integer("horizon", horizon, low=1)
    delta = validate.confidence("delta", delta)
    scale = validate.number("scale", scale, low=0.0)
    trace = validate.flag("trace", trace)
    times = checkpoint_times.validated(checkpoints, horizon)
    arrays = model_arrays(mdp)
    check_rewards(arrays)
    n_states, n_actions = arrays.means.shape[1:]
    window = _chosen_window(window, diameter, changes, horizon, n_states, n_actions, delta)
    gains = gains_of(mdp, horizon)
    source = streams(rng)
    environment_state = source.environment.bit_generator.state

    def once(n_traced: int, capacity: int) -> tuple[int, Any, Any, Any]:
        source.environment.bit_generator.state = environment_state
        out = output_arrays(len(times), capacity, n_states, n_actions)
        traced = trace_arrays(n_traced, n_states, n_actions)
        plays = np.zeros((n_traced, n_states), dtype=np.int64)
        episodes = sw_ucrl2_kernel(
            model_tuple(arrays), horizon, delta, scale, times, source.environment, out, traced, plays,
            work_arrays(n_states, n_actions), _ring(min(window, horizon)),
        )  # fmt: skip
        check_converged(episodes, scale)
        return int(episodes), out, traced, plays

    episodes, out, traced, plays = once(0, math.ceil(window_episode_cap(horizon, window, n_states * n_actions)) + 1)
    if trace:  # the same seed again, now that the number of episodes is known
        episodes, out, traced, plays = once(episodes, episodes)
    parameters = {"window": window, "diameter": diameter, "changes": changes, "delta": delta}
    return make_record(
        "sw_ucrl2", mdp, arrays, horizon, times, out, episodes, gains=gains,
        restarts=np.zeros(0, dtype=np.int64), scale=scale, parameters=parameters, seed=source.seed,
        trace=pack_trace(traced, plays) if trace else None,
    )  # fmt: skip


def _chosen_window(
    window: int | None,
    diameter: float | None,
    changes: int | None,
    horizon: int,
    n_states: int,
    n_actions: int,
    delta: float,
) -> int:
    if window is not None:
        for name, given in (("diameter", diameter), ("changes", changes)):
            if given is not None:
                raise ValueError(f"{name} is {given}, expected None when window is given: it only serves to choose one")
        return validate.integer("window", window, low=1)
    if diameter is None or changes is None:
        missing = "diameter" if diameter is None else "changes"
        raise ValueError(f"window and {missing} are None, expected a window, or a diameter and changes to choose it by")
    return optimal_window(
        horizon,
        n_states,
        n_actions,
        diameter=validate.number("diameter", diameter, low=0.0, high=validate.LARGEST, open_low=True),
        changes=validate.integer("changes", changes, low=0, high=horizon - 1),
        delta=delta,
    )


def _ring(length: int) -> tuple[NDArray[Any], ...]:
    """State, action, next state and reward of the last ``length`` steps."""
    short = np.int32
    return (np.zeros(length, short), np.zeros(length, short), np.zeros(length, short), np.zeros(length))


def _resum_rewards(ring_state, ring_action, ring_reward, steps, reward_sums):  # type: ignore[no-untyped-def]
    """Reward sums (S, A) of the last steps afresh: adding and subtracting floats would drift."""
    length = ring_reward.shape[0]
    for s in range(reward_sums.shape[0]):
        for a in range(reward_sums.shape[1]):
            reward_sums[s, a] = 0.0
    for i in range(max(0, steps - length), steps):
        slot = i % length
        reward_sums[ring_state[slot], ring_action[slot]] += ring_reward[slot]


resum_rewards_kernel = kernel(_resum_rewards)


def _sw_ucrl2(model, horizon, delta, scale, times, rng, out, traced, plays, buffers, ring):  # type: ignore[no-untyped-def]
    """UCRL2 on a sliding window; returns the number of episodes, or minus the step as ``_ucrl2``.

    model, times, out, traced, plays, buffers as in ``_ucrl2``; visits, counts and reward sums are those of the window
    ring     (state (W,), action (W,), next state (W,), reward (W,)): what was seen at step t stands at t modulo W
    """
    _, _, _, reward_values, _, starts, state = model
    _, _, episode_starts, sweeps, total_visits = out
    visits, counts, reward_sums, p_hat, reward_upper, reward_radius, radius = buffers[:7]
    u, u_next, order, p, policy, played, limit = buffers[7:]
    ring_state, ring_action, ring_next, ring_reward = ring
    n_states = visits.shape[0]
    window = ring_state.shape[0]
    random_rewards = reward_values.shape[3] > 1
    received, expected = 0.0, 0.0
    t, piece, checkpoint, k, slot, resummed = 0, 0, 0, 0, 0, 0
    while t < horizon:
        clock = t + 1
        if t - resummed >= window:
            resum_rewards_kernel(ring_state, ring_action, ring_reward, t, reward_sums)
            resummed = t
        empirical_kernel(visits, counts, reward_sums, clock, delta, scale, p_hat, reward_upper, reward_radius, radius)
        done = evi_l1_kernel(p_hat, reward_upper, radius, 1.0 / math.sqrt(clock), u, u_next, order, p, policy)
        if done < 0:
            return -(t + 1)
        if k < episode_starts.shape[0]:
            episode_starts[k] = t + 1
            sweeps[k] = done
        if k < plays.shape[0]:
            record_episode_kernel(
                k, clock, delta, visits, counts, reward_sums, policy, u, u_next, reward_upper, reward_radius, radius,
                p_hat, order, p, traced,
            )  # fmt: skip
        for s in range(n_states):
            played[s] = 0
            limit[s] = max(1, visits[s, policy[s]])
        while t < horizon and played[state] < limit[state]:
            if piece + 1 < starts.shape[0] and t == starts[piece + 1]:
                piece += 1
            action = policy[state]
            reached, reward, mean = step_kernel(model, piece, state, action, rng)
            if random_rewards:
                reward = reward_kernel(model, piece, state, action, rng)
            received += reward
            expected += mean
            played[state] += 1
            if t >= window:
                old_state, old_action = ring_state[slot], ring_action[slot]
                visits[old_state, old_action] -= 1
                counts[old_state, old_action, ring_next[slot]] -= 1
                reward_sums[old_state, old_action] -= ring_reward[slot]
            ring_state[slot] = state
            ring_action[slot] = action
            ring_next[slot] = reached
            ring_reward[slot] = reward
            visits[state, action] += 1
            counts[state, action, reached] += 1
            reward_sums[state, action] += reward
            slot += 1
            if slot == window:
                slot = 0
            t += 1
            if t == times[checkpoint]:
                checkpoint = report_kernel(out, checkpoint, received, expected)
            state = reached
        for s in range(n_states):
            total_visits[s, policy[s]] += played[s]
            if k < plays.shape[0]:
                plays[k, s] = played[s]
        k += 1
    return k


sw_ucrl2_kernel = kernel(_sw_ucrl2)
