"""Exact expectations of EpsMix: every sequence of transitions, against the definitions."""

from __future__ import annotations

from theorylab.rooms.proofs_checks.episodic.outcome_trees import tree_check
from theorylab.rooms.proofs_checks.episodic.shared import on_problem

from theorylab.mdp.episodic.epsmix_reference import EpsMixAgent

__all__ = ["EXACT"]

TREES = tuple(
    on_problem(
        "tiny", {"quick": 2, "paper": 3}, 1, label=f"tiny tree, scale {scale}" + known * ", value known",
        told=bool(known), scale=scale,
    )
    for scale, known in ((1.0, 1), (0.2, 0))
)  # fmt: skip
EXACT = (tree_check("epsmix", EpsMixAgent, TREES, coins=1),)
