"""Bandits that change with time: piecewise-stationary ones, tables of losses, adaptive adversaries, rotting arms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.models.base import BanditModel, means_array
from theorylab.bandits.models.stochastic import NOISE
from theorylab.core import validate

if TYPE_CHECKING:
    from theorylab.bandits.world import World

__all__ = ["FEEDBACK", "AdaptiveAdversary", "AdversarialBandit", "PiecewiseStationaryBandit", "RottingBandit"]

BLOCK = 1 << 18  # rounds that are summed at once
FEEDBACK = ("bandit", "semi", "full", "label_efficient")


@dataclass(frozen=True, eq=False, repr=False)
class PiecewiseStationaryBandit(BanditModel):
    """Bernoulli arms whose means change at rounds that nobody knows; regret is dynamic: against each round's best arm.

    Parameters
    ----------
    means
        (Y + 1, K) one row for each segment.
    change_points
        (Y,) increasing; segment ``s + 1`` begins at round ``change_points[s]`` (rounds are numbered from 0, so that
        many rounds are played before it).
    name
        Shown in errors, figures and tables.

    Raises
    ------
    ValueError
        If a mean leaves [0, 1], the number of rows is not Y + 1, or the change points do not increase from 1 on.

    Examples
    --------
    >>> bandit = PiecewiseStationaryBandit([[0.9, 0.1], [0.1, 0.9]], [500])
    >>> bandit.mean_reward([0] * 499, 0), bandit.mean_reward([0] * 500, 0)
    (0.9, 0.1)
    """

    means: Any
    change_points: Any
    name: str = ""
    notion: ClassVar[str] = "dynamic regret"

    def __post_init__(self) -> None:
        means = means_array("means", self.means, ndim=2)
        changes = validate.indices("change_points", self.change_points, below=2**53)
        if len(means) != len(changes) + 1:
            raise ValueError(f"means has {len(means)} rows, expected {len(changes) + 1}: one more than change_points")
        for i, change in enumerate(changes):
            low = 1 if i == 0 else int(changes[i - 1]) + 1
            if change < low:
                raise ValueError(f"change_points[{i}] is {change}, expected at least {low}")
        object.__setattr__(self, "means", means)
        object.__setattr__(self, "change_points", validate.readonly(changes))

    @property
    def n_arms(self) -> int:
        """K, the number of arms."""
        return int(self.means.shape[1])

    @property
    def n_changes(self) -> int:
        """Y, the number of change points."""
        return len(self.change_points)

    def segment(self, t: int) -> int:
        """The segment of round ``t``."""
        return int(np.searchsorted(self.change_points, t, side="right"))

    def mean_reward(self, history: Sequence[int], arm: int) -> float:
        """The mean of the arm in the current segment."""
        return float(self.means[self.segment(len(history)), arm])

    def round_benchmark(self, t: int) -> float:
        """The largest mean of the segment."""
        return float(self.means[self.segment(t)].max())

    def world(self) -> World:
        """The arrays that kernels run on."""
        starts = [0, *self.change_points.tolist()]
        from theorylab.bandits.world import make_world

        return make_world(0, NOISE["bernoulli"], self.means, self.means.max(axis=1), starts=starts)


@dataclass(frozen=True, eq=False, repr=False)
class AdversarialBandit(BanditModel):
    """A table of losses fixed in advance; the reward of a play is 1 minus its loss.

    ``regret`` at time t is realised: the loss of the plays minus that of the best fixed arm of the first t rounds.

    Parameters
    ----------
    losses
        (T, K) in [0, 1]; no run may be longer than T.
    awake
        (T, K) in [0, 1] or None: the confidence of specialists, for sleeping experts.
    feedback
        What a learner sees: "bandit", "semi", "full" or "label_efficient".
    name
        Shown in errors, figures and tables.

    Raises
    ------
    TypeError, ValueError
        If an entry is NaN or leaves [0, 1], or the shapes differ; the message names index and value.

    Examples
    --------
    >>> bandit = AdversarialBandit([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    >>> bandit.mean_reward([0, 0], 0), bandit.benchmark(np.array([1, 2, 3])).tolist()
    (1.0, [1.0, 1.0, 2.0])
    """

    losses: Any
    awake: Any = None
    feedback: str = "bandit"
    name: str = ""
    noise: str = "none"
    notion: ClassVar[str] = "realised regret"

    def __post_init__(self) -> None:
        losses = means_array("losses", self.losses, ndim=2)
        validate.choice("feedback", self.feedback, FEEDBACK)
        validate.choice("noise", self.noise, ("none",))
        if self.awake is not None:
            awake = validate.array("awake", self.awake, shape=losses.shape)
            validate.in_interval("awake", awake, 0.0, 1.0)
            object.__setattr__(self, "awake", validate.readonly(awake))
        object.__setattr__(self, "losses", losses)

    @property
    def n_arms(self) -> int:
        """K, the number of arms."""
        return int(self.losses.shape[1])

    @property
    def horizon(self) -> int:
        """T, the length of the table."""
        return len(self.losses)

    @property
    def limit(self) -> tuple[int, str] | None:
        """The rounds of the table."""
        return self.horizon, "the rounds of the table of losses"

    def mean_reward(self, history: Sequence[int], arm: int) -> float:
        """1 minus the loss of the arm in this round."""
        return 1.0 - float(self.losses[len(history), arm])

    @cached_property
    def _best_so_far(self) -> NDArray[np.float64]:
        return np.cumsum(1.0 - self.losses, axis=0).max(axis=1)  # type: ignore[no-any-return]

    def benchmark(self, times: NDArray[np.int64], history: Sequence[int] = ()) -> NDArray[np.float64]:
        """Reward of the best fixed arm of the first t rounds."""
        return self._best_so_far[np.asarray(times) - 1]

    def world(self) -> World:
        """The arrays that kernels run on."""
        from theorylab.bandits.world import make_world

        return make_world(1, NOISE["none"], 1.0 - self.losses, [0.0])


@dataclass(frozen=True, eq=False, repr=False)
class AdaptiveAdversary(BanditModel):
    """An adversary that sees what was played: ``losses(history)`` gives the K losses of the next round.

    It is Python code, so only plain Python agents meet it (``agent_algorithm(...)`` and the references of the compiled
    algorithms).  ``regret`` is against the best fixed arm on the losses that were realised.

    Examples
    --------
    >>> punish = AdaptiveAdversary(2, lambda history: [float(history[-1:] == [0]), float(history[-1:] == [1])])
    >>> punish.mean_reward([0], 0), punish.mean_reward([0], 1)
    (0.0, 1.0)
    """

    arms: int
    losses: Callable[[Sequence[int]], Any]
    name: str = ""
    noise: str = "none"
    notion: ClassVar[str] = "realised regret"

    def __post_init__(self) -> None:
        object.__setattr__(self, "arms", validate.integer("arms", self.arms, low=1))
        validate.choice("noise", self.noise, ("none",))
        if not callable(self.losses):
            raise TypeError(f"losses is {self.losses!r}, expected a function of the arms played so far")

    @property
    def n_arms(self) -> int:
        """K, the number of arms."""
        return self.arms

    def round(self, history: Sequence[int]) -> NDArray[np.float64]:
        """The losses of the next round.

        Raises
        ------
        ValueError
            If the adversary gives another number of losses than K, or one outside [0, 1].
        """
        name = f"losses(history of {len(history)} rounds)"
        found = validate.array(name, self.losses(list(history)), shape=(self.arms,))  # a copy: it is theirs
        validate.in_interval(name, found, 0.0, 1.0)
        return found

    def mean_reward(self, history: Sequence[int], arm: int) -> float:
        """1 minus the loss of the arm in this round."""
        return 1.0 - float(self.round(history)[arm])

    def benchmark(self, times: NDArray[np.int64], history: Sequence[int] = ()) -> NDArray[np.float64]:
        """Reward of the best fixed arm of the first t rounds, on the losses that this history realised."""
        rounds = [1.0 - self.round(history[:t]) for t in range(int(times[-1]))]
        return np.cumsum(rounds, axis=0).max(axis=1)[np.asarray(times) - 1]  # type: ignore[no-any-return]

    def world(self) -> World:
        """An adversary that is Python code has no arrays.

        Raises
        ------
        TypeError
            Always: run a plain Python agent instead.
        """
        raise TypeError(
            "bandit is an AdaptiveAdversary: it answers in Python, so compiled algorithms cannot meet it; run a plain "
            "Python agent (agent_algorithm), for example the algorithm's reference"
        )


def _sums_at(first: NDArray[np.float64], later: float, times: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sums up to the times of ``first``, then ``later`` for ever: added one by one, as a run adds, in little memory."""
    found, total, done = np.zeros(len(times)), 0.0, 0
    while done < times[-1]:
        step = min(BLOCK, int(times[-1]) - done)
        block = np.full(step + 1, later)
        block[0] = total
        head = first[done : done + step]
        block[1 : 1 + len(head)] = head
        sums = np.cumsum(block)
        here = (times > done) & (times <= done + step)
        found[here] = sums[times[here] - done]
        total, done = float(sums[-1]), done + step
    return found


@dataclass(frozen=True, eq=False, repr=False)
class RottingBandit(BanditModel):
    """Means that fall: with the arm's own pulls (``rested``) or with time (``restless``).

    Parameters
    ----------
    tables
        (K, n): mean reward of arm i at its (j + 1)-th pull (rested) or in round j (restless); the last entry continues.
    kind
        "rested" or "restless".
    noise
        "none", "bernoulli" (means in [0, 1]) or "gaussian".
    sigma
        Standard deviation of Gaussian noise.
    name
        Shown in errors, figures and tables.

    Notes
    -----
    ``regret`` is policy regret against the greedy oracle (rested; optimal when no table increases) or dynamic regret
    (restless).

    Examples
    --------
    >>> bandit = RottingBandit([[0.9, 0.2], [0.5, 0.5]])
    >>> bandit.mean_reward([0, 0], 0), bandit.benchmark(np.array([1, 2])).round(2).tolist()
    (0.2, [0.9, 1.4])
    """

    tables: Any
    kind: str = "rested"
    noise: str = "none"
    sigma: float = 1.0
    name: str = ""
    notion: ClassVar[str] = "policy regret"

    def __post_init__(self) -> None:
        low, high = (0.0, 1.0) if self.noise == "bernoulli" else (-validate.LARGEST, validate.LARGEST)
        tables = means_array("tables", self.tables, ndim=2, arms_axis=0, low=low, high=high)
        validate.choice("kind", self.kind, ("rested", "restless"))
        validate.choice("noise", self.noise, ("none", "bernoulli", "gaussian"))
        largest = validate.LARGEST
        object.__setattr__(self, "sigma", validate.number("sigma", self.sigma, low=0.0, high=largest, open_low=True))
        object.__setattr__(self, "tables", tables)

    @property
    def n_arms(self) -> int:
        """K, the number of arms."""
        return int(self.tables.shape[0])

    @property
    def unit_rewards(self) -> bool:
        """Whether every reward lies in [0, 1]."""
        return bool(self.noise != "gaussian" and self.tables.min() >= 0.0 and self.tables.max() <= 1.0)

    @property
    def non_increasing(self) -> bool:
        """Whether no table increases."""
        return bool(np.all(np.diff(self.tables, axis=1) <= 0.0))

    def mean_reward(self, history: Sequence[int], arm: int) -> float:
        """The table at the arm's earlier pulls, or at the round."""
        at = list(history).count(arm) if self.kind == "rested" else len(history)
        return float(self.tables[arm, min(at, self.tables.shape[1] - 1)])

    def benchmark(self, times: NDArray[np.int64], history: Sequence[int] = ()) -> NDArray[np.float64]:
        """Reward of the oracle up to the times: the best arm of each round, or the greedy oracle on the tables."""
        times = np.asarray(times)
        first, later = self._oracle(int(times[-1]))
        return _sums_at(first, later, times)

    def _oracle(self, horizon: int) -> tuple[NDArray[np.float64], float]:
        """Reward of the oracle in its first rounds, and in each later one."""
        width = self.tables.shape[1]
        if self.kind == "restless":
            best = self.tables.max(axis=0)
            return best, float(best[-1])
        later = float(self.tables[:, -1].max())
        if self.non_increasing:  # greedy takes the largest entries of all tables, each as often as it occurs
            return -np.sort(-self.tables[self.tables > later]), later
        gained: list[float] = []
        pulls, at = np.zeros(self.n_arms, np.int64), self.tables[:, 0].copy()
        for _ in range(horizon):
            arm = int(np.argmax(at))
            if pulls[arm] >= width - 1:  # this arm pays the same from now on, and stays the best
                return np.array(gained), float(at[arm])
            gained.append(float(at[arm]))
            pulls[arm] += 1
            at[arm] = self.tables[arm, pulls[arm]]
        return np.array(gained), 0.0

    def world(self) -> World:
        """The arrays that kernels run on."""
        dynamics = 2 if self.kind == "rested" else 1
        from theorylab.bandits.world import make_world

        return make_world(dynamics, NOISE[self.noise], self.tables.T, [0.0], sigma=float(self.sigma))
