"""One environment step for every bandit model: the arrays of a model, its memory, the log of a run, the step kernel.

All models share one shape: the mean reward of arm ``a`` is ``means[row, a]``, and a model is a rule for the row.  The
rule reads ``memory``, which the step updates; the round's noise then turns the mean into a reward.  Algorithms call
``step_kernel`` and see the reward only.

=========  ====================================  ==============================================
dynamics   row of arm a                          model
=========  ====================================  ==============================================
SEGMENTS   the current segment                   stationary and piecewise-stationary bandits
ROUNDS     the round                             loss tables, restless rotting
PULLS      earlier pulls of a                    rested rotting
WINDOW     plays of a among the last m, minus 1  tallying bandits
WEIGHTED   nearest knot of the weighted plays    weighted tallying bandits
SWITCHES   rounds since a was last played - 1    last-switch-dependent and recharging bandits
=========  ====================================  ==============================================

The caller draws the noise of a round, ``noise = environment.random()``, or ``environment.normal(0.0, 1.0)`` where
``world.code[NOISE] == GAUSSIAN``: one draw a round, whatever the model, so that algorithms that play alike see alike.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from theorylab.core.kernels import kernel

__all__ = ["GAUSSIAN", "NOISE", "Log", "Memory", "World", "make_log", "make_memory", "make_world", "step_kernel"]

SEGMENTS, ROUNDS, PULLS, WINDOW, WEIGHTED, SWITCHES = range(6)
BERNOULLI, GAUSSIAN, NO_NOISE, FINITE = range(4)
DYNAMICS, NOISE, BEST, VALUES, RUNS, WINDOW_LENGTH, KNOTS = range(7)  # entries of ``code``; the first rounds follow
STARTS = 7
CLOCK, CHECKPOINT, SEGMENT, RUN_LENGTH = range(4)  # entries of ``memory``; then K pulls, K counts, the last m arms
COUNTS = 4
NEVER = np.iinfo(np.int64).max


class World(NamedTuple):
    """A model as arrays for kernels: few of them, because each one costs time in every round."""

    means: NDArray[np.float64]  # (rows, K)
    code: NDArray[np.int64]  # what the model is (see the names above), then the first round of each segment
    extra: NDArray[np.float64]  # sigma; the benchmark's means; values, cumulative probabilities; weights, knots


Memory = NDArray[
    np.int64
]  # rounds played, next checkpoint, segment or last arm, length of the run; pulls; counts; arms


class Log(NamedTuple):
    """What a run reports: series at the checkpoints, and the plays when they are traced."""

    times: NDArray[np.int64]  # (C,)
    series: NDArray[np.float64]  # (2, C + 1)  regret and rewards; column 0 has the running totals
    actions: NDArray[np.int64]  # (T,) or (0,)
    rewards: NDArray[np.float64]  # (T,) or (0,)


def make_world(
    dynamics: int,
    noise: int,
    means: Any,
    best: Any,
    *,
    starts: Any = (0,),
    sigma: float = 0.0,
    values: Any = (),
    cumulative: Any = (),
    runs: int = 0,
    weights: Any = (),
    knots: Any = (),
) -> World:
    """Pack a model.

    ``best`` are the benchmark's means, one or one for each row; ``starts`` the first round of each segment; ``runs``
    the number of last rows of ``means`` that speak of runs.
    """
    values = np.asarray(values, dtype=float)
    width = values.shape[1] if values.ndim == 2 else 0
    header = [dynamics, noise, len(best), width, runs, len(weights), len(knots)]
    parts = [[sigma], best, values.ravel(), np.asarray(cumulative, dtype=float).ravel(), weights, knots]
    return World(
        np.array(means, dtype=np.float64, order="C"),  # a writable copy: kernels compile for one kind of array
        np.array([*header, *starts, NEVER], np.int64),
        np.concatenate([np.asarray(part, dtype=np.float64) for part in parts]),
    )


def make_memory(n_arms: int, window: int = 0) -> Memory:
    """The memory of a run that has not begun."""
    return np.zeros(COUNTS + 2 * n_arms + window, np.int64)


def make_log(times: NDArray[np.int64], traced_rounds: int) -> Log:
    """An empty log."""
    return Log(times, np.zeros((2, len(times) + 1)), np.zeros(traced_rounds, np.int64), np.zeros(traced_rounds))


def _history_row(means, code, extra, memory, arm):
    """The row of an arm whose mean depends on the plays; the memory takes the play in."""
    t, n_arms = memory[CLOCK], means.shape[1]
    counts = COUNTS + n_arms
    ring = counts + n_arms
    if code[DYNAMICS] == PULLS:
        memory[counts + arm] += 1
        return min(memory[counts + arm], means.shape[0]) - 1
    if code[DYNAMICS] == WINDOW:
        m = means.shape[0]
        if t >= m:
            memory[counts + memory[ring + t % m]] -= 1
        memory[ring + t % m] = arm
        memory[counts + arm] += 1
        return memory[counts + arm] - 1
    if code[DYNAMICS] == WEIGHTED:
        m = code[WINDOW_LENGTH]
        weights = extra.shape[0] - code[KNOTS] - m
        memory[ring + t % m] = arm
        total, mass = 0.0, 0.0
        for j in range(m):
            mass += extra[weights + j]
            if j <= t and memory[ring + (t - j) % m] == arm:
                total += extra[weights + j]
        level, knots, nearest = total / mass, weights + m, 0
        for g in range(1, code[KNOTS]):
            if abs(extra[knots + g] - level) < abs(extra[knots + nearest] - level) - 1e-12:
                nearest = g
        return nearest
    idle = means.shape[0] - code[RUNS]  # rows of the idle states; those of runs follow them
    if code[RUNS] and t > 0 and memory[SEGMENT] == arm:
        memory[RUN_LENGTH] += 1
        row = idle + min(memory[RUN_LENGTH], code[RUNS]) - 1
    else:
        memory[RUN_LENGTH] = 0
        row = min(memory[counts + arm], idle - 1)
    memory[SEGMENT] = arm
    for i in range(n_arms):
        memory[counts + i] += 1
    memory[counts + arm] = 0
    return row


def _finite_reward(code, extra, n_arms, arm, noise):
    """Inversion of the distribution function of an arm with finitely many rewards."""
    width = code[VALUES]
    values = 1 + code[BEST] + arm * width
    cumulative, v = values + n_arms * width, 0
    while v < width - 1 and noise >= extra[cumulative + v]:
        v += 1
    return extra[values + v]


history_row_kernel = kernel(_history_row)
finite_reward_kernel = kernel(_finite_reward)


def _step(world, memory, log, arm, noise):
    """Play ``arm``: its reward under this noise; count the regret and the play."""
    means, code, extra = world
    times, series, actions, rewards = log
    t, row = memory[CLOCK], 0
    if code[DYNAMICS] == SEGMENTS:
        row = memory[SEGMENT]
        if t >= code[STARTS + row + 1]:
            row += 1
            memory[SEGMENT] = row
    elif code[DYNAMICS] == ROUNDS:
        row = min(t, means.shape[0] - 1)
    else:
        row = history_row_kernel(means, code, extra, memory, arm)
    mean = means[row, arm]
    reward = mean
    if code[NOISE] == BERNOULLI:
        reward = 1.0 if noise < mean else 0.0
    elif code[NOISE] == GAUSSIAN:
        reward = mean + extra[0] * noise
    elif code[NOISE] == FINITE:
        reward = finite_reward_kernel(code, extra, means.shape[1], arm, noise)
    series[0, 0] += extra[1 + min(row, code[BEST] - 1)] - mean
    series[1, 0] += reward
    memory[COUNTS + arm] += 1
    memory[CLOCK] = t + 1
    if t < actions.shape[0]:
        actions[t] = arm
        rewards[t] = reward
    at = memory[CHECKPOINT]
    if t + 1 == times[at]:
        series[0, at + 1] = series[0, 0]
        series[1, at + 1] = series[1, 0]
        if at + 1 < times.shape[0]:
            memory[CHECKPOINT] = at + 1
    return reward


step_kernel = kernel(_step, inline=True)
