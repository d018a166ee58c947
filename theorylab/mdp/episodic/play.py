r"""Kernels that every episodic algorithm shares: play an episode, evaluate the policy that was played, keep the books.

The executed policies form one family: the baseline's law at steps below ``switch - 1``, at step ``switch - 1`` the
greedy action with probability ``rho`` and the baseline's law else, the greedy action from step ``switch`` on.
``switch = 0`` is the greedy policy, ``switch = H`` with ``rho = 0`` the baseline.

Draws, the same for all algorithms: from the environment one uniform for the start state (only when it is random), one
for each next state, one for each reward (only when rewards are random); from the agent's stream one for each action.
"""

# mypy: allow-untyped-defs
from __future__ import annotations

from theorylab.core.kernels import kernel
from theorylab.mdp.episodic.online import (
    KINDS,
    REGRET,
    REWARD,
    TOGETHER,
    VALUE_SUM,
    VIOLATIONS,
    WORST,
)
from theorylab.mdp.simulate import draw_kernel

__all__ = ["SLACK", "book_kernel", "play_kernel", "true_value_kernel"]

SLACK = 1e-9  # a value that far below the threshold violates; less is rounding


def _play(world, greedy, law, switch, rho, environment, agent, states, actions):
    """Play one episode into ``states`` (H + 1,) and ``actions`` (H,); returns the reward received.

    greedy (H, S) actions, law (H, S, A) cumulative probabilities of the baseline's actions, the last one above 1.
    """
    targets, cumulative, _, means, start_cumulative, _, fixed_start, random_rewards = world
    n_actions = targets.shape[2]
    state = fixed_start if fixed_start >= 0 else draw_kernel(start_cumulative, environment.random())
    received = 0.0
    for h in range(targets.shape[0]):
        coin = agent.random()
        action = greedy[h, state]
        if h < switch:
            weight = rho if h == switch - 1 else 0.0  # of the greedy action
            action = 0
            while action < n_actions - 1:
                below = (1.0 - weight) * law[h, state, action]
                if action >= greedy[h, state]:
                    below += weight
                if coin < below:
                    break
                action += 1
        states[h] = state
        actions[h] = action
        state = targets[h, state, action, draw_kernel(cumulative[h, state, action], environment.random())]
        reward = means[h, states[h], action]
        if random_rewards:
            reward = 1.0 if environment.random() < reward else 0.0
        received += reward
    states[targets.shape[0]] = state
    return received


play_kernel = kernel(_play)


def _greedy_value(P, means, start, greedy, chances, next_chances):
    """The exact value of ``greedy`` (H, S), forwards: states that are never reached cost nothing."""
    H, S, _ = means.shape
    total = 0.0
    for s in range(S):
        chances[s] = start[s]
    for h in range(H):
        for s in range(S):
            next_chances[s] = 0.0
        for s in range(S):
            chance = chances[s]
            if chance > 0.0:
                a = greedy[h, s]
                total += chance * means[h, s, a]
                for j in range(S):
                    next_chances[j] += chance * P[h, s, a, j]
        for s in range(S):
            chances[s] = next_chances[s]
    return total


greedy_value_kernel = kernel(_greedy_value)


def _true_value(world, greedy, baseline, switch, rho, value, next_value):
    """The exact value of an executed policy; ``baseline`` (H, S, A) probabilities; value, next_value (S,) buffers."""
    _, _, P, means, _, start, _, _ = world
    H, S, A = means.shape
    if switch == 0:
        return greedy_value_kernel(P, means, start, greedy, value, next_value)
    for s in range(S):
        value[s] = 0.0
    for h in range(H - 1, -1, -1):
        for s in range(S):
            next_value[s] = value[s]
        for s in range(S):
            a = greedy[h, s]
            mine = 0.0
            if h >= switch or (h == switch - 1 and rho > 0.0):
                mine = means[h, s, a]
                for j in range(S):
                    mine += P[h, s, a, j] * next_value[j]
            if h < switch:
                base = 0.0
                for b in range(A):
                    weight = baseline[h, s, b]
                    if weight > 0.0:
                        q = means[h, s, b]
                        for j in range(S):
                            q += P[h, s, b, j] * next_value[j]
                        base += weight * q
                share = rho if h == switch - 1 else 0.0
                mine = share * mine + (1.0 - share) * base
            value[s] = mine
    total = 0.0
    for s in range(S):
        total += start[s] * value[s]
    return total


true_value_kernel = kernel(_true_value)


def _book(log, k, checkpoint, value, kind, received):
    """Enter episode ``k`` (counted from 1) of the policy value ``value``; returns the next checkpoint."""
    tally, series, times, goal = log
    tally[REGRET] += goal[0] - value
    tally[REWARD] += received
    tally[VALUE_SUM] += value - goal[1]
    tally[KINDS + kind] += 1.0
    if value < goal[1] - SLACK:
        tally[VIOLATIONS] += 1.0
    if tally[VALUE_SUM] < -SLACK * k:
        tally[TOGETHER] += 1.0
    tally[WORST] = min(tally[WORST], value - goal[1])
    if k == times[checkpoint]:
        for i in range(8):
            series[i, checkpoint] = tally[i]
        series[8, checkpoint] = value
        checkpoint += 1
    return checkpoint


book_kernel = kernel(_book, inline=True)
