"""Stationary bandits: each arm has one law of rewards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.models.base import BanditModel, means_array
from theorylab.core import validate

if TYPE_CHECKING:
    from theorylab.bandits.world import World

__all__ = ["BernoulliBandit", "FiniteSupportBandit", "GaussianBandit", "StationaryBandit"]

NOISE = {"bernoulli": 0, "gaussian": 1, "none": 2, "finite": 3}


class StationaryBandit(BanditModel):
    """A bandit whose arms have fixed means ``means`` (K,)."""

    means: NDArray[np.float64]

    @property
    def n_arms(self) -> int:
        """K, the number of arms."""
        return len(self.means)

    @property
    def stationary(self) -> bool:
        """True."""
        return True

    @cached_property
    def best_mean(self) -> float:
        """The largest mean."""
        return float(self.means.max())

    @cached_property
    def gaps(self) -> NDArray[np.float64]:
        """(K,) the largest mean minus the mean of each arm."""
        return validate.readonly(self.best_mean - self.means)

    def mean_reward(self, history: Sequence[int], arm: int) -> float:
        """The mean of the arm, whatever happened before."""
        return float(self.means[arm])

    def round_benchmark(self, t: int) -> float:
        """The largest mean."""
        return self.best_mean

    def world(self) -> World:
        """The arrays that kernels run on."""
        from theorylab.bandits.world import make_world

        return make_world(0, NOISE[self.noise], self.means[None, :], [self.best_mean])


@dataclass(frozen=True, eq=False, repr=False)
class BernoulliBandit(StationaryBandit):
    r"""$K$ arms with rewards in $\{0, 1\}$; arm $i$ pays 1 with probability $\mu_i$.

    Parameters
    ----------
    means
        (K,) probabilities; ``Fraction`` entries are accepted and kept in ``exact_means`` for exact checks.
    name
        Shown in errors, figures and tables.

    Raises
    ------
    TypeError, ValueError
        If a mean is no number in [0, 1], or there is no arm.

    Examples
    --------
    >>> bandit = BernoulliBandit([0.5, 0.3])
    >>> bandit.n_arms, bandit.gaps.tolist()
    (2, [0.0, 0.2])
    >>> BernoulliBandit([0.5, 1.3])
    Traceback (most recent call last):
    ...
    ValueError: means[1] is 1.3, expected a number in [0, 1]
    """

    means: Any
    name: str = ""

    def __post_init__(self) -> None:
        given = list(self.means) if isinstance(self.means, (list, tuple)) else self.means
        exact = tuple(given) if isinstance(given, list) and all(isinstance(m, Fraction) for m in given) else None
        object.__setattr__(self, "exact_means", exact)
        values = [float(m) if isinstance(m, Fraction) else m for m in given] if isinstance(given, list) else given
        object.__setattr__(self, "means", means_array("means", values, ndim=1))


@dataclass(frozen=True, eq=False, repr=False)
class GaussianBandit(StationaryBandit):
    r"""$K$ arms with rewards $\mathcal N(\mu_i, \sigma^2)$: unbounded, so claims for rewards in [0, 1] refuse it.

    Parameters
    ----------
    means
        (K,) any reals up to 1e150 in size.
    sigma
        The common standard deviation, positive.
    name
        Shown in errors, figures and tables.

    Examples
    --------
    >>> GaussianBandit([0.0, -1.0], sigma=0.5).gaps.tolist()
    [0.0, 1.0]
    """

    means: Any
    sigma: float = 1.0
    name: str = ""
    noise: str = "gaussian"

    def __post_init__(self) -> None:
        validate.choice("noise", self.noise, ("gaussian",))
        low, high = -validate.LARGEST, validate.LARGEST
        object.__setattr__(self, "means", means_array("means", self.means, ndim=1, low=low, high=high))
        object.__setattr__(self, "sigma", validate.number("sigma", self.sigma, low=0.0, high=high, open_low=True))

    @property
    def unit_rewards(self) -> bool:
        """False."""
        return False

    def world(self) -> World:
        """The arrays that kernels run on."""
        from theorylab.bandits.world import make_world

        return make_world(0, NOISE["gaussian"], self.means[None, :], [self.best_mean], sigma=float(self.sigma))


@dataclass(frozen=True, eq=False, repr=False)
class FiniteSupportBandit(StationaryBandit):
    """Arm ``i`` pays ``values[i, v]`` with probability ``probabilities[i, v]``.

    Parameters
    ----------
    values, probabilities
        (K, V); the rows of ``probabilities`` sum to one.
    name
        Shown in errors, figures and tables.

    Examples
    --------
    >>> bandit = FiniteSupportBandit([[0.0, 0.5, 1.0], [0.2, 0.4, 0.6]], [[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]])
    >>> bandit.means.round(3).tolist()
    [0.5, 0.35]
    """

    values: Any
    probabilities: Any
    name: str = ""
    noise: str = "finite"

    def __post_init__(self) -> None:
        low, high = -validate.LARGEST, validate.LARGEST
        values = means_array("values", self.values, ndim=2, arms_axis=0, low=low, high=high)
        probabilities = validate.array("probabilities", self.probabilities, shape=values.shape)
        validate.distributions("probabilities", probabilities)
        validate.choice("noise", self.noise, ("finite",))
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "probabilities", validate.readonly(probabilities))
        object.__setattr__(self, "means", validate.readonly((values * probabilities).sum(axis=1)))

    @property
    def unit_rewards(self) -> bool:
        """Whether all values lie in [0, 1]."""
        return bool(self.values.min() >= 0.0 and self.values.max() <= 1.0)

    def reward(self, mean: float, arm: int, noise: float) -> float:
        """The value at which the distribution function passes the noise."""
        v = 0
        cumulative = np.cumsum(self.probabilities[arm])
        while v < len(cumulative) - 1 and noise >= cumulative[v]:
            v += 1
        return float(self.values[arm, v])

    def world(self) -> World:
        """The arrays that kernels run on."""
        from theorylab.bandits.world import make_world

        cumulative = np.cumsum(self.probabilities, axis=1)
        return make_world(
            0, NOISE["finite"], self.means[None, :], [self.best_mean], values=self.values, cumulative=cumulative
        )
