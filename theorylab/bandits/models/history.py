"""Bandits whose means depend on the plays before: tallying, weighted tallying, last-switch-dependent, recharging."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.models.base import BanditModel, means_array
from theorylab.bandits.models.stochastic import NOISE
from theorylab.core import validate

if TYPE_CHECKING:
    from theorylab.bandits.world import Memory, World

__all__ = ["LastSwitchDependentBandit", "RechargingBandit", "TallyingBandit", "WeightedTallyingBandit"]

REACHABLE_UP_TO = 20  # windows up to this length: all tallies are enumerated for the REO condition


@dataclass(frozen=True, eq=False, repr=False)
class TallyingBandit(BanditModel):
    r"""The mean loss of a play is $h_x(y)$, with $y$ the plays of arm $x$ in the last $m$ rounds, this one included.

    Parameters
    ----------
    h
        (K, m) mean losses in [0, 1] at y = 1..m; m = 1 is a stochastic bandit.
    noise
        "bernoulli" or "none" (the loss is its mean).
    name
        Shown in errors, figures and tables.

    Notes
    -----
    ``regret`` is *cumulative* loss minus T times the loss that the best arm reaches when it is repeated: the complete
    policy regret where repeating one arm is optimal (:attr:`reo`); elsewhere :func:`tallying_optimum` gives the exact
    optimum over all sequences.

    Examples
    --------
    >>> alternating = TallyingBandit([[0.0, 1.0], [0.0, 1.0]])
    >>> alternating.mean_reward([0, 1], 0), alternating.mean_reward([0, 0], 0), alternating.reo
    (1.0, 0.0, False)
    """

    h: Any
    noise: str = "bernoulli"
    name: str = ""
    notion: ClassVar[str] = "complete policy regret"

    def __post_init__(self) -> None:
        object.__setattr__(self, "h", means_array("h", self.h, ndim=2, arms_axis=0))
        validate.choice("noise", self.noise, ("bernoulli", "none"))

    @property
    def n_arms(self) -> int:
        """K, the number of arms."""
        return int(self.h.shape[0])

    @property
    def window(self) -> int:
        """m, the number of rounds that count."""
        return int(self.h.shape[1])

    @cached_property
    def repeated_losses(self) -> NDArray[np.float64]:
        """(K,) the mean loss of each arm once it has been repeated m times."""
        return validate.readonly(self.h[:, -1])

    @cached_property
    def reo(self) -> bool:
        """Whether some arm, repeated, loses no more than any play of any arm: repeating it is then optimal."""
        return bool(self.repeated_losses.min() <= self.h.min())

    def mean_reward(self, history: Sequence[int], arm: int) -> float:
        """1 minus the loss at the tally of this play."""
        recent = list(history[max(0, len(history) - self.window + 1) :])
        return 1.0 - float(self.h[arm, recent.count(arm)])

    def round_benchmark(self, t: int) -> float:
        """1 minus the least loss of an arm that is repeated."""
        return 1.0 - float(self.repeated_losses.min())

    def memory(self) -> Memory:
        """A fresh memory for one run of the world."""
        from theorylab.bandits.world import make_memory

        return make_memory(self.n_arms, self.window)

    def world(self) -> World:
        """The arrays that kernels run on."""
        from theorylab.bandits.world import make_world

        return make_world(3, NOISE[self.noise], 1.0 - self.h.T, [1.0 - float(self.repeated_losses.min())])


@dataclass(frozen=True, eq=False, repr=False)
class WeightedTallyingBandit(BanditModel):
    r"""The mean loss depends on the *weighted* share of the arm's own plays in the last $m$ rounds.

    With $y_t = \sum_{j<m} w_{j+1} 1\{a_{t-j} = a_t\} / \sum_j w_j$ the mean loss is $h_{a_t}$ at the knot nearest to
    $y_t$ (the lower one of two).

    Parameters
    ----------
    weights
        (m,) non-negative, the first positive: the current play counts.
    knots
        (G,) increasing, in [0, 1]; the last one is 1.
    h
        (K, G) mean losses in [0, 1].
    noise
        "bernoulli" or "none".
    reo_required
        With True (the default) a bandit in which repeating one arm is not provably optimal is refused: the published
        guarantee needs that. False builds it, and algorithms' records then say that no theorem speaks of the run.
    name
        Shown in errors, figures and tables.

    Raises
    ------
    ValueError
        If an entry is out of range, or the condition fails; the message names the arm, the knot and the losses.

    Examples
    --------
    >>> bandit = WeightedTallyingBandit([1.0, 1.0], [0.0, 0.5, 1.0], [[0.9, 0.9, 0.1], [0.5, 0.5, 0.5]])
    >>> bandit.mean_reward([0], 0), round(bandit.mean_reward([1], 0), 3), bandit.reo
    (0.9, 0.1, True)
    >>> WeightedTallyingBandit([1.0, 1.0], [0.5, 1.0], [[0.2, 0.9]] * 2, reo_required=False).reo
    False
    """

    weights: Any
    knots: Any
    h: Any
    noise: str = "bernoulli"
    reo_required: bool = True
    name: str = ""
    notion: ClassVar[str] = "complete policy regret"

    def __post_init__(self) -> None:
        weights = validate.array("weights", self.weights, ndim=1)
        validate.in_interval("weights", weights, 0.0, 1e150)
        if not len(weights) or weights[0] <= 0.0:
            raise ValueError(f"weights is {weights.tolist()}, expected a positive first entry: the current play counts")
        knots = validate.array("knots", self.knots, ndim=1)
        validate.in_interval("knots", knots, 0.0, 1.0)
        for g in range(1, len(knots)):
            if knots[g] <= knots[g - 1]:
                raise ValueError(
                    f"knots[{g}] is {knots[g]:.12g}, expected more than knots[{g - 1}] = {knots[g - 1]:.12g}"
                )
        if not len(knots) or knots[-1] != 1.0:
            raise ValueError(f"knots ends in {knots[-1:].tolist()}, expected 1: an arm that is repeated gets there")
        h = means_array("h", self.h, ndim=2, arms_axis=0)
        if h.shape[1] != len(knots):
            raise ValueError(f"h has shape {h.shape}, expected (K, {len(knots)}): one column for each knot")
        validate.choice("noise", self.noise, ("bernoulli", "none"))
        validate.flag("reo_required", self.reo_required)
        for field, value in (("weights", weights), ("knots", knots), ("h", h)):
            object.__setattr__(self, field, validate.readonly(value))
        if self.reo_required and not self.reo:
            raise ValueError(self._complaint())

    @property
    def n_arms(self) -> int:
        """K, the number of arms."""
        return int(self.h.shape[0])

    @property
    def window(self) -> int:
        """m, the number of rounds that count."""
        return len(self.weights)

    @cached_property
    def repeated_losses(self) -> NDArray[np.float64]:
        """(K,) the mean loss of each arm once it has been repeated m times."""
        return validate.readonly(self.h[:, -1])

    @cached_property
    def reachable(self) -> NDArray[np.bool_]:
        """(G,) the knots that some history reaches; for long windows with unequal weights: all from the lowest on."""
        total = self.weights.sum()
        if np.all(self.weights == self.weights[0]):
            levels = np.arange(1, self.window + 1) / self.window
        elif self.window <= REACHABLE_UP_TO:
            sums = np.zeros(1)
            for w in self.weights[1:]:
                sums = np.unique(np.concatenate([sums, sums + w]))
            levels = (self.weights[0] + sums) / total
        else:
            levels = self.knots[self.knots >= self.knots[self._nearest(float(self.weights[0] / total))]]
        found = np.zeros(len(self.knots), bool)
        found[[self._nearest(float(level)) for level in levels]] = True
        return found

    @cached_property
    def reo(self) -> bool:
        """Whether some arm, repeated, loses no more than any arm at any reachable knot (repeating it is optimal)."""
        return bool(self.repeated_losses.min() <= self.h[:, self.reachable].min())

    def mean_reward(self, history: Sequence[int], arm: int) -> float:
        """1 minus the loss at the knot nearest to the weighted share of this play."""
        plays = [arm, *reversed(history[max(0, len(history) - self.window + 1) :])]
        share = sum(w for w, a in zip(self.weights.tolist(), plays, strict=False) if a == arm) / self.weights.sum()
        return 1.0 - float(self.h[arm, self._nearest(float(share))])

    def round_benchmark(self, t: int) -> float:
        """1 minus the least loss of an arm that is repeated."""
        return 1.0 - float(self.repeated_losses.min())

    def memory(self) -> Memory:
        """A fresh memory for one run of the world."""
        from theorylab.bandits.world import make_memory

        return make_memory(self.n_arms, self.window)

    def world(self) -> World:
        """The arrays that kernels run on; equal weights need a count only."""
        from theorylab.bandits.world import make_world

        best = [1.0 - float(self.repeated_losses.min())]
        if np.all(self.weights == self.weights[0]):
            nearest = [self._nearest(y / self.window) for y in range(1, self.window + 1)]
            return make_world(3, NOISE[self.noise], 1.0 - self.h[:, nearest].T, best)
        return make_world(4, NOISE[self.noise], 1.0 - self.h.T, best, weights=self.weights, knots=self.knots)

    def _nearest(self, level: float) -> int:
        distance = np.abs(self.knots - level)
        return int(np.flatnonzero(distance <= distance.min() + 1e-12)[0])

    def _complaint(self) -> str:
        masked = np.where(self.reachable[None, :], self.h, np.inf)
        arm, knot = np.unravel_index(int(np.argmin(masked)), masked.shape)
        best = int(np.argmin(self.repeated_losses))
        return (
            f"h[{arm}] at knot {self.knots[knot]:g} is {self.h[arm, knot]:g}, below {self.repeated_losses[best]:g}, "
            f"the least loss of an arm that is repeated (arm {best}): repeating one arm may not be optimal "
            "(reo_required=False builds the bandit all the same)"
        )


@dataclass(frozen=True, eq=False, repr=False)
class LastSwitchDependentBandit(BanditModel):
    r"""The mean reward of an arm depends on when it last took part in a switch.

    An arm that was played $\tau \ge 1$ rounds ago pays ``idle[i, tau - 1]`` (after a run that another arm ended,
    $\tau \ge 2$); an arm played in the last round too, for
    the $j$-th time in a row, pays ``run[i, j - 1]``.  At the start all arms have $\tau = 1$.  Last entries continue.

    Parameters
    ----------
    idle
        (K, A) mean rewards in [0, 1].
    run
        (K, B) or None: then runs do not matter, and an arm played in the last round has $\tau = 1$.
    noise
        "bernoulli" or "none".
    name
        Shown in errors, figures and tables.

    Notes
    -----
    ``regret`` of a run is minus its expected reward (no benchmark is subtracted): the optimum is a planning problem,
    solved by ``lsd_optimum``, and ``approximation regret`` subtracts a multiple of it.

    Examples
    --------
    >>> bandit = LastSwitchDependentBandit([[0.1, 0.5], [0.3, 0.3]], run=[[0.0], [0.2]])
    >>> bandit.mean_reward([], 0), bandit.mean_reward([0, 1], 0), bandit.mean_reward([1], 1)
    (0.1, 0.5, 0.2)
    """

    idle: Any
    run: Any = None
    noise: str = "bernoulli"
    name: str = ""
    notion: ClassVar[str] = "minus expected reward"

    def __post_init__(self) -> None:
        idle = means_array("idle", self.idle, ndim=2, arms_axis=0)
        object.__setattr__(self, "idle", idle)
        if self.run is not None:
            run = means_array("run", self.run, ndim=2, arms_axis=0)
            if len(run) != len(idle):
                raise ValueError(f"run has {len(run)} rows, expected {len(idle)}: one for each arm of idle")
            object.__setattr__(self, "run", run)
        validate.choice("noise", self.noise, ("bernoulli", "none"))

    @property
    def n_arms(self) -> int:
        """K, the number of arms."""
        return int(self.idle.shape[0])

    @cached_property
    def monotone(self) -> bool:
        """Whether waiting longer never pays less."""
        return bool(np.all(np.diff(self.idle, axis=1) >= 0.0))

    @cached_property
    def concave(self) -> bool:
        """Whether each further round of waiting adds no more than the one before."""
        return bool(np.all(np.diff(self.idle, n=2, axis=1) <= 1e-12))

    def mean_reward(self, history: Sequence[int], arm: int) -> float:
        """The mean at the arm's state."""
        if self.run is not None and len(history) and history[-1] == arm:
            length, most = 1, min(len(history), self.run.shape[1])  # beyond the last entry nothing changes
            while length < most and history[-1 - length] == arm:
                length += 1
            return float(self.run[arm, length - 1])
        since = 1
        while since < self.idle.shape[1] and since <= len(history) and history[-since] != arm:
            since += 1
        return float(self.idle[arm, since - 1])

    def world(self) -> World:
        """The arrays that kernels run on."""
        run = np.zeros((0, self.n_arms)) if self.run is None else self.run.T
        means = np.concatenate([self.idle.T, run])
        from theorylab.bandits.world import make_world

        return make_world(5, NOISE[self.noise], means, [0.0], runs=len(run))


@dataclass(frozen=True, eq=False, repr=False)
class RechargingBandit(LastSwitchDependentBandit):
    """A last-switch-dependent bandit in which runs do not matter: the mean depends on the rounds since the last play.

    With 0 until a delay and a constant after it (:meth:`blocking`) it is a blocking bandit.

    Examples
    --------
    >>> RechargingBandit.blocking([0.5, 0.9], [1, 3]).idle.tolist()
    [[0.5, 0.5, 0.5], [0.0, 0.0, 0.9]]
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.run is not None:
            raise ValueError("run is given, expected None: in a recharging bandit runs do not matter")

    @classmethod
    def blocking(cls, means: Any, delays: Any, *, name: str = "") -> RechargingBandit:
        """Arm i pays ``means[i]`` when it was last played at least ``delays[i]`` rounds ago, else 0."""
        values = means_array("means", means, ndim=1)
        waits = validate.indices("delays", delays, below=10**6)
        if len(waits) != len(values):
            raise ValueError(f"delays has {len(waits)} entries, expected {len(values)}: one for each arm")
        for i, wait in enumerate(waits):
            if wait < 1:
                raise ValueError(f"delays[{i}] is {wait}, expected at least 1")
        states = np.arange(1, int(waits.max()) + 1)
        return cls(np.where(states[None, :] >= waits[:, None], values[:, None], 0.0), name=name)
