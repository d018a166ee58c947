r"""Bandits with a constraint: a play shows a reward and a residual, and is feasible when its mean residual is <= 0.

Two models: one whose means stay, and a closed loop in which plays move a population that the means depend on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.models.base import means_array
from theorylab.bandits.models.stochastic import StationaryBandit
from theorylab.core import validate

__all__ = ["ClosedLoopBandit", "ConstrainedBandit", "lending_loop"]


class FeasibleSet(StationaryBandit):
    """What both models share; ``means`` (n,) and ``residual_means`` (n,) are those of playing one point for ever."""

    notion: ClassVar[str] = "constrained regret"
    residual_means: NDArray[np.float64]

    @property
    def feasible(self) -> NDArray[np.bool_]:
        """(n,) whether the mean residual is at most 0."""
        return self.residual_means <= 0.0

    @property
    def best_feasible(self) -> float:
        """The largest mean reward of a feasible point."""
        return float(self.means[self.feasible].max())

    def loop(self) -> tuple[NDArray[np.float64], float]:
        """(5, n): rewards at the ends 0 and 1 of the state, residuals there, targets of the state; and the rate."""
        raise NotImplementedError

    def _set(self, **values: Any) -> None:
        for key, value in values.items():
            object.__setattr__(self, key, validate.readonly(value))
        if self.residual_means.min() > 0.0:
            least = float(self.residual_means.min())
            raise ValueError(f"residuals are above 0 everywhere, at least {least:.6g}, expected a feasible point")


@dataclass(frozen=True, eq=False, repr=False)
class ConstrainedBandit(FeasibleSet):
    r"""$n$ points; a play shows a reward in {0, 1} and a residual in {-1, 1}, drawn independently.

    Parameters
    ----------
    rewards
        (n,) mean rewards in [0, 1].
    residuals
        (n,) mean residuals in [-1, 1]; a point is feasible when its mean residual is at most 0. One point must be.
    name
        Shown in errors, figures and tables.

    Raises
    ------
    TypeError, ValueError
        If a mean is out of range, the shapes differ, or no point is feasible.

    Notes
    -----
    Algorithms for constraints report $\sum (r^* - r_t)_+$, $r^*$ the best mean reward of a feasible point. Others see
    rewards only: their regret is against the best of all points.

    Examples
    --------
    >>> bandit = ConstrainedBandit([0.9, 0.6, 0.2], [0.4, -0.1, -0.5])
    >>> bandit.best_feasible, bandit.feasible.tolist()
    (0.6, [False, True, True])
    >>> ConstrainedBandit([0.9], [0.4])
    Traceback (most recent call last):
    ...
    ValueError: residuals are above 0 everywhere, at least 0.4, expected a feasible point
    """

    rewards: Any
    residuals: Any
    name: str = ""

    def __post_init__(self) -> None:
        means = means_array("rewards", self.rewards, ndim=1)
        residuals = validate.array("residuals", self.residuals, shape=means.shape)
        validate.in_interval("residuals", residuals, -1.0, 1.0)
        self._set(rewards=means, means=means, residuals=residuals, residual_means=residuals)

    def loop(self) -> tuple[NDArray[np.float64], float]:
        """Both ends are alike, and the state stays."""
        return np.stack([self.means, self.means, self.residuals, self.residuals, np.zeros(self.n_arms)]), 0.0


@dataclass(frozen=True, eq=False, repr=False)
class ClosedLoopBandit(FeasibleSet):
    r"""A contraction loop: means are linear in a state z in [0, 1], and playing point a moves it towards ``target[a]``.

    After a play $z \leftarrow z + \kappa (\mathrm{target}_a - z)$; so whoever plays one point for ever reaches its
    steady state, at the rate $1 - \kappa$. The loop moves without noise; rewards and residuals are drawn as in
    :class:`ConstrainedBandit`.  (Our own model of the loops that [du2025optimistic] describes.)

    Parameters
    ----------
    rewards, residuals
        (2, n) means at z = 0 and z = 1.
    target
        (n,) where each point pulls the state, in [0, 1].
    rate
        $\kappa$ in (0, 1].
    name
        Shown in errors, figures and tables.

    Examples
    --------
    >>> loop = ClosedLoopBandit([[0.2, 0.8], [0.6, 0.8]], [[0.1, -0.1], [-0.3, -0.1]], target=[1.0, 0.0], rate=0.1)
    >>> loop.means.tolist(), loop.residual_means.tolist(), loop.best_feasible
    ([0.6, 0.8], [-0.3, -0.1], 0.8)
    """

    rewards: Any
    residuals: Any
    target: Any
    rate: float
    name: str = ""

    def __post_init__(self) -> None:
        rewards = means_array("rewards", self.rewards, ndim=2)
        if len(rewards) != 2:
            raise ValueError(f"rewards has shape {rewards.shape}, expected (2, n)")
        residuals = validate.array("residuals", self.residuals, shape=rewards.shape)
        validate.in_interval("residuals", residuals, -1.0, 1.0)
        target = validate.array("target", self.target, shape=(rewards.shape[1],))
        validate.in_interval("target", target, 0.0, 1.0)
        object.__setattr__(self, "rate", validate.number("rate", self.rate, low=0.0, high=1.0, open_low=True))
        means, steady = ((1.0 - target) * ends[0] + target * ends[1] for ends in (rewards, residuals))
        self._set(rewards=rewards, residuals=residuals, target=target, means=means, residual_means=steady)

    @property
    def stationary(self) -> bool:
        """False."""
        return False

    def loop(self) -> tuple[NDArray[np.float64], float]:
        """The tables as they are."""
        return np.concatenate([self.rewards, self.residuals, self.target[None, :]]), self.rate


def lending_loop(n: int = 11, *, rate: float = 0.05, tolerance: float = 0.25) -> ClosedLoopBandit:
    r"""Thresholds for two groups whose scores differ; accepting few of the second group lets it fall further behind.

    Threshold $\theta$ accepts the share $1 - \theta$ of group A and $(1 - \theta)^{k}$ of group B, k = 3 at z = 0 and
    1.5 at z = 1; the residual is the gap of the shares less the tolerance (demographic parity), linear in z between
    its ends. The reward is .8 less the distance of $\theta$ from .45, plus .1 z; the state moves towards
    $(1 - \theta)^2$.

    Examples
    --------
    >>> lending_loop().feasible.tolist()[:3]
    [True, True, True]
    """
    n = validate.integer("n", n, low=2, high=1000)
    theta = np.linspace(0.0, 0.9, n)
    accepted = 1.0 - theta
    residuals = np.stack([accepted - accepted**power - tolerance for power in (3.0, 1.5)])
    reward = 0.8 - np.abs(theta - 0.45)
    return ClosedLoopBandit(
        np.stack([reward, reward + 0.1]), residuals, accepted**2, rate, name=f"lending loop, {n} thresholds"
    )
