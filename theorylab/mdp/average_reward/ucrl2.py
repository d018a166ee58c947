r"""UCRL2: optimism in the face of uncertainty for undiscounted reinforcement learning.   [jaksch2010near, Figure 1]

Setting      A communicating MDP with S states, A actions, rewards in [0, 1] and diameter D, unknown to the learner;
             one trajectory of T steps.  Regret against the optimal gain: :math:`\Delta = T\rho^* - \sum_t R_t`.
Algorithm    Episodes.  At the start of episode k, at time :math:`t_k`, with N visits, empirical means
             :math:`\hat r, \hat p`, every model with
             :math:`|\tilde r - \hat r| \le \sqrt{7 \log(2SAt_k/\delta) / (2\max(1,N))}` and
             :math:`|\tilde p - \hat p|_1 \le \sqrt{14 S \log(2At_k/\delta) / \max(1,N)}` is plausible.  Extended value
             iteration to accuracy :math:`1/\sqrt{t_k}` finds a near-optimal policy of the best plausible model; it is
             played until some pair has been visited as often in the episode as before it.
             Draws: one ``random()`` a step for the next state, one more for the reward when rewards are random.
Guarantee    With probability at least :math:`1-\delta`, for all T > 1:
             :math:`\Delta \le 34\, D S \sqrt{A T \log(T/\delta)}`.   Claims: proofs_checks/ucrl2.py
Deviations   Optimistic rewards are capped at 1 (the paper's plausible models have rewards in [0, 1]); without a visit
             the empirical transitions are uniform instead of zero (the ball is the whole simplex either way); ties go
             to the first action; values are recentred in extended value iteration.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.core import validate
from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike
from theorylab.mdp.average_reward.evi import best_in_ball_kernel, descending_kernel, evi_l1_kernel
from theorylab.mdp.average_reward.online import Phases, run_online
from theorylab.mdp.average_reward.record import OnlineRun
from theorylab.mdp.simulate import draw_kernel

__all__ = ["ucrl2", "ucrl2_kernel"]


def ucrl2(
    mdp: Any,
    horizon: int,
    *,
    delta: float = 0.05,
    scale: float = 1.0,
    checkpoints: ArrayLike | None = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> OnlineRun:
    r"""Run UCRL2 for ``horizon`` steps.

    Parameters
    ----------
    mdp : FiniteMDP or PiecewiseStationaryMDP
        Rewards must lie in [0, 1].  On a piecewise-stationary model UCRL2 runs unaware of the changes (no theorem
        covers it) and the regret is taken against the optimal gain of the current piece.  The model must be
        communicating for the theorem.  One whose optimal gain depends on the start state is refused before the first
        step; on any other the algorithm runs, and the claims refuse the instance.
    horizon : int
        Number of steps T >= 1; a horizon below the number of pairs is allowed.
    delta : float
        Confidence, in (0, 1).
    scale : float
        Multiplies both radii.  Anything but 1 is *not the theorem's algorithm* and recorded as such.
    checkpoints : sequence of int, optional
        Times at which the run reports; default :func:`theorylab.core.checkpoints.checkpoints`.
    trace : bool
        Keep what the proof speaks of (runs twice: the first time to count the episodes).
    rng : int, SeedSequence, Generator or None
        Randomness of the environment; UCRL2 itself flips no coin.

    Returns
    -------
    OnlineRun
        Regret, pseudo-regret and reward sums at the checkpoints, episodes, visits, the trace.

    Raises
    ------
    ValueError
        For rewards outside [0, 1] (named with their index), a horizon below 1, ``delta`` outside (0, 1), a negative
        ``scale``, checkpoints outside 1..horizon, an optimal gain that depends on the start state or is not known
        accurately enough for the regret, and a ``scale`` so small that extended value iteration does not converge.

    Examples
    --------
    >>> from theorylab.mdp.environments import riverswim
    >>> run = ucrl2(riverswim(6), 10_000, rng=1)
    >>> bool(0 < run.regret[-1] < 10_000), bool(run.n_episodes <= 12 * np.log2(8 * 10_000 / 12))
    (True, True)

    References
    ----------
    [jaksch2010near], Figure 1.
    """
    delta = validate.confidence("delta", delta)
    return run_online(
        "ucrl2",
        ucrl2_kernel,
        mdp,
        horizon,
        phases=Phases(np.zeros(0, dtype=np.int64), np.array([delta])),
        scale=scale,
        checkpoints=checkpoints,
        trace=trace,
        rng=rng,
        parameters={"delta": delta},
    )


def _empirical(visits, counts, reward_sums, clock, delta, scale, p_hat, reward_upper, reward_radius, radius):
    """Empirical transitions, optimistic rewards and radii at time ``clock``, in place; all (S, A) or (S, A, S)."""
    n_states, n_actions = visits.shape
    log_reward = math.log(2.0 * n_states * n_actions * clock / delta)
    log_transition = math.log(2.0 * n_actions * clock / delta)
    for s in range(n_states):
        for a in range(n_actions):
            n = max(1, visits[s, a])
            reward_radius[s, a] = scale * math.sqrt(7.0 * log_reward / (2.0 * n))
            radius[s, a] = scale * math.sqrt(14.0 * n_states * log_transition / n)
            reward_upper[s, a] = min(1.0, reward_sums[s, a] / n + reward_radius[s, a])
            for j in range(n_states):
                p_hat[s, a, j] = counts[s, a, j] / n if visits[s, a] > 0 else 1.0 / n_states


empirical_kernel = kernel(_empirical)


def _record_episode(
    k,
    clock,
    delta,
    visits,
    counts,
    reward_sums,
    policy,
    u,
    u_next,
    reward_upper,
    reward_radius,
    radius,
    p_hat,
    order,
    p,
    traced,
):
    """Write what is known at the start of episode ``k`` into the trace arrays."""
    (t_clock, t_delta, t_visits, t_counts, t_rewards, t_policy, t_values, t_increments, t_r, t_p, t_rr, t_pr) = traced
    n_states, n_actions = visits.shape
    t_clock[k] = clock
    t_delta[k] = delta
    descending_kernel(u, order)
    for s in range(n_states):
        best_in_ball_kernel(p_hat[s, policy[s]], radius[s, policy[s]], order, p)
        t_policy[k, s] = policy[s]
        t_values[k, s] = u[s]
        t_increments[k, s] = u_next[s] - u[s]
        t_r[k, s] = reward_upper[s, policy[s]]
        for j in range(n_states):
            t_p[k, s, j] = p[j]
        for a in range(n_actions):
            t_visits[k, s, a] = visits[s, a]
            t_rewards[k, s, a] = reward_sums[s, a]
            t_rr[k, s, a] = reward_radius[s, a]
            t_pr[k, s, a] = radius[s, a]
            for j in range(n_states):
                t_counts[k, s, a, j] = counts[s, a, j]


record_episode_kernel = kernel(_record_episode)


def _ucrl2(model, horizon, restarts, deltas, scale, times, rng, out, traced, plays, buffers):
    """UCRL2 on a (piecewise-stationary) model, restarted at given times; returns the number of episodes.

    When extended value iteration does not converge it stops and returns minus the step, counted from 1.

    model        (targets, cumulative, means, reward_values, reward_cumulative, starts, initial_state), see ModelArrays
    restarts     (R,) steps played before each restart, increasing; deltas (R + 1,) confidence of each phase
    times        (C,) checkpoints, increasing, the last one is the horizon
    out          (reward_sum (C,), mean_sum (C,), episode_starts (E,), sweeps (E,), total_visits (S, A))
    traced       arrays of _record_episode with K = 0 when nothing is traced; plays (K, S)
    buffers      (visits, counts, reward_sums, p_hat, reward_upper, reward_radius, radius, u, u_next, order, p, policy,
                  played, limit)
    """
    targets, cumulative, means, reward_values, reward_cumulative, starts, state = model
    reward_sum, mean_sum, episode_starts, sweeps, total_visits = out
    (
        visits,
        counts,
        reward_sums,
        p_hat,
        reward_upper,
        reward_radius,
        radius,
        u,
        u_next,
        order,
        p,
        policy,
        played,
        limit,
    ) = buffers
    n_states, n_actions = visits.shape
    random_rewards = reward_values.shape[3] > 1
    received, expected = 0.0, 0.0
    t, piece, phase, phase_start, checkpoint, k = 0, 0, 0, 0, 0, 0
    while t < horizon:
        if phase < restarts.shape[0] and t == restarts[phase]:
            phase += 1
            phase_start = t
            for s in range(n_states):
                for a in range(n_actions):
                    visits[s, a] = 0
                    reward_sums[s, a] = 0.0
                    for j in range(n_states):
                        counts[s, a, j] = 0
        clock = t - phase_start + 1
        empirical_kernel(
            visits, counts, reward_sums, clock, deltas[phase], scale, p_hat, reward_upper, reward_radius, radius
        )
        done = evi_l1_kernel(p_hat, reward_upper, radius, 1.0 / math.sqrt(clock), u, u_next, order, p, policy)
        if done < 0:
            return -(t + 1)
        if k < episode_starts.shape[0]:
            episode_starts[k] = t + 1
            sweeps[k] = done
        if k < plays.shape[0]:
            record_episode_kernel(
                k, clock, deltas[phase], visits, counts, reward_sums, policy, u, u_next, reward_upper, reward_radius,
                radius, p_hat, order, p, traced,
            )  # fmt: skip
        for s in range(n_states):
            played[s] = 0
            limit[s] = max(1, visits[s, policy[s]])
        phase_end = restarts[phase] if phase < restarts.shape[0] else horizon
        while t < phase_end and played[state] < limit[state]:
            if piece + 1 < starts.shape[0] and t == starts[piece + 1]:
                piece += 1
            action = policy[state]
            reached = targets[piece, state, action, draw_kernel(cumulative[piece, state, action], rng.random())]
            reward = reward_values[piece, state, action, 0]
            if random_rewards:
                reward = reward_values[
                    piece, state, action, draw_kernel(reward_cumulative[piece, state, action], rng.random())
                ]
            received += reward
            expected += means[piece, state, action]
            played[state] += 1
            counts[state, action, reached] += 1
            reward_sums[state, action] += reward
            t += 1
            if t == times[checkpoint]:
                reward_sum[checkpoint] = received
                mean_sum[checkpoint] = expected
                checkpoint += 1
            state = reached
        for s in range(n_states):
            visits[s, policy[s]] += played[s]
            total_visits[s, policy[s]] += played[s]
            if k < plays.shape[0]:
                plays[k, s] = played[s]
        k += 1
    return k


ucrl2_kernel = kernel(_ucrl2)
