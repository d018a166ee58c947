"""The evidence ladder: generated, per part of a theorem, never rounded up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["LEVELS", "LIMITS", "row_level", "slug_level"]

LEVELS = {
    "L0": "runs",
    "L1": "agrees with its slow reference and with sourced values",
    "L2": "statistical verdict at the stated alpha on instances where the bound is not vacuous",
    "L3": "every link of the proof checked on runs and every mutant caught",
    "L4": "certified exactly on instances",
    "L5": "machine-checked: proved in Coq, or a named lemma of a public formal library",
}
UPPER_BOUNDS = ("Always", "HighProbability", "Expectation", "Exact")  # a rate or a lower bound alone lifts nothing
LIMITS = {
    "L0": "it may compute anything",
    "L1": "both may be wrong in the same way",
    "L2": "it holds on these instances only",
    "L3": "constants are unchecked elsewhere",
    "L4": "only these sizes",
    "L5": "the text of the lemma and the code may differ",
}


def row_level(statement: Any, verdict: str) -> str:
    """The level of one row by itself; a link reaches L3 only together with the mutants (see :func:`slug_level`)."""
    if verdict != "supported":
        return "L0"
    if statement.layer == "reference":
        return "L1"
    if statement.layer in ("exact", "lemma"):
        return "L4" if statement.certified else "L1"
    return "L2"


def slug_level(rows: Iterable[Any], power: Sequence[Any] | None) -> str:
    """The level of a whole result: the highest rung on which nothing is missing.

    L1 needs every reference check; L2 a supported, non-vacuous upper bound and nothing refuted; L3
    every link supported somewhere and refuted nowhere, and every mutant caught (one that changes no output is listed as
    equivalent).  L4 and L5 belong to parts and are not given to a whole result.
    """
    found = list(rows)
    if any(row.verdict == "refuted" for row in found):
        return "L0"
    references = [row for row in found if row.layer == "reference"]
    if not references or any(row.verdict != "supported" for row in references):
        return "L0"
    theorems = [row for row in found if row.layer == "theorem" and row.kind in UPPER_BOUNDS]
    if not any(row.verdict == "supported" for row in theorems):
        return "L1"
    links = [row for row in found if row.layer == "link"]
    spoken = {row.name for row in links if row.verdict == "supported"}
    all_links = bool(links) and spoken == {row.name for row in links}
    if not all_links or not power or any(not row.caught_by and not row.hole.startswith("equivalent") for row in power):
        return "L2"
    return "L3"
