"""What every bandit model has: its size, its noise, the definition of a mean reward, and its arrays for kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from theorylab.core import validate

if TYPE_CHECKING:
    from theorylab.bandits.world import Memory, World

__all__ = ["MOST_ARMS", "BanditModel", "means_array"]

MOST_ARMS = 100_000


class BanditModel:
    """The common part of all models.

    ``mean_reward`` is the definition: slow, from the whole history; kernels use :meth:`world` instead, and tests
    compare the two.  Rounds are numbered from 0.
    """

    notion: ClassVar[str] = "pseudo-regret"  # what ``BanditRun.regret`` is on this model
    noise: str = "bernoulli"
    name: str = ""

    @property
    def n_arms(self) -> int:
        """K, the number of arms."""
        raise NotImplementedError

    @property
    def unit_rewards(self) -> bool:
        """Whether every reward lies in [0, 1]."""
        return True

    @property
    def stationary(self) -> bool:
        """Whether rewards of an arm are independent and identically distributed."""
        return False

    @property
    def limit(self) -> tuple[int, str] | None:
        """The most rounds of a run and what they are; None when a run may have any length."""
        return None

    def refuse_longer(self, horizon: int) -> None:
        """Raise ``ValueError`` when a run of ``horizon`` rounds is longer than the bandit."""
        if self.limit is not None and horizon > self.limit[0]:
            raise ValueError(f"horizon is {horizon}, expected at most {self.limit[0]}: {self.limit[1]}")

    def mean_reward(self, history: Sequence[int], arm: int) -> float:
        """The mean reward of playing ``arm`` after the arms in ``history``."""
        raise NotImplementedError

    def reward(self, mean: float, arm: int, noise: float) -> float:
        """The reward that a mean becomes under the noise: uniform on [0, 1), or standard normal (Gaussian)."""
        if self.noise == "bernoulli":
            return 1.0 if noise < mean else 0.0
        if self.noise == "gaussian":
            return mean + float(self.sigma) * noise  # type: ignore[attr-defined]
        return mean

    def world(self) -> World:
        """The arrays that kernels run on."""
        raise NotImplementedError

    def memory(self) -> Memory:
        """A fresh memory for one run of the world."""
        from theorylab.bandits.world import make_memory

        return make_memory(self.n_arms)

    def round_benchmark(self, t: int) -> float:
        """Mean reward of the benchmark in round ``t``; 0 where :meth:`benchmark` knows sums only."""
        return 0.0

    def benchmark(self, times: NDArray[np.int64], history: Sequence[int] = ()) -> NDArray[np.float64]:
        """Reward of the benchmark up to the times, beyond what :meth:`round_benchmark` sums to."""
        return np.zeros(len(times))

    def __setstate__(self, state: dict[str, Any]) -> None:  # copies and unpickled models are read-only too
        for values in state.values():
            if isinstance(values, np.ndarray):
                values.flags.writeable = False
        self.__dict__.update(state)

    def __repr__(self) -> str:
        label = f"{self.name!r}, " if self.name else ""
        return f"{type(self).__name__}({label}K={self.n_arms})"


def means_array(
    name: str, values: Any, *, ndim: int, arms_axis: int = -1, low: float = 0.0, high: float = 1.0
) -> NDArray[np.float64]:
    """Means in [low, high] with at least one arm, read-only."""
    found = validate.array(name, values, ndim=ndim)
    if found.size == 0:
        raise ValueError(f"{name} has shape {found.shape}, expected at least one arm and one entry")
    if found.shape[arms_axis] > MOST_ARMS:
        raise ValueError(f"{name} has {found.shape[arms_axis]} arms, expected at most {MOST_ARMS}")
    validate.in_interval(name, found, low, high)
    return validate.readonly(found)
