"""Claims on the regret after the last round: one bound, or a value that is kept from both sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from theorylab.rooms.proofs_checks.bandits.shared import final_regret, largest_regret

from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.kinds import Expectation, Kind, LowerBound
from theorylab.verify.statements import Claim

__all__ = ["EXPECTED", "fluid_law_claims", "regret_claim", "two_sided_claims"]

EXPECTED, AT_LEAST = Expectation(), LowerBound()


def regret_claim(name: str, bound: Callable[[Case], float], *, kind: Kind = EXPECTED, **fields: Any) -> Claim:
    """The final regret against ``bound``; T times the largest gap is trivial value and cap, where they apply."""
    if not isinstance(kind, LowerBound):
        fields = {"trivial": largest_regret, **fields}
    if isinstance(kind, Expectation | LowerBound):
        fields = {"cap": largest_regret, **fields}
    return Claim(name=name, kind=kind, quantity=final_regret, bound=bound, **fields)


def two_sided_claims(
    what: str,
    value: Callable[[Case], float],
    factors: tuple[float, float],
    statements: tuple[str, str],
    *,
    explains: tuple[str, str] = ("", ""),
    **fields: Any,
) -> tuple[Claim, Claim]:
    """The expected regret is at most the larger factor times a value, and at least the smaller one.

    ``statements`` and ``explains`` are those of the upper and of the lower side: less regret than the value is a
    mistake too.
    """
    low, high = factors
    return (
        regret_claim(
            f"at most {high:g} of {what}",
            lambda case: high * value(case),
            statement=statements[0],
            explains=explains[0],
            **fields,
        ),
        regret_claim(
            f"at least {low:g} of {what}",
            lambda case: low * value(case),
            kind=AT_LEAST,
            statement=statements[1],
            explains=explains[1],
            **fields,
        ),
    )


def fluid_law_claims(
    law: Callable[[Case], float],
    statements: tuple[str, str],
    *,
    instances: tuple[Instance, ...],
    hypotheses: tuple[Hypothesis, ...],
    factors: tuple[float, float] = (0.8, 1.2),
    margins: str = "the 20% are ours",
    explains: tuple[str, str] = ("", ""),
) -> tuple[Claim, Claim]:
    """The expected regret is that at which all indices are level, within margins."""
    return two_sided_claims(
        "the fluid law",
        law,
        factors,
        statements,
        explains=explains,
        source=f"a law, not a theorem: all indices are level; {margins}",
        constants="none",
        instances=instances,
        hypotheses=hypotheses,
    )
