r"""Bandits with a constraint: each play shows a reward and a residual, feasible when its mean is at most 0.

Two models: one whose means stay, and a closed loop in which the plays move a population that the means depend on (our
own, after the description of such loops in [du2025optimistic]).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.models.base import means_array
from theorylab.bandits.models.stochastic import BernoulliBandit
from theorylab.core import validate

__all__ = ["ClosedLoopBandit", "ConstrainedBandit", "lending_loop"]


class _Constrained(BernoulliBandit):
    """What both models have: means at state 0 and at state 1, where plays pull the state, and how fast."""

    notion = "constrained regret"

    def loop(self) -> tuple[NDArray[np.float64], float]:
        """The tables of the kernels: (5, n) rewards and residuals at both ends of the state, targets; the rate."""
        raise NotImplementedError

    @property
    def best_feasible(self) -> float:
        """The largest mean reward of a feasible point."""
        return float(self.means[self.feasible].max())

    @property
    def feasible(self) -> NDArray[np.bool_]:
        """(n,) whether the mean residual is at most 0."""
        return np.asarray(self.residual) <= 0.0


@dataclass(frozen=True, eq=False, repr=False)
class ConstrainedBandit(_Constrained):
    r"""$n$ points; a play shows a reward in {0, 1} and a residual in {-1, 1}, independent of each other.

    Parameters
    ----------
    reward
        (n,) mean rewards in [0, 1].
    residual
        (n,) mean residuals in [-1, 1]; a point is feasible when its residual is at most 0.  One point must be.
    name
        Shown in errors, figures and tables.

    Raises
    ------
    TypeError, ValueError
        If a mean is out of range, the shapes differ, or no point is feasible.

    Notes
    -----
    ``regret`` is $\sum (r^* - r_t)_+$ with $r^*$ the best reward of a feasible point; algorithms that know no
    constraint see the rewards alone and are compared with the best of all points.

    Examples
    --------
    >>> bandit = ConstrainedBandit([0.9, 0.6, 0.2], [0.4, -0.1, -0.5])
    >>> bandit.best_feasible, bandit.feasible.tolist()
    (0.6, [False, True, True])
    >>> ConstrainedBandit([0.9], [0.4])
    Traceback (most recent call last):
    ...
    ValueError: residual is above 0 everywhere, least 0.4: expected a feasible point
    """

    reward_means: Any
    residual: Any

    def __init__(self, reward: Any, residual: Any, name: str = "") -> None:
        means = means_array("reward", reward, ndim=1)
        found = validate.array("residual", residual, shape=means.shape)
        validate.in_interval("residual", found, -1.0, 1.0)
        if found.min() > 0.0:
            raise ValueError(f"residual is above 0 everywhere, least {found.min():.6g}: expected a feasible point")
        for key, value in (("means", means), ("residual", validate.readonly(found)), ("name", name)):
            object.__setattr__(self, key, value)

    def loop(self) -> tuple[NDArray[np.float64], float]:
        """Both ends of the state are alike, and it stays."""
        return np.stack([self.means, self.means, self.residual, self.residual, np.zeros(self.n_arms)]), 0.0
