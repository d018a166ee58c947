"""Randomness: SPEC 7 ``rng`` arguments, one ``SeedSequence``, separate streams for each source of chance.

A run has three independent streams: the *environment* (transitions and rewards), the *agent* (its own coin flips) and
the *instance* (drawing the model).  Two algorithms that get the same ``rng`` meet the same environment stream whatever
they draw themselves: common random numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

__all__ = ["RNGLike", "Streams", "as_generator", "child_seed", "seed_of", "streams"]

RNGLike: TypeAlias = int | np.integer | np.random.SeedSequence | np.random.Generator | None

ENVIRONMENT, AGENT, INSTANCE = 0, 1, 2
STREAMS = 7_177_117  # the streams of a run lie below this child, far from the children that others spawn from a seed


@dataclass(frozen=True, slots=True)
class Streams:
    """Three independent generators and the seed that makes them again."""

    environment: np.random.Generator
    agent: np.random.Generator
    instance: np.random.Generator
    seed: Mapping[str, Any]  # entropy and spawn key of the parent: streams(SeedSequence(**seed)) is the same again


def streams(rng: RNGLike) -> Streams:
    """Split ``rng`` into the three streams of one run.

    Parameters
    ----------
    rng
        An int, a ``SeedSequence`` (neither is changed: the same argument gives the same streams again), a
        ``Generator`` (three children are spawned from it, so that a second call gives others) or ``None`` (fresh
        entropy, recorded in ``seed``).

    Raises
    ------
    TypeError
        If ``rng`` is something else (a ``RandomState``, a float, a bool).

    Examples
    --------
    >>> a, b = streams(7), streams(7)
    >>> a.environment.random() == b.environment.random() != a.agent.random()
    True
    """
    sequence = _sequence(rng)
    record: dict[str, Any] = {"entropy": sequence.entropy, "spawn_key": tuple(int(k) for k in sequence.spawn_key)}
    if isinstance(rng, np.random.Generator):
        if sequence.n_children_spawned:
            record["children_before"] = int(sequence.n_children_spawned)
        made = rng.spawn(3)
    else:
        below = _child(sequence, STREAMS)
        made = [np.random.default_rng(_child(below, role)) for role in (ENVIRONMENT, AGENT, INSTANCE)]
    return Streams(made[ENVIRONMENT], made[AGENT], made[INSTANCE], record)


def as_generator(rng: RNGLike) -> np.random.Generator:
    """A ``Generator`` from anything that SPEC 7 allows; a ``Generator`` is returned as it is.

    Examples
    --------
    >>> as_generator(3).random() == as_generator(3).random()
    True
    """
    if isinstance(rng, np.random.Generator):
        return rng
    return np.random.default_rng(_sequence(rng))


def child_seed(rng: RNGLike, index: int) -> np.random.SeedSequence:
    """Seed number ``index`` of a sweep: child ``index`` of the sequence, whatever was spawned before.

    Examples
    --------
    >>> a = child_seed(5, 2).generate_state(1)
    >>> b = np.random.SeedSequence(5).spawn(3)[2].generate_state(1)
    >>> bool(a == b)
    True
    """
    return _child(_sequence(rng), index)


def seed_of(rng: RNGLike) -> dict[str, Any]:
    """Entropy and spawn key of ``rng``: what a record needs to make it again."""
    sequence = _sequence(rng)
    return {"entropy": sequence.entropy, "spawn_key": tuple(int(k) for k in sequence.spawn_key)}


def _child(sequence: np.random.SeedSequence, index: int) -> np.random.SeedSequence:
    return np.random.SeedSequence(sequence.entropy, spawn_key=(*sequence.spawn_key, index))


def _sequence(rng: RNGLike) -> np.random.SeedSequence:
    if isinstance(rng, np.random.SeedSequence):
        return rng
    if isinstance(rng, np.random.Generator):
        sequence = rng.bit_generator.seed_seq  # type: ignore[attr-defined]
        if not isinstance(sequence, np.random.SeedSequence):
            raise TypeError("rng is a Generator without a SeedSequence, expected one made by numpy.random.default_rng")
        return sequence
    if rng is None:
        return np.random.SeedSequence()
    if isinstance(rng, bool) or not isinstance(rng, (int, np.integer)):
        raise TypeError(
            f"rng is {rng!r} of type {type(rng).__name__}, expected an int >= 0, a SeedSequence, a Generator or None"
        )
    if rng < 0:
        raise ValueError(f"rng is {rng}, expected an int >= 0")
    return np.random.SeedSequence(int(rng))
