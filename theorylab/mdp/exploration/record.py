"""The record of a sample collection, and what the learner knew at each of its plans."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core.record import RunRecord, rebuilt

__all__ = ["ExplorationRun", "PlanTrace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTrace:
    """What the learner knew at each of its K plans, and each of the T steps taken (filled when ``trace=True``)."""

    clock: NDArray[np.int64]  # (K,)  steps taken before the plan
    goals: NDArray[np.bool_]  # (K, S)  states with an under-sampled action
    visits: NDArray[np.int64]  # (K, S, A)
    counts: NDArray[np.int64]  # (K, S, A, S)  transitions seen
    radii: NDArray[np.float64]  # (K, S, A)  in L1
    values: NDArray[np.float64]  # (K, S)  u_i, optimistic steps to the goals
    next_values: NDArray[np.float64]  # (K, S)  u_{i+1}, the last sweep
    policies: NDArray[np.int64]  # (K, S)  0 at goals, where no plan is followed
    optimistic_transitions: NDArray[np.float64]  # (K, S, S)  of the policy; a goal stays where it is
    states: NDArray[np.int64]  # (T + 1,)
    actions: NDArray[np.int64]  # (T,)
    plans: NDArray[np.int64]  # (T,)  the plan that a step follows, -1 at goals

    def __post_init__(self) -> None:
        for name in self.__slots__:
            getattr(self, name).flags.writeable = False

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuilt, (type(self), {name: getattr(self, name) for name in self.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplorationRun(RunRecord):
    """A sample collection: it ends when each pair has the visits that are required, at the latest at the horizon.

    ``times`` run to the horizon; after the end nothing changes any more.
    """

    model: str
    horizon: int
    requirements: NDArray[np.int64] = field(metadata={"series": False})  # (S, A)
    times: NDArray[np.int64]  # (C,)
    fraction: NDArray[np.float64]  # (C,)  required samples that have been collected over all that are required
    steps: int  # steps taken
    steps_to_meet: int | None  # None when the horizon came first
    missing: NDArray[np.int64] = field(metadata={"series": False})  # (S, A)  at the end
    visits: NDArray[np.int64] = field(metadata={"series": False})  # (S, A)
    counts: NDArray[np.int64] = field(metadata={"series": False})  # (S, A, S)  transitions seen
    goal_visits: NDArray[np.int64] = field(metadata={"series": False})  # (S,)  steps from a state with a sample missing
    plan_starts: NDArray[np.int64] = field(metadata={"series": False})  # (K,)  1-based step of each plan's first play
    evi_sweeps: NDArray[np.int64] = field(metadata={"series": False})  # (K,)
    final_state: int
    diameter: float  # of the model; the learner does not know it
    theorems_algorithm: bool
    trace: PlanTrace | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        """Whether every pair has its samples."""
        return self.steps_to_meet is not None

    @property
    def n_plans(self) -> int:
        """How often the learner planned."""
        return len(self.plan_starts)

    @property
    def required(self) -> int:
        """B, the number of samples required."""
        return int(self.requirements.sum())
