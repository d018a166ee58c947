"""The record of a run of episodes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core.record import RunRecord

__all__ = ["EpisodicRun"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodicRun(RunRecord):
    r"""A run of K episodes of H steps.

    Every value is exact: that of the policy that was executed, computed from the true model, not estimated.
    :math:`V^{\pi_k}` is the value of the policy of episode k (of the randomised policy where the algorithm flips a coin
    for a whole episode), and the regret is :math:`\sum_k (V^* - V^{\pi_k})`.

    An episode *violates* when :math:`V^{\pi_k}` is below ``threshold`` (by more than 1e-9: rounding decides nothing);
    the first k episodes together violate when :math:`\sum_{l \le k} V^{\pi_l} < k` times ``threshold``.  Without a
    threshold (NaN) nothing is counted.

    ``trace`` (with ``trace=True``) holds arrays of one entry for each episode: ``states`` (K, H + 1), ``actions``
    (K, H), ``values`` (K,) and what the algorithm's proof speaks of.
    """

    model: str
    episodes: int  # K
    steps: int  # H
    optimal_value: float  # V*
    threshold: float  # NaN: none
    times: NDArray[np.int64]  # (C,)  episodes played at the checkpoints
    regret: NDArray[np.float64]  # (C,)  units of reward
    value: NDArray[np.float64]  # (C,)  of the policy of that episode
    reward_sum: NDArray[np.float64]  # (C,)  received
    violations: NDArray[np.int64]  # (C,)  episodes that violate, so far
    cumulative_violations: NDArray[np.int64]  # (C,)  k so far at which the first k episodes together violate
    worst_margin: NDArray[np.float64]  # (C,)  smallest value so far less the threshold; NaN: no threshold
    greedy_episodes: NDArray[np.int64]  # (C,)  so far, of the learner's own optimistic policy
    mixture_episodes: NDArray[np.int64]  # (C,)  of a mixture with the baseline
    baseline_episodes: NDArray[np.int64]  # (C,)  of the baseline
    visits: NDArray[np.int64] = field(metadata={"series": False})  # (H, S, A)
    theorems_algorithm: bool  # False when no theorem speaks of this run
    trace: Mapping[str, Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def not_applicable(self) -> tuple[str, ...]:
        """Fields that say nothing in this run: those about a threshold when there is none."""
        return ("violations", "cumulative_violations", "worst_margin") if math.isnan(self.threshold) else ()
