"""The verification engine: claims, statistics, proof links, exact values, mutants.  It knows no algorithm.

Names load on first use; scipy and the like load when a verdict needs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "Always": "kinds",
    "Exact": "kinds",
    "Expectation": "kinds",
    "HighProbability": "kinds",
    "LowerBound": "kinds",
    "NegativeControl": "kinds",
    "Rate": "kinds",
    "Case": "cases",
    "Family": "cases",
    "Hypothesis": "cases",
    "Instance": "cases",
    "Check": "statements",
    "Claim": "statements",
    "Comparison": "statements",
    "Link": "statements",
    "Stage": "statements",
    "Code": "code",
    "Mutant": "code",
    "MutantError": "code",
    "Result": "result",
    "Row": "verdicts",
    "assert_supported": "engine",
    "check": "engine",
    "replay": "profile",
    "Below": "figure",
    "Conclusion": "figure",
    "Figure": "figure",
    "Outcome": "figure",
    "Table": "figure",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(f"theorylab.verify.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'theorylab.verify' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
