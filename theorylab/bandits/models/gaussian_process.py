"""Gaussian process bandits: finitely many points whose means are one draw of a Gaussian vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from theorylab.bandits.models.stochastic import NOISE, StationaryBandit
from theorylab.core import validate

if TYPE_CHECKING:
    from theorylab.bandits.world import World

__all__ = ["GPBandit", "squared_exponential"]

MOST_POINTS = 5000  # an (n, n) matrix of doubles: 200 MB
ASYMMETRY, NEGATIVE = 1e-12, 1e-9  # relative to the largest entry: taken for rounding


@dataclass(frozen=True, eq=False, repr=False)
class GPBandit(StationaryBandit):
    r"""$n$ points; $f \sim \mathcal N(0, k)$; playing point $x$ pays $f(x) + \mathcal N(0, \sigma^2)$.

    Parameters
    ----------
    kernel
        (n, n) prior covariance: symmetric, positive semidefinite.
    sigma
        Standard deviation of the noise (not its variance), positive.
    means
        (n,) the function; without it the model is the prior, and each run draws its own function from the stream of
        its seed that is kept for instances.
    name
        Shown in errors, figures and tables.

    Raises
    ------
    TypeError, ValueError
        If the kernel is no covariance matrix, ``sigma`` is not positive, or the shapes differ.

    Examples
    --------
    >>> bandit = GPBandit([[1.0, 0.5], [0.5, 1.0]], 0.1, means=[0.25, -0.5])
    >>> bandit.n_arms, bandit.gaps.tolist()
    (2, [0.0, 0.75])
    >>> GPBandit([[1.0, 2.0], [2.0, 1.0]], 0.1)
    Traceback (most recent call last):
    ...
    ValueError: kernel has the eigenvalue -1, expected a positive semidefinite matrix
    """

    kernel: Any
    sigma: float
    means: Any = None
    name: str = ""
    noise: str = "gaussian"

    def __post_init__(self) -> None:
        kernel = validate.array("kernel", self.kernel, ndim=2)
        n = len(kernel)
        if n == 0 or kernel.shape != (n, n) or n > MOST_POINTS:
            raise ValueError(f"kernel has shape {kernel.shape}, expected (n, n) with n in 1..{MOST_POINTS}")
        scale = float(np.abs(kernel).max())
        bad = np.argwhere(np.abs(kernel - kernel.T) > ASYMMETRY * scale)
        if len(bad):
            i, j = bad[0]
            raise ValueError(
                f"kernel[{i}, {j}] is {kernel[i, j]:g} and kernel[{j}, {i}] is {kernel[j, i]:g}: not equal"
            )
        least = float(np.linalg.eigvalsh(kernel)[0])
        if least < -NEGATIVE * scale:
            raise ValueError(f"kernel has the eigenvalue {least:.6g}, expected a positive semidefinite matrix")
        validate.choice("noise", self.noise, ("gaussian",))
        object.__setattr__(self, "kernel", validate.readonly(kernel))
        object.__setattr__(self, "sigma", validate.number("sigma", self.sigma, low=0.0, open_low=True))
        if self.means is not None:
            object.__setattr__(self, "means", validate.readonly(validate.array("means", self.means, shape=(n,))))

    @property
    def n_arms(self) -> int:
        """n, the number of points."""
        return len(self.kernel)

    @property
    def unit_rewards(self) -> bool:
        """False."""
        return False

    @property
    def is_prior(self) -> bool:
        """Whether there is no function yet."""
        return self.means is None

    def draw(self, rng: Generator) -> GPBandit:
        """The same model with a function drawn from the prior.

        Examples
        --------
        >>> GPBandit([[0.0, 0.0], [0.0, 1.0]], 0.1).draw(np.random.default_rng(0)).means.round(3).tolist()
        [0.0, -0.132]
        """
        values, vectors = np.linalg.eigh(self.kernel)
        root = vectors * np.sqrt(np.maximum(values, 0.0))  # a semidefinite matrix may have -1e-17 for 0
        return GPBandit(self.kernel, self.sigma, root @ rng.normal(size=self.n_arms), self.name)

    def mean_reward(self, history: Any, arm: int) -> float:
        """The function at the point."""
        self._need_means()
        return float(self.means[arm])

    def world(self) -> World:
        """The arrays that kernels run on."""
        from theorylab.bandits.world import make_world

        self._need_means()
        return make_world(0, NOISE["gaussian"], self.means[None, :], [self.best_mean], sigma=self.sigma)

    def _need_means(self) -> None:
        if self.means is None:
            raise ValueError(f"{self!r} is a prior without means, expected a function: draw(rng) makes one")


def squared_exponential(points: Any, length: float, *, variance: float = 1.0) -> NDArray[np.float64]:
    r"""The covariance $v \exp(-|x - y|^2 / (2 \ell^2))$ of all pairs of points, (n,) or (n, d).

    Examples
    --------
    >>> squared_exponential([0.0, 1.0], 1.0).round(3).tolist()
    [[1.0, 0.607], [0.607, 1.0]]
    """
    found = validate.array("points", points)
    if found.ndim == 1:
        found = found[:, None]
    if found.ndim != 2 or found.size == 0:
        raise ValueError(f"points has shape {found.shape}, expected (n,) or (n, d)")
    length = validate.number("length", length, low=0.0, open_low=True)
    variance = validate.number("variance", variance, low=0.0, open_low=True)
    squares = ((found[:, None, :] - found[None, :, :]) ** 2).sum(axis=2)
    return variance * np.exp(-squares / (2.0 * length**2))  # type: ignore[no-any-return]
