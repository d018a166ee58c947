"""The best arm of an index policy that forgets: windowed or discounted sums and plays, one level for all arms."""

# mypy: allow-untyped-defs

from __future__ import annotations

import math

from theorylab.bandits.online import TIE
from theorylab.bandits.stochastic.kl_index import kl_index_kernel, kl_kernel
from theorylab.core.kernels import kernel

__all__ = ["INDICES", "LEAST_PLAYS", "forgetting_arm_kernel"]

INDICES = ("ucb", "kl")
UCB, KL = 0, 1
LEAST_PLAYS = 1e-9  # plays below this are no play: the arm is due
GUARD = 1e-9  # many times the error of the index solver


def _forgetting_index(index, exploration, padding, total, plays):
    mean = min(1.0, max(0.0, total / plays))
    if index == KL:
        return kl_index_kernel(mean, exploration / plays)
    return mean + padding * math.sqrt(exploration / plays)


forgetting_index_kernel = kernel(_forgetting_index)


def _surely_lower(exploration, total, plays, best):
    """Whether a KL index is clearly below ``best``: one divergence instead of an inversion."""
    mean = min(1.0, max(0.0, total / plays))
    bar = best - GUARD
    return mean < bar < 1.0 and plays * kl_kernel(mean, bar) > exploration


surely_lower_kernel = kernel(_surely_lower)


def _forgetting_arm(index, exploration, padding, leader, sums, plays, values):
    """An arm without plays, the lowest one; else the arm with the largest index, the lowest of equals."""
    n_arms = sums.shape[0]
    for i in range(n_arms):
        if plays[i] < LEAST_PLAYS:
            return i
    best = forgetting_index_kernel(index, exploration, padding, sums[leader], plays[leader])
    values[leader] = best
    for i in range(n_arms):
        if i != leader:
            if index == KL and surely_lower_kernel(exploration, sums[i], plays[i], best):
                values[i] = -math.inf
            else:
                values[i] = forgetting_index_kernel(index, exploration, padding, sums[i], plays[i])
                best = max(best, values[i])
    arm = 0
    while values[arm] < best - TIE:
        arm += 1
    return arm


forgetting_arm_kernel = kernel(_forgetting_arm)
