"""What a claim says, and therefore what counts as evidence for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from theorylab.core import validate

__all__ = ["Always", "Exact", "Expectation", "HighProbability", "Kind", "LowerBound", "NegativeControl", "Rate"]


@dataclass(frozen=True, slots=True)
class Always:
    """Left <= right on every run, at every time: one violation beyond rounding refutes."""

    name: ClassVar[str] = "Always"
    statistical: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class HighProbability:
    """Left <= right except with probability at most ``delta``.

    Refuted when the exact binomial p-value is below the level; supported only when the upper Clopper-Pearson limit of
    the violation probability is at most ``delta``; inconclusive otherwise.
    """

    delta: float
    name: ClassVar[str] = "HighProbability"
    statistical: ClassVar[bool] = True

    def __post_init__(self) -> None:
        validate.probability("delta", self.delta)


@dataclass(frozen=True, slots=True)
class NegativeControl:
    """The *failure* of a guarantee: left > right with probability above ``delta``.

    A checker that cannot refute anything is worthless, so a result names something false that its check must refute.
    The claim is ``supported`` when the guarantee is refuted.
    """

    delta: float
    name: ClassVar[str] = "NegativeControl"
    statistical: ClassVar[bool] = True

    def __post_init__(self) -> None:
        validate.probability("delta", self.delta)


@dataclass(frozen=True, slots=True)
class Expectation:
    """E[left] <= right, decided by a betting e-process on left / cap in [0, 1] (valid at any time)."""

    name: ClassVar[str] = "Expectation"
    statistical: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Rate:
    """The quantity grows as T^p with p <= ``exponent``: a slope with an interval, never support for a constant."""

    exponent: float
    name: ClassVar[str] = "Rate"
    statistical: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class LowerBound:
    """E[left] >= right for every algorithm of the catalogue on this instance."""

    name: ClassVar[str] = "LowerBound"
    statistical: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Exact:
    """An identity or an optimum, decided by exact arithmetic or enumeration."""

    name: ClassVar[str] = "Exact"
    statistical: ClassVar[bool] = False


Kind = Always | HighProbability | NegativeControl | Expectation | Rate | LowerBound | Exact
