"""Episodes that somebody else played: a data set, how well it covers a policy, and how large it has to be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.core.checkpoints import LONGEST
from theorylab.core.rng import RNGLike, as_generator
from theorylab.mdp.episodic.model import EpisodicMDP
from theorylab.mdp.episodic.occupancy import occupancy_measure
from theorylab.mdp.episodic.planning import policy_value
from theorylab.mdp.episodic.policies import require_episodic, validated_policy

__all__ = ["OfflineData", "concentrability", "offline_loss_bound", "sufficient_episodes"]

MOST_ENTRIES = 10**9  # of a data set: 8 GB
MOST_EPISODES = 10**9  # a search for a sufficient number stops there


@dataclass(frozen=True, eq=False)
class OfflineData:
    """n episodes of H steps.

    Raises
    ------
    ValueError
        If the shapes are not (n, H + 1) and (n, H), or an entry is negative.
    """

    states: NDArray[np.int64]  # (n, H + 1)
    actions: NDArray[np.int64]  # (n, H)

    def __post_init__(self) -> None:
        try:
            states, actions = np.asarray(self.states), np.asarray(self.actions)
        except ValueError as error:
            raise ValueError("states or actions have rows of different lengths, expected one of H a row") from error
        if states.ndim != 2 or actions.ndim != 2 or states.shape != (actions.shape[0], actions.shape[1] + 1):
            raise ValueError(
                f"states has shape {states.shape} and actions {actions.shape}, expected (n, H + 1) and (n, H)"
            )
        if 0 in actions.shape:
            raise ValueError(f"actions has shape {actions.shape}, expected at least one episode of one step")
        for name, values in (("states", states), ("actions", actions)):
            if values.dtype.kind not in "iu":
                raise TypeError(f"{name} has dtype {values.dtype}, expected integers")
            bad = np.argwhere(values < 0)
            if len(bad):
                raise ValueError(f"{validate.where(name, bad[0])} is {values[tuple(bad[0])]}, expected an index >= 0")
            object.__setattr__(self, name, validate.readonly(values.astype(np.int64)))

    @classmethod
    def collect(cls, mdp: EpisodicMDP, behaviour: Any, episodes: int, rng: RNGLike = None) -> OfflineData:
        """Play ``behaviour``, (H, S) actions or (H, S, A) probabilities, for so many episodes.

        Draws, all episodes at once: the start states when they are random, then for each step actions and next states.

        Examples
        --------
        >>> from theorylab.mdp.episodic.environments import named_problem
        >>> tiny = named_problem("tiny")
        >>> OfflineData.collect(tiny.mdp, tiny.baseline, 5, rng=0).states.shape
        (5, 3)
        """
        law = validated_policy("behaviour", behaviour, mdp)
        n = validate.integer("episodes", episodes, low=1, high=MOST_ENTRIES // (2 * mdp.horizon + 1))
        return cls(*_collect(mdp, law, n, as_generator(rng)))

    @property
    def episodes(self) -> int:
        """How many, n."""
        return len(self.actions)

    def counts(self, n_states: int, n_actions: int, *, first: int | None = None) -> NDArray[np.int64]:
        """(H, S, A, S) transitions seen in the first ``first`` episodes (all by default).

        Raises
        ------
        ValueError
            If a state or an action is out of range.
        """
        validate.integer("n_states", n_states, low=1)
        validate.integer("n_actions", n_actions, low=1)
        if first is not None:
            validate.integer("first", first, low=0, high=self.episodes)
        for name, values, below in (("states", self.states, n_states), ("actions", self.actions, n_actions)):
            bad = np.argwhere(values >= below)
            if len(bad):
                raise ValueError(
                    f"{validate.where(name, bad[0])} is {values[tuple(bad[0])]}, expected an index below {below}"
                )
        states, actions = self.states[:first], self.actions[:first]
        H = actions.shape[1]
        row = (np.arange(H) * n_states + states[:, :-1]) * n_actions + actions
        flat = np.bincount((row * n_states + states[:, 1:]).ravel(), minlength=H * n_states * n_actions * n_states)
        return flat.reshape(H, n_states, n_actions, n_states)


def _collect(mdp: EpisodicMDP, law: Any, n: int, generator: Generator) -> tuple[Any, Any]:
    H = mdp.horizon
    arrays = mdp.arrays()
    choice = np.cumsum(law, axis=-1)
    choice /= choice[..., -1:]  # exactly 1 from the last possible action on, above every uniform
    states, actions = np.zeros((n, H + 1), np.int64), np.zeros((n, H), np.int64)
    fixed = mdp.start_state
    states[:, 0] = _drawn(arrays.start_cumulative[None, :], generator.random(n)) if fixed is None else fixed
    for h in range(H):
        here = states[:, h]
        actions[:, h] = _drawn(choice[h, here], generator.random(n))
        branch = _drawn(arrays.cumulative[h, here, actions[:, h]], generator.random(n))
        states[:, h + 1] = arrays.targets[h, here, actions[:, h], branch]
    return states, actions


def _drawn(cumulative: Any, uniforms: Any) -> Any:
    return (uniforms[:, None] >= cumulative).sum(axis=1)


def concentrability(mdp: EpisodicMDP, behaviour: Any, policy: Any) -> float:
    r""":math:`C = \max_{h,s,a} d^\pi_h(s,a) / d^\mu_h(s,a)`, exact; infinite where the behaviour never goes.

    Examples
    --------
    >>> from theorylab.mdp.episodic.environments import named_problem
    >>> tiny = named_problem("tiny")
    >>> concentrability(tiny.mdp, tiny.baseline, tiny.baseline)
    1.0
    """
    mine = occupancy_measure(mdp, policy, name="policy").occupancy
    theirs = occupancy_measure(mdp, behaviour, name="behaviour").occupancy
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.max(np.where(mine > 0.0, mine / theirs, 0.0)))


def offline_loss_bound(mdp: EpisodicMDP, behaviour: Any, policy: Any, episodes: int, *, delta: float) -> float:
    r"""What :math:`V^\pi - \underline V` is at most after so many episodes, with probability at least 1 - 2 delta.

    Examples
    --------
    >>> from theorylab.mdp.episodic.environments import named_problem
    >>> tiny = named_problem("tiny")
    >>> round(offline_loss_bound(tiny.mdp, tiny.baseline, tiny.baseline, 100_000, delta=0.05), 3)
    0.039
    """
    H, S, A = require_episodic(mdp).R.shape
    n = validate.integer("episodes", episodes, low=1, high=LONGEST)
    ratio = concentrability(mdp, behaviour, policy)
    pairs = _most_pairs(mdp, policy)
    log_union = math.log(S * A * H / validate.confidence("delta", delta))
    beta = log_union + (S - 1) * (1.0 + math.log1p(n / max(S - 1, 1)))
    return float(H * (H - 1) * (math.sqrt(beta * ratio * pairs / n) + 8.0 * log_union * ratio * pairs / n))


def _most_pairs(mdp: EpisodicMDP, policy: Any) -> int:
    """N: the most (s, a) that the policy meets at one step with steps left after it."""
    met = occupancy_measure(mdp, policy).occupancy > 0.0
    return int(met[: max(mdp.horizon - 1, 1)].sum(axis=(1, 2)).max())


def sufficient_episodes(mdp: EpisodicMDP, behaviour: Any, policy: Any, target: float, *, delta: float) -> int:
    r"""The smallest n with :math:`V^\pi` - :func:`offline_loss_bound` >= ``target``.

    Raises
    ------
    ValueError
        If no n does: the target is not below :math:`V^\pi`, or the behaviour does not cover the policy.

    Examples
    --------
    >>> from theorylab.mdp.episodic.environments import named_problem
    >>> tiny = named_problem("tiny")
    >>> sufficient_episodes(tiny.mdp, tiny.baseline, tiny.baseline, tiny.threshold, delta=0.05)
    3354
    """
    value = policy_value(mdp, policy).value
    target = validate.number("target", target)
    if not target < value:
        raise ValueError(f"target is {target:.9g}, expected less than the policy's value {value:.9g}")

    def enough(n: int) -> bool:
        return value - offline_loss_bound(mdp, behaviour, policy, n, delta=delta) >= target

    if not enough(MOST_EPISODES):
        ratio = concentrability(mdp, behaviour, policy)
        raise ValueError(f"target is {target:.9g}, expected one that {MOST_EPISODES} episodes reach (C = {ratio:.3g})")
    low, high = 0, MOST_EPISODES  # the bound decreases in n
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
