"""Bandits whose arms are sets of items: random items, and tables of losses for policies that choose sets by context."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.models.base import BanditModel, means_array
from theorylab.bandits.models.stochastic import FiniteSupportBandit
from theorylab.core import validate

if TYPE_CHECKING:
    from theorylab.bandits.world import World

__all__ = ["CombinatorialBandit", "CombinatorialLosses", "one_sided_losses"]

MOST_ENTRIES = 10**8


def _binary(name: str, values: NDArray[np.float64]) -> None:
    bad = np.argwhere((values != 0.0) & (values != 1.0))
    if len(bad):
        where = validate.where(name, bad[0])
        raise ValueError(f"{where} is {values[tuple(bad[0])]:.12g}, expected 0 or 1")


@dataclass(frozen=True, eq=False, repr=False)
class CombinatorialBandit(BanditModel):
    r"""$d$ items that pay 1 with probability $\mu_e$, independently in each round; an arm is a set of items.

    The reward of an action is the sum over its items; with semi-bandit feedback the learner sees each of them.

    Parameters
    ----------
    means
        (d,) means of the items in [0, 1].
    actions
        (N, d) zeros and ones, one row an action; no action is empty and every item is in one.
    name
        Shown in errors, figures and tables.

    Raises
    ------
    TypeError, ValueError
        If a mean leaves [0, 1], an entry of ``actions`` is neither 0 nor 1, an action is empty or given twice, or an
        item is in no action.

    Notes
    -----
    Algorithms that know no items may run on the model: for them the rewards of an action have the law of the sum.

    Examples
    --------
    >>> bandit = CombinatorialBandit([0.9, 0.5, 0.2], [[1, 1, 0], [0, 1, 1]])
    >>> bandit.n_arms, bandit.size, bandit.gaps.round(3).tolist()
    (2, 2, [0.0, 0.7])
    >>> CombinatorialBandit([0.9, 0.5], [[1, 2]])
    Traceback (most recent call last):
    ...
    ValueError: actions[0, 1] is 2, expected 0 or 1
    """

    means: Any
    actions: Any
    name: str = ""
    noise: str = "finite"

    def __post_init__(self) -> None:
        means = means_array("means", self.means, ndim=1)
        actions = validate.array("actions", self.actions, shape=(None, len(means)))
        if len(actions) == 0:
            raise ValueError(f"actions has shape {actions.shape}, expected at least one action")
        _binary("actions", actions)
        validate.choice("noise", self.noise, ("finite",))
        if (empty := np.flatnonzero(actions.sum(axis=1) == 0)).size:
            raise ValueError(f"actions[{empty[0]}] has no item, expected at least one")
        if (unused := np.flatnonzero(actions.sum(axis=0) == 0)).size:
            raise ValueError(f"actions[:, {unused[0]}] is zero, expected every item in an action")
        if len(np.unique(actions, axis=0)) < len(actions):
            raise ValueError("actions has a row twice, expected different actions")
        object.__setattr__(self, "means", means)
        object.__setattr__(self, "actions", validate.readonly(actions))

    @property
    def n_arms(self) -> int:
        """N, the number of actions."""
        return len(self.actions)

    @property
    def n_items(self) -> int:
        """d, the number of items."""
        return len(self.means)

    @property
    def size(self) -> int:
        """m, the most items of an action."""
        return int(self.actions.sum(axis=1).max())

    @property
    def stationary(self) -> bool:
        """True."""
        return True

    @property
    def unit_rewards(self) -> bool:
        """Whether rewards of actions lie in [0, 1]: those of items always do."""
        return self.size == 1

    @cached_property
    def action_means(self) -> NDArray[np.float64]:
        """(N,) the mean reward of each action."""
        sums = [
            math.fsum(self.means[row > 0].tolist()) for row in self.actions
        ]  # equal sets of means are exactly equal
        return validate.readonly(np.array(sums))

    @cached_property
    def best_mean(self) -> float:
        """The largest mean reward of an action."""
        return float(self.action_means.max())

    @cached_property
    def gaps(self) -> NDArray[np.float64]:
        """(N,) by how much the best action is better."""
        return validate.readonly(self.best_mean - self.action_means)

    def item_gaps(self) -> NDArray[np.float64]:
        """(d,) the smallest positive gap of an action with the item; infinite where there is none."""
        found = np.where((self.actions > 0) & (self.gaps[:, None] > 1e-12), self.gaps[:, None], np.inf)
        return found.min(axis=0)  # type: ignore[no-any-return]

    @cached_property
    def by_actions(self) -> FiniteSupportBandit:
        """The same bandit without items: the law of each action's sum."""
        laws = np.zeros((self.n_arms, self.size + 1))
        for n, row in enumerate(self.actions):
            law = np.zeros(self.size + 1)
            law[0] = 1.0
            for mean in self.means[row > 0]:
                law[1:] = law[1:] * (1.0 - mean) + law[:-1] * mean
                law[0] *= 1.0 - mean
            laws[n] = law
        return FiniteSupportBandit(np.tile(np.arange(self.size + 1.0), (self.n_arms, 1)), laws)

    def mean_reward(self, history: Sequence[int], arm: int) -> float:
        """The mean of the action, whatever happened before."""
        return float(self.action_means[arm])

    def round_benchmark(self, t: int) -> float:
        """The mean of the best action."""
        return self.best_mean

    def reward(self, mean: float, arm: int, noise: float) -> float:
        """The sum of the action's items by inversion: for learners that do not see the items."""
        return self.by_actions.reward(mean, arm, noise)

    def world(self) -> World:
        """The arrays for algorithms that do not see the items."""
        return self.by_actions.world()


@dataclass(frozen=True, eq=False, repr=False)
class CombinatorialLosses(BanditModel):
    r"""A table of losses of d coordinates, and N policies that choose a vector $a \in \mathbb R^d$ for each context.

    The loss of policy n in round t is $\langle \ell_t, \pi_n(x_t) \rangle$; its reward is 1 minus that. ``regret`` is
    realised: the loss of the plays minus that of the best fixed policy of the first t rounds.

    Parameters
    ----------
    losses
        (T, d) in [-1, 1], fixed in advance; no run may be longer than T.
    policies
        (N, X, d), the vector of each policy and context; or (N, d), a set of actions without contexts.
    contexts
        (T,) integers in 0..X-1; left out when there are none.
    name
        Shown in errors, figures and tables.

    Raises
    ------
    TypeError, ValueError
        If an entry is NaN or out of range, or the shapes do not fit; the message names index and value.

    Examples
    --------
    >>> table = CombinatorialLosses([[1.0, 0.0], [0.0, 0.5]], [[1, 0], [0, 1]])
    >>> table.n_arms, table.action_losses.tolist(), table.binary
    (2, [[1.0, 0.0], [0.0, 0.5]], True)
    """

    losses: Any
    policies: Any
    contexts: Any = None
    name: str = ""
    noise: str = "none"
    notion: ClassVar[str] = "realised regret"

    def __post_init__(self) -> None:
        losses = validate.array("losses", self.losses, ndim=2)
        if losses.size == 0:
            raise ValueError(f"losses has shape {losses.shape}, expected at least one round and one coordinate")
        validate.in_interval("losses", losses, -1.0, 1.0)
        validate.choice("noise", self.noise, ("none",))
        policies = validate.array("policies", self.policies)
        if policies.ndim == 2:
            policies = np.ascontiguousarray(policies[:, None, :])
        if policies.ndim != 3 or policies.size == 0 or policies.shape[2] != losses.shape[1]:
            raise ValueError(
                f"policies has shape {np.shape(self.policies)}, expected (N, X, {losses.shape[1]}) or "
                f"(N, {losses.shape[1]}), as many coordinates as losses"
            )
        if len(policies) * len(losses) > MOST_ENTRIES:
            raise ValueError(
                f"{len(policies)} policies in {len(losses)} rounds, expected at most {MOST_ENTRIES} losses"
            )
        if self.contexts is None:
            if policies.shape[1] > 1:
                raise ValueError(f"contexts is None, expected one of {policies.shape[1]} contexts for each round")
            contexts = np.zeros(len(losses), np.int64)
        else:
            contexts = validate.indices("contexts", self.contexts, below=policies.shape[1])
            if len(contexts) != len(losses):
                raise ValueError(f"contexts has length {len(contexts)}, expected {len(losses)} as losses")
        object.__setattr__(self, "losses", validate.readonly(losses))
        object.__setattr__(self, "policies", validate.readonly(policies))
        object.__setattr__(self, "contexts", validate.readonly(contexts))

    @property
    def n_arms(self) -> int:
        """N, the number of policies."""
        return len(self.policies)

    @property
    def n_items(self) -> int:
        """d, the number of coordinates."""
        return int(self.losses.shape[1])

    @property
    def n_contexts(self) -> int:
        """X, the number of contexts."""
        return int(self.policies.shape[1])

    @property
    def horizon(self) -> int:
        """T, the length of the table."""
        return len(self.losses)

    @property
    def limit(self) -> tuple[int, str] | None:
        """The rounds of the table."""
        return self.horizon, "the rounds of the table of losses"

    @property
    def size(self) -> int:
        """m, the most coordinates that a policy chooses at once."""
        return int((self.policies != 0).sum(axis=2).max())

    @cached_property
    def binary(self) -> bool:
        """Whether all policies choose sets, and all losses lie in [0, 1]: what semi-bandit algorithms need."""
        sets = np.all((self.policies == 0.0) | (self.policies == 1.0))
        return bool(sets and self.losses.min() >= 0.0)

    @cached_property
    def action_losses(self) -> NDArray[np.float64]:
        """(T, N) the loss of each policy in each round."""
        chosen = self.policies[:, self.contexts, :]  # (N, T, d)
        return validate.readonly(np.einsum("ntd,td->tn", chosen, self.losses))

    @property
    def unit_rewards(self) -> bool:
        """Whether all losses of policies lie in [0, 1]."""
        return bool(self.action_losses.min() >= 0.0 and self.action_losses.max() <= 1.0)

    def mean_reward(self, history: Sequence[int], arm: int) -> float:
        """1 minus the loss of the policy in this round."""
        return 1.0 - float(self.action_losses[len(history), arm])

    @cached_property
    def _best_so_far(self) -> NDArray[np.float64]:
        return np.cumsum(1.0 - self.action_losses, axis=0).max(axis=1)  # type: ignore[no-any-return]

    def benchmark(self, times: NDArray[np.int64], history: Sequence[int] = ()) -> NDArray[np.float64]:
        """Reward of the best fixed policy of the first t rounds."""
        return self._best_so_far[np.asarray(times) - 1]

    def world(self) -> World:
        """The arrays that kernels run on."""
        from theorylab.bandits.world import make_world

        return make_world(1, 2, 1.0 - self.action_losses, [0.0])


def one_sided_losses(labels: Any, policies: Any, contexts: Any = None, *, name: str = "") -> CombinatorialLosses:
    r"""Online classification in which labels of accepted instances only are seen, as combinatorial losses.

    In each round k instances come; a policy accepts some. Accepting a 0 and rejecting a 1 are the mistakes, but the
    label of a rejected instance stays unseen. In the 2k coordinates (accept i, reject i) accepting costs $1 - y_i$,
    which is seen, and rejecting 1/2, which is known: the difference of accepting and rejecting is half that of the
    mistakes, so that the regret in mistakes is twice the regret of the result (derived here)
    [bechavod2023individually].

    Parameters
    ----------
    labels
        (T, k) zeros and ones.
    policies
        (N, X, k), or (N, k): 1 where the policy accepts instance i of the context.
    contexts
        (T,) in 0..X-1; left out when X = 1.

    Examples
    --------
    >>> made = one_sided_losses([[1, 0]], [[1, 1], [1, 0]])
    >>> made.n_items, made.size, made.action_losses.tolist()
    (4, 2, [[1.0, 0.5]])
    """
    y = validate.array("labels", labels, ndim=2)
    _binary("labels", y)
    accepts = validate.array("policies", policies)
    _binary("policies", accepts)
    if accepts.ndim == 2:
        accepts = accepts[:, None, :]
    if accepts.ndim != 3 or accepts.shape[2] != y.shape[1]:
        raise ValueError(f"policies has shape {np.shape(policies)}, expected (N, X, {y.shape[1]}) or (N, {y.shape[1]})")
    losses = np.concatenate([1.0 - y, np.full_like(y, 0.5)], axis=1)
    return CombinatorialLosses(losses, np.concatenate([accepts, 1.0 - accepts], axis=2), contexts, name)
