"""Statements about an algorithm: theorems, links of their proofs, checks without sampling, and stages of a proof.

All of them are data; ``theorylab.verify.engine`` evaluates them.  A statement reads ``left <= right``.

==========  ===========================================================  =======================
class       speaks of                                                    layer
==========  ===========================================================  =======================
Claim       the theorem: a quantity of a run against an explicit bound   ``theorem``
Link        a lemma: both sides computed from the trace of a run         ``link``
Check       no sampling: a slow reference, an exact value, a lemma       ``reference``, ``exact``, ``lemma``
Stage       one line of the chain from the regret up to the bound        (proof profile)
==========  ===========================================================  =======================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from theorylab.core import validate
from theorylab.verify.cases import Case, Hypothesis, Instance
from theorylab.verify.kinds import Always, Exact, Kind, Rate

if TYPE_CHECKING:
    from theorylab.verify.code import Code

__all__ = ["CONSTANTS", "Check", "Claim", "Comparison", "Link", "Stage", "Statement"]

ALWAYS, EXACT = Always(), Exact()
CONSTANTS = ("paper", "derived here", "recalled", "rate only", "none")


@dataclass(frozen=True, kw_only=True, eq=False)
class Claim:
    """A theorem: ``quantity <= bound`` in the sense of ``kind``, on instances that meet the hypotheses.

    ``event`` replaces ``quantity`` for statements about a probability alone (a false alarm): its frequency is compared
    with the ``delta`` of the kind.  ``trivial`` is the largest value that any algorithm could show; a bound that is not
    below it is reported as vacuous.  ``algorithm`` names another algorithm of the same result.
    """

    name: str
    kind: Kind
    source: str
    statement: str
    constants: str
    instances: tuple[Instance, ...]
    quantity: Callable[[Any, Case], Any] | None = None
    bound: Callable[[Case], float] | None = None
    event: Callable[[Any, Case], bool] | None = None
    trivial: Callable[[Case], float] | None = None
    cap: Callable[[Case], float] | None = None  # Expectation, LowerBound: the largest possible quantity
    hypotheses: tuple[Hypothesis, ...] = ()
    algorithm: str | None = None
    explains: str = ""
    layer: str = "theorem"
    traced: bool = False  # it needs the trace of the runs: not applicable to an algorithm of a user's without one

    def __post_init__(self) -> None:
        _check_statement(self)
        if (self.quantity is None) == (self.event is None):
            found = "neither" if self.event is None else "both"
            raise ValueError(f"claim {self.name!r} has {found} of quantity and event, expected one")
        if self.quantity is not None and self.bound is None and not isinstance(self.kind, Rate):
            raise ValueError(f"claim {self.name!r} has a quantity and no bound")


@dataclass(frozen=True, kw_only=True, eq=False)
class Link:
    """A lemma of the proof: ``left <= right`` elementwise on the trace of each run.

    ``given`` selects the entries (or, as a single bool, the runs) on which the lemma speaks; runs without any are not
    counted.  ``two_sided=True`` asks for equality within rounding.
    """

    name: str
    left: Callable[[Any, Case], Any]
    right: Callable[[Any, Case], Any]
    source: str
    instances: tuple[Instance, ...]
    kind: Kind = ALWAYS
    statement: str = ""
    constants: str = "derived here"
    given: Callable[[Any, Case], Any] | None = None
    two_sided: bool = False
    tolerance: float = 1e-9
    hypotheses: tuple[Hypothesis, ...] = ()
    algorithm: str | None = None
    explains: str = ""
    layer: str = "link"

    def __post_init__(self) -> None:
        _check_statement(self)
        validate.number("tolerance", self.tolerance, low=0.0, high=1e-3)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome of a check: ``value`` against ``bound``, whether it holds, what was compared, how to replay it."""

    holds: bool
    value: float
    bound: float
    detail: str = ""
    runs: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Check:
    """A statement decided without statistics: ``evaluate(code, case, seed)`` gives a :class:`Comparison`.

    ``code`` holds the algorithms and modules under test (the real ones, a mutant's, or a user's own).  A check that
    looks inside the library's modules sets ``internals=True`` and is skipped for a user's own algorithm.  ``compiled``
    asks for compiled kernels when a mutant runs (plain Python otherwise).
    """

    name: str
    evaluate: Callable[[Code, Case, Any], Comparison]
    source: str
    instances: tuple[Instance, ...]
    kind: Kind = EXACT
    statement: str = ""
    constants: str = "none"
    layer: str = "exact"  # "reference", "exact" or "lemma"
    internals: bool = False
    compiled: bool = False
    certified: bool = False  # decided in rationals or by full enumeration: level L4; a float comparison is L1
    hypotheses: tuple[Hypothesis, ...] = ()
    algorithm: str | None = None
    explains: str = ""

    def __post_init__(self) -> None:
        _check_statement(self)


@dataclass(frozen=True, slots=True)
class Stage:
    """One line of the chain of inequalities: from the measured quantity (first) to the theorem's bound (last)."""

    name: str
    value: Callable[[Any, Case], float]
    explains: str = ""


Statement = Claim | Link | Check


def _check_statement(statement: Statement) -> None:
    if not isinstance(statement.kind, Kind):
        raise TypeError(f"{statement.name!r} has the kind {statement.kind!r}, expected one of theorylab.verify.kinds")
    validate.choice("constants", statement.constants, CONSTANTS)
    if not statement.instances:
        raise ValueError(f"{statement.name!r} has no instances")
