"""Tables of losses and of who is awake: random, phased, a greedy adversary's, one on which all weights vanish."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorylab.bandits import AdversarialBandit
from theorylab.verify.cases import Instance

__all__ = ["ADVERSARIES", "bounds", "game", "groups_of", "potential", "weights", "without_last_logarithm"]

Array = NDArray[np.float64]


def potential(regret: Any, scale: Any) -> Any:
    """Phi(R, C) of AdaNormalHedge, elementwise."""
    positive = np.maximum(regret, 0.0)
    return np.exp(np.divide(positive**2, 3.0 * scale, out=np.zeros(np.shape(positive)), where=positive > 0.0))


def weights(regret: Any, scale: Any) -> Any:
    """w(R, C) of AdaNormalHedge, elementwise."""
    return 0.5 * (potential(regret + 1.0, scale + 1.0) - potential(regret - 1.0, scale + 1.0))


def without_last_logarithm(scales: Any) -> float:
    """Ln N + ln B: what stands in the bound for one expert without ln(1 + ln N)."""
    total = 1.0 + 1.5 * float(np.mean(1.0 + np.log1p(scales)))
    return math.log(len(scales)) + math.log(total)


def bounds(scales: Any, *, last: bool = True) -> Array:
    """(N,) the bound of every expert from the sums C of instantaneous regrets."""
    inner = without_last_logarithm(scales) + (math.log(1.0 + math.log(len(scales))) if last else 0.0)
    return np.sqrt(3.0 * np.asarray(scales) * inner)


def phased(horizon: int, n: int) -> tuple[Array, Array]:
    """Expert i is awake in overlapping stretches; in each stretch another expert is good."""
    t, i = np.arange(horizon)[:, None], np.arange(n)[None, :]
    awake = ((t // (7 + 3 * i) + i) % 3 != 0).astype(float)
    awake[:, 0] = 1.0
    losses = np.where((t // 50 + i) % n == 0, 0.1, 0.6) + 0.3 * ((t * (2 * i + 3)) % 5 == 0)
    return losses, awake


def random_tables(horizon: int, n: int, *, soft: bool = False) -> tuple[Array, Array]:
    """Losses 0 or 1; each expert awake with its own frequency; with ``soft`` confidences are fractions."""
    rng = np.random.default_rng(12)
    losses = (rng.random((horizon, n)) < np.linspace(0.3, 0.6, n)).astype(float)
    awake = (rng.random((horizon, n)) < np.linspace(1.0, 0.4, n)).astype(float)
    awake[awake.max(axis=1) == 0.0, 0] = 1.0
    if soft:
        awake *= 0.25 + 0.75 * rng.random((horizon, n))
    return losses, awake


def greedy_adversary(horizon: int, n: int) -> tuple[Array, Array]:
    """In each round the losses and the waking that raise the total potential of AdaNormalHedge most."""
    zero_one = [np.array(v, dtype=float) for v in itertools.product((0, 1), repeat=n)]
    moves = [(loss, up) for up in zero_one[1:] for loss in zero_one]
    all_losses, ups = (np.array([move[k] for move in moves]) for k in (0, 1))
    regret, scale, chosen = np.zeros(n), np.zeros(n), []
    for t in range(horizon):
        share = ups * weights(regret, scale)
        empty = share.sum(axis=1) == 0.0
        share[empty] = ups[empty]
        suffered = (share / share.sum(axis=1, keepdims=True) * all_losses).sum(axis=1, keepdims=True)
        step = ups * (suffered - all_losses)
        totals = potential(regret + step, scale + np.abs(step)).sum(axis=1)
        best = np.flatnonzero(totals >= totals.max() - 1e-12)
        move = int(best[t % len(best)])
        regret, scale = regret + step[move], scale + np.abs(step[move])
        chosen.append(move)
    return all_losses[chosen], ups[chosen]


def vanishing(horizon: int, n: int) -> tuple[Array, Array]:
    """The first experts fall behind one at a time against the last; then they wake together, all weights zero."""
    losses, awake = np.zeros((horizon, n)), np.zeros((horizon, n))
    for t in range(horizon):
        if t % (4 * n) < 3 * n:
            i = t % (n - 1)
            awake[t, [i, n - 1]], losses[t, i] = 1.0, 1.0
        else:
            awake[t, : n - 1] = 1.0
            losses[t, t % (n - 1)] = 1.0
    return losses, awake


ADVERSARIES = {"phased": phased, "random": random_tables, "greedy adversary": greedy_adversary, "vanishing": vanishing}


def game(
    kind: str,
    horizon: Any,
    n: int,
    *,
    presets: Any,
    longest: int,
    name: str = "",
    soft: bool = False,
    **parameters: Any,
) -> Instance:
    """An instance on one of the tables; a run is deterministic up to the arms drawn, so one run is enough."""

    def build() -> AdversarialBandit:
        make = ADVERSARIES[kind]
        losses, awake = random_tables(longest, n, soft=True) if soft else make(longest, n)
        return AdversarialBandit(losses, awake=awake, feedback="full")

    return Instance(name, build, horizon, 1, parameters, presets)


def groups_of(horizon: int, count: int) -> Array:
    """(T, G) overlapping groups: all, alternating rounds, stretches, random ones."""
    rng, t = np.random.default_rng(5), np.arange(horizon)
    table = (rng.random((horizon, count)) < 0.4).astype(float)
    table[:, 0] = 1.0
    table[:, 1 % count] = t % 2 == 0 if count > 1 else 1.0
    table[:, 2 % count] = (t // 40) % 2 == 0 if count > 2 else table[:, 2 % count]
    return table
