r"""R-BOCPD-UCRL2: UCRL2 restarted by a change detector on each state-action pair.   [alami2023restarted, Algorithm 2]

Setting      An MDP that changes at unknown times; regret against the optimal gain of the current piece.  S states, A
             actions, rewards in [0, 1].
Algorithm    One detector of ``rbocpd`` for each pair, fed with its next states; UCRL2 on what was seen since the last
             restart.  After each step the detector of the pair just played is tested; on an alarm the episode ends and
             counts, reward sums and all detectors start afresh.  Phase j = 1, 2, .. (j - 1 restarts before) has
             :math:`\delta_j = \delta/(j(j+1))`: UCRL2's radii use :math:`\delta_j` and the clock since the restart,
             each detector has the level :math:`\delta_j` over the number of detectors.
             Draws: those of ``ucrl2`` from the environment's stream; from the agent's, with forced exploration, one a
             step and one for each random action, and with ``reward_streams`` one for each reward within (0, 1).
Guarantee    Theorem C.  Call a restart false when nothing changed since the one before (or the start).  With
             ``theorem_r`` (or ``ville``) P(a false restart ever happens) <= delta: the next states of one pair are
             independent in the pair's own clock under any control, so Theorem R of ``rbocpd`` holds in each stream;
             levels sum to :math:`\sum_j \delta_j = \delta`.  Without forced exploration, with probability at least
             :math:`1 - 2\delta` the regret over K pieces is at most
             :math:`\sum_l (22)(D_l, T_l, \delta/(2K^2)) + \sum_l \tau_l`, where (22) is UCRL2's bound of
             [jaksch2010near], :math:`\tau_l` the steps from change l to the restart (the piece's length when there is
             none) and :math:`T_l` the rest of the piece.
             *Proof.* Without a false restart each piece holds at most one restart, so phase j <= K.  From it to the
             next change the algorithm is UCRL2 from a known time and state, and (22) applies given the past with
             :math:`\delta_j \ge \delta/(2K^2)`; every other step costs at most 1.
             No bound on tau is claimed: it is measured.   Claims: proofs_checks/rbocpd_ucrl2.py
Deviations   The paper keeps delta everywhere, the global time in the radii, and after an alarm plays the stale policy
             on until a pair repeats; its prior weight is 1/n.  ``published=True, rule="paper"`` does that.  The reset
             of the other pairs' detectors is implied there (streams begin at r), explicit here.  Reward detectors and
             forced exploration are not in the paper: without the first, changes of rewards alone are invisible.
             Those of UCRL2.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theorylab.core import checkpoints as checkpoint_times
from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike, Streams, streams
from theorylab.detection.detector import CODE, LARGEST_COUNT, RULES, detector_state, observe_kernel, restart_kernel
from theorylab.detection.rbocpd_bounds import log_complexity
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
from theorylab.mdp.average_reward.rbocpd import LARGEST_LOG_COMPLEXITY
from theorylab.mdp.average_reward.record import OnlineRun
from theorylab.mdp.average_reward.stepping import report_kernel, reward_kernel, step_kernel
from theorylab.mdp.average_reward.ucrl2 import empirical_kernel, record_episode_kernel
from theorylab.mdp.sampler import ModelArrays, model_arrays

__all__ = ["default_slots", "rbocpd_ucrl2", "rbocpd_ucrl2_kernel"]

MOST_SLOTS = 4096  # candidates of one detector: a step costs about a nanosecond for each
DETECTOR_BYTES = 256_000_000
FIRST_CAPACITY = 65_536  # episodes, restarts; a run with more is repeated with enough room


def default_slots(horizon: int, n_states: int, n_actions: int, *, reward_streams: bool = False) -> int:
    """Candidates kept by each detector: all of them while they fit into 4096 and all detectors into 256 MB.

    Examples
    --------
    >>> default_slots(1_000, 4, 7), default_slots(52_000, 4, 7), default_slots(52_000, 30, 20)
    (1000, 4096, 1666)
    """
    bytes_of_one = 8 * n_states * n_actions * ((n_states + 2) + (4 if reward_streams else 0))
    return max(2, min(horizon, MOST_SLOTS, DETECTOR_BYTES // bytes_of_one))


def rbocpd_ucrl2(
    mdp: Any,
    horizon: int,
    *,
    delta: float = 0.05,
    rule: str = "theorem_r",
    forced_exploration: float = 0.0,
    reward_streams: bool = False,
    published: bool = False,
    slots: int | None = None,
    every: int = 1,
    scale: float = 1.0,
    checkpoints: ArrayLike | None = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> OnlineRun:
    r"""Run UCRL2 with a detector for each pair.

    Parameters
    ----------
    mdp : FiniteMDP or PiecewiseStationaryMDP
        Rewards in [0, 1].
    horizon : int
        Number of steps.
    delta : float
        Probability of any false restart, and of a failure of UCRL2's bound in any phase.
    rule : str
        Prior weight of the detectors, as in :func:`theorylab.mdp.average_reward.rbocpd.rbocpd`.
    forced_exploration : float
        Probability of a uniformly random action in each step (a rate like :math:`\sqrt{AK/T}` makes every pair's
        detector see every change, [alami2022bayesian, Section 3.3]).
    reward_streams : bool
        A second, binary detector for each pair, on its rewards (r becomes 1 with probability r).
    published : bool
        Radii and levels with delta itself and the global clock, and the stale policy after an alarm, as printed.
    slots, every
        Bounded memory and rarer tests of the detectors; by default :func:`default_slots` and a test at each step.
    scale, checkpoints, trace, rng
        As in :func:`theorylab.mdp.average_reward.ucrl2.ucrl2`.

    Returns
    -------
    OnlineRun
        ``restart_times``; ``extra`` has for each restart ``alarm_pairs`` (R, 2), ``alarm_streams`` (0 next states, 1
        rewards), ``alarm_observations`` (read by the detector), ``alarm_splits`` (those before the split),
        ``alarm_limits`` (1/level), ``restart_rewards`` (received before it), and ``detector_rule``, ``slots``.
        An alarm in the last step restarts nothing and is not listed.

    Raises
    ------
    ValueError
        As ``ucrl2``; also for an unknown rule, ``forced_exploration`` outside [0, 1], fewer than 2 slots,
        ``every`` < 1, one state, or rule ``ville`` when its weights leave the range of doubles.

    Examples
    --------
    >>> from theorylab.mdp.environments import piecewise_dirichlet
    >>> model = piecewise_dirichlet(3, 2, starts=(0, 2_000), rng=4)
    >>> run = rbocpd_ucrl2(model, 4_000, rng=1)
    >>> len(run.restart_times), bool(2_000 < run.restart_times[0] < 2_500)
    (1, True)

    References
    ----------
    [alami2023restarted], Algorithm 2.
    """
    horizon = validate.integer("horizon", horizon, low=1)
    delta = validate.confidence("delta", delta)
    validate.choice("rule", rule, tuple(RULES))
    exploration = validate.number("forced_exploration", forced_exploration, low=0.0, high=1.0)
    every = min(validate.integer("every", every, low=1), LARGEST_COUNT)
    scale = validate.number("scale", scale, low=0.0)
    reward_streams = validate.flag("reward_streams", reward_streams)
    published = validate.flag("published", published)
    trace = validate.flag("trace", trace)
    times = checkpoint_times.validated(checkpoints, horizon)
    arrays = model_arrays(mdp)
    check_rewards(arrays)
    n_states, n_actions = arrays.means.shape[1:]
    if n_states < 2:
        raise ValueError("mdp has 1 state, expected at least 2: a detector needs two symbols")
    if rule == "ville" and log_complexity(horizon, n_states) > LARGEST_LOG_COMPLEXITY:
        raise ValueError(f"rule 'ville' is out of range for {n_states} states and horizon {horizon}, use 'theorem_r'")
    kept = default_slots(horizon, n_states, n_actions, reward_streams=reward_streams)
    if slots is not None:
        kept = min(validate.integer("slots", slots, low=2), max(2, horizon))
    options = (RULES[rule], every, published, reward_streams, exploration)
    gains = gains_of(mdp, horizon)
    source = streams(rng)
    begin = (source.environment.bit_generator.state, source.agent.bit_generator.state)

    def once(n_traced: int, episodes: int, restarts: int) -> tuple[int, int, Any, Any, Any, Any]:
        source.environment.bit_generator.state, source.agent.bit_generator.state = begin
        return _play(arrays, horizon, delta, options, kept, scale, times, source, n_traced, episodes, restarts)

    room = min(horizon, max(FIRST_CAPACITY, math.ceil(episode_cap(horizon, n_states * n_actions)) + 1))
    found = once(0, room, min(horizon, FIRST_CAPACITY))
    if trace or found[0] > room or found[1] > FIRST_CAPACITY:  # the same seed again, with room for everything
        found = once(found[0] if trace else 0, found[0], found[1])
    episodes, restarts, out, alarms, traced, plays = found
    when, pair, stream, seen, split, limits, received = (a[:restarts].copy() for a in alarms)
    return make_record(
        "rbocpd_ucrl2", mdp, arrays, horizon, times, out, episodes, gains=gains, restarts=when, scale=scale,
        seed=source.seed,
        parameters={
            "delta": delta, "rule": rule, "forced_exploration": exploration, "reward_streams": reward_streams,
            "published": published, "slots": slots, "every": every,
        },
        trace=pack_trace(traced, plays) if trace else None,
        extra={
            "alarm_pairs": np.stack([pair // n_actions, pair % n_actions], axis=1), "alarm_streams": stream,
            "alarm_observations": seen, "alarm_splits": split, "alarm_limits": limits, "restart_rewards": received,
            "detector_rule": rule, "slots": kept,
        },
    )  # fmt: skip


def _play(
    arrays: ModelArrays,
    horizon: int,
    delta: float,
    options: tuple[Any, ...],
    slots: int,
    scale: float,
    times: NDArray[np.int64],
    source: Streams,
    n_traced: int,
    episodes: int,
    restarts: int,
) -> tuple[int, int, Any, Any, Any, Any]:
    """Allocate and call the kernel once: episodes, restarts, outputs, alarms, trace arrays, plays."""
    n_states, n_actions = arrays.means.shape[1:]
    pairs, whole = n_states * n_actions, np.int64
    out = output_arrays(len(times), episodes, n_states, n_actions)
    alarms = (*(np.zeros(restarts, whole) for _ in range(5)), np.zeros(restarts), np.zeros(restarts))
    traced = trace_arrays(n_traced, n_states, n_actions)
    plays = np.zeros((n_traced, n_states), whole)
    count, fired = rbocpd_ucrl2_kernel(
        model_tuple(arrays), horizon, delta, options, scale, times, source.environment, source.agent, out, alarms,
        traced, plays, work_arrays(n_states, n_actions), np.zeros((n_states, n_actions), whole),
        detector_state(pairs, n_states, slots),
        detector_state(pairs if options[3] else 0, 2, slots),
    )  # fmt: skip
    check_converged(count, scale)
    return int(count), int(fired), out, alarms, traced, plays


def _levels(delta, phase, detectors, rule, horizon, published):
    """Confidence of UCRL2 in phase 0, 1, .. and 1/level of each detector."""
    confidence = delta if published else delta / ((phase + 1.0) * (phase + 2.0))
    if rule == CODE:
        return confidence, float(horizon)
    return confidence, 1.0 / delta if published else detectors / confidence


levels_kernel = kernel(_levels)


def _forget(visits, counts, reward_sums, state, reward_state, totals, reward_totals):
    """Start afresh: statistics (S, A, ..) and detectors of all pairs."""
    for s in range(visits.shape[0]):
        for a in range(visits.shape[1]):
            visits[s, a] = 0
            reward_sums[s, a] = 0.0
            for j in range(visits.shape[0]):
                counts[s, a, j] = 0
    for pair in range(state.shape[0]):
        restart_kernel(pair, 1, totals, state)
    for pair in range(reward_state.shape[0]):
        restart_kernel(pair, 1, reward_totals, reward_state)


forget_kernel = kernel(_forget)


def _rbocpd_ucrl2(
    model,
    horizon,
    delta,
    options,
    scale,
    times,
    rng,
    agent,
    out,
    alarms,
    traced,
    plays,
    buffers,
    played,
    next_detectors,
    reward_detectors,
):
    """R-BOCPD-UCRL2 on a (piecewise-stationary) model; returns the numbers of episodes and of restarts.

    When extended value iteration does not converge, the first is minus the step, as for ``_ucrl2``.

    model, times, out, traced, plays, buffers   as in ``_ucrl2``; ``played`` (S, A) in the episode
    options           (rule, every, published, watch_rewards, exploration)
    rng, agent        the environment's chance and the learner's own
    alarms            (times, pairs, streams, observations, splits, limits, rewards received), each (R,)
    next_detectors    ``detector_state`` of SA streams of S symbols; reward_detectors of SA (or 0) binary streams
    """
    _, _, _, reward_values, _, starts, state = model
    rule, every, published, watch_rewards, exploration = options
    _, _, episode_starts, sweeps, total_visits = out
    (visits, counts, reward_sums, p_hat, reward_upper, reward_radius, radius, u, u_next, order, p, policy, _, limit) = (
        buffers
    )
    totals, before, position, evidence, used = next_detectors
    reward_totals, reward_before, reward_position, reward_evidence, reward_used = reward_detectors
    n_states, n_actions = visits.shape
    detectors = float(used.shape[0] + reward_used.shape[0])
    random_rewards = reward_values.shape[3] > 1
    received, expected = 0.0, 0.0
    t, piece, phase, phase_start, checkpoint, k = 0, 0, 0, 0, 0, 0
    while t < horizon:
        confidence, alarm_limit = levels_kernel(delta, phase, detectors, rule, horizon, published)
        clock = t + 1 if published else t - phase_start + 1
        empirical_kernel(
            visits, counts, reward_sums, clock, confidence, scale, p_hat, reward_upper, reward_radius, radius
        )
        done = evi_l1_kernel(p_hat, reward_upper, radius, 1.0 / math.sqrt(clock), u, u_next, order, p, policy)
        if done < 0:
            return -(t + 1), phase
        if k < episode_starts.shape[0]:
            episode_starts[k] = t + 1
            sweeps[k] = done
        if k < plays.shape[0]:
            record_episode_kernel(
                k, clock, confidence, visits, counts, reward_sums, policy, u, u_next, reward_upper, reward_radius,
                radius, p_hat, order, p, traced,
            )  # fmt: skip
        for s in range(n_states):
            limit[s] = max(1, visits[s, policy[s]])
            for a in range(n_actions):
                played[s, a] = 0
        alarm = False
        while t < horizon and not alarm and played[state, policy[state]] < limit[state]:
            if piece + 1 < starts.shape[0] and t == starts[piece + 1]:
                piece += 1
            action = policy[state]
            if exploration > 0.0 and agent.random() < exploration:
                action = int(agent.random() * n_actions)
            reached, reward, mean = step_kernel(model, piece, state, action, rng)
            if random_rewards:
                reward = reward_kernel(model, piece, state, action, rng)
            received += reward
            expected += mean
            played[state, action] += 1
            total_visits[state, action] += 1
            counts[state, action, reached] += 1
            reward_sums[state, action] += reward
            t += 1
            if t == times[checkpoint]:
                checkpoint = report_kernel(out, checkpoint, received, expected)
            pair = state * n_actions + action
            split = observe_kernel(reached, pair, rule, alarm_limit, every, totals, before, position, evidence, used)
            stream, seen = 0, used[pair, 0]
            if watch_rewards:
                coin = reward if reward == 0.0 or reward == 1.0 else agent.random() < reward
                reward_split = observe_kernel(
                    int(coin), pair, rule, alarm_limit, every, reward_totals, reward_before, reward_position,
                    reward_evidence, reward_used,
                )  # fmt: skip
                if split == 0 and reward_split > 0:
                    split, stream, seen = reward_split, 1, reward_used[pair, 0]
            state = reached
            if split > 0 and t < horizon:
                if phase < alarms[0].shape[0]:
                    alarms[0][phase] = t
                    alarms[1][phase] = pair
                    alarms[2][phase] = stream
                    alarms[3][phase] = seen
                    alarms[4][phase] = split
                    alarms[5][phase] = alarm_limit
                    alarms[6][phase] = received
                phase += 1
                phase_start = t
                if published:  # the loop goes on with the stale policy: one play of each pair
                    forget_kernel(visits, counts, reward_sums, used, reward_used, totals, reward_totals)
                    for s in range(n_states):
                        limit[s] = 1
                        for a in range(n_actions):
                            played[s, a] = 0
                else:
                    alarm = True
        for s in range(n_states):
            if k < plays.shape[0]:
                plays[k, s] = played[s, policy[s]]
            for a in range(n_actions):
                visits[s, a] += played[s, a]
        if alarm:
            forget_kernel(visits, counts, reward_sums, used, reward_used, totals, reward_totals)
        k += 1
    return k, phase


rbocpd_ucrl2_kernel = kernel(_rbocpd_ucrl2)
