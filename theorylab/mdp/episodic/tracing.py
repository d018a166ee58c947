"""What the proofs speak of, kept for each episode: the policy that was executed, its brackets, what it showed."""

# mypy: allow-untyped-defs
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from theorylab.core.kernels import kernel
from theorylab.mdp.episodic.brackets import backup_kernel
from theorylab.mdp.episodic.online import Setup

__all__ = ["Episodes", "make_episodes", "record_kernel", "show_kernel"]


class Episodes(NamedTuple):
    """One row for each episode of a traced run (no row otherwise).

    The executed policy follows the baseline below step ``switches - 1``, mixes at that step, and is greedy after it;
    ``weights`` is the probability of the greedy action at the mixing step, or of the greedy policy where the algorithm
    flips a coin for the whole episode (then ``switches`` is 0 or H, as the coin fell).
    """

    states: NDArray[np.int64]  # (K, H + 1)
    actions: NDArray[np.int64]  # (K, H)
    values: NDArray[np.float64]  # (K,)  exact value of the executed (randomised) policy
    kinds: NDArray[np.int64]  # (K,)  0 greedy, 1 mixture, 2 baseline
    switches: NDArray[np.int64]  # (K,)
    weights: NDArray[np.float64]  # (K,)
    greedy_bounds: NDArray[np.float64]  # (K,)  pessimistic value of the greedy policy
    certificates: NDArray[np.float64]  # (K,)  the lower bound by which the episode was admitted
    greedy: NDArray[np.int64]  # (K, H, S)
    optimistic: NDArray[np.float64]  # (K, H, S)  the learner's optimistic values
    lower_values: NDArray[np.float64]  # (K, H, S)  pessimistic values of the policy that was played
    upper_values: NDArray[np.float64]  # (K, H, S)


def make_episodes(setup: Setup) -> Episodes:
    """Room for the trace of a run."""
    H, S, _ = setup.shape
    whole: Any = np.int64
    return Episodes(
        setup.traced(H + 1, dtype=whole),
        setup.traced(H, dtype=whole),
        setup.traced(),
        setup.traced(dtype=whole),
        setup.traced(dtype=whole),
        setup.traced(),
        setup.traced(),
        setup.traced(),
        setup.traced(H, S, dtype=whole),
        setup.traced(H, S),
        setup.traced(H, S),
        setup.traced(H, S),
    )


def _record(rows, k, knowledge, baseline, upper, greedy, switch, weight, kind, value, bound, certificate, low, high):
    """Write what is known before episode ``k`` is played; low, high (S,) are buffers.

    ``switch`` and ``weight`` describe the policy that is played, as in :mod:`theorylab.mdp.episodic.play`.
    """
    (_, _, values, kinds, switches, weights, bounds, certificates, t_greedy, t_optimistic, t_lower, t_upper) = rows
    H, S = greedy.shape
    values[k], kinds[k], switches[k], weights[k] = value, kind, switch, weight
    bounds[k], certificates[k] = bound, certificate
    for s in range(S):
        low[s] = 0.0
        high[s] = 0.0
    for h in range(H - 1, -1, -1):
        share = 1.0 if h >= switch else (weight if h == switch - 1 else 0.0)
        backup_kernel(knowledge, h, -1.0, low, baseline[h], greedy[h], share, low)
        backup_kernel(knowledge, h, 1.0, high, baseline[h], greedy[h], share, high)
        for s in range(S):
            t_lower[k, h, s] = low[s]
            t_upper[k, h, s] = high[s]
            t_greedy[k, h, s] = greedy[h, s]
            t_optimistic[k, h, s] = upper[h, s]


record_kernel = kernel(_record)


def _show(rows, k, states, actions):
    """Write what episode ``k`` showed: states (H + 1,), actions (H,)."""
    H = actions.shape[0]
    for h in range(H):
        rows[0][k, h] = states[h]
        rows[1][k, h] = actions[h]
    rows[0][k, H] = states[H]


show_kernel = kernel(_show)
