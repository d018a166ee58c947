"""The record of a run of a bandit algorithm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.core.record import RunRecord

__all__ = ["BanditRun"]


def _no_restarts() -> NDArray[np.int64]:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class BanditRun(RunRecord):
    """A run of T rounds.

    ``notion`` names what ``regret`` is, and the notions are never mixed: pseudo-regret (means of the plays against the
    best mean), realised regret (losses of a table against its best fixed arm), dynamic regret (against the best arm of
    each round), policy regret and complete policy regret (against the best sequence), approximation regret.  Noise of
    the rewards never enters it; ``reward_sum`` has the rewards received.

    ``trace`` (with ``trace=True``) holds ``actions`` (T,), ``rewards`` (T,) and what the algorithm's proof speaks of.
    """

    model: str
    horizon: int
    notion: str
    times: NDArray[np.int64]  # (C,)
    regret: NDArray[np.float64]  # (C,)  units of reward
    reward_sum: NDArray[np.float64]  # (C,)
    pulls: NDArray[np.int64] = field(metadata={"series": False, "per": "arm"})  # (K,)
    restart_times: NDArray[np.int64] = field(
        default_factory=_no_restarts, metadata={"series": False}
    )  # (R,)  rounds played before each restart
    theorems_algorithm: bool  # False when no theorem speaks of this run
    trace: Mapping[str, Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)
