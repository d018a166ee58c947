"""The record of a run of an online algorithm in an average-reward MDP, and the trace that its proof speaks of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core.record import RunRecord, rebuilt

__all__ = ["EpisodeTrace", "OnlineRun"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeTrace:
    """What the learner knew and did in each of its K episodes (filled when ``trace=True``)."""

    clock: NDArray[np.int64]  # (K,)  t_k, counted from the last restart; the first step has t = 1
    delta: NDArray[np.float64]  # (K,)  confidence used in the radii
    visits: NDArray[np.int64]  # (K, S, A)  N_k: visits since the last restart, before the episode
    plays: NDArray[np.int64]  # (K, S)  v_k(s, pi_k(s)): visits in the episode
    counts: NDArray[np.int64]  # (K, S, A, S)  transitions seen since the last restart, before the episode
    reward_sums: NDArray[np.float64]  # (K, S, A)
    policies: NDArray[np.int64]  # (K, S)
    values: NDArray[np.float64]  # (K, S)  u_i of the last sweep, lowest entry 0
    increments: NDArray[np.float64]  # (K, S)  u_{i+1} - u_i of the last sweep
    optimistic_rewards: NDArray[np.float64]  # (K, S)  of pi_k
    optimistic_transitions: NDArray[np.float64]  # (K, S, S)  of pi_k
    reward_radii: NDArray[np.float64]  # (K, S, A)
    transition_radii: NDArray[np.float64]  # (K, S, A)  in L1

    def __post_init__(self) -> None:
        for name in self.__slots__:
            getattr(self, name).flags.writeable = False

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuilt, (type(self), {name: getattr(self, name) for name in self.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineRun(RunRecord):
    """A run of T steps.

    ``regret`` is the realised regret: the sum over steps of the optimal gain of the current piece minus the reward
    received.  ``pseudo_regret`` has the mean reward of the pair played in the place of the reward.  Either may be
    negative for a while: it is measured against a long-run average.
    """

    model: str
    horizon: int
    times: NDArray[np.int64]  # (C,)
    regret: NDArray[np.float64]  # (C,)  units of reward
    pseudo_regret: NDArray[np.float64]  # (C,)
    reward_sum: NDArray[np.float64]  # (C,)
    episode_starts: NDArray[np.int64] = field(
        metadata={"series": False}
    )  # (K,)  1-based step of each episode's first play
    restart_times: NDArray[np.int64] = field(metadata={"series": False})  # (R,)  steps played before each restart
    evi_sweeps: NDArray[np.int64] = field(metadata={"series": False})  # (K,)
    visits: NDArray[np.int64]  # (S, A)  over the whole run
    theorems_algorithm: bool  # False when a radius was scaled: no theorem speaks of this run
    trace: EpisodeTrace | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def n_episodes(self) -> int:
        """Number of episodes."""
        return len(self.episode_starts)
