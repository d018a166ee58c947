r"""GOSPRL: collect a prescribed number of samples of every pair by optimistic shortest paths to under-sampled states.

Setting      One trajectory in a communicating MDP with S states, A actions and diameter D, no resets, rewards ignored.
             Requirements b(s, a), B their sum.  The run ends when each pair has been played b(s, a) times.
                                                                                      [tarbouriech2021provably]
Algorithm    Goals are the states with an under-sampled action.  At a goal the first such action is played.  Elsewhere
             the learner follows the policy of the optimistic shortest path to the goals (unit costs, goals absorbing):
             extended value iteration over the L1 balls of :mod:`theorylab.mdp.exploration.confidence`, stopped at an
             accuracy :math:`\varepsilon`.  It plans again when the set of goals has changed or a pair has been played,
             since the plan, as often as before it.
             Draws: one ``random()`` of the environment a step; the learner flips no coin.
Guarantee    Derived here.  With probability at least :math:`1-2\delta`, at all times at once, for T the steps taken off
             the goals, :math:`\tau` all steps, and any fixed c in :math:`(0, 1-\varepsilon)`,
             :math:`(1-\varepsilon-c) T \le D(B + SA(2 + \log_2(1 + \tau/(SA)))) + 4D\sqrt{\beta(\tau) SA\, T}
             + D^2\log(1/\delta)/(8c)`, and :math:`\tau \le B + T`: of order
             :math:`BD + D^2 S^2 A`.  Proof: proofs_checks/gosprl.py.  The paper's is
             :math:`\tilde O(BD + D^{3/2} S^2 A)`.
Deviations   L1 balls of the whole row for the paper's Bernstein balls of each entry (hence D^2 for D^{3/2}); a fixed
             accuracy of extended value iteration; planning waits until a plan is needed.  The steps of the algorithm
             are recalled from the paper, its order of growth is that of the abstract.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

import math
from typing import Any

from numpy.typing import ArrayLike

from theorylab.core.kernels import kernel
from theorylab.core.rng import RNGLike
from theorylab.mdp.average_reward.evi import best_in_ball_kernel, evi_l1_kernel
from theorylab.mdp.exploration.confidence import radius_kernel
from theorylab.mdp.exploration.online import begin, run_collection
from theorylab.mdp.exploration.record import ExplorationRun
from theorylab.mdp.exploration.shortest_path import evi_ssp_kernel
from theorylab.mdp.simulate import draw_kernel

__all__ = ["AVERAGE_REWARD", "KNOWN_MODEL", "OPTIMISTIC", "UNIFORM", "collect_kernel", "gosprl"]

OPTIMISTIC, KNOWN_MODEL, AVERAGE_REWARD, UNIFORM = 0, 1, 2, 3


def gosprl(
    mdp: Any,
    horizon: int,
    *,
    requirements: Any,
    delta: float = 0.05,
    scale: float = 1.0,
    accuracy: float = 0.01,
    checkpoints: ArrayLike | None = None,
    trace: bool = False,
    rng: RNGLike = None,
) -> ExplorationRun:
    r"""Collect ``requirements[s, a]`` samples of every pair in at most ``horizon`` steps.

    Parameters
    ----------
    mdp : FiniteMDP
        Communicating.  Its rewards play no role.
    horizon : int
        The most steps, >= 1.
    requirements : (S, A) array of int, or int
        Visits required of each pair, >= 0; one number stands for all pairs.
    delta : float
        Confidence, in (0, 1).
    scale : float
        Multiplies the radii.  Anything but 1 is *not the theorem's algorithm* and recorded as such.
    accuracy : float
        :math:`\varepsilon` of extended value iteration, in (0, 1/2].
    checkpoints : sequence of int, optional
        Times at which the run reports; default :func:`theorylab.core.checkpoints.checkpoints`.
    trace : bool
        Keep every plan and every step.
    rng : int, SeedSequence, Generator or None
        Randomness of the environment.

    Returns
    -------
    ExplorationRun
        Fraction of the requirement met at the checkpoints, what is missing, visits and transitions seen, the plans.

    Raises
    ------
    TypeError
        If ``requirements`` are no integers, or the model is no FiniteMDP.
    ValueError
        For another shape or a negative requirement (named with its index), a model that is not communicating (the
        message names a state that cannot be reached, and from where), a horizon below 1, ``delta`` outside (0, 1), a
        negative ``scale``, and a ``scale`` so small that extended value iteration does not converge.

    Examples
    --------
    >>> from theorylab.mdp.environments import riverswim
    >>> run = gosprl(riverswim(6), 50_000, requirements=20, rng=1)
    >>> run.met, bool((run.visits >= 20).all()), int(run.goal_visits.sum()) == run.required
    (True, True, True)

    References
    ----------
    [tarbouriech2021provably], Algorithm 1.
    """
    setup = begin(mdp, horizon, requirements, checkpoints, trace, rng)
    return run_collection("gosprl", collect_kernel, setup, OPTIMISTIC, delta, scale, accuracy)


def _learn(method, P, visits, counts, requirements, goal, delta, scale, p_hat, radius, reward, planned):
    """What a plan is made of, in place: transitions and radii (S, A), goals (S,), 0/1 rewards and counts (S, A)."""
    n_states, n_actions = visits.shape
    for s in range(n_states):
        goal[s] = False
        for a in range(n_actions):
            n = visits[s, a]
            planned[s, a] = n
            reward[s, a] = 0.0
            if n < requirements[s, a]:
                goal[s] = True
                reward[s, a] = 1.0
            radius[s, a] = 0.0
            if method != KNOWN_MODEL:
                radius[s, a] = radius_kernel(n, n_states, n_actions, delta, scale)
            for j in range(n_states):
                if method == KNOWN_MODEL:
                    p_hat[s, a, j] = P[s, a, j]
                else:
                    p_hat[s, a, j] = counts[s, a, j] / n if n > 0 else 1.0 / n_states


learn_kernel = kernel(_learn)


def _record_plan(k, clock, goal, visits, counts, radius, p_hat, u, u_next, policy, order, p, traced):
    """Write plan ``k`` into the trace arrays."""
    (t_clock, t_goals, t_visits, t_counts, t_radii, t_values, t_next, t_policies, t_transitions, _, _, _) = traced
    n_states, n_actions = visits.shape
    t_clock[k] = clock
    for s in range(n_states):
        t_goals[k, s] = goal[s]
        t_values[k, s] = u[s]
        t_next[k, s] = u_next[s]
        t_policies[k, s] = policy[s]
        best_in_ball_kernel(p_hat[s, policy[s]], radius[s, policy[s]], order, p)
        for j in range(n_states):
            t_transitions[k, s, j] = p[j]
            if goal[s]:
                t_transitions[k, s, j] = 1.0 if j == s else 0.0
        for a in range(n_actions):
            t_visits[k, s, a] = visits[s, a]
            t_radii[k, s, a] = radius[s, a]
            for j in range(n_states):
                t_counts[k, s, a, j] = counts[s, a, j]


record_plan_kernel = kernel(_record_plan)


def _collect(model, requirements, horizon, method, delta, scale, accuracy, times, rng, agent, out, traced, buffers):
    """Play until nothing is missing or the horizon; returns (steps, plans, missing, state).

    When extended value iteration does not converge it stops and returns minus the step, counted from 1, for the steps.

    model        (targets (S, A, M), cumulative (S, A, M), P (S, A, S), initial state); only KNOWN_MODEL reads P
    method       OPTIMISTIC, KNOWN_MODEL, AVERAGE_REWARD or UNIFORM
    out          (collected (C,), visits (S, A), counts (S, A, S), goal_visits (S,), plan_starts (E,), sweeps (E,));
                 visits and counts go on from what they hold
    traced       arrays of PlanTrace in its order, of length 0 when nothing is traced
    buffers      (p_hat, radius, reward, planned, played, goal, u, u_next, negative, order, p, policy)
    """
    targets, cumulative, P, state = model
    collected, visits, counts, goal_visits, plan_starts, sweeps = out
    p_hat, radius, reward, planned, played, goal, u, u_next, negative, order, p, policy = buffers
    n_states, n_actions = visits.shape
    t_states, t_actions, t_plans = traced[9], traced[10], traced[11]
    tracing = t_actions.shape[0] > 0
    required = 0
    missing = 0
    for s in range(n_states):
        for a in range(n_actions):
            required += requirements[s, a]
            missing += max(0, requirements[s, a] - visits[s, a])
    t, k, checkpoint = 0, 0, 0
    stale = True
    if tracing:
        t_states[0] = state
    while t < horizon and missing > 0:
        action = -1
        for a in range(n_actions - 1, -1, -1):
            if visits[state, a] < requirements[state, a]:
                action = a
        at_goal = action >= 0
        if method == UNIFORM:
            action = int(agent.random() * n_actions)
        elif not at_goal or method == AVERAGE_REWARD:
            if stale:
                learn_kernel(
                    method, P, visits, counts, requirements, goal, delta, scale, p_hat, radius, reward, planned
                )
                if method == AVERAGE_REWARD:
                    done = evi_l1_kernel(p_hat, reward, radius, 1.0 / math.sqrt(t + 1.0), u, u_next, order, p, policy)
                else:
                    done = evi_ssp_kernel(p_hat, radius, goal, accuracy, u, u_next, negative, order, p, policy)
                if done < 0:
                    return -(t + 1), k, missing, state
                plan_starts[k] = t + 1
                sweeps[k] = done
                if tracing:
                    record_plan_kernel(k, t, goal, visits, counts, radius, p_hat, u, u_next, policy, order, p, traced)
                for s in range(n_states):
                    for a in range(n_actions):
                        played[s, a] = 0
                stale = False
                k += 1
            action = policy[state]
        reached = targets[state, action, draw_kernel(cumulative[state, action], rng.random())]
        if tracing:
            t_actions[t] = action
            t_plans[t] = -1 if at_goal else k - 1
            t_states[t + 1] = reached
        if at_goal:
            goal_visits[state] += 1
        wanted = visits[state, action] < requirements[state, action]
        visits[state, action] += 1
        counts[state, action, reached] += 1
        played[state, action] += 1
        if played[state, action] >= max(1, planned[state, action]):
            stale = True
        if wanted:
            missing -= 1
            finished = visits[state, action] == requirements[state, action]
            if method == AVERAGE_REWARD and finished:
                stale = True
            left = False
            for a in range(n_actions):
                left = left or visits[state, a] < requirements[state, a]
            if not left:
                stale = True
        t += 1
        if t == times[checkpoint]:
            collected[checkpoint] = required - missing
            checkpoint += 1
        state = reached
    while checkpoint < times.shape[0]:
        collected[checkpoint] = required - missing
        checkpoint += 1
    return t, k, missing, state


collect_kernel = kernel(_collect)
