"""A result small enough to know the truth about: runs of coins, with a known probability of a violation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theorylab.verify import (
    Claim,
    Instance,
    Result,
)


@dataclass(frozen=True)
class Coin:
    p: float
    name: str = "coin"


@dataclass(frozen=True)
class Toss:
    value: float
    series: np.ndarray


def toss(coin, horizon, *, rng, shift=0.0):
    generator = np.random.default_rng(rng)
    times = np.array([1.0, 10.0, 100.0, 1000.0])
    return Toss(float(generator.random() < coin.p) + shift, times**0.4 * (1.0 + 0.01 * generator.random()))


def coin_claim(kind, p=0.05, runs=200, **more):
    instance = Instance("coin", lambda: Coin(p), 10, runs)
    fields = {"quantity": lambda run, case: run.value, "bound": lambda case: 0.5}
    fields.update(more)
    return Claim(
        name="claim", kind=kind, source="none", statement="", constants="derived here", instances=(instance,), **fields
    )


def coin_result(*claims, links=(), checks=(), mutants=()):
    return Result(
        slug="coin", area="verify", title="coins", paper="none", algorithms={"toss": f"{__name__}:toss"}, claims=claims,
        links=links, checks=checks, mutants=mutants,
    )  # fmt: skip
