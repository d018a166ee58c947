r"""Hypothesis strategies for bandits, for your own test suite: means, loss tables, adversaries that look structured.

Numbers have small denominators, so that failing examples read well and exact oracles see the same model.

Use in another project::

    from hypothesis import given
    from theorylab.bandits import AdversarialBandit, BernoulliBandit
    from theorylab.verify.strategies import bandits as theory

    @given(theory.means(max_arms=4, build=BernoulliBandit), theory.seeds())
    def test_pulls_add_up(bandit, seed):
        assert my_policy(bandit, 100, rng=seed).pulls.sum() == 100

    @given(theory.loss_tables(max_rounds=30, max_arms=4))
    def test_my_hedge_keeps_the_sure_bound(losses):            # (T, N) in [0, 1]
        T, N = losses.shape
        assert my_hedge(losses) <= losses.sum(axis=0).min() + (T * math.log(N) / 2) ** 0.5 + 1e-9

The strategies know no model class: they make arrays unless ``build`` is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from theorylab.core import validate
from theorylab.verify.strategies.mdp import seeds

__all__ = ["awake_tables", "loss_tables", "means", "piecewise_means", "seeds"]

LEVELS = 10  # numbers are multiples of 1/10
SHAPES = ("free", "alternating", "switching", "leader")


def _levels(draw: st.DrawFn, *shape: int) -> NDArray[np.float64]:
    size = int(np.prod(shape))
    values = draw(st.lists(st.integers(0, LEVELS), min_size=size, max_size=size))
    return np.array(values, dtype=float).reshape(shape) / LEVELS


@st.composite
def means(draw: st.DrawFn, *, min_arms: int = 1, max_arms: int = 5, build: Callable[[Any], Any] | None = None) -> Any:
    """(K,) means in [0, 1], multiples of 1/10: ties, zeros and ones are common."""
    min_arms = validate.integer("min_arms", min_arms, low=1)
    max_arms = validate.integer("max_arms", max_arms, low=min_arms)
    found = _levels(draw, draw(st.integers(min_arms, max_arms)))
    return found if build is None else build(found)


@st.composite
def piecewise_means(
    draw: st.DrawFn,
    *,
    horizon: int,
    max_arms: int = 3,
    max_changes: int = 3,
    build: Callable[[Any, Any], Any] | None = None,
) -> Any:
    """((Y + 1, K) means, (Y,) change points below the horizon), or ``build(means, change_points)``."""
    horizon = validate.integer("horizon", horizon, low=1)
    max_changes = validate.integer("max_changes", max_changes, low=0)
    changes = sorted(draw(st.sets(st.integers(1, horizon - 1), max_size=max_changes))) if horizon > 1 else []
    table = _levels(draw, len(changes) + 1, draw(st.integers(1, validate.integer("max_arms", max_arms, low=1))))
    found = table, np.array(changes, dtype=np.int64)
    return found if build is None else build(*found)


@st.composite
def loss_tables(
    draw: st.DrawFn,
    *,
    min_rounds: int = 1,
    max_rounds: int = 20,
    min_arms: int = 1,
    max_arms: int = 4,
    build: Callable[[Any], Any] | None = None,
) -> Any:
    """(T, K) losses in [0, 1]: free ones, and those that hurt learners (alternating, switching, punished leaders)."""
    min_rounds = validate.integer("min_rounds", min_rounds, low=1)
    max_rounds = validate.integer("max_rounds", max_rounds, low=min_rounds)
    min_arms = validate.integer("min_arms", min_arms, low=1)
    rounds = draw(st.integers(min_rounds, max_rounds))
    arms = draw(st.integers(min_arms, validate.integer("max_arms", max_arms, low=min_arms)))
    shape = draw(st.sampled_from(SHAPES))
    t, a = np.arange(rounds)[:, None], np.arange(arms)[None, :]
    if shape == "free":
        losses = _levels(draw, rounds, arms)
    elif shape == "alternating":  # each round one arm is spared
        losses = (a != t % arms).astype(float)
    elif shape == "switching":
        losses = np.where(t < draw(st.integers(0, rounds)), a != 0, a != arms - 1).astype(float)
    else:  # whoever has lost least so far loses now
        losses, totals = np.zeros((rounds, arms)), np.zeros(arms)
        for i in range(rounds):
            losses[i, int(np.argmin(totals))] = 1.0
            totals += losses[i]
    return losses if build is None else build(losses)


@st.composite
def awake_tables(draw: st.DrawFn, rounds: int, arms: int, *, confidences: bool = False) -> NDArray[np.float64]:
    """(T, K) of zeros and ones (or confidences in [0, 1]) with some expert awake in each round."""
    rounds, arms = validate.integer("rounds", rounds, low=1), validate.integer("arms", arms, low=1)
    found = _levels(draw, rounds, arms)
    awake = found if confidences else (found >= 0.5).astype(float)
    for t in np.flatnonzero(awake.max(axis=1) == 0.0):
        awake[t, draw(st.integers(0, arms - 1))] = 1.0
    return awake
