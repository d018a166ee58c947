"""Games with linear losses: sets of actions, policies with contexts, one-sided feedback."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits.models.combinatorial import CombinatorialLosses, one_sided_losses
from theorylab.verify.cases import Case, Instance

__all__ = ["LABELS", "arms", "classifiers", "game", "largest_loss", "mistakes", "pairs", "policies", "sphere", "tiny"]

Array = NDArray[np.float64]
LONGEST = 4000


def pairs(horizon: int = LONGEST, *, best_last: bool = False) -> CombinatorialLosses:
    """Two of four coordinates; the cheap pair changes twice, but one pair is best in total."""
    rng, t = np.random.default_rng(1), np.arange(horizon)
    level = np.tile([0.1, 0.15, 0.4, 0.5], (horizon, 1))
    middle = (t > horizon // 4) & (t < horizon // 2)
    level[middle] = [0.3, 0.4, 0.2, 0.1]
    losses = np.where(rng.random((horizon, 4)) < level, 0.5, 0.0)
    actions = np.array([c for c in itertools.product((1.0, 0.0), repeat=4) if sum(c) == 2])
    return CombinatorialLosses(losses, actions[::-1] if best_last else actions)


def sphere(horizon: int = LONGEST) -> CombinatorialLosses:
    """Ten directions in three dimensions, losses of both signs."""
    rng = np.random.default_rng(2)
    actions = rng.normal(size=(10, 3))
    actions /= np.linalg.norm(actions, axis=1, keepdims=True)
    target = -0.5 * actions[7] + 0.3 * np.sin(np.arange(horizon) / 50.0)[:, None] * actions[2]
    losses = target + 0.1 * rng.uniform(-1.0, 1.0, (horizon, 3))
    return CombinatorialLosses(losses / max(1.0, float(np.linalg.norm(losses, axis=1).max())), actions)


def arms(horizon: int = LONGEST) -> CombinatorialLosses:
    """Two sets of one coordinate each, the second a little better: a bandit with two arms."""
    rng = np.random.default_rng(9)
    return CombinatorialLosses((rng.random((horizon, 2)) < [0.6, 0.4]).astype(float), [[1, 0], [0, 1]])


def policies(horizon: int = LONGEST) -> CombinatorialLosses:
    """Eight policies over two contexts, sets of at most two of four coordinates; losses follow the context."""
    rng = np.random.default_rng(4)
    table = np.zeros((8, 2, 4))
    for n, x in itertools.product(range(8), range(2)):
        table[n, x, rng.choice(4, size=2 if (n + x) % 3 else 1, replace=False)] = 1.0
    contexts = (np.arange(horizon) // 3) % 2
    level = np.array([[0.1, 0.6, 0.9, 0.4], [0.8, 0.2, 0.3, 0.7]])[contexts]
    return CombinatorialLosses((rng.random((horizon, 4)) < level).astype(float), table, contexts)


CUTS = (0.15, 0.3, 0.5, 0.7, 0.85)
LABELS = (
    np.random.default_rng(6).random((LONGEST, 2))
    < 0.1 + 0.8 * (np.array([[0.1, 0.6], [0.4, 0.9], [0.7, 0.2]])[np.arange(LONGEST) % 3] > 0.5)
).astype(float)


def classifiers(horizon: int = LONGEST) -> CombinatorialLosses:
    """Two instances a round with a feature each; five thresholds on it, and their opposites."""
    features = np.array([[0.1, 0.6], [0.4, 0.9], [0.7, 0.2]])
    accepts = np.array([(features > cut).astype(float) for cut in CUTS])
    return one_sided_losses(LABELS[:horizon], np.concatenate([accepts, 1.0 - accepts]), np.arange(horizon) % 3)


def mistakes(case: Case) -> Array:
    """(T, N) mistakes of each policy of :func:`classifiers`, from the labels."""
    accepted = case.model.policies[:, case.model.contexts, :2]
    return np.asarray(np.abs(accepted - LABELS[None, : case.model.horizon]).sum(axis=2).T)


def tiny(kind: str) -> CombinatorialLosses:
    """Three rounds on three actions or policies: small enough for all draws."""
    losses = [[0.5, 0.0, 0.25], [0.0, 0.5, 0.5], [0.25, 0.25, 0.0]]
    if kind == "linear":
        return CombinatorialLosses([row[:2] for row in losses], [[1, 0], [0, 1], [-0.5, 0.5]])
    return CombinatorialLosses(
        losses, [[[1, 1, 0], [0, 1, 1]], [[0, 1, 1], [1, 0, 0]], [[1, 0, 1], [1, 1, 0]]], [0, 1, 0]
    )


def game(name: str, build: Any, horizon: Any, runs: Any, *, presets: Any, **parameters: Any) -> Instance:
    """An instance of one of the games."""
    return Instance(name, build, horizon, runs, parameters, presets)


def largest_loss(case: Case) -> float:
    """What the worst policy can lose against any other: the sum of the rounds' spreads."""
    table = case.model.action_losses[: case.horizon]
    return float(math.fsum(np.ptp(table, axis=1)))
