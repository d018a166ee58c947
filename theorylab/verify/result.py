"""A result: one slug with its algorithms, theorem, proof, checks and mutants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from theorylab.verify.cases import Instance
from theorylab.verify.code import Mutant
from theorylab.verify.statements import Check, Claim, Link, Stage, Statement

__all__ = ["Result"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """What ``proofs_checks/<slug>.py`` exports as ``RESULT``.

    ``algorithms`` maps names to ``module:function``; the first one is the result's own.  ``stages`` is the chain of the
    proof profile, evaluated on ``profile_instance``.  ``coq`` lists ``file.v:lemma`` under ``proofs_checks/coq``.
    """

    slug: str
    area: str
    title: str
    paper: str  # key in references.bib
    algorithms: Mapping[str, str]
    claims: tuple[Claim, ...]
    links: tuple[Link, ...] = ()
    checks: tuple[Check, ...] = ()
    stages: tuple[Stage, ...] = ()
    profile_instance: Instance | None = None
    mutants: tuple[Mutant, ...] = ()
    coq: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())  # honest findings, shown in the report

    def __post_init__(self) -> None:
        if not self.algorithms:
            raise ValueError(f"result {self.slug!r} has no algorithms")
        names = [s.name for s in self.statements]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"result {self.slug!r} has two statements called {twice[0]!r}")

    @property
    def main(self) -> str:
        """The name of the result's own algorithm."""
        return next(iter(self.algorithms))

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Claims, links and checks, in that order."""
        return (*self.claims, *self.links, *self.checks)
