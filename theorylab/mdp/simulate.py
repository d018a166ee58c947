"""Kernels that draw from :class:`theorylab.mdp.sampler.ModelArrays`: an index search and a random walk."""

from __future__ import annotations

import numpy as np

from theorylab.core.kernels import kernel

__all__ = ["LINEAR_SEARCH_UP_TO", "draw_kernel", "random_walk_kernel"]

LINEAR_SEARCH_UP_TO = 64  # entries; a longer row is searched by halving


def _draw(cumulative_row, u):  # type: ignore[no-untyped-def]
    """First index of ``cumulative_row`` (M,) whose entry exceeds ``u`` in [0, 1); the last entry is 2."""
    length = cumulative_row.shape[0]
    if length <= LINEAR_SEARCH_UP_TO:
        index = 0
        for i in range(length):  # counting to the end beats leaving early: no mispredicted branch
            index += cumulative_row[i] <= u
        return index
    low = 0
    high = length - 1
    while low < high:
        middle = (low + high) // 2
        if cumulative_row[middle] <= u:
            low = middle + 1
        else:
            high = middle
    return low


draw_kernel = kernel(_draw)


def _random_walk(targets, cumulative, T, initial_state, rng):  # type: ignore[no-untyped-def]
    """Visits (S, A) of T steps of uniformly random actions: the floor under the cost of any simulation.

    ``targets``, ``cumulative`` (S, A, M) are those of one piece. A step draws one uniform for the action, one for the
    next state.
    """
    n_actions = targets.shape[1]
    visits = np.zeros((targets.shape[0], n_actions), dtype=np.int64)
    state = initial_state
    for _ in range(T):
        action = int(rng.random() * n_actions)
        visits[state, action] += 1
        state = targets[state, action, draw_kernel(cumulative[state, action], rng.random())]
    return visits


random_walk_kernel = kernel(_random_walk)
