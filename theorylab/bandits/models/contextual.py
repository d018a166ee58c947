"""Contextual bandits with finitely many contexts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from theorylab.bandits.models.base import BanditModel, means_array
from theorylab.core import validate

if TYPE_CHECKING:
    from theorylab.bandits.world import World

__all__ = ["ContextualBandit"]


@dataclass(frozen=True, eq=False, repr=False)
class ContextualBandit(BanditModel):
    """Bernoulli rewards whose means depend on a context that the learner sees before it plays.

    Parameters
    ----------
    f
        (X, K) mean rewards in [0, 1].
    contexts
        (T,) integers in 0..X-1, the context of each round; or leave it out and give
    law
        (X,) probabilities: contexts are drawn independently, before the rounds, from the run's environment stream.
    name
        Shown in errors, figures and tables.

    Raises
    ------
    TypeError, ValueError
        If a mean leaves [0, 1], a context is no row of ``f``, the law does not sum to one, or not exactly one of
        ``contexts`` and ``law`` is given.

    Notes
    -----
    ``regret`` is against the best arm of each round's context.  Algorithms that see no contexts may run on the model:
    for them a law is a mixture, and a sequence is a table of means (its last context goes on).

    Examples
    --------
    >>> bandit = ContextualBandit([[0.9, 0.1], [0.2, 0.6]], contexts=[0, 1, 1])
    >>> bandit.n_contexts, bandit.mean_reward([0], 1), bandit.round_benchmark(1)
    (2, 0.6, 0.6)
    >>> ContextualBandit([[0.9, 0.1]], law=[0.5])
    Traceback (most recent call last):
    ...
    ValueError: law sums to 0.5, expected 1
    """

    f: Any
    contexts: Any = None
    law: Any = None
    name: str = ""
    notion: ClassVar[str] = "contextual regret"

    def __post_init__(self) -> None:
        f = means_array("f", self.f, ndim=2)
        if (self.contexts is None) == (self.law is None):
            found = "neither" if self.law is None else "both"
            raise ValueError(f"{found} of contexts and law given, expected one")
        if self.contexts is not None:
            contexts = validate.indices("contexts", self.contexts, below=len(f))
            if contexts.size == 0:
                raise ValueError("contexts has shape (0,), expected at least one round")
            object.__setattr__(self, "contexts", validate.readonly(contexts))
        else:
            law = validate.array("law", self.law, shape=(len(f),))
            validate.distributions("law", law)
            object.__setattr__(self, "law", validate.readonly(law))
        object.__setattr__(self, "f", f)

    @property
    def n_arms(self) -> int:
        """K, the number of arms."""
        return int(self.f.shape[1])

    @property
    def n_contexts(self) -> int:
        """X, the number of contexts."""
        return int(self.f.shape[0])

    @property
    def best(self) -> NDArray[np.float64]:
        """(X,) the largest mean of each context."""
        return self.f.max(axis=1)  # type: ignore[no-any-return]

    @property
    def limit(self) -> tuple[int, str] | None:
        """The given contexts."""
        return None if self.contexts is None else (len(self.contexts), "the length of contexts")

    def draw_contexts(self, horizon: int, rng: Generator) -> NDArray[np.int64]:
        """(T,) the contexts of a run: the given ones, or one uniform draw each.

        Raises
        ------
        ValueError
            If the given sequence is shorter than the horizon.
        """
        if self.contexts is None:
            ends = np.cumsum(self.law)
            drawn = np.searchsorted(ends, rng.random(horizon), side="right")
            last = int(np.flatnonzero(self.law)[-1])  # rounding may leave the last end below the draw
            return np.minimum(drawn, last).astype(np.int64)
        self.refuse_longer(horizon)
        return self.contexts[:horizon].copy()  # type: ignore[no-any-return]

    def mean_reward(self, history: Sequence[int], arm: int) -> float:
        """The mean of the arm in this round's context, or under the law."""
        if self.contexts is None:
            return float(self.law @ self.f[:, arm])
        return float(self.f[self._context(len(history)), arm])

    def round_benchmark(self, t: int) -> float:
        """The largest mean of the round's context, or its mean under the law."""
        return float(self.law @ self.best if self.contexts is None else self.best[self._context(t)])

    def _context(self, t: int) -> int:
        return int(self.contexts[min(t, len(self.contexts) - 1)])

    def world(self) -> World:
        """The arrays for algorithms that see no contexts."""
        from theorylab.bandits.world import make_world

        if self.contexts is None:
            return make_world(0, 0, (self.law @ self.f)[None, :], [float(self.law @ self.best)])
        return make_world(1, 0, self.f[self.contexts], self.best[self.contexts])

    def contextual_world(self) -> World:
        """The arrays for algorithms that see the context: they write it into the memory's ``SEGMENT``."""
        from theorylab.bandits.world import NEVER, make_world

        return make_world(0, 0, self.f, self.best, starts=[0, *[NEVER] * (self.n_contexts - 1)])
